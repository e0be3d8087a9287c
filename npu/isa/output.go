package isa

import (
	"math"
	"math/bits"

	"upset/npu/arith"
)

// Constants of ADD and SUB with one operand rescaled (Vela 3.10; they make the
// operation equal to the TFLite reference kernels).
const (
	leftShift8  = 19 // of the operand that is not rescaled, 8-bit input
	leftShift16 = 14 // the same, 16-bit input
	headroom8   = 20 // of the rescaled operand, 8-bit input
	headroom16  = 15 // the same, 16-bit input
	maxShift    = 63 // largest shift of the scaler
)

// Rounding where the public rules leave it open (inferred).
const (
	// PrescaleRound rounds the rescaled operand of ADD and SUB as TFLite does.
	// Rounding half up gives the same outputs in all known tests.
	PrescaleRound = arith.RoundDouble
	// AddKeepsDouble lets ADD and SUB of 8-bit operands with two 16-bit scales round
	// as OFM_PRECISION says. Vela 3.10 speaks of a double rounding that is disabled
	// there; nothing in the command stream shows it. False rounds half up instead.
	AddKeepsDouble = true
	// ShiftRightRound is what round mode 0 means for SHR, of negative operands too.
	// With shifts up to 31 double rounding is rounding half up.
	ShiftRightRound = arith.RoundDouble
)

// Activation functions: ACTIVATION bits 4:0 (Arm U55 register header).
const (
	ActTanh    = 3
	ActSigmoid = 4
	ActTable   = 16  // first of eight tables
	tableBytes = 256 // between the starts of the tables
)

// Combine returns what the output stage scales for elementwise operands a and b,
// already less their zero points and in their order: result = (v × scale) >> shift
// in the returned rounding mode. With 32-bit operands only the shift counts.
func (d *Decoded) Combine(a, b int64) (v int64, scale uint32, shift uint) {
	scale, shift = d.OFMScale, d.OFMShift
	if d.IFM.Bytes == 4 {
		scale = 1
	}
	switch d.Mode {
	case ElemMul:
		return a * b, scale, shift
	case ElemAdd, ElemSub:
		if d.IFM.Bytes != 4 {
			a, b = d.prescale(a, b)
		}
		if d.Mode == ElemSub {
			b = -b
		}
		return a + b, scale, shift
	case ElemMin:
		return min(a, b), 1, 0
	case ElemMax:
		return max(a, b), 1, 0
	case ElemLRelu:
		if a >= 0 {
			return a, 1, 0
		}
		return a, scale, shift
	case ElemAbs:
		return max(a, -a), scale, shift
	case ElemCLZ:
		return int64(bits.LeadingZeros32(uint32(a))), 1, 0
	case ElemSHR:
		return a, 1, uint(b) & 31
	}
	return a << (uint(b) & 31), 1, 0
}

// prescale brings the operands of ADD and SUB to a common scale.
func (d *Decoded) prescale(a, b int64) (int64, int64) {
	left, head := d.Headroom()
	rescale := func(v int64) int64 {
		return arith.Scale(v<<head, d.OPAScale, d.OPAShift+head, PrescaleRound)
	}
	switch d.AddMode {
	case 1:
		return rescale(a), b << left
	case 2:
		return a << left, rescale(b)
	}
	return a * int64(d.OPAScale&0xffff), b * int64(d.OPBScale)
}

// Headroom returns by how many bits ADD and SUB with one operand rescaled shift the
// operands to the left: the other one, and the rescaled one before its multiplication.
func (d *Decoded) Headroom() (left, head uint) {
	left, head = leftShift8, headroom8
	if d.IFM.Bytes == 2 {
		left, head = leftShift16, headroom16
	}
	return left, min(head, maxShift-d.OPAShift)
}

// elementRound is the rounding mode of an elementwise operation.
func (d *Decoded) elementRound() arith.Round {
	if d.Round != arith.RoundDouble {
		return d.Round
	}
	switch d.Mode {
	case ElemAdd, ElemSub:
		if !AddKeepsDouble && d.IFM.Bytes == 1 && d.AddMode == 0 {
			return arith.RoundNatural
		}
	case ElemSHR:
		return ShiftRightRound
	}
	return d.Round
}

// Activate turns a scaled value into the stored bit pattern: activation, zero
// point, clamp and table, in that order. A 32-bit output without a table only
// saturates. Table returns the 32-bit word at a byte offset of the tables.
func (d *Decoded) Activate(v int64, table func(offset int) uint32) uint32 {
	v = arith.Clamp(v, math.MinInt32, math.MaxInt32)
	if d.OFM.Bytes == 4 && !d.UsesLUT {
		return uint32(v)
	}
	switch d.Act {
	case ActTanh:
		v = arith.Tanh(v)
	case ActSigmoid:
		v = arith.Sigmoid(v)
	}
	lo, hi := d.ClipBounds()
	v = arith.Clamp(v+int64(d.OFM.ZeroPoint), lo, hi)
	if d.UsesLUT {
		return d.lookup(v, table)
	}
	return uint32(v)
}

// TableSpan is the part of the lookup tables that the operation may read: the offset of
// its first byte and the number of bytes, which wrap at LUTBytes. It is empty for an
// operation without a table.
func (d *Decoded) TableSpan() (offset, size int) {
	if !d.UsesLUT {
		return 0, 0
	}
	t := (d.Act - ActTable) * tableBytes
	switch d.OFM.Bytes {
	case 1:
		return t & (LUTBytes - 1) &^ 3, tableBytes
	case 2:
		return t & (LUTBytes - 1), 512 * 4
	}
	return t & (LUTBytes - 1), 256 * 4
}

func (d *Decoded) lookup(v int64, table func(offset int) uint32) uint32 {
	t := (d.Act - ActTable) * tableBytes
	switch d.OFM.Bytes {
	case 1:
		if d.OFM.Signed {
			v += 128
		}
		i := t + int(v&0xff)
		return table(i&^3&(LUTBytes-1)) >> (8 * (i & 3)) & 0xff
	case 2:
		e := table((t + int((v+1<<15)>>7&511)*4) & (LUTBytes - 1))
		base, slope := int64(int16(e)), int64(int16(e>>16))
		return uint32(arith.Saturate(base+(slope*(v&127)+64)>>7, 16))
	}
	return table((t + int((v+128)&0xff)*4) & (LUTBytes - 1))
}

// Widen reads an element of the feature map from the low bytes of v.
func (f *FeatureMap) Widen(v uint64) int64 {
	if w := uint(f.Bytes) * 8; f.Signed {
		return arith.SignExtend(v, w)
	} else {
		return int64(v & (1<<w - 1))
	}
}
