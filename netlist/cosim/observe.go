package cosim

import (
	"upset/netlist"
	"upset/netlist/gate"
)

// Settled sets a function that is called in every clock when the gates have settled, before the
// flops take their values. Alive has the lanes that run. The function may evaluate the gates
// otherwise, but must leave them as they were.
func (g *Group) Settled(f func(s *gate.Simulator, alive gate.Word)) { g.settled = f }

// alive has the lanes that run.
func (g *Group) alive() (w gate.Word) {
	for i := range g.lanes {
		if g.lanes[i].m != nil {
			w[i>>6] |= 1 << (i & 63)
		}
	}
	return w
}

// Flops lists the flop of every register bit of the block, in the order of sites.
func (b *Block) Flops() []gate.FlopID { return b.flops }

// Sites lists the site of every register bit of the block, in their order.
func (b *Block) Sites() []netlist.SiteID {
	var out []netlist.SiteID
	for i := range b.cells {
		for k := range b.cells[i].Width {
			out = append(out, b.cells[i].Site+netlist.SiteID(k))
		}
	}
	return out
}

// Table is the table of sites of the block's configuration.
func (b *Block) Table() *netlist.Table { return b.table }
