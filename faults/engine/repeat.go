package engine

import (
	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// Repeat: what a duplicated block keeps of an upset, and nobody reads, stays without an
// alarm for good.
//
// Premise: control does not depend on the data, and the buffers take turns of two. So a
// difference between the copies that no inference reads goes where it went two inferences
// before, and a comparator that was silent stays silent.
//
// Why it is exact: two whole later inferences were simulated clock by clock, at both ends
// of which the copies differ by the same values in the same flops, neither of which
// the fault-free machine would still read. The end is the one that comes after
// faults.MaxFollowed of them.
//
// Guarded by: TestRepeatEqualsPlain in faults/protect, with a planted mistake.

// repeats reports whether the inferences behind the one with the fault need not be followed
// any more beside a mechanism that compares copies. It must be asked at each of them.
func (w *Worker) repeats(l *golden.Later, k int, guard faults.Guard) bool {
	e := w.e
	g, ok := guard.(faults.Repeater)
	if !ok || e.options.Engine.NoEarlyExit || !e.Single() {
		return false
	}
	return e.decide.repeats(g, func(m *npu.Machine) bool {
		yes, corrected, err := e.SettledAt(m, l, k)
		return err == nil && yes && !corrected
	})
}
