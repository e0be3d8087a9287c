package npu

import "upset/npu/kernel"

// Nobody looks at the registers of weights, operands and products while Run runs, and the
// control of the array does not depend on them. So Run goes from a token's bytes to its dot
// products at once, carries these beside the registers, and writes the registers when it
// ends, or before anybody may look: see [Machine.settle]. Sums and accumulators are written
// in each clock.

// lateArray is what Run holds in place of registers of the array.
type lateArray struct {
	on bool // Run runs

	// The tokens whose values belong into WRaw, into IFM and Weight, and into Prod, as
	// places in token; 0 where the registers hold what they should. A register is at most
	// one token behind the one in front of it, so that four places are enough.
	fetched, operands, products uint8
	token                       [5]lateToken
}

// lateToken is a token between its issue and its sums.
type lateToken struct {
	kernel.Token
	w     kernel.Weights
	lanes bool // w has one weight for each channel, that of its lane
	dots  kernel.Dots
}

// Weights of pooling: each channel keeps its own input, or the first one takes all.
var (
	poolWeights   = kernel.Weights{1, 1, 1, 1, 1, 1, 1, 1}
	reduceWeights = poolWeights
)

// fetchLate is fetchWeights and all that follows up to the products, for the token whose
// bytes have just been fetched.
func (m *Machine) fetchLate(s *MACState, p *params, b *microBlock, g, k int) {
	l := &m.late
	n := l.fetched&3 + 1
	if n == l.operands || n == l.products {
		m.settle()
	}
	l.fetched = n
	x := &l.token[n]
	x.Raw, x.Mask, x.Channels = s.Raw, s.Mask[stFetch], s.Chan
	x.Zero, x.Signed = b.zero, b.signed
	if p.passes > 1 {
		x.Zero, x.Signed = p.zeroOf(k)
	}
	d := m.depth
	switch p.kind {
	case kindConv:
		x.lanes = false
		x.Dots(&x.dots, &x.w, m.S.WD.Buf[s.WB&1][g&3*8*d:], m.pixels, d)
	case kindReduce:
		x.lanes = false
		x.Dots(&x.dots, &x.w, reduceWeights[:], m.pixels, d)
	case kindDepthwise:
		x.lanes = true
		copy(x.w[:d], m.S.WD.Buf[s.WB&1][g&3*d:])
		x.Lanes(&x.dots, &x.w, m.pixels, d)
	default:
		x.lanes = true
		copy(x.w[:d], poolWeights[:])
		x.Lanes(&x.dots, &x.w, m.pixels, d)
	}
}

// settle writes the registers that are behind.
func (m *Machine) settle() {
	l, s := &m.late, &m.S.MAC
	if n := l.products; n != 0 {
		var x kernel.Inputs
		var w kernel.Weights
		l.token[n].Operands(&x, m.pixels)
		l.token[n].weights(&w, m.depth)
		kernel.MultiplyArray(&s.Prod, &x, &w, m.pixels, m.depth)
	}
	if n := l.operands; n != 0 {
		l.token[n].Operands(&s.IFM, m.pixels)
		l.token[n].weights(&s.Weight, m.depth)
	}
	if n := l.fetched; n != 0 {
		l.token[n].weights(&s.WRaw, m.depth)
	}
	l.fetched, l.operands, l.products = 0, 0, 0
}

// weights sets the weight registers of d channels.
func (x *lateToken) weights(w *kernel.Weights, d int) {
	if !x.lanes {
		copy(w[:8*d], x.w[:8*d])
		return
	}
	*w = kernel.Weights{}
	for o := range d {
		w[o*9] = x.w[o]
	}
}

// zeroOf is the zero point that byte pass k subtracts, and whether its bytes are signed. The
// value of a wide element is the sum over its bytes of (byte - zero point byte) × 256^i, with
// the top byte signed, so each byte pass subtracts its own byte of the zero point.
func (p *params) zeroOf(k int) (zero int32, signed bool) {
	zero = p.IFM.ZeroPoint >> (8 * min(k, 3))
	if p.IFM.Signed && k == p.passes-1 {
		return int32(int8(zero)), true
	}
	return zero & 0xff, false
}
