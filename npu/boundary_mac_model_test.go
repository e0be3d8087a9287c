package npu

import "upset/npu/isa"

// A model of the MAC array that follows docs/blocks/mac-array.md line by line. It sees
// nothing but the registers and the inputs of the boundary.

// MACRegisters are the registers inside the boundary.
type MACRegisters struct {
	MAC   MACState
	Trav  Job
	Inner Inner
}

// MACRegistersOf copies them from a state.
func MACRegistersOf(s *Flops) MACRegisters { return MACRegisters{s.MAC, s.Trav.MAC, s.Trav.MACInner} }

// Store puts them into a state.
func (r *MACRegisters) Store(s *Flops) { s.MAC, s.Trav.MAC, s.Trav.MACInner = r.MAC, r.Trav, r.Inner }

// MACModel evaluates a clock by the page.
type MACModel struct {
	a        *macPorts
	spec     *isa.Spec
	in, out  []uint64
	was, now MACRegisters
}

// NewMACModel returns the model of a configuration.
func NewMACModel(c isa.Config) *MACModel {
	b := MACBoundary(c)
	s := c.Spec()
	a := &macPorts{pixels: s.UBlockH * s.UBlockW, d: s.UBlockD, in: wires(b.Inputs), out: wires(b.Outputs)}
	return &MACModel{a: a, spec: s}
}

// Clock computes the outputs and the next registers.
func (m *MACModel) Clock(was MACRegisters, in, out []uint64) MACRegisters {
	m.was, m.now, m.in, m.out = was, was, in, out
	clear(out)
	s, n := &m.was.MAC, &m.now.MAC
	flag := func(stage, bit int) bool { return s.Flags[stage]>>bit&1 != 0 }
	last := func(stage int) bool { return s.Valid[stage] != 0 && flag(stage, 1) }
	stall := s.Valid[2] != 0 && flag(2, 0) && !flag(2, 2) && (last(4) && s.Addr[4] == s.Addr[2] || last(3) && s.Addr[3] == s.Addr[2])
	m.banks()
	m.writeBack()
	m.retire(last(4))
	m.accumulate()
	n.Valid = [5]uint8{0, s.Valid[0], s.Valid[1], s.Valid[2], s.Valid[3]}
	if stall {
		n.Valid = [5]uint8{s.Valid[0], s.Valid[1], 1, 0, s.Valid[3]}
	}
	for i := range 4 {
		if s.Valid[i] == 0 || stall && i < 3 {
			continue
		}
		n.Flags[i+1], n.Out[i+1], n.Addr[i+1], n.Bank[i+1] = s.Flags[i], s.Out[i], s.Addr[i], s.Bank[i]
		if i < 3 {
			n.Mask[i+1] = s.Mask[i]
		}
		if i < 2 {
			n.Shift[i+1] = s.Shift[i]
		}
	}
	if stall {
		m.event(3)
		return m.now
	}
	m.sum()
	m.multiply()
	m.operand()
	if s.Run == 0 {
		m.start()
	} else {
		m.issue()
	}
	return m.now
}

func (m *MACModel) get(name string) int        { return int(m.a.in[name].get(m.in)) }
func (m *MACModel) put(name string, v int)     { m.a.out[name].put(m.out, uint64(v)) }
func (m *MACModel) event(bit int)              { m.put("events", 1<<bit) }
func (m *MACModel) bit(name string, i int) int { return m.get(name) >> i & 1 }

func (m *MACModel) banks() {
	s := &m.was.MAC
	m.put("bank_t", int(m.was.Trav.Bank))
	m.put("bank_f", int(s.Bank[0]))
	m.put("bank_s", int(s.Bank[3]))
	m.put("bank_rd", int(s.Bank[2]))
	m.put("bank_wr", int(s.WrBank))
	m.put("w_block", int(s.WB))
	g, d := int(s.Step)/max(1, m.get("t_bytes")), m.a.d
	if m.get("t_kind") == 1 {
		m.put("w_addr", g%4*d)
	} else {
		m.put("w_addr", g%4*8*d)
	}
	m.put("fetch_words", m.get("t_bytes"))
	m.put("sum_rd_wide", m.get("rd_wide"))
	m.put("sum_wr_wide", m.get("wr_wide"))
	m.put("layout_ab", m.get("t_ab_start"))
	m.put("layout_lut", m.get("t_uses_lut"))
}

// place is where a pixel lies in the micro-block.
func (m *MACModel) place(px, flat int) (dy, dx int) {
	if m.spec.UBlockH == 2 && flat == 0 {
		return px >> 1, px & 1
	}
	return 0, px
}

func macPitch(blkD, acc int) int { return (blkD + 7) / 8 * 8 * acc }

