package npu

import "upset/npu/isa"

// Work returns the multiplications of the last step and the weights that the
// decoder emitted in it.
func (m *Machine) Work() (macs, weights int) { return m.work.macs, m.work.weights }

// External is the number of stores to external memory in the journal.
func (j *Journal) External() int {
	n := 0
	for i := range min(j.n, len(j.store)) {
		if j.store[i].External {
			n++
		}
	}
	return n
}

// Order is the list of blocks as Step evaluates them.
var Order = order

// How two blocks share a register.
const (
	Registered = registered
	Through    = through
	Priority   = priority
)

// Begin opens a clock cycle.
func (m *Machine) Begin() { m.begin() }

// Evaluate runs one block of the list.
func (m *Machine) Evaluate(block int) { order[block].Step(m) }

// TurnAll exchanges all halves of a machine with their contents, where nothing on its way refers
// to one. It reports false where something does.
func TurnAll(m *Machine) bool {
	s := &m.S
	other := s.Flops
	other.DMA.IFM.Sel, other.SB.IBSel = other.DMA.IFM.Sel^1, other.SB.IBSel^1
	other.WD.Sel, other.MAC.WB = other.WD.Sel^1, other.MAC.WB^1
	other.MAC.AB, other.AO.AB = other.MAC.AB^1, other.AO.AB^1
	other.AO.OB, other.DMA.OFM.Sel = other.AO.OB^1, other.DMA.OFM.Sel^1
	ops := [...]*params{&m.op[s.Trav.IFM.Bank&3], &m.op[s.Trav.MAC.Bank&3], &m.op[s.Trav.AO.Bank&3]}
	for _, p := range ops[1:] { // halves of two operations would lie elsewhere
		if p.ibHalf != ops[0].ibHalf || p.abHalf != ops[0].abHalf || p.ABStart != ops[0].ABStart {
			return false
		}
	}
	before := s.Flops
	turned := before
	if !turned.TurnHalves(&other) || turned.DMA.IFM.Sel == before.DMA.IFM.Sel || turned.WD.Sel == before.WD.Sel || turned.MAC.AB == before.MAC.AB || turned.AO.OB == before.AO.OB {
		return false
	}
	s.Flops = turned
	exchange := func(at, half int) {
		if at < 0 || half <= 0 || at+2*half > m.Spec.SHRAMBytes() {
			return
		}
		for i := range half {
			a, b := at+i, at+half+i
			s.RAM.Mem[a], s.RAM.Mem[b] = s.RAM.Mem[b], s.RAM.Mem[a]
		}
	}
	exchange(0, isa.BankBytes)
	for _, second := range []bool{false, true} {
		at, _ := ops[0].inputBuffer(second, 0)
		to, _ := ops[0].inputBuffer(second, 1)
		if at >= isa.IBStart {
			exchange(at, to-at)
		}
	}
	if ops[0].ABStart > isa.IBStart { // an elementwise operation has no sums
		exchange(ops[0].ABStart, ops[0].abHalf)
	}
	m.Touched()
	return true
}

// Footprint calls f for the address of every element that the operation of a bank writes up to
// there, and for every one that it may read of its first feature map.
func (m *Machine) Footprint(r Reach, f func(addr uint32, bytes int, write bool)) {
	p := &m.op[r.Bank&3]
	for y := range r.Rows {
		for x := range r.Columns {
			for c := range p.OFM.Lanes(p.OFMD) {
				f(m.regionAddr(p.OFM.Region, p.OFM.Addr(y, x, c)), p.OFM.Bytes, true)
			}
		}
	}
	for y := range min(p.SrcH, (r.Rows-1)*p.StrideY+(p.KH-1)*p.DilY+1) {
		for x := range min(p.SrcW, (r.Columns-1)*p.StrideX+(p.KW-1)*p.DilX+1) {
			n := p.OFMD
			if p.kind == kindConv || p.kind == kindReduce {
				n = p.IFMD
			}
			for c := range n {
				f(m.regionAddr(p.IFM.Region, p.IFM.Addr(y, x, c)), p.IFM.Bytes, false)
			}
		}
	}
}

// Beyond reports whether a unit that works on the operation of a bank has passed a reach.
func (m *Machine) Beyond(r Reach) bool {
	t := &m.S.Trav
	past := func(on, bank uint8, y, x uint16) bool {
		return on != 0 && bank == r.Bank && (int(x) >= r.Columns || int(y) >= r.Rows)
	}
	for _, j := range []*Job{&t.IFM, &t.WD, &t.MAC} {
		if past(j.On, j.Bank, j.OY, j.OX) {
			return true
		}
	}
	return past(t.AO.On, t.AO.Bank, t.AO.OY, t.AO.OX) || past(t.OFM.On, t.OFM.Bank, t.OFM.OY, t.OFM.OX)
}
