package npu

import (
	"math/bits"

	"upset/npu/arith"
	"upset/npu/isa"
)

// A lane of the output stage has one multiplier of 64 by 18 bits, both signed, behind
// which stands an 80-bit adder; one shifter that rounds a product; and one that shifts an
// operand to the left by up to 31. Each of them is used once a cycle at most. The
// passes of a step, by its cycle:
//
//	0    the product of the step before is rounded; ADD and SUB: first product of the operands
//	1    ADD and SUB: second product
//	2    ADD and SUB: it is rounded, the operands are joined
//	4, 5 ADD and SUB: low and high half of the scale
//	0    MUL of 8 or 16 bits: product of the operands
//	1, 2 MUL of 8 or 16 bits: low and high half of the scale
//	0, 1 MUL of 32 bits: low and high part of the second operand, no scale
//	0, 1 otherwise, also where ADD and SUB have no token to read: low and high half of the scale
//
// The step always lasts long enough (see stepPasses), and a pass that belongs to an empty
// stage is left out.

// operandPasses are the cycles of a step in which ADD and SUB have the multiplier for their
// operands. The public cycle counts give them four; three do work.
const operandPasses = 4

// Bits of the second factor of the multiplier: a half of a scale is not signed, an
// operand of 16 bits less any zero point has 18.
const factorBits = 18

// scalesOperands reports whether the token in the read stage uses the multiplier.
func (p *params) scalesOperands() bool {
	return p.kind == kindElementwise && (p.Mode == isa.ElemAdd || p.Mode == isa.ElemSub) && p.IFM.Bytes != 4
}

// multiplies reports whether the two operands are multiplied in the bias stage.
func (p *params) multiplies() bool { return p.kind == kindElementwise && p.Mode == isa.ElemMul }

// multiplyLanes does a pass of the multipliers.
func (m *Machine) multiplyLanes(a *AOState, p *params) {
	first := 0
	if a.Valid[aoRead] != 0 && p.scalesOperands() {
		if a.Pass < operandPasses {
			m.scaleOperands(a, p)
			return
		}
		first = operandPasses
	}
	if a.Valid[aoBias] == 0 || p.kind == kindMax {
		return
	}
	pass := int(a.Pass) - first
	if p.multiplies() {
		if pass == 0 || pass == 1 && p.IFM.Bytes == 4 {
			m.multiplyOperands(a, p, pass)
		}
		if p.IFM.Bytes == 4 {
			return
		}
		pass--
	}
	switch pass {
	case 0:
		a.multiplyLow(m.lanes(aoBias))
	case 1:
		a.multiplyHigh(m.lanes(aoBias))
	}
}

// multiplyLow multiplies the values of n lanes by the low halves of their scales. Products
// of values of 32 bits fit a word.
func (a *AOState) multiplyLow(n int) {
	for i := range min(n, maxLanes) {
		v, s := int64(a.Val[i]), a.LScale[i]&0xffff
		if v != int64(int32(v)) {
			a.setProduct(i, arith.Mul(v, s))
			continue
		}
		q := v * int64(s)
		a.ProdLo[i], a.ProdHi[i] = uint64(q), uint16(q>>63)
	}
}

// multiplyHigh adds their products with the high halves.
func (a *AOState) multiplyHigh(n int) {
	for i := range min(n, maxLanes) {
		v, s := int64(a.Val[i]), a.LScale[i]>>16
		if v != int64(int32(v)) {
			a.setProduct(i, arith.MulAdd(a.product(i), v, s, 16))
			continue
		}
		q := v * int64(s) << 16
		lo, c := bits.Add64(a.ProdLo[i], uint64(q), 0)
		a.ProdLo[i], a.ProdHi[i] = lo, a.ProdHi[i]+uint16(q>>63)+uint16(c)
	}
}