func (m *MACModel) sumAddresses(name, settings string, addr uint16) {
	for px := range m.a.pixels {
		dy, dx := m.place(px, m.get(settings+"_flat"))
		v := int(addr) + (dy*m.get(settings+"_blk_w")+dx)*macPitch(m.get(settings+"_blk_d"), 4+m.get(settings+"_wide"))
		m.a.out[name].putField(m.out, px, 17, uint64(v))
	}
}

func (m *MACModel) writeBack() {
	s := &m.was.MAC
	m.sumAddresses("sum_wr_addr", "wr", s.WrAddr)
	for i := range m.a.pixels * m.a.d {
		m.a.out["sum_wr_data"].putField(m.out, i, 40, s.AccOut[i])
	}
	if s.WrOn == 0 {
		return
	}
	m.put("sum_wr_en", int(s.WrMask)&(1<<m.a.pixels-1))
	if s.WrDone&1 != 0 {
		m.put("set_ab_full", 1<<(s.WrDone>>1))
	}
}

func (m *MACModel) retire(last bool) {
	s, n := &m.was.MAC, &m.now.MAC
	n.WrOn = 0
	if !last {
		return
	}
	n.AccOut = s.Acc
	n.WrOn, n.WrMask, n.WrAddr, n.WrBank = 1, s.Out[4], s.Addr[4], s.Bank[4]
	n.WrDone = s.Flags[4]>>5&1<<1 | s.Flags[4]>>6&1
}

func extend(v uint64, bits int) int64 { return int64(v<<(64-bits)) >> (64 - bits) }

func (m *MACModel) accumulate() {
	s, n := &m.was.MAC, &m.now.MAC
	if s.Valid[3] == 0 {
		return
	}
	f, isMax := s.Flags[3], m.get("s_max") != 0
	for i := range m.a.pixels * m.a.d {
		start := s.Acc[i]
		switch {
		case f&1 == 0:
		case f&4 == 0:
			start = s.AccIn[i]
		case isMax:
			start = 0xFF80000000
		default:
			start = 0
		}
		v := extend(s.Sum[i], 36)
		switch {
		case f&8 == 0:
		case isMax:
			if s.Mask[3]>>(i/m.a.d)&1 != 0 && v > extend(start, 40) {
				start = uint64(v) & (1<<40 - 1)
			}
		default:
			start = (start + uint64(v)) & (1<<40 - 1)
		}
		n.Acc[i] = start
	}
}

func (m *MACModel) sum() {
	s, n := &m.was.MAC, &m.now.MAC
	m.sumAddresses("sum_rd_addr", "rd", s.Addr[2])
	if s.Valid[2] == 0 {
		return
	}
	f, d := s.Flags[2], m.a.d
	if f&1 != 0 && f&4 == 0 {
		m.put("sum_rd_en", int(s.Out[2])&(1<<m.a.pixels-1))
	}
	for i := range m.a.pixels * d {
		if m.a.out["sum_rd_en"].get(m.out)>>(i/d)&1 == 0 {
			continue
		}
		size := 4 + m.get("rd_wide")
		var v uint64
		for k := range size {
			v |= m.a.in["sum_data"].field(m.in, i/d*d*5+i%d*size+k, 8) << (8 * k)
		}
		n.AccIn[i] = uint64(extend(v, 8*size)) & (1<<40 - 1)
	}
	for i := range m.a.pixels * d {
		var t int64
		for k := range 8 {
			t += extend(uint64(s.Prod[8*i+k]), 18)
		}
		v := uint64(t << (8 * s.Shift[2]))
		if f&16 == 0 {
			v += s.Sum[i]
		}
		n.Sum[i] = v & (1<<36 - 1)
	}
}

func (m *MACModel) multiply() {
	s, n := &m.was.MAC, &m.now.MAC
	if s.Valid[1] == 0 {
		return
	}
	for i := range m.a.pixels * m.a.d {
		for k := range 8 {
			x, w := s.IFM[i/m.a.d*8+k], s.Weight[i%m.a.d*8+k]
			n.Prod[8*i+k] = uint32(extend(uint64(x), 9)*extend(uint64(w), 9)) & (1<<18 - 1)
		}
	}
}

func (m *MACModel) operand() {
	s, n := &m.was.MAC, &m.now.MAC
	if s.Valid[0] == 0 {
		return
	}
	k := int(s.Shift[0])
	top := m.get("f_signed") != 0 && k == m.get("f_bytes")-1
	ext := func(b uint8) int {
		if top {
			return int(int8(b))
		}
		return int(b)
	}
	zero := uint32(m.get("f_zero"))
	if m.get("f_signed") != 0 {
		zero = uint32(int32(int16(zero)))
	}
	for i := range 8 * m.a.pixels {
		n.IFM[i] = 0
		if s.Mask[0]>>(i/8)&1 != 0 && s.Chan>>(i%8)&1 != 0 {
			n.IFM[i] = uint16(ext(uint8(s.Raw[i/8]>>(i%8*8)))-ext(uint8(zero>>(8*k)))) & 0x1ff
		}
	}
	n.Weight = s.WRaw
}
