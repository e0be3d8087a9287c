package cosim

import (
	"upset/netlist"
	"upset/npu"
)

// registers packs the registers of a block into words, bit after bit in the order of sites.
type registers struct {
	cells []netlist.Cell
	words int
}

func newRegisters(b *Block) *registers {
	return &registers{b.cells, (b.Bits() + 63) / 64}
}

// get packs the registers of a set of flops.
func (r *registers) get(f *npu.Flops, words []uint64) {
	clear(words)
	at := 0
	for i := range r.cells {
		c := &r.cells[i]
		v, w := c.Get(f), c.Width
		k, s := at>>6, uint(at&63)
		words[k] |= v << s
		if s+uint(w) > 64 {
			words[k+1] = v >> (64 - s)
		}
		at += w
	}
}

// put gives a set of flops the packed registers.
func (r *registers) put(f *npu.Flops, words []uint64) {
	at := 0
	for i := range r.cells {
		c := &r.cells[i]
		w := c.Width
		k, s := at>>6, uint(at&63)
		v := words[k] >> s
		if s+uint(w) > 64 {
			v |= words[k+1] << (64 - s)
		}
		c.Set(f, v)
		at += w
	}
}

// wrong finds a register of a set of flops whose value has bits that do not exist.
func (r *registers) wrong(f *npu.Flops) *netlist.Cell {
	for i := range r.cells {
		if r.cells[i].Wrong(f) {
			return &r.cells[i]
		}
	}
	return nil
}

// site is a register bit of the block in the table without a code on the RAM.
func (b *Block) site(bit int) netlist.SiteID {
	for i := range b.cells {
		w := b.cells[i].Width
		if bit < w {
			return b.cells[i].Site + netlist.SiteID(bit)
		}
		bit -= w
	}
	panic("cosim: no such bit")
}

// BitName is the name of a register bit as a site.
func (b *Block) BitName(bit int) string { return b.table.Name(b.site(bit)) }
