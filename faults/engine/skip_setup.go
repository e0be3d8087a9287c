package engine

import (
	"upset/faults/stream"
	"upset/npu"
)

// Skip of configuration: an operation that was issued waits for the one before it, and so
// does what an upset has changed in its registers, in a base pointer or in a port's limits.
//
// Premise: no unit looks at the bank of the operation that was issued last before it has
// come there, and those that come early look at no more than npu.Looks says.
//
// Why it is exact: the run is put at a checkpoint in front of the first look, with the
// configuration as the parser has left it there; nothing else may differ.
//
// Guarded by: TestNobodyLooksEarly, clock by clock; planted: "look late".

// await leaves out the time until the first unit looks at the configuration that differs,
// which must be all that differs. It reports false where there is no point in between.
func (w *Worker) await(u *pursuit) bool {
	e, p := w.e, &u.g.Points[u.i]
	if len(e.Stream.Begins) > 1 || !stream.OnlySetup(&w.m.S.Flops, &p.Flops) || !sameRAM(w.m, p) {
		return false
	}
	x := w.m.S.CC
	l, ok := e.Stream.FirstLook(&x, &p.Flops)
	if !ok {
		return false
	}
	to := u.g.LastWith(func(s *npu.Flops) bool { return s.CC.Run != 0 && !e.decide.lookedAt(s, l) })
	if to <= u.i {
		return false
	}
	var all bool
	if w.list, all = e.decide.changes(w.m, p, w.list[:0], 1); !all || len(w.list) > 0 {
		return false
	}
	w.land(u, to)
	e.Stream.CarrySetup(&w.m.S.Flops, &x, &p.Flops, l.Op)
	w.m.Touched()
	return true
}
