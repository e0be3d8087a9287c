package faults

import (
	"sort"

	"upset/npu"
)

// milestone is the issue or retirement of an operation in the fault-free run, with
// the flops after that clock. Control does not depend on the data, so that the
// milestones of one input serve all.
type milestone struct {
	cycle uint64
	flops npu.Flops
}

// maxMilestones bounds their memory (our choice): 12 KiB each.
const maxMilestones = 8192

// watchMilestones makes a machine count the operations that it begins and ends.
func watchMilestones(m *npu.Machine, n *int) {
	m.Observe = func(note npu.Note) {
		if note.Kind == npu.NoteIssue || note.Kind == npu.NoteRetire {
			*n++
		}
	}
}

// advanceShifting runs to a cycle, or to the first point behind the beginning or end of
// an operation, since differences end there. Where an operation begins or ends at
// another time than in the fault-free run, but with the same control, the run is
// that one moved in time: it returns with the new shift.
func (w *Worker) advanceShifting(u *pursuit, cycle uint64) {
	m, list := w.m, w.e.milestones
	if len(list) == 0 {
		m.Run(cycle)
		return
	}
	if w.seen < 0 {
		at := uint64(int64(m.Cycle()) - u.shift)
		w.seen = sort.Search(len(list), func(k int) bool { return list[k].cycle > at })
	}
	watchMilestones(m, &w.seen)
	defer func() { m.Observe = nil }()
	for m.S.CC.Run != 0 && m.Cycle() < cycle {
		before := w.seen
		m.Step()
		if w.seen == before || w.seen > len(list) {
			continue
		}
		k := &list[w.seen-1]
		shift := int64(m.Cycle()) - int64(k.cycle)
		if shift == u.shift {
			if i := u.g.behind(k.cycle); i < u.i {
				u.i, cycle = i, min(cycle, uint64(int64(u.g.points[i].cycle)+u.shift))
			}
			continue
		}
		if !w.e.sameControl(&m.S.Flops, &k.flops) {
			continue
		}
		u.shift = shift
		u.i = u.g.behind(k.cycle)
		u.first = u.i
		return
	}
}
