package mechanism

import (
	"upset/netlist"
	"upset/npu"
)

// group is the sites of an element under one parity bit.
type group struct {
	sites  []netlist.SiteID // ascending
	parity netlist.SiteID   // its parity bit
	valid  valid            // nil where it is checked at every clock
	place  netlist.Place    // of its element
	mask   uint64           // of its bits in the element
}

// read returns the stored bits of the group.
func (g *group) read(s *npu.State) uint64 { return g.place.Word(s) & g.mask }

// parity adds a parity bit for every group of the registers.
func (d *Design) parity(c Choice, spans []span) {
	p := Part{Block: c.Block, Kind: c.Kind, Name: "parity"}
	for _, s := range spans {
		for _, w := range words(d.table, s, c.Kind == ParityInterleaved) {
			g := group{sites: w, parity: netlist.SiteID(d.bits + len(p.words))}
			for _, id := range w {
				// The sites of a register of the table exist.
				g.place, _ = d.table.Place(id)
				g.mask |= 1 << g.place.Bit
			}
			if c.Kind != ParityAlways {
				g.valid = validOf(g.place)
			}
			p.words = append(p.words, g)
			for _, id := range w {
				d.groups[id] = g
			}
			d.groups[g.parity] = g
		}
	}
	p.Bits = len(p.words)
	d.part(p)
}

// parityGroup is the most flops under one parity bit (our choice; 3 % more flops).
const parityGroup = 32

// interleave is the number of groups that the bits of an element belong to in turn, at
// least, where parity is interleaved (our choice: a run of two or three flops then
// never leaves every group with an even number of wrong bits; Sakamoto et al., TNS
// 2025, find that events of more cells are rare).
const interleave = 2

// words splits a register into parity groups. A group lies within one element,
// since elements may load at different times; a wide element is split evenly, into
// runs of bits or, interleaved, bit by bit.
func words(t *netlist.Table, s span, interleaved bool) (out [][]netlist.SiteID) {
	for k := 0; k < s.bits; {
		p, err := t.Place(s.first + netlist.SiteID(k))
		if err != nil {
			return out
		}
		n := 1
		for ; k+n < s.bits; n++ {
			if q, err := t.Place(s.first + netlist.SiteID(k+n)); err != nil || q.Element != p.Element {
				break
			}
		}
		pieces := (n + parityGroup - 1) / parityGroup
		if interleaved {
			pieces = min(n, max(pieces, interleave))
		}
		list := make([][]netlist.SiteID, pieces)
		for i := range n {
			to := ((i+1)*pieces - 1) / n
			if interleaved {
				to = i % pieces
			}
			list[to] = append(list[to], s.first+netlist.SiteID(k+i))
		}
		out = append(out, list...)
		k += n
	}
	return out
}
