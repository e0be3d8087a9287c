package arith

import "math"

// The requantisation primitives of the TFLite reference kernels (gemmlowp
// fixed point, double rounding).

// QuantizeMultiplier splits a real factor into a Q31 multiplier and an exponent
// so that f ≈ mult × 2^(shift-31), as the TFLite kernels do at prepare time.
func QuantizeMultiplier(f float64) (mult int32, shift int) {
	if f == 0 {
		return 0, 0
	}
	m, e := math.Frexp(f)
	q := int64(math.Round(m * (1 << 31)))
	if q == 1<<31 {
		q /= 2
		e++
	}
	if e < -31 {
		return 0, 0
	}
	if e > 30 {
		return math.MaxInt32, 30
	}
	return int32(q), e
}

// SaturatingRoundingDoublingHighMul returns the high half of 2ab, rounded half
// away from zero, saturating the single overflowing case.
func SaturatingRoundingDoublingHighMul(a, b int32) int32 {
	if a == math.MinInt32 && b == math.MinInt32 {
		return math.MaxInt32
	}
	p := int64(a) * int64(b)
	nudge := int64(1 << 30)
	if p < 0 {
		nudge = 1 - 1<<30
	}
	return int32((p + nudge) / (1 << 31))
}

// RoundingDivideByPOT divides by 2^exponent (0..31), rounding half away from zero.
func RoundingDivideByPOT(x int32, exponent int) int32 {
	if exponent <= 0 {
		return x
	}
	mask := int32(int64(1)<<exponent - 1)
	rem := x & mask
	threshold := mask >> 1
	if x < 0 {
		threshold++
	}
	r := x >> min(exponent, 31)
	if rem > threshold {
		r++
	}
	return r
}

// MultiplyByQuantizedMultiplier scales x by mult × 2^(shift-31) with the double
// rounding of the TFLite reference kernels.
func MultiplyByQuantizedMultiplier(x int32, mult int32, shift int) int32 {
	left, right := max(shift, 0), max(-shift, 0)
	return RoundingDivideByPOT(SaturatingRoundingDoublingHighMul(x<<left, mult), right)
}

// MultiplyByQuantizedMultiplier64 is the form that the 16x8 kernels use for
// 64-bit accumulators: a 16-bit reduced multiplier, half-up rounding.
func MultiplyByQuantizedMultiplier64(x int64, mult int32, shift int) int32 {
	reduced := int64(math.MaxInt16)
	if mult < 0x7FFF0000 {
		reduced = int64((mult + 1<<15) >> 16)
	}
	total := 15 - min(shift, 14) // the kernels accept shifts below 8
	r := x*reduced + int64(1)<<(total-1)
	return int32(r >> total)
}
