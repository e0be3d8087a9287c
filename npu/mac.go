package npu

import (
	"encoding/binary"

	"upset/npu/kernel"
)

// Pipeline stages of the MAC array. A token is one cycle's work: eight input
// channels of every pixel of a micro-block against the weights of its channels.
const (
	stFetch   = iota // bytes from the IFM buffer, weights from the weight block
	stOperand        // zero point subtracted
	stProduct        // one product per multiplier
	stSum            // one sum per dot product
	stAcc            // local accumulator
	macStages
)

// Token flags.
const (
	tokFirst  = 1 << iota // first token of a micro-block
	tokLast               // last token of a micro-block: the sums go to SHRAM
	tokFresh              // the block's sums start here: nothing to read back
	tokCommit             // last byte pass: the sum enters the accumulator
	tokNewSum             // first byte pass: the sum starts anew
	tokAB                 // accumulator buffer
	tokDone               // last token of the output block
)

// MACState is the MAC array: operand, weight, product, sum and accumulator
// registers, and the token that each pipeline stage works on.
type MACState struct {
	// The job, latched when it starts.
	Y0  uint16 `npu:"16,local"` // origin of the IFM box
	X0  uint16 `npu:"16,local"`
	Row uint16 `npu:"10,local"` // pixels in a row of the box
	Pix uint16 `npu:"10,local"` // bytes of a pixel in the buffer
	AB  uint8  `npu:"1,local"`  // accumulator buffer in use
	WB  uint8  `npu:"1,local"`  // weight block in use
	Run uint8  `npu:"1,local"`  // a job is under way

	UY   uint8 `npu:"5,local"` // micro-block: pixel position within the block
	UX   uint8 `npu:"6,local"`
	Step uint8 `npu:"8,local"` // token within the micro-block

	Valid [macStages]uint8  `npu:"1,local"`
	Flags [macStages]uint8  `npu:"7,local"`
	Mask  [stAcc]uint8      `npu:"4,local"` // pixels inside the block and the map
	Out   [macStages]uint8  `npu:"4,local"` // pixels inside the block
	Shift [stSum]uint8      `npu:"2,local"` // byte pass
	Addr  [macStages]uint16 `npu:"16,local"`
	Bank  [macStages]uint8  `npu:"2,local"`

	Raw    [maxX]uint64     `npu:"64,data,n=pixels"`
	Chan   uint8            `npu:"8,local"` // channels inside the map
	WRaw   [8 * maxD]uint16 `npu:"9,data,n=weights"`
	IFM    [maxX * 8]uint16 `npu:"9,data,n=operands"`
	Weight [8 * maxD]uint16 `npu:"9,data,n=weights"`
	Prod   [maxMACs]uint32  `npu:"18,data,n=macs"`
	Sum    [maxDots]uint64  `npu:"36,data,n=dots"`
	AccIn  [maxDots]uint64  `npu:"40,data,n=dots"`
	Acc    [maxDots]uint64  `npu:"40,data,n=dots"`
	AccOut [maxDots]uint64  `npu:"40,data,n=dots"`
	WrOn   uint8            `npu:"1,local"` // AccOut is to be written
	WrMask uint8            `npu:"4,local"`
	WrAddr uint16           `npu:"16,local"`
	WrBank uint8            `npu:"2,local"`
	WrDone uint8            `npu:"2,local"` // bit 0: last of the block, bit 1: buffer
}

const mask40 = 1<<40 - 1

func sx40(v uint64) int64 { return int64(v<<24) >> 24 }

