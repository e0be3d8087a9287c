package engine

import (
	"upset/faults"
	"upset/npu"
)

// Copies: two copies of the configuration that differ where nobody looks need not be
// compared to the end.
//
// Premise: an upset of a register that the stream does not use stays in one of the copies.
// No unit looks at it (npu.Looks), so that both copies deliver the same for ever.
//
// Why it is exact: machine and copy differ from the fault-free state in such registers and
// in nothing else, not even in a word of the shared buffer. What both store is then what the
// fault-free run stores, in every inference to come; there is no alarm, and no harm.
//
// Guarded by: TestIdleCopies; planted: "never looked at".

// idle ends a run under the eye of a comparator that will not see anything any more.
func (w *Worker) idle(r *faults.Record, u *pursuit, corrected uint64, guard faults.Guard) bool {
	e, m, p := w.e, w.m, &u.g.Points[u.i]
	c, ok := guard.(faults.Copier)
	if !ok || e.options.Engine.NoEarlyExit || m.Cycle() != p.Cycle || m.S.CC.Run == 0 || m.S.Bus.Stray != 0 || m.Events[npu.EvECC] != corrected {
		return false
	}
	copied := c.Copy()
	if copied == nil || !e.decide.unseen(copied, &p.Flops) || !e.decide.unseen(&m.S.Flops, &p.Flops) || !sameRAM(m, p) {
		return false
	}
	if w.list, ok = e.decide.changes(m, p, w.list[:0], 1); !ok || len(w.list) > 0 {
		return false
	}
	settle(r, u.g, faults.PathConverged)
	return true
}
