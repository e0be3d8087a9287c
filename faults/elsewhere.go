package faults

import "upset/npu"

// Runs of machines that somebody else steps, such as one in which gates stand in for a
// block. The program must be a single job.

// Single reports whether the program is a single job, so that the host does nothing
// between start and end of an inference.
func (e *Engine) Single() bool { return len(e.jobs) == 1 }

// Seek brings a machine that [Engine.Begin] made to a cycle of the fault-free run of an
// input, whatever it has done before.
func (e *Engine) Seek(m *npu.Machine, input int, cycle uint64) {
	g := e.golds[input]
	g.points[g.before(cycle)].restore(m)
	m.Run(cycle)
}

// Judge names the outcome of a run of a machine that [Engine.Begin] made and that has
// stopped, was ended by the watchdog, rests for good or has written outside the arena. The next inference
// is one more of those asked for, as in [Worker.Stuck].
func (w *Worker) Judge(input int, m *npu.Machine) (Outcome, error) {
	if m.S.Bus.Stray != 0 {
		return StrayWrite, nil
	}
	r := Record{Input: uint32(input)}
	p := *w
	p.m, p.e, p.failed = m, w.e.plain(), nil
	p.e.options.AssumeReload = true
	p.classify(&r, w.e.golds[input], nil)
	return r.Outcome, p.failed
}

// Rests reports whether a machine, which has just done a clock from the given state, will
// never move again: it is its own successor, and nothing outside it waits for a later
// cycle.
func Rests(before *npu.Flops, m *npu.Machine) bool { return settled(before) && ownSuccessor(before, m) }

// settled reports whether nothing outside the machine waits for a later cycle.
func settled(f *npu.Flops) bool {
	for p := range f.Bus.Port {
		if !f.Bus.Port[p].Settled(f.Bus.Cycle) {
			return false
		}
	}
	return true
}

// ownSuccessor reports whether a machine runs on and is what it was before the last clock.
func ownSuccessor(before *npu.Flops, m *npu.Machine) bool {
	after := m.S.Flops
	after.Bus.Cycle, after.PMU = before.Bus.Cycle, before.PMU
	if !before.DMA.Asks() {
		after.Bus.Gate = before.Bus.Gate
	}
	return after == *before && m.S.CC.Run != 0
}
