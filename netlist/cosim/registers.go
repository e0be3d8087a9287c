package cosim

import (
	"upset/netlist"
	"upset/npu"
)

// registers packs the registers of a block into words, bit after bit in the order of sites.
type registers struct {
	flops npu.Flops // the cells lie here
	cells []netlist.Cell
	slots []netlist.Slot
	words int
}

func newRegisters(b *Block) (*registers, error) {
	r := &registers{}
	var err error
	r.cells, err = b.table.Cells(&r.flops, b.Boundary.Registers)
	for i := range r.cells {
		r.slots = append(r.slots, r.cells[i].Slot(&r.flops))
	}
	r.words = (b.Bits() + 63) / 64
	return r, err
}

// get packs the registers of a set of flops.
func (r *registers) get(f *npu.Flops, words []uint64) {
	clear(words)
	at := 0
	for i := range r.slots {
		c := &r.slots[i]
		v, w := c.Get(f), int(c.Width)
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
	for i := range r.slots {
		c := &r.slots[i]
		w := int(c.Width)
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
	for i := range r.slots {
		if r.slots[i].Wrong(f) {
			r.flops = *f
			return &r.cells[i]
		}
	}
	return nil
}

// name names a bit.
func (b *Block) name(bit int, r *registers) string {
	at := 0
	for i := range r.cells {
		if w := r.cells[i].Register.Width; bit < at+w {
			return b.table.Name(r.cells[i].Site + netlist.SiteID(bit-at))
		} else {
			at += w
		}
	}
	return ""
}
