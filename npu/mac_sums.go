package npu

import (
	"encoding/binary"

	"upset/npu/kernel"
)

// The end of the MAC array's pipeline: sums, local accumulators, and the accumulator buffer
// in the shared buffer.

// writeSums stores the sums of a finished micro-block in the accumulator buffer. It
// reports false while a bank is taken, which holds the whole array.
func (m *Machine) writeSums(s *MACState) bool {
	if s.WrOn == 0 {
		return true
	}
	p := &m.op[s.WrBank]
	if !m.sumsServed(portStore, p, s.WrDone>>1, int(s.WrAddr), s.WrMask) {
		return false
	}
	d := m.depth
	for px := range m.pixels {
		if s.WrMask>>px&1 == 0 {
			continue
		}
		a := p.sumAddr(int(s.WrAddr), px)
		out := s.AccOut[px*d : px*d+d]
		if b := m.plainRAM(a, d*p.accBytes); b != nil {
			packSums(b, out, p.accBytes)
			continue
		}
		for o, v := range out {
			m.ramStore(a+o*p.accBytes, v, p.accBytes)
		}
	}
	s.WrOn = 0
	if s.WrDone&1 != 0 {
		m.S.SB.ABFull[s.WrDone>>1&1] = 1
		m.wakeAll()
	}
	return true
}

// sumAddr is where the sums of pixel px of a micro-block lie; addr is the place
// of its first pixel.
func (p *params) sumAddr(addr, px int) int {
	x, y := px, 0
	if p.ubH > 1 {
		x, y = px&1, px>>1
	}
	return addr + (y*p.BlkW+x)*p.sumPitch
}

// plainRAM returns n bytes of the shared buffer for direct use, or nil if each
// access must be seen or checked: by a journal or an observer, for its check bits,
// or because addresses wrap.
func (m *Machine) plainRAM(addr, n int) []byte {
	if m.Probe.Journal != nil || m.Probe.Access != nil || m.S.RAM.SynLive != 0 || addr < 0 || addr+n > m.shramLast8 {
		return nil
	}
	return m.S.RAM.Mem[addr : addr+n : addr+n]
}

// packSums stores 40-bit accumulators as words of 32 or 40 bits.
func packSums(b []byte, sums []uint64, size int) {
	if size == 4 {
		kernel.Narrow(b, sums)
		return
	}
	for _, v := range sums {
		binary.LittleEndian.PutUint32(b, uint32(v))
		b[4] = byte(v >> 32)
		b = b[size:]
	}
}

// unpackSums reads words of 32 or 40 bits as 40-bit accumulators.
func unpackSums(sums []uint64, b []byte, size int) {
	if size == 4 {
		kernel.Widen(sums, b)
		return
	}
	for i := range sums {
		sums[i] = uint64(binary.LittleEndian.Uint32(b)) | uint64(b[4])<<32
		b = b[size:]
	}
}

// retireToken turns the sums of a micro-block over to the write register when
// its last token has been accumulated.
func (m *Machine) retireToken(s *MACState) {
	s.Valid[stAcc] = 0
	f := s.Flags[stAcc]
	if f&tokLast == 0 {
		return
	}
	copy(s.AccOut[:m.dots], s.Acc[:m.dots])
	s.WrOn, s.WrMask, s.WrAddr, s.WrBank = 1, s.Out[stAcc], s.Addr[stAcc], s.Bank[stAcc]
	s.WrDone = flag(f&tokDone != 0) | flag(f&tokAB != 0)<<1
}

// Accumulators that begin with nothing, and with the least value of a maximum.
var (
	noSums    kernel.Sums
	leastSums = func() (s kernel.Sums) {
		for i := range s {
			s[i] = (-(1 << 31)) & mask40
		}
		return s
	}()
)

