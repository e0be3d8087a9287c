package cone

import (
	"encoding/binary"
	"math"

	"upset/npu/arith"
	"upset/npu/isa"
)

// scaling is the bias and scale of one output channel.
type scaling struct {
	bias     int64
	factor   uint32
	shift    uint
	short    bool // 64 bits are enough for values of 32 bits
	up, down int64
}

// prepare finds the terms that round products of either sign before the shift,
// as arith.Product.Shift adds them. A factor of at most 2^31 and a value of 32
// bits have a product from -2^62 to 2^62 - 2^31. With the terms, which are at most
// 2^62 + 2^30 for a positive product, it fits 64 bits; for a negative one the term
// is not negative and the sum is smaller still.
func (s *scaling) prepare(mode arith.Round) {
	s.short = s.factor <= 1<<31
	if s.shift == 0 || !s.short {
		return
	}
	s.up = int64(1) << (s.shift - 1)
	s.down = s.up
	switch mode {
	case arith.RoundDouble:
		if s.shift > 31 {
			s.up += 1 << 30
			s.down -= 1 << 30
		}
	case arith.RoundTruncate:
		s.up, s.down = 0, 1<<s.shift-1
	}
}

// apply adds the bias to an accumulator and scales it.
func (s *scaling) apply(acc int64, mode arith.Round) int64 {
	v := acc + s.bias
	if s.short && v == int64(int32(v)) {
		p := v * int64(s.factor)
		if p < 0 {
			return (p + s.down) >> (s.shift & maxShift)
		}
		return (p + s.up) >> (s.shift & maxShift)
	}
	return arith.NarrowScale(v, s.factor, s.shift, mode)
}

// stage is the end of the output stage: from the scaled value to the bits.
type stage struct {
	plain  bool // zero point and clamp only
	zp     int64
	lo, hi int64
}

func newStage(d *isa.Decoded) stage {
	s := stage{zp: int64(d.OFM.ZeroPoint)}
	s.lo, s.hi = d.ClipBounds()
	// The clamp to 32 bits in front of the zero point has no effect where the
	// result is clamped to 16 bits.
	s.plain = d.OFM.Bytes < 4 && !d.UsesLUT && d.Act != isa.ActTanh && d.Act != isa.ActSigmoid
	return s
}

// finish returns the bits that are stored for a scaled value.
func (r *Runner) finish(o *operation, v int64) uint32 {
	if s := &o.out; s.plain && v == int64(int32(v)) {
		return uint32(min(max(v+s.zp, s.lo), s.hi))
	}
	return o.d.Activate(v, r.table)
}

// put stores the low bytes of bits as element e.
func put(dst []byte, e, size int, bits uint32) {
	switch size {
	case 1:
		dst[e] = byte(bits)
	case 2:
		binary.LittleEndian.PutUint16(dst[2*e:], uint16(bits))
	default:
		binary.LittleEndian.PutUint32(dst[4*e:], bits)
	}
}

// take reads the bits of element e.
func take(src []byte, e, size int) uint32 {
	switch size {
	case 1:
		return uint32(src[e])
	case 2:
		return uint32(binary.LittleEndian.Uint16(src[2*e:]))
	}
	return binary.LittleEndian.Uint32(src[4*e:])
}

// zeroPoint is what is subtracted from the bits of an operation with a kernel: it
// counts with the width of the elements.
func (m *fieldMap) zeroPoint() int32 {
	if m.Bytes < 4 {
		return int32(m.Widen(uint64(m.ZeroPoint)))
	}
	return m.ZeroPoint
}

// value turns bits into a number less zp, modulo 2^32.
func (m *fieldMap) value(bits uint32, zp int32) int32 { return int32(m.Widen(uint64(bits))) - zp }

// wrap cuts a sum to the width of the accumulators.
func (o *operation) wrap(sum int64) int64 {
	if o.d.Acc40 {
		return arith.SignExtend(uint64(sum), 40)
	}
	return int64(int32(sum))
}

// mean scales the sum of a pool over n taps.
func (o *operation) mean(sum int64, n int) int64 {
	d := &o.d
	factor, shift := d.OFMScale, d.OFMShift
	if o.Kind == AveragePool && !d.GlobalScale {
		factor, shift = arith.MeanScale(n)
	}
	return arith.NarrowScale(sum, factor, shift, d.Round)
}

// combine computes one element of an elementwise operation from the bits of its
// operands.
func (o *operation) combine(a, b uint32) int64 {
	d := &o.d
	va, vb := d.IFM.Widen(uint64(a))-int64(d.IFM.ZeroPoint), int64(0)
	switch {
	case o.two:
		vb = d.IFM2.Widen(uint64(b)) - int64(d.IFM2.ZeroPoint)
	case d.Binary:
		vb = int64(d.Scalar) - int64(d.IFM2.ZeroPoint)
	}
	if d.Swap {
		va, vb = vb, va
	}
	v, factor, shift := d.Combine(va, vb)
	return arith.NarrowScale(v, factor, shift, d.Round)
}

// maxShift is the largest shift of a scale.
const maxShift = 63

// lowest is what a window without a valid tap has as its largest value.
const lowest = math.MinInt32
