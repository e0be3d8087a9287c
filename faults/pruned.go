package faults

import (
	"upset/netlist"
	"upset/npu"
)

// settle fills in a record without effect.
func (r *Record) settle(g *Golden, p Path) {
	r.Outcome, r.Cause, r.Path, r.End, r.Output = Masked, CauseNone, p, g.Cycles, g.hash
}

// prunedRAM settles upsets of the shared buffer: words that are written before
// they are read, and single bits that the code corrects when they are.
func (w *Worker) prunedRAM(r *Record, g *Golden, p netlist.Place) bool {
	if !p.Register.IsSRAM() || w.e.codes == nil || w.e.options.Engine.NoPruning || w.e.options.Model.Kind == MCU {
		return false
	}
	byteAt := p.Element
	if p.Register.Name != "sb.mem" {
		byteAt *= codeWord
	}
	switch {
	case w.e.codes.dead(byteAt, r.Site.Cycle):
		r.settle(g, PathDead)
	case w.e.options.ECC == npu.ECCSECDED && !w.e.codes.unsure(byteAt, r.Site.Cycle):
		r.settle(g, PathCode)
		r.Outcome, r.Cause = Corrected, CauseRAMCode
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
func (w *Worker) prunedCells(r *Record, g *Golden, cells []netlist.SiteID) bool {
	codes := w.e.codes
	if w.e.options.Model.Kind != MCU || codes == nil || w.e.options.Engine.NoPruning {
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
			byteAt *= codeWord
		}
		switch {
		case codes.dead(byteAt, r.Site.Cycle):
		case codes.unsure(byteAt, r.Site.Cycle):
			return false
		default:
			live[byteAt/codeWord]++
		}
	}
	for _, n := range live {
		if n > 1 || w.e.options.ECC != npu.ECCSECDED {
			return false
		}
	}
	if len(live) == 0 {
		r.settle(g, PathDead)
		return true
	}
	r.settle(g, PathCode)
	r.Outcome, r.Cause = Corrected, CauseRAMCode
	return true
}

// caught settles pulses that the flop does not take.
func (w *Worker) caught(r *Record, g *Golden) (bool, error) {
	if w.e.options.Model.Kind != SET {
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
func (w *Worker) uncaught(r *Record, g *Golden) {
	r.Before = w.e.table.Read(&w.base.S, r.Site.ID)
	r.After = r.Before
	r.settle(g, PathUncaught)
}

// prunedFlop settles upsets of flops, already applied, that nothing depends on or
// that are overwritten before they are read.
func (w *Worker) prunedFlop(r *Record, g *Golden, p netlist.Place, cells []netlist.SiteID) bool {
	switch {
	case w.e.options.Engine.NoPruning || p.Register.IsSRAM():
		return false
	case p.Register.Observer && w.e.sameRegister(p, cells):
		r.settle(g, PathObserver)
	case w.e.planted.pruneAll && p.Register.Name == "dma.cmdfifo", w.e.alike(&w.m.S.Flops, &w.base.S.Flops):
		r.settle(g, PathDead)
	default:
		return false
	}
	return true
}
