// Package arith holds the fixed-point arithmetic that the machine, the
// functional model, the compiler and the reference interpreter share: scaling
// with the three rounding modes of the Ethos-U55, the TFLite requantisation
// primitives, saturation and the built-in sigmoid and tanh functions.
// Every rule stands here once.
package arith

import (
	"math"
	"math/bits"
)

// Round is the rounding mode of the output stage, as encoded in bits 15:14 of
// OFM_PRECISION (Arm U55 register header).
type Round uint8

// Rounding modes.
const (
	RoundDouble   Round = 0 // "TFL": the double rounding of the TFLite reference kernels
	RoundTruncate Round = 1 // towards zero
	RoundNatural  Round = 2 // half up
)

// Product is a signed 128-bit value, the exact product of a value and a scale.
type Product struct {
	Hi int64
	Lo uint64
}

// Mul returns v × scale exactly.
func Mul(v int64, scale uint32) Product {
	if v >= -(1<<31) && v < 1<<31 {
		p := v * int64(scale)
		return Product{Hi: p >> 63, Lo: uint64(p)}
	}
	return MulAdd(Product{}, v, scale, 0)
}

// MulAdd returns p + (v × scale) << shift, wrapping at 128 bits. The machine's
// multiplier uses it to accumulate the two 16-bit halves of a scale.
func MulAdd(p Product, v int64, scale uint32, shift uint) Product {
	neg := v < 0
	u := uint64(v)
	if neg {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(scale))
	if shift > 0 {
		hi = hi<<shift | lo>>(64-shift)
		lo <<= shift
	}
	if neg {
		var b uint64
		lo, b = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, b)
	}
	lo, c := bits.Add64(p.Lo, lo, 0)
	hi, _ = bits.Add64(uint64(p.Hi), hi, c)
	return Product{Hi: int64(hi), Lo: lo}
}

// Shift rounds p to an integer after a right shift by s (0..63). A result that
// does not fit 64 bits wraps; only a corrupted scale can cause that.
func (p Product) Shift(s uint, mode Round) int64 {
	s &= 63
	const room = 1 << 61
	if s-1 < 62 && p.Hi == int64(p.Lo)>>63 && p.Lo+room < 2*room { // no sum leaves the low word
		v := int64(p.Lo)
		switch mode {
		default:
			return (v + 1<<(s-1)) >> s
		case RoundDouble:
			if s <= 31 {
				return (v + 1<<(s-1)) >> s
			}
			return (v + 1<<(s-1) + 1<<30 - v>>63&(1<<31)) >> s
		case RoundTruncate:
			return (v + v>>63&(1<<s-1)) >> s
		}
	}
	if s == 0 {
		return int64(p.Lo)
	}
	r := uint64(1) << (s - 1)
	rh := int64(0)
	switch mode {
	case RoundDouble:
		if s > 31 {
			if p.Hi >= 0 {
				r += 1 << 30
			} else {
				r -= 1 << 30
			}
		}
	case RoundTruncate:
		r = 0
		if p.Hi < 0 {
			r = uint64(1)<<s - 1
		}
	}
	lo, c := bits.Add64(p.Lo, r, 0)
	hi := p.Hi + rh + int64(c)
	return int64(lo>>s | uint64(hi)<<(64-s))
}

// Scale returns (v × scale) >> shift with the given rounding, exactly as the
// output stage computes it.
func Scale(v int64, scale uint32, shift uint, mode Round) int64 {
	return Mul(v, scale).Shift(shift, mode)
}

// Narrow cuts a product to the 80 bits of the adder behind the machine's multiplier, which
// a value of 64 bits exceeds only with a corrupted scale (our choice: 64 bits by 16, as
// docs/blocks/output-stage-lanes.md has it).
func (p Product) Narrow() Product { return Product{Hi: int64(int16(p.Hi)), Lo: p.Lo} }

// NarrowScale is Scale with products of the machine's width.
func NarrowScale(v int64, scale uint32, shift uint, mode Round) int64 {
	return Mul(v, scale).Narrow().Shift(shift, mode)
}

// Saturate clamps v to a signed integer of the given width (1..63 bits).
func Saturate(v int64, width uint) int64 {
	lim := int64(1) << (width - 1)
	return Clamp(v, -lim, lim-1)
}

// Widths of the accumulators in bits (Arm U55 register header).
const (
	AccumulatorBits     = 32
	WideAccumulatorBits = 40
)

// WrapAccumulator cuts a sum to the width of an accumulator. What the hardware
// does on overflow is not public; two's complement wrap is inferred. It matters
// only after an upset: no compiled network overflows.
func WrapAccumulator(sum int64, wide bool) int64 {
	if wide {
		return SignExtend(uint64(sum), WideAccumulatorBits)
	}
	return SignExtend(uint64(sum), AccumulatorBits)
}

// Clamp limits v to [lo, hi].
func Clamp(v, lo, hi int64) int64 {
	return min(max(v, lo), hi)
}

// SignExtend interprets the low width bits of v as two's complement.
func SignExtend(v uint64, width uint) int64 {
	return int64(v<<(64-width)) >> (64 - width)
}

// ScaleShift turns a real factor into the hardware's scale and shift: scale in
// [2^30, 2^31] and factor ≈ scale × 2^-shift. A shift outside 0..63 gives
// (0, 16), as Vela 3.10 does.
func ScaleShift(f float64) (scale uint32, shift uint) {
	m, e := math.Frexp(f)
	q := math.Round(m * (1 << 31))
	s := 31 - e
	if s < 0 || s > 63 {
		return 0, 16
	}
	return uint32(int64(q)), uint(s)
}

// ReducedScaleShift is ScaleShift for 16-bit feature maps with 40-bit
// accumulators: a 15-bit scale and a shift smaller by 16 (TFLite 16x8 kernels).
func ReducedScaleShift(f float64) (scale uint32, shift uint) {
	scale, shift = ScaleShift(f)
	if shift < 16 {
		return 0, 16
	}
	return min((scale+1<<15)>>16, 32767), shift - 16
}

// AverageScale returns the reciprocal that the average pool multiplies by for
// n taps (1..65536): scale = (2^(N+k) + 2^k) / n and shift = N + k with
// k = bit length of n-1 and N = 31 - rescaleBits (Vela 3.10). The tiny excess
// makes ties round away from zero.
func AverageScale(n int, rescaleBits int) (scale uint32, shift uint) {
	if n < 1 {
		n = 1
	}
	k := bits.Len(uint(n - 1))
	top := 31 - rescaleBits
	return uint32((int64(1)<<(top+k) + int64(1)<<k) / int64(n)), uint(top + k)
}

// MaxMeanTaps is the largest number of taps that a padded mean divides by (Vela 3.10
// leaves padded windows beyond 8 × 8 to the host). It makes the divisor a table of
// constants. A larger count divides as this one does (our choice).
const MaxMeanTaps = 64

var meanScales = func() (t [MaxMeanTaps + 1]struct {
	scale uint32
	shift uint
}) {
	for n := range t {
		t[n].scale, t[n].shift = AverageScale(n, 0)
	}
	return t
}()

// MeanScale is AverageScale for the n valid taps of a padded window, as the output stage
// has it: a count outside 1..MaxMeanTaps counts as the nearest one inside.
func MeanScale(n int) (scale uint32, shift uint) {
	e := &meanScales[min(max(n, 1), MaxMeanTaps)]
	return e.scale, e.shift
}
