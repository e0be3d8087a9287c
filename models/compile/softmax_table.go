package compile

import (
	"encoding/binary"
	"math"

	"upset/npu/arith"
)

// Fixed-point formats of the int8 softmax of the TFLite reference kernels.
const (
	scaledDiffBits = 5                   // integer bits of the scaled difference
	diffFraction   = 31 - scaledDiffBits // its fraction bits
	oneQ31         = math.MaxInt32       // one in Q0.31
)

// expSteps are exp(-2^n) for n = -2..4 in Q0.31: rounded exactly.
var expSteps = func() (steps [7]int32) {
	for i := range steps {
		steps[i] = int32(math.Round(math.Exp(-math.Ldexp(1, i-2)) * (1 << 31)))
	}
	return steps
}()

// expNegative returns exp(a) in Q0.31 for a <= 0 in Q5.26, with the polynomial
// and the roundings of the gemmlowp fixed-point library that TFLite uses.
func expNegative(a int32) int32 {
	if a == 0 {
		return oneQ31
	}
	const quarter = 1 << (diffFraction - 2)
	frac := a&(quarter-1) - quarter // in [-1/4, 0)
	result := expQuarter(frac << scaledDiffBits)
	rest := frac - a
	for i, step := range expSteps {
		if rest>>(diffFraction-2+i)&1 == 1 {
			result = arith.SaturatingRoundingDoublingHighMul(result, step)
		}
	}
	return result
}

// expQuarter returns exp(a) for a in [-1/4, 0), both in Q0.31: a Taylor series
// of fourth order around -1/8.
func expQuarter(a int32) int32 {
	mul := arith.SaturatingRoundingDoublingHighMul
	centre := int32(math.Round(math.Exp(-1.0/8) * (1 << 31)))
	third := int32(math.Round(1.0 / 3 * (1 << 31)))
	x := a + 1<<28
	x2 := mul(x, x)
	x3, x4 := mul(x2, x), mul(x2, x2)
	series := arith.RoundingDivideByPOT(mul(arith.RoundingDivideByPOT(x4, 2)+x3, third)+x2, 1)
	return centre + mul(centre, x+series)
}

// expTable returns the 256 entries of exp(beta·scale·(i-255)) in Q0.31; entries
// below the range of the TFLite kernel are zero.
func expTable(beta, scale float32) []byte {
	real := min(float64(beta)*float64(scale)*(1<<diffFraction), math.MaxInt32)
	mult, left := arith.QuantizeMultiplier(real)
	radius := math.Floor(((1 << scaledDiffBits) - 1) * math.Ldexp(1, diffFraction) / math.Ldexp(1, left))
	data := make([]byte, 0, 1024)
	for i := 0; i < 256; i++ {
		diff := i - 255
		v := int32(0)
		if float64(diff) >= -radius {
			scaled := arith.SaturatingRoundingDoublingHighMul(int32(diff)<<left, mult)
			v = expNegative(scaled)
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return data
}
