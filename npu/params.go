package npu

import "upset/npu/isa"

// kind is what the MAC array does for an operation.
type kind uint8

const (
	kindConv kind = iota // dot products over input channels
	kindDepthwise
	kindMax
	kindAverage
	kindReduce // sum over input channels
	kindElementwise
)

// params is the combinational logic behind a configuration bank: values that are
// pure functions of the bank's flops. The machine keeps them only to avoid
// computing them every cycle, and renews them whenever the bank changes.
type params struct {
	isa.Decoded
	kind     kind
	passes   int // byte passes over the input: its element size for MAC operations, 1, 2 or 4
	groups   int // 8-channel groups of a depth-first weight block
	taps     int // kernel taps of a part-kernel weight block
	wblock   int // weights of a weight block
	subX     int // taps of a sub-kernel: the 8×8 limit after dilation
	subY     int
	ubW, ubH int // micro-block: pixels side by side and on top of each other
	blocksX  int // OFM blocks
	blocksY  int
	blocksZ  int
	depthN   int // IFM depth blocks of a job sequence
	subN     int // sub-kernels
	accBytes int
	sumPitch int // distance of neighbouring pixels in the accumulator buffer, bytes
	ibHalf   int // bytes of one IFM buffer
	ib2Half  int
	abHalf   int                  // bytes of one accumulator buffer
	aoCost   [maxLanes + 1]aoCost // of a token of the output stage, by lanes in use

	passShift      uint8 // the power of two in passes
	actPlain       bool  // the activation stage adds the zero point and clamps to actLo … actHi
	actLo, actHi   int64
	reachY, reachX int // rows and columns of the map from the first to the last pixel of a micro-block
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// refresh renews the decoded view of every bank.
func (m *Machine) refresh() {
	for b := range m.op {
		m.refreshBank(b)
	}
}

func (m *Machine) refreshBank(b int) {
	m.job.valid = false
	m.settle()
	m.wakeAll()
	cc := &m.S.CC
	p := &m.op[b]
	*p = params{Decoded: isa.Decode(&cc.Bank[b], isa.Opcode(cc.OpCode[b]), uint32(cc.OpParam[b]))}
	p.IFMW, p.IFMH = max(1, int(cc.IFMW[b])), max(1, int(cc.IFMH[b]))
	p.SrcW, p.SrcH = p.IFMW, p.IFMH
	if p.Upscale != 0 {
		p.SrcW, p.SrcH = (p.IFMW+1)/2, (p.IFMH+1)/2
	}
	p.derive(m.Spec)
}

func (p *params) derive(s *isa.Spec) {
	switch p.Op {
	case isa.OpConv:
		p.kind = kindConv
	case isa.OpDepthwise:
		p.kind = kindDepthwise
	case isa.OpElementwise:
		p.kind = kindElementwise
	default:
		p.kind = [4]kind{kindMax, kindAverage, kindReduce, kindMax}[p.Mode&3]
	}
	p.passes, p.passShift = p.IFM.Bytes, uint8(p.IFM.Bytes>>1)
	p.groups = 4
	if p.IFM.Bytes == 2 {
		p.groups = 2
	}
	p.taps = p.groups
	d := s.UBlockD
	switch {
	case p.kind == kindDepthwise:
		p.taps = 4
		p.wblock = 4 * d
	default:
		p.wblock = p.groups * 8 * d
	}
	p.subX, p.subY = 8/p.DilX, 8/p.DilY
	p.ubW, p.ubH = s.UBlockW, s.UBlockH
	if s.MACs == 256 && p.OFMH == 1 && p.KH == 1 && p.kind != kindElementwise {
		p.ubW, p.ubH = 4, 1
	}
	p.reachY, p.reachX = (p.ubH-1)*p.StrideY, (p.ubW-1)*p.StrideX
	p.blocksX, p.blocksY, p.blocksZ = ceilDiv(p.OFMW, p.BlkW), ceilDiv(p.OFMH, p.BlkH), ceilDiv(p.OFMD, p.BlkD)
	p.depthN = 1
	if p.kind == kindConv || p.kind == kindReduce {
		p.depthN = ceilDiv(p.IFMD, p.IFMBlkD)
	}
	p.subN = ceilDiv(p.KW, p.subX) * ceilDiv(p.KH, p.subY)
	p.accBytes = 4
	if p.Acc40 {
		p.accBytes = 5
	}
	p.sumPitch = (p.BlkD + 7) &^ 7 * p.accBytes
	p.actPlain = p.OFM.Bytes != 4 && !p.UsesLUT && p.Act != isa.ActTanh && p.Act != isa.ActSigmoid
	p.actLo, p.actHi = p.ClipBounds()
	p.buffers(s)
	for n := range p.aoCost {
		p.aoCost[n] = p.outputCost(max(1, n))
	}
}

func (p *params) buffers(s *isa.Spec) {
	end := p.IBEnd
	if p.kind == kindElementwise {
		p.ib2Half = max(0, p.IBEnd-p.IB2Start) / isa.BufferCopies
		end = p.IB2Start
		if !p.Binary || p.UseScalar {
			end = p.IBEnd
		}
	}
	p.ibHalf = max(0, end-isa.IBStart) / isa.BufferCopies
	lut := s.SHRAMBytes() - s.ReservedLUT*isa.BankBytes
	if p.UsesLUT {
		lut = s.LUTStart()
	}
	p.abHalf = max(0, lut-p.ABStart) / isa.BufferCopies
}

// aoCost is what a token asks of the units that the stages of the output pipeline
// share, in cycles. A step of the pipeline lasts as long as the unit that is asked
// most of by the tokens in it: see stepPasses.
type aoCost struct {
	combine uint8 // multiplier, from the read to the bias stage: ADD and SUB scale both operands
	scale   uint8 // multiplier, from the bias to the product stage
	read    uint8 // port of the shared buffer: operands
	write   uint8 // port of the shared buffer: results
	table   uint8 // table, one lane a cycle
}

// outputCost is the cost of a token of so many lanes (cycles that Vela 3.10 publishes).
// A lane multiplies by 16 bits of a scale in a cycle, so that a 32-bit scale takes
// two passes; MUL takes one more for its operands, ADD and SUB four, of which three
// do work (see multiplyLanes). A wide sum takes a third one, in which the multiplier
// rests. 32-bit operands are limited by the 128-bit port of the shared buffer.
func (p *params) outputCost(lanes int) aoCost {
	c := aoCost{scale: 2}
	switch {
	case p.kind == kindMax:
		c.scale = 0
	case p.kind == kindElementwise && p.IFM.Bytes == 4:
		operands := 1
		if p.Binary && !p.UseScalar {
			operands = 2
		}
		c.read, c.write = uint8(ceilDiv(lanes*4*operands, 16)), uint8(ceilDiv(lanes*p.OFM.Bytes, 16))
	case p.kind == kindElementwise && p.Mode == isa.ElemMul:
		c.scale = 3
	case p.kind == kindElementwise && (p.Mode == isa.ElemAdd || p.Mode == isa.ElemSub):
		c.combine = 4
	case p.Acc40 && p.kind != kindElementwise:
		c.scale = 3
	}
	if p.UsesLUT {
		c.table = uint8(lanes)
	}
	return c
}

// stepPasses is the number of cycles of the current step of the output stage. A
// unit that no token asks for does not lengthen it, so that the first and the last
// tokens of a stretch pass the other stages in a cycle each.
func (p *params) stepPasses(a *AOState) int {
	var port, mult, table uint8
	if a.Valid[aoRead] != 0 {
		c := &p.aoCost[min(a.N[aoRead], maxLanes)]
		mult, port = c.combine, c.read
	}
	if a.Valid[aoBias] != 0 {
		mult += p.aoCost[min(a.N[aoBias], maxLanes)].scale
	}
	if a.Valid[aoShift] != 0 {
		table = p.aoCost[min(a.N[aoShift], maxLanes)].table
	}
	if a.Valid[aoAct] != 0 {
		port += p.aoCost[min(a.N[aoAct], maxLanes)].write
	}
	return int(max(1, mult, port, table))
}