// accumulate adds the sums to the local accumulators, or takes the maximum.
func (m *Machine) accumulate(s *MACState) {
	f := s.Flags[stSum]
	isMax := m.op[s.Bank[stSum]&3].kind == kindMax
	from := s.before(f, isMax)
	if f&tokCommit != 0 && !isMax {
		kernel.AccumulateArray(&s.Acc, from, &s.Sum, m.dots)
	} else {
		copy(s.Acc[:m.dots], from[:m.dots])
		if f&tokCommit != 0 {
			m.accumulateMax(s)
		}
	}
	s.copyTag(stSum) // the mask was last used for the maximum
}

// before is what the accumulators hold before a token: the sums so far, or none, if it is
// the first one of its micro-block.
func (s *MACState) before(f uint8, isMax bool) *kernel.Sums {
	switch {
	case f&tokFirst == 0:
		return &s.Acc
	case f&tokFresh == 0:
		return &s.AccIn
	case isMax:
		return &leastSums
	}
	return &noSums
}

// clockSums is accumulate and sumProducts in one step, where both have a token and nothing
// is in the way: no maximum, no sums so far to be read.
func (m *Machine) clockSums(s *MACState) bool {
	n, f, next := m.late.products, s.Flags[stSum], s.Flags[stProduct]
	if n == 0 || s.Valid[stSum]&s.Valid[stProduct] == 0 || f&tokCommit == 0 || next&(tokFirst|tokFresh) == tokFirst || m.op[s.Bank[stSum]&3].kind == kindMax {
		return false
	}
	kernel.ClockSums(&s.Acc, s.before(f, false), &s.Sum, &m.late.token[n].dots, m.dots, 8*uint(s.Shift[stProduct]&3), next&tokNewSum != 0)
	s.copyTag(stSum)
	return true
}

// accumulateMax takes the maximum for the pixels inside the map.
func (m *Machine) accumulateMax(s *MACState) {
	d := m.depth
	for i := 0; i < m.dots; i += d {
		if s.Mask[stSum]>>(i/d)&1 != 0 {
			kernel.AccumulateMax(s.Acc[i:i+d], s.Sum[i:])
		}
	}
}

// sumsThere reads, for the first token of a micro-block, the sums so far. It reports false
// when those are still to be written, or a bank is taken.
func (m *Machine) sumsThere(s *MACState) bool {
	f := s.Flags[stProduct]
	if f&(tokFirst|tokFresh) != tokFirst {
		return true
	}
	a := s.Addr[stProduct]
	if s.WrOn != 0 && s.WrAddr == a || s.Valid[stAcc] != 0 && s.Flags[stAcc]&tokLast != 0 && s.Addr[stAcc] == a {
		return false
	}
	p := &m.op[s.Bank[stProduct]&3]
	if !m.sumsServed(portSums, p, flag(f&tokAB != 0), int(a), s.Out[stProduct]) {
		return false
	}
	m.readSums(s, p, int(a))
	return true
}

// sumProducts adds the eight products of each dot product.
func (m *Machine) sumProducts(s *MACState) {
	shift, fresh := 8*uint(s.Shift[stProduct]&3), s.Flags[stProduct]&tokNewSum != 0
	if n := m.late.products; n != 0 {
		kernel.SumDots(&s.Sum, &m.late.token[n].dots, m.dots, shift, fresh)
		return
	}
	kernel.SumProductsArray(&s.Sum, &s.Prod, m.dots, shift, fresh)
}

// readSums fetches the sums so far of the pixels inside the block.
func (m *Machine) readSums(s *MACState, p *params, addr int) {
	d := m.depth
	for px := range m.pixels {
		if s.Out[stProduct]>>px&1 == 0 {
			continue
		}
		a := p.sumAddr(addr, px)
		in := s.AccIn[px*d : px*d+d]
		if b := m.plainRAM(a, d*p.accBytes); b != nil {
			unpackSums(in, b, p.accBytes)
			continue
		}
		for o := range in {
			v := m.ram(a+o*p.accBytes, p.accBytes)
			if p.accBytes == 4 {
				v = uint64(int64(int32(v)))
			}
			in[o] = v & mask40
		}
	}
}

// abStart returns where accumulator buffer ab starts.
func (p *params) abStart(ab uint8) int { return p.ABStart + int(ab&1)*p.abHalf }
