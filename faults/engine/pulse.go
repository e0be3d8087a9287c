package engine

import (
	"slices"

	"upset/faults"
	"upset/faults/golden"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
)

// transients is what was measured of pulses in the logic of blocks, and what tells whether a
// block does something in a clock.
type transients struct {
	set   *transient.Set
	masks []npu.Flops // by block of the set: ones in the registers of the block
}

func newTransients(t *netlist.Table, set *transient.Set) *transients {
	x := &transients{set: set, masks: make([]npu.Flops, len(set.Blocks))}
	for i, b := range set.Blocks {
		cells, err := t.Cells(b.Registers)
		if err != nil {
			panic(err) // a set names registers of the table
		}
		for k := range cells {
			cells[k].Set(&x.masks[i], ^uint64(0))
		}
	}
	return x
}

// changes reports whether a register of a block differs.
func (x *transients) changes(block int, a, b *npu.Flops) bool {
	p, q, mask := flopImage(a), flopImage(b), flopImage(&x.masks[block])
	for i, m := range mask {
		if (p[i]^q[i])&m != 0 {
			return true
		}
	}
	return false
}

// Transients is what pulses are drawn from in blocks that were measured.
func (e *Engine) Transients() *transient.Set { return e.transients.set }

// measuredPulse reports whether the block of a flop was measured and whether the event that a site
// stands for belongs to what the block does in the clock before: events of clocks in which no
// register of the block changes are not those of others. Both machines are at the site's cycle
// behind it.
func (w *Worker) measuredPulse(g *golden.Run, s faults.Site) (measured, captured bool) {
	x := w.e.transients
	block, ok := x.set.Block(s.ID)
	if !ok {
		return false, false
	}
	_, active, ok := x.set.Draw(s.ID, s.Cycle)
	if !ok || s.Cycle == 0 {
		w.fork(g, s.Cycle)
		return true, false
	}
	w.fork(g, s.Cycle-1)
	before := w.base.S.Flops
	w.fork(g, s.Cycle)
	return true, x.changes(block, &before, &w.base.S.Flops) == active
}

func takesPulses(guard faults.Guard) bool {
	_, ok := guard.(faults.Pulser)
	return ok
}

// pulse lists the bits that a pulse changes at a site, that first.
func (e *Engine) pulse(s faults.Site) []netlist.SiteID {
	if sites, _, ok := e.transients.set.Draw(s.ID, s.Cycle); ok {
		return sites
	}
	return []netlist.SiteID{s.ID}
}

// sameRegister reports whether bits are those of one register.
func (e *Engine) sameRegister(p netlist.Place, cells []netlist.SiteID) bool {
	return !slices.ContainsFunc(cells, func(id netlist.SiteID) bool {
		q, err := e.table.Place(id)
		return err != nil || q.Register != p.Register
	})
}
