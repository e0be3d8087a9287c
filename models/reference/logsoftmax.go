package reference

import (
	"math"
	"math/bits"

	"upset/models/tflite"
	"upset/npu/arith"
)

// prepareLogSoftmax handles LOG_SOFTMAX over the last dimension. 8-bit outputs cover
// [-16, 0] in steps of 1/16. The 8-bit kernel has been compared with floating point
// only, not with outputs of another runtime.
func prepareLogSoftmax(n *node) Kernel {
	if n.isFloat() {
		return n.floatRows(logSoftmaxFloat)
	}
	in, out, depth := n.rows(tflite.Int8)
	n.require(out.Type == tflite.Int8, "output is %s", out.Type)
	n.quantised(in, out)
	const (
		diffBits = 5  // integer bits of the scaled difference to the maximum
		sumBits  = 12 // integer bits of the sum of exponentials
		outBits  = 4  // integer bits of the output
	)
	m := n.multiplier(min(float64(in.scale)*(1<<(31-diffBits)), math.MaxInt32))
	if !n.require(m.shift >= 0 && depth < 1<<sumBits, "input scale %v or depth %d is out of range", in.scale, depth) {
		return nil
	}
	least := -inputRadius(diffBits, m.shift)
	row := make([]int32, depth)
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for base := 0; base < in.Elements(); base += depth {
			load(row, src[base:], in.Type, 0)
			var most int32 = math.MinInt32
			for _, x := range row {
				most = max(most, x)
			}
			var sum int32
			for _, x := range row {
				if x-most >= least {
					sum += arith.RoundingDivideByPOT(expNegative(m.apply(x-most), diffBits), sumBits)
				}
			}
			log := logFix(sum, sumBits, diffBits)
			for i, x := range row {
				y := int32(math.MinInt8)
				if x-most >= least {
					// Saturates where the difference leaves the format, far below -16.
					d := max(int64(m.apply(x-most))-int64(log), math.MinInt32)
					y = clamp(arith.RoundingDivideByPOT(int32(d), 31-diffBits-outBits)+math.MaxInt8, math.MinInt8, math.MaxInt8)
				}
				put(dst, out.Type, base+i, y)
			}
		}
	}
}

// q0 is a real number in [-1, 1) in Q0.
func q0(x float64) int32 { return int32(math.Round(x * (1 << 31))) }

// Constants of logFix; the root is that of sqrt(2).
var (
	root         = math.Sqrt(math.Sqrt2)
	logTwo       = q0(math.Ln2)
	sqrtHalf     = q0(math.Sqrt(0.5))
	sqrtSqrtHalf = q0(1 / root)
	logNumerator = q0(11.0 / 240 * root)
	logSquare    = q0(root / 20)
	logConstant  = q0(2/root - root)
	logLinear    = q0(root / 4)
)

// logFix is the logarithm of x ≥ 1: x has in integer bits, the result out. x is
// brought near 2^(-1/4) by a power of two or of the square root of two, whichever
// is nearer, and a rational function takes care of the rest (TFLite: the logarithm
// of its LOG_SOFTMAX).
func logFix(x int32, in, out int) int32 {
	fraction := uint(31 - out - 1) // one integer bit more while summing
	quarter := int32(1) << (fraction - 2)
	lead := bits.LeadingZeros32(uint32(x))
	ra := shiftLeft(mulFix(shiftLeft(x, uint(max(lead-1, 0))), sqrtHalf), 1)
	pa := int32(in-lead)<<fraction + quarter
	lead = bits.LeadingZeros32(uint32(mulFix(x, sqrtHalf))) - 1
	rb := shiftLeft(x, uint(max(lead, 0)))
	pb := int32(in-lead)<<fraction - quarter
	r, power := min(ra, rb), max(pa, pb)

	p, q := halfSum(r, sqrtSqrtHalf), 2*(r-sqrtSqrtHalf)
	square := mulFix(q, q)
	numerator := mulFix(q, r) + mulFix(mulFix(q, square), logNumerator)
	denominator := mulFix(p, logConstant+q+mulFix(logSquare, square)) + mulFix(logLinear, q)
	rest := mulFix(arith.RoundingDivideByPOT(numerator, out+1), oneOverOnePlus(denominator))
	return shiftLeft(mulFix(power, logTwo)+rest, 1)
}
