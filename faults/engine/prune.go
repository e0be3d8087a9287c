package engine

import (
	"upset/faults"
	"upset/faults/golden"
	"upset/netlist"
	"upset/npu"
)

// Prune: upsets that are settled without a clock.
//
// Premise: a flop or word that is written before it is read, or that nothing depends on,
// cannot matter; a single wrong bit of a coded word is corrected when it is read; a pulse
// that no flop takes over has happened to none.
//
// Why it is exact: dead flops are found by the comparison that ends runs, see compare.go;
// dead words by the reads and writes of the fault-free run, which do not depend on the data.
//
// Guarded by: TestDeadWords, TestPoisonedDeadBits, TestModelsAgreeWithPlain; planted: "prune
// all".

// settle fills in a record without effect.
func settle(r *faults.Record, g *golden.Run, p faults.Path) {
	r.Outcome, r.Cause, r.Path, r.End, r.Output = faults.Masked, faults.CauseNone, p, g.Cycles, g.Hash
}

// prunedRAM settles upsets of the shared buffer: words that are written before
// they are read, and single bits that the code corrects when they are.
func (w *Worker) prunedRAM(r *faults.Record, g *golden.Run, p netlist.Place) bool {
	if !p.Register.IsSRAM() || w.e.Codes == nil || w.e.options.Engine.NoPruning || w.e.options.Model.Kind == faults.MCU {
		return false
	}
	byteAt := p.Element
	if p.Register.Name != "sb.mem" {
		byteAt *= faults.CodeWord
	}
	switch {
	case w.e.Codes.Dead(byteAt, r.Site.Cycle):
		settle(r, g, faults.PathDead)
	case w.e.options.ECC == npu.ECCSECDED && !w.e.Codes.Unsure(byteAt, r.Site.Cycle):
		settle(r, g, faults.PathCode)
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	default:
		return false
	}
	r.Before = w.e.table.Read(&w.m.S, r.Site.ID)
	r.After = r.Before ^ 1
	return true
}

// prunedCells settles upsets of several cells of the shared buffer: none of their
// words is read again, or each of those that are has one wrong bit, which the code
// corrects.
func (w *Worker) prunedCells(r *faults.Record, g *golden.Run, cells []netlist.SiteID) bool {
	codes := w.e.Codes
	if w.e.options.Model.Kind != faults.MCU || codes == nil || w.e.options.Engine.NoPruning {
		return false
	}
	live := make(map[int]int, len(cells))
	for _, id := range cells {
		p, err := w.e.table.Place(id)
		if err != nil || !p.Register.IsSRAM() {
			return false
		}
		byteAt := p.Element
		if p.Register.Name != "sb.mem" {
			byteAt *= faults.CodeWord
		}
		switch {
		case codes.Dead(byteAt, r.Site.Cycle):
		case codes.Unsure(byteAt, r.Site.Cycle):
			return false
		default:
			live[byteAt/faults.CodeWord]++
		}
	}
	for _, n := range live {
		if n > 1 || w.e.options.ECC != npu.ECCSECDED {
			return false
		}
	}
	if len(live) == 0 {
		settle(r, g, faults.PathDead)
		return true
	}
	settle(r, g, faults.PathCode)
	r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	return true
}

// caught settles pulses that the flop does not take.
func (w *Worker) caught(r *faults.Record, g *golden.Run) (bool, error) {
	if w.e.options.Model.Kind != faults.SET {
		return true, nil
	}
	if measured, ok := w.measuredPulse(g, r.Site); measured {
		if !ok {
			w.uncaught(r, g)
		}
		return ok, nil
	}
	ok, err := w.captured(g, r.Site)
	if ok || err != nil {
		return ok, err
	}
	w.uncaught(r, g)
	return false, nil
}

// uncaught settles a pulse that no flop takes over.
func (w *Worker) uncaught(r *faults.Record, g *golden.Run) {
	r.Before = w.e.table.Read(&w.base.S, r.Site.ID)
	r.After = r.Before
	settle(r, g, faults.PathUncaught)
}

// prunedFlop settles upsets of flops, already applied, that nothing depends on or
// that are overwritten before they are read.
func (w *Worker) prunedFlop(r *faults.Record, g *golden.Run, p netlist.Place, cells []netlist.SiteID) bool {
	switch {
	case w.e.options.Engine.NoPruning || p.Register.IsSRAM():
		return false
	case p.Register.Observer && w.e.sameRegister(p, cells):
		settle(r, g, faults.PathObserver)
	case w.e.alike(&w.m.S.Flops, &w.base.S.Flops):
		settle(r, g, faults.PathDead)
	case w.idlePort():
		settle(r, g, faults.PathObserver)
		if !w.e.options.AssumeReload {
			unsettled(r) // it stays as it is, and is not asked for
		}
	default:
		return false
	}
	return true
}

// idlePort reports whether an upset has changed nothing but the count and the owner of the
// writes of a port that nobody writes to. All writes of a stream go the same way in every
// inference.
func (w *Worker) idlePort() bool {
	e, x := w.e, w.m.S.Flops
	if !e.Single() {
		return false
	}
	for p := range x.DMA.AXI {
		if !e.Stream.Wrote[p] {
			a, b := &x.DMA.AXI[p], &w.base.S.DMA.AXI[p]
			a.WrCount, a.WOwner = b.WrCount, b.WOwner
		}
	}
	return e.alike(&x, &w.base.S.Flops)
}
