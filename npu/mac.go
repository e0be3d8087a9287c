package npu

import "upset/npu/kernel"

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

func canonicalMAC(s *MACState) {
	if s.Run == 0 {
		s.Y0, s.X0, s.Row, s.Pix, s.UY, s.UX, s.Step = 0, 0, 0, 0, 0, 0, 0
	}
	// What the data registers hold between tokens, before the tags are cleared.
	sumDone := s.Valid[stSum] == 0 && s.Flags[stSum]&tokCommit != 0
	accDone := s.Valid[stAcc] == 0 && s.Flags[stAcc]&tokLast != 0
	// The sums begin anew with the next token where that says so.
	next := s.nextToken()
	sumDone = sumDone || s.Valid[stSum] == 0 && next&tokNewSum != 0
	if s.Valid[stSum] != 0 {
		next = s.Flags[stSum]
	}
	accDone = accDone || s.Valid[stAcc] == 0 && next&tokFirst != 0
	accIn := s.Valid[stSum] != 0 && s.Flags[stSum]&(tokFirst|tokFresh) == tokFirst
	if s.Valid[stFetch] == 0 {
		s.Raw, s.Chan, s.WRaw = [maxX]uint64{}, 0, [8 * maxD]uint16{}
	}
	for px := range s.Raw {
		if s.Mask[stFetch]>>px&1 == 0 {
			s.Raw[px] = 0
		}
		s.Raw[px] &= strobed(s.Chan)
	}
	if s.Valid[stOperand] == 0 {
		s.IFM, s.Weight = [maxX * 8]uint16{}, [8 * maxD]uint16{}
	}
	if s.Valid[stProduct] == 0 {
		s.Prod = [maxMACs]uint32{}
	}
	if sumDone {
		s.Sum = [maxDots]uint64{}
	}
	if !accIn {
		s.AccIn = [maxDots]uint64{}
	}
	if accDone {
		s.Acc = [maxDots]uint64{}
	}
	for i := range s.Acc { // sums of pixels outside the block are never stored
		px := i / maxD
		dead(&s.AccIn[i], s.Out[stSum]>>px&1 == 0)
		dead(&s.Acc[i], s.Out[stAcc]>>px&1 == 0)
		dead(&s.AccOut[i], s.WrMask>>px&1 == 0)
	}
	for st, on := range s.Valid {
		// The last tags of the two summing stages tell whether the sums are complete.
		if on != 0 || st == stSum && !sumDone || st == stAcc && !accDone {
			continue
		}
		s.Flags[st], s.Out[st], s.Addr[st], s.Bank[st] = 0, 0, 0, 0
		if st < stAcc {
			s.Mask[st] = 0
		}
		if st < stSum {
			s.Shift[st] = 0
		}
	}
	if s.WrOn == 0 {
		s.AccOut, s.WrMask, s.WrAddr, s.WrBank, s.WrDone = [maxDots]uint64{}, 0, 0, 0, 0
	}
}

// nextToken returns the flags of the token that comes to the adders next: of the first one
// under way or, where there is none, those that begin a micro-block if the next one does.
func (s *MACState) nextToken() uint8 {
	for _, st := range [...]int{stProduct, stOperand, stFetch} {
		if s.Valid[st] != 0 {
			return s.Flags[st]
		}
	}
	if s.Run == 0 || s.Step == 0 {
		return tokFirst | tokNewSum
	}
	return 0
}
