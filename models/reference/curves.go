package reference

import (
	"math"
	"math/bits"

	"upset/models/tflite"
	"upset/npu/arith"
)

// tabulated applies f to the real values of an 8-bit tensor, in single precision
// (TFLite kernels with a lookup table, for example ELU).
func (n *node) tabulated(f func(float32) float32) Kernel {
	in, out := n.unaryOperands(tflite.Int8, tflite.Uint8)
	lo, hi := limits(out.Type)
	if n.err != nil {
		return nil
	}
	inverse := 1 / out.scale
	return n.unary(in, out, func(x int32) int32 {
		y := math.Round(float64(f(in.scale*float32(x-in.zero)) * inverse))
		if y != y {
			return lo // not a number
		}
		return int32(max(min(y+float64(out.zero), float64(hi)), float64(lo)))
	})
}

// curve is a function of real numbers, on float32 or, by table, on 8-bit tensors.
func (n *node) curve(f func(float32) float32) Kernel {
	if n.isFloat() {
		return n.floatUnary(f)
	}
	return n.tabulated(f)
}

// prepareElu handles ELU.
func prepareElu(n *node) Kernel {
	return n.curve(func(x float32) float32 {
		if x < 0 {
			return exp32(x) - 1
		}
		return x
	})
}

// prepareExp handles EXP; 16-bit tensors use an interpolated table.
func prepareExp(n *node) Kernel {
	if n.inputType(0) != tflite.Int16 {
		return n.curve(exp32)
	}
	in, out := n.unaryOperands(tflite.Int16)
	if n.err != nil {
		return nil
	}
	t := newTable(float64(in.scale), int(in.zero), float64(out.scale), math.Exp)
	n.require(out.zero == 0, "16-bit output needs a zero point of 0")
	return n.unary(in, out, t.lookup)
}

// prepareNeg handles NEG of float32 and int32.
func prepareNeg(n *node) Kernel {
	if n.isFloat() {
		return n.floatUnary(func(x float32) float32 { return -x })
	}
	return n.unary(n.in(0, tflite.Int32), n.out(0, tflite.Int32), func(x int32) int32 { return -x })
}

// prepareSqrt handles SQRT of float32.
func prepareSqrt(n *node) Kernel {
	return n.floatUnary(func(x float32) float32 { return float32(math.Sqrt(float64(x))) })
}

// prepareFloor handles FLOOR of float32.
func prepareFloor(n *node) Kernel {
	return n.floatUnary(func(x float32) float32 { return float32(math.Floor(float64(x))) })
}

// prepareRsqrt handles RSQRT. A stored value that stands for zero or less gives the
// largest value (TFLite Micro refuses negative ones when it meets them).
func prepareRsqrt(n *node) Kernel {
	if n.isFloat() {
		return n.floatUnary(func(x float32) float32 { return 1 / float32(math.Sqrt(float64(x))) })
	}
	in, out := n.signed()
	lo, hi := limits(out.Type)
	if n.err != nil {
		return nil
	}
	m := n.multiplier(1 / float64(float32(math.Sqrt(float64(in.scale)))*out.scale))
	return n.unary(in, out, func(x int32) int32 {
		if x -= in.zero; x <= 0 {
			return hi
		}
		const shift = 20 // keeps fraction bits of 1 / sqrt(x)
		root := inverseSqrt(x)
		data := arith.MultiplyByQuantizedMultiplier(1, root.mult, root.shift+shift)
		return clamp(scaleFar(data, m.mult, m.shift-shift)+out.zero, lo, hi)
	})
}

// scaleFar is MultiplyByQuantizedMultiplier for exponents below −31 too.
func scaleFar(x, mult int32, shift int) int32 {
	if shift < -31 {
		return 0
	}
	return arith.MultiplyByQuantizedMultiplier(x, mult, shift)
}

// inverseSqrt is 1 / sqrt(x) for x > 0 as a multiplier: five Newton steps in Q3
// on x scaled into [1/4, 1) (TFLite: GetInvSqrtQuantizedMultiplierExp).
func inverseSqrt(x int32) multiplier {
	if x <= 1 {
		return multiplier{math.MaxInt32, 0}
	}
	shift := 11
	for x >= 1<<29 {
		x /= 4
		shift++
	}
	pairs := (bits.LeadingZeros32(uint32(x))-1)/2 - 1
	shift -= pairs
	x <<= 2 * pairs
	const (
		oneAndHalf = 1<<28 + 1<<27 // 1.5 in Q3
		halfSqrt2  = 1518500250    // sqrt(2) / 2 in Q0
	)
	half := arith.RoundingDivideByPOT(x>>1, 1)
	y := int32(1 << 28)
	for range 5 {
		cube := shiftLeft(mulFix(mulFix(y, y), y), 6)
		y = shiftLeft(mulFix(oneAndHalf, y)-mulFix(half, cube), 3)
	}
	y = mulFix(y, halfSqrt2)
	if shift < 0 {
		y, shift = y<<-shift, 0
	}
	return multiplier{y, -shift}
}

// prepareL2Norm handles L2_NORMALIZATION over the last dimension; 8-bit outputs
// have a scale of 1/128.
func prepareL2Norm(n *node) Kernel {
	if n.isFloat() {
		return n.floatRows(l2NormFloat)
	}
	in, out, depth := n.rows(tflite.Int8, tflite.Uint8)
	n.quantised(in, out)
	lo, hi := limits(out.Type)
	mid := (lo + hi + 1) / 2
	n.require(out.scale == 1.0/128 && out.zero == mid && in.Type == out.Type,
		"output of scale %v and zero point %d; 1/128 and %d are needed", out.scale, out.zero, mid)
	if n.err != nil {
		return nil
	}
	row := make([]int32, depth)
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for base := 0; base < in.Elements(); base += depth {
			load(row, src[base:], in.Type, in.zero)
			var squares int32
			for _, x := range row {
				squares += x * x
			}
			root := inverseSqrt(squares)
			for i, x := range row {
				y := arith.MultiplyByQuantizedMultiplier(x, root.mult, root.shift+7)
				if in.Type == tflite.Uint8 { // the older kernel rounds elsewhere
					y = root.apply(x << 7)
				}
				put(dst, out.Type, base+i, clamp(y+mid, lo, hi))
			}
		}
	}
}

// prepareDiv handles DIV. Division by a stored zero saturates (our choice; TFLite
// leaves it open).
func prepareDiv(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return a / b })
	}
	p := n.pair(tflite.Int8, tflite.Uint8)
	n.quantised(p.a, p.b, p.out)
	lo, hi := n.activationRange(n.op.Options.Activation, p.out)
	if n.err != nil {
		return nil
	}
	m := n.multiplier(float64(p.a.scale) / float64(p.b.scale*p.out.scale))
	return p.kernel(n, func(a, b int32) int32 {
		a, b = a-p.a.zero, b-p.b.zero
		if b < 0 {
			a, b = -a, -b
		}
		if b == 0 {
			switch {
			case a < 0:
				return lo
			case a > 0:
				return hi
			}
			return clamp(p.out.zero, lo, hi)
		}
		inverse, over := reciprocal(b, 31)
		headroom := bits.LeadingZeros32(uint32(max(a, -a, 1))) - 1
		quotient := mulFix(a<<headroom, inverse)
		y := scaleFar(quotient, m.mult, min(m.shift-over-headroom, 0))
		return clamp(y+p.out.zero, lo, hi)
	})
}
