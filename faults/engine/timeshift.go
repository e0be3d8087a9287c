package engine

import (
	"sort"

	"upset/npu"
)

// Time shift: a run that is the fault-free one, some cycles later.
//
// Premise: nothing that the machine does depends on the cycle itself, only on what its ports
// answer, and control does not depend on the data.
//
// Runs may use the halves of double buffers in another turn, which is a place and no more (a test of package npu);
// one with the right output is then not yet the fault-free one.
//
// Why it is exact: the shift only says which checkpoint a run is compared with; it ends by a
// comparison, as every other run does, and its record is moved by the shift. A job that
// would end behind its watchdog has hung.
//
// Guarded by: TestShortcutsEqualPlain, TestDelayWithinItsJob, TestOtherHalves, TestForgottenHalves.

// watchMilestones makes a machine count the operations that it begins and ends, and pause
// after each of them.
func watchMilestones(m *npu.Machine, n *int) {
	m.Probe.Note = func(note npu.Note) {
		if note.Kind == npu.NoteIssue || note.Kind == npu.NoteRetire {
			*n++
			m.Pause()
		}
	}
}

// advanceShifting runs to a cycle, or to the first point behind the beginning or end of
// an operation, since differences end there. Where an operation begins or ends at
// another time than in the fault-free run, but with the same control, the run is
// that one moved in time: it returns with the new shift.
func (w *Worker) advanceShifting(u *pursuit, cycle uint64) {
	m, list := w.m, w.e.Milestones
	if len(list) == 0 {
		m.Run(cycle)
		return
	}
	if w.seen < 0 {
		at := uint64(int64(m.Cycle()) - u.shift)
		w.seen = sort.Search(len(list), func(k int) bool { return list[k].Cycle > at })
	}
	watchMilestones(m, &w.seen)
	defer func() { m.Probe.Note = nil }()
	for m.S.CC.Run != 0 && m.Cycle() < cycle {
		before := w.seen
		m.Run(cycle)
		if w.seen == before || w.seen > len(list) {
			continue
		}
		k := &list[w.seen-1]
		shift := int64(m.Cycle()) - int64(k.Cycle)
		if shift == u.shift {
			if i := u.g.Behind(k.Cycle); i < u.i {
				u.i, cycle = i, min(cycle, uint64(int64(u.g.Points[i].Cycle)+u.shift))
			}
			continue
		}
		w.pair.Set(w.e.Stream, &m.S.Flops, &k.Flops)
		if _, same := w.e.decide.valuesOnly(&w.pair, w.e.halves()); !same {
			continue
		}
		u.shift = shift
		u.i = u.g.Behind(k.Cycle)
		u.first = u.i
		return
	}
}

// halves reports whether the halves of double buffers may stand for each other: where they
// lie shows only where banks have a bounded number of ports.
func (e *Engine) halves() bool { return e.options.System.Limits.SharedPorts == 0 }