// multiplyOperands forms the product of the operands of MUL, which replaces the first
// of them; that of 32-bit operands, cut to 64 bits, is the product to be shifted.
func (m *Machine) multiplyOperands(a *AOState, p *params, pass int) {
	for i := range m.lanes(aoBias) {
		v, f := int64(a.Val[i]), int64(a.Opd[i])
		switch {
		case p.IFM.Bytes != 4:
			a.Val[i] = uint64(v * arith.SignExtend(uint64(f), factorBits))
		case pass == 0:
			a.setProduct(i, arith.Mul(v, uint32(f)&0xffff))
		default:
			lo := int64(a.ProdLo[i]) + v*arith.SignExtend(uint64(f)>>16, factorBits)<<16
			a.setProduct(i, arith.Product{Hi: lo >> 63, Lo: uint64(lo)})
		}
	}
}

// scaleOperands does a pass over the operands of ADD and SUB in the read stage: one of
// them has a 32-bit scale and is rounded, or both have one of 16 bits.
func (m *Machine) scaleOperands(a *AOState, p *params) {
	left, head := p.Headroom()
	for i := range m.lanes(aoRead) {
		x, y := p.operands(a, i)
		if p.AddMode == 2 {
			x, y = y, x // the one with the scale comes first
		}
		switch one := p.AddMode == 1 || p.AddMode == 2; {
		case a.Pass == 0 && one:
			a.setProduct(i, arith.Mul(x<<head, p.OPAScale&0xffff))
		case a.Pass == 1 && one:
			a.setProduct(i, arith.MulAdd(a.product(i), x<<head, p.OPAScale>>16, 16))
		case a.Pass == 2 && one:
			x, y = a.product(i).Shift(p.OPAShift+head, isa.PrescaleRound), y<<left
			if p.Mode == isa.ElemSub && p.AddMode == 1 {
				y = -y
			} else if p.Mode == isa.ElemSub {
				x = -x
			}
			a.Opd[i] = uint64(x + y)
		case a.Pass == 0:
			a.setProduct(i, arith.Mul(x, p.OPAScale&0xffff))
		case a.Pass == 1:
			if p.Mode == isa.ElemSub {
				y = -y
			}
			a.setProduct(i, arith.MulAdd(a.product(i), y, p.OPBScale&0xffff, 0))
		case a.Pass == 2:
			a.Opd[i] = a.ProdLo[i]
		}
	}
}

// passProducts hands the products to the next stage. An operation of one pass does
// not scale.
func (m *Machine) passProducts(a *AOState, p *params) {
	if a.Valid[aoBias] == 0 {
		return
	}
	for i := range m.lanes(aoBias) {
		if p.kind == kindMax {
			a.setProduct(i, arith.Mul(int64(a.Val[i]), 1))
		}
		a.PShift[i] = a.LShift[i]
	}
	a.moveTag(aoBias)
}

// combined returns what enters the bias stage of an elementwise operation. That of MUL
// is the first factor; the second one goes to a register of its own.
func (m *Machine) combined(a *AOState, p *params, i int) (v int64, scale uint32, shift uint) {
	va, vb := p.operands(a, i)
	switch {
	case p.scalesOperands():
		return int64(a.Opd[i]), p.OFMScale, p.OFMShift
	case p.multiplies():
		a.Opd[i] = uint64(vb)
		_, scale, shift = p.Combine(0, 0)
		return va, scale, shift
	}
	return p.Combine(va, vb)
}

// operands applies zero points and operand order to the inputs of a lane.
func (p *params) operands(a *AOState, i int) (va, vb int64) {
	va = sx40(a.In[i]) - int64(p.IFM.ZeroPoint)
	if p.Binary {
		vb = int64(int32(a.In2[i]))
		if !p.IFM2.Signed && p.IFM2.Bytes == 4 {
			vb = int64(a.In2[i])
		}
		vb -= int64(p.IFM2.ZeroPoint)
	}
	if p.Swap {
		va, vb = vb, va
	}
	return va, vb
}

// product and setProduct read and write the product register of a lane.
func (a *AOState) product(i int) arith.Product {
	return arith.Product{Hi: int64(a.ProdHi[i]), Lo: a.ProdLo[i]}.Narrow()
}

func (a *AOState) setProduct(i int, v arith.Product) {
	a.ProdLo[i], a.ProdHi[i] = v.Lo, uint16(v.Hi)
}
