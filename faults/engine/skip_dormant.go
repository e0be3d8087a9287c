package engine

import (
	"upset/netlist"
	"upset/npu"
)

// Skip of dormant registers: what an upset has added to a counter is left out of sight
// until it would be compared with its bound.
//
// Premise: such a register is counted on by steps that do not depend on it, and looked at
// only where npu.Dormant.Held says no.
//
// Why it is exact: the run is put at a checkpoint in front of the first look, where the
// register differs by as much as it did; nothing else does.
//
// Guarded by: TestDormantRegisters, clock by clock; planted: "wake late".

// dormant leaves out the time until somebody looks at a register in which an upset has
// just been applied.
func (w *Worker) dormant(u *pursuit, p netlist.Place) {
	if p.Register == nil || len(w.e.Stream.Begins) > 1 {
		return
	}
	for i := range npu.Dormants {
		if npu.Dormants[i].Name == p.Register.Name {
			w.wake(u, &npu.Dormants[i])
			return
		}
	}
}

// wake lands at the last point at which a register is held that is dormant.
func (w *Worker) wake(u *pursuit, d *npu.Dormant) {
	more := *d.Of(&w.m.S.Flops) - *d.Of(&w.base.S.Flops)
	holds := w.e.dormantSince(d, &w.base.S.Flops, more)
	to := u.first - 1
	for to+1 < u.g.End && holds(&u.g.Points[to+1].Flops) {
		to++
	}
	if to < u.first {
		return
	}
	w.land(u, to)
	d.Add(&w.m.S.Flops, more)
	w.m.Touched()
}

// dormantSince returns a function that reports whether, from one fault-free state to
// another, nobody can tell that a register holds some more.
func (e *Engine) dormantSince(d *npu.Dormant, b *npu.Flops, more uint32) func(s *npu.Flops) bool {
	unit := func(s *npu.Flops) int {
		switch {
		case d.Transfer:
			return e.Stream.Transfer(s)
		case d.Unit != nil:
			return e.Stream.OpIn(s, d.Unit(s))
		}
		return 0
	}
	system := e.System()
	op, loaded, limits := unit(b), d.Loaded(b), system.Limits
	lower := d.Sum(*d.Of(b), more) < *d.Of(b) // and never the other way round, as behind zero
	return func(s *npu.Flops) bool {
		v := *d.Of(s)
		x := d.Sum(v, more)
		return op >= 0 && s.CC.Run != 0 && d.Loaded(s) == loaded && x < v == lower && e.decide.held(d, &limits, s, v, x) && unit(s) == op
	}
}