// stepMAC moves every token one stage on, last stage first, and issues the next
// one. A token that must read sums which are still on their way to SHRAM holds
// the stages behind it.
func (m *Machine) stepMAC() {
	s := &m.S.MAC
	busy := s.Valid != [macStages]uint8{} || s.WrOn != 0 || s.Run != 0
	if !m.writeSums(s) {
		m.work.held = heldAll
		m.count(EvMACStalledAB, 1)
		return
	}
	if s.Valid[stAcc] != 0 {
		m.retireToken(s)
	}
	if !m.clockSums(s) {
		if s.Valid[stSum] != 0 {
			m.accumulate(s)
		}
		if s.Valid[stProduct] != 0 {
			if !m.sumsThere(s) {
				m.work.held = heldProducts
				m.count(EvMACStalledAB, 1)
				return
			}
			m.sumProducts(s)
		}
	}
	if s.Valid[stOperand] != 0 {
		m.multiply(s)
	}
	if s.Valid[stFetch] != 0 {
		m.subtractZero(s)
	}
	s.moveTags()
	why := m.issue(s)
	switch {
	case why == issueOK:
		m.count(EvMACActive, 1)
	case why == issueIdle && !busy:
		m.count(EvMACIdle, 1)
	default:
		m.count(why.event(), 1)
	}
}

// copyTag moves the control bits of stage from to the next stage.
func (s *MACState) copyTag(from int) {
	s.Valid[from], s.Valid[from+1] = 0, 1
	s.Flags[from+1], s.Out[from+1] = s.Flags[from], s.Out[from]
	s.Addr[from+1], s.Bank[from+1] = s.Addr[from], s.Bank[from]
}

// moveTags moves the control bits of the first three stages. The byte pass is last used for
// the sum.
func (s *MACState) moveTags() {
	if s.Valid[stFetch]&s.Valid[stOperand]&s.Valid[stProduct] != 0 { // all at once
		s.Valid[stFetch], s.Valid[stSum] = 0, 1
		*(*[3]uint8)(s.Flags[stOperand:]) = [3]uint8(s.Flags[:])
		*(*[3]uint8)(s.Out[stOperand:]) = [3]uint8(s.Out[:])
		*(*[3]uint8)(s.Mask[stOperand:]) = [3]uint8(s.Mask[:])
		*(*[3]uint16)(s.Addr[stOperand:]) = [3]uint16(s.Addr[:])
		*(*[3]uint8)(s.Bank[stOperand:]) = [3]uint8(s.Bank[:])
		*(*[2]uint8)(s.Shift[stOperand:]) = [2]uint8(s.Shift[:])
		return
	}
	if s.Valid[stProduct] != 0 {
		s.copyTag(stProduct)
		s.Mask[stSum] = s.Mask[stProduct]
	}
	if s.Valid[stOperand] != 0 {
		s.copyTag(stOperand)
		s.Mask[stProduct], s.Shift[stProduct] = s.Mask[stOperand], s.Shift[stOperand]
	}
	if s.Valid[stFetch] != 0 {
		s.copyTag(stFetch)
		s.Mask[stOperand], s.Shift[stOperand] = s.Mask[stFetch], s.Shift[stFetch]
	}
}

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
	if m.Journal != nil || m.Access != nil || m.S.RAM.SynLive != 0 || addr < 0 || addr+n > m.shramLast8 {
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

// multiply fills the product registers.
func (m *Machine) multiply(s *MACState) {
	m.work.macs += m.dots * 8
	m.late.products = m.late.operands
	if m.late.operands == 0 {
		kernel.MultiplyArray(&s.Prod, &s.IFM, &s.Weight, m.pixels, m.depth)
	}
}

// subtractZero turns fetched bytes into nine-bit operands.
func (m *Machine) subtractZero(s *MACState) {
	m.late.operands = m.late.fetched
	if m.late.fetched == 0 {
		zero, signed := m.op[s.Bank[stFetch]&3].zeroOf(int(s.Shift[stFetch] & 3))
		kernel.OperandsArray(&s.IFM, &s.Raw, m.pixels, s.Mask[stFetch], s.Chan, zero, signed)
		copy(s.Weight[:8*m.depth], s.WRaw[:8*m.depth])
	}
}

// abStart returns where accumulator buffer ab starts.
func (p *params) abStart(ab uint8) int { return p.ABStart + int(ab&1)*p.abHalf }
