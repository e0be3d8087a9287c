package reference

import (
	"math"
	"math/bits"

	"upset/npu/arith"
)

// The functions of this file work on 32-bit fixed-point numbers. "Qn" has n
// integer bits and 31-n fraction bits. They follow the fixed-point functions of
// the gemmlowp library, which the TFLite reference kernels are built on; their
// constants are exp, 48/17 and 32/17 rounded to the format.

const (
	oneQ0        = math.MaxInt32 // 1 in Q0, saturated
	oneQ2        = 1 << 29
	fortyEight17 = 1515870810  // 48/17 in Q2
	minus32on17  = -1010580540 // -32/17 in Q2
)

func mulFix(a, b int32) int32 { return arith.SaturatingRoundingDoublingHighMul(a, b) }

// shiftLeft multiplies by 2^n, saturating.
func shiftLeft(x int32, n uint) int32 {
	limit := int32(1)<<(31-n) - 1
	if x > limit {
		return math.MaxInt32
	}
	if x < -limit {
		return math.MinInt32
	}
	return x << n
}

// halfSum is (a + b) / 2, rounded half away from zero.
func halfSum(a, b int32) int32 {
	s := int64(a) + int64(b)
	if s >= 0 {
		return int32((s + 1) / 2)
	}
	return int32((s - 1) / 2)
}

// expSteps are exp(-2^k) in Q0 for k = -2…4.
var expSteps = [...]int32{1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242}

// expNegative is exp(a) in Q0 for a ≤ 0 with the given number of integer bits
// (at most 5).
func expNegative(a int32, integerBits uint) int32 {
	if a == 0 {
		return oneQ0
	}
	fraction := 31 - integerBits
	quarter := int32(1) << (fraction - 2)
	part := a&(quarter-1) - quarter // in [-1/4, 0)
	result := expQuarter(part << integerBits)
	rest := part - a
	for k, step := range expSteps[:integerBits+2] {
		if rest&(1<<(int(fraction)-2+k)) != 0 {
			result = mulFix(result, step)
		}
	}
	return result
}

// expQuarter is exp(a) for a in [-1/4, 0), both in Q0: a Taylor polynomial about
// -1/8.
func expQuarter(a int32) int32 {
	const (
		expMinusEighth = 1895147668
		third          = 715827883
	)
	x := a + 1<<28
	x2 := mulFix(x, x)
	x3 := mulFix(x2, x)
	x4 := mulFix(x2, x2)
	tail := arith.RoundingDivideByPOT(mulFix(arith.RoundingDivideByPOT(x4, 2)+x3, third)+x2, 1)
	return expMinusEighth + mulFix(expMinusEighth, x+tail)
}

// newton approximates 2 / (1 + a) in Q2 for a in [0, 1] in Q0 by three
// Newton-Raphson steps.
func newton(a int32) int32 {
	half := halfSum(a, oneQ0)
	x := int32(fortyEight17) + mulFix(half, minus32on17)
	for range 3 {
		x += shiftLeft(mulFix(x, oneQ2-mulFix(half, x)), 2)
	}
	return x
}

// oneOverOnePlus is 1 / (1 + a) in Q0 for a in [0, 1] in Q0.
func oneOverOnePlus(a int32) int32 { return shiftLeft(newton(a), 1) }

// reciprocal returns 1 / x in Q0 for x > 0 with the given number of integer bits,
// times 2^over.
func reciprocal(x int32, integerBits int) (scale int32, over int) {
	headroom := bits.LeadingZeros32(uint32(x))
	return oneOverOnePlus(int32(uint32(x)<<headroom - 1<<31)), integerBits - headroom
}

// logisticFix is 1 / (1 + exp(-a)) in Q0 for a in Q4.
func logisticFix(a int32) int32 {
	switch {
	case a == 0:
		return 1 << 30
	case a > 0:
		return oneOverOnePlus(expNegative(-a, 4))
	}
	return oneQ0 - oneOverOnePlus(expNegative(a, 4))
}

// tanhFix is tanh(a) in Q0 for a in Q4.
func tanhFix(a int32) int32 {
	if a == 0 {
		return 0
	}
	n := a
	if a > 0 {
		n = -a
	}
	// The same bits read as Q5 are 2a: (1 - exp(2n)) / (1 + exp(2n)).
	t := shiftLeft(newton(expNegative(n, 5))-oneQ2, 2)
	if a < 0 {
		return -t
	}
	return t
}

// inputRadius is the largest magnitude of an input that does not overflow the
// fixed-point format after scaling (TFLite: CalculateInputRadius, 31 bits).
func inputRadius(integerBits, leftShift int) int32 {
	r := float64(int64(1)<<integerBits-1) * float64(int64(1)<<(31-integerBits)) / math.Ldexp(1, leftShift)
	return int32(min(math.Floor(r), math.MaxInt32))
}
