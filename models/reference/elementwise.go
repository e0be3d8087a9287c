package reference

import (
	"math"

	"upset/models/tflite"
	"upset/npu/arith"
)

// unary applies f to every stored value. For 8-bit inputs f is tabulated once.
func (n *node) unary(in, out operand, f func(int32) int32) Kernel {
	n.sameSize(in, out)
	if n.err != nil {
		return nil
	}
	if in.Type.Size() == 1 {
		var table [256]int32
		for i := range table {
			table[i] = f(at([]byte{byte(i)}, in.Type, 0))
		}
		return func(v [][]byte) {
			dst := out.value(v)
			for i, x := range in.value(v) {
				put(dst, out.Type, i, table[x])
			}
		}
	}
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range in.Elements() {
			put(dst, out.Type, i, f(at(src, in.Type, i)))
		}
	}
}

// signed is the operands of a unary operator on int8 or int16.
func (n *node) signed() (in, out operand) { return n.unaryOperands(tflite.Int8, tflite.Int16) }

// rescaled is the operands of a unary operator on quantised tensors of any type.
func (n *node) rescaled() (in, out operand) {
	return n.unaryOperands(quantisedTypes...)
}

func (n *node) unaryOperands(types ...tflite.Type) (in, out operand) {
	in, out = n.in(0, types...), n.out(0, types...)
	n.require(in.Type == out.Type, "input is %s, output %s", in.Type, out.Type)
	n.quantised(in, out)
	return in, out
}

// prepareRelu handles RELU, RELU6 and RELU_N1_TO_1, which rescale.
func prepareRelu(n *node) Kernel {
	a := tflite.Relu
	switch n.op.Code {
	case tflite.OpReluN1To1:
		a = tflite.ReluN1To1
	case tflite.OpRelu6:
		a = tflite.Relu6
	}
	if n.isFloat() {
		lo, hi := n.floatRange(a)
		return n.floatUnary(func(x float32) float32 { return clampFloat(x, lo, hi) })
	}
	in, out := n.rescaled()
	lo, hi := n.activationRange(a, out)
	m := n.multiplier(float64(in.scale / out.scale))
	return n.unary(in, out, func(x int32) int32 {
		return clamp(m.apply(x-in.zero)+out.zero, lo, hi)
	})
}

// prepareLeakyRelu handles LEAKY_RELU.
func prepareLeakyRelu(n *node) Kernel {
	if alpha := n.op.Options.Alpha; n.isFloat() {
		return n.floatUnary(func(x float32) float32 {
			if x < 0 {
				x *= alpha
			}
			return x
		})
	}
	in, out := n.rescaled()
	lo, hi := limits(out.Type)
	identity := n.multiplier(float64(in.scale / out.scale))
	factor := float64(in.scale * n.op.Options.Alpha / out.scale)
	alpha := n.multiplier(math.Abs(factor))
	if factor < 0 {
		alpha.mult = -alpha.mult
	}
	return n.unary(in, out, func(x int32) int32 {
		x -= in.zero
		m := identity
		if x < 0 {
			m = alpha
		}
		return clamp(m.apply(x)+out.zero, lo, hi)
	})
}

// prepareAbs handles ABS.
func prepareAbs(n *node) Kernel {
	if n.isFloat() {
		return n.floatUnary(func(x float32) float32 { return float32(math.Abs(float64(x))) })
	}
	in, out := n.signed()
	lo, hi := limits(out.Type)
	m := n.multiplier(float64(in.scale / out.scale))
	same := in.scale == out.scale
	return n.unary(in, out, func(x int32) int32 {
		if x -= in.zero; x < 0 {
			x = -x
		}
		if !same {
			x = m.apply(x)
		}
		return clamp(x+out.zero, lo, hi)
	})
}

// prepareLogistic handles LOGISTIC.
func prepareLogistic(n *node) Kernel {
	switch n.inputType(0) {
	case tflite.Float32:
		return n.floatUnary(logistic)
	case tflite.Uint8:
		return n.tabulated(logistic)
	}
	in, out := n.signed()
	if in.Type == tflite.Int16 {
		return n.curve16(in, out, arith.Sigmoid)
	}
	return n.curve8(in, out, func(x int32) int32 { return arith.RoundingDivideByPOT(logisticFix(x), 23) - 128 })
}

// prepareTanh handles TANH.
func prepareTanh(n *node) Kernel {
	tanh := func(x float32) float32 { return float32(math.Tanh(float64(x))) }
	switch n.inputType(0) {
	case tflite.Float32:
		return n.floatUnary(tanh)
	case tflite.Uint8:
		return n.tabulated(tanh)
	}
	in, out := n.signed()
	if in.Type == tflite.Int16 {
		return n.curve16(in, out, arith.Tanh)
	}
	return n.curve8(in, out, func(x int32) int32 { return arith.RoundingDivideByPOT(tanhFix(x), 24) })
}

// curve8 applies a function of fixed-point numbers with four integer bits; inputs
// beyond them saturate.
func (n *node) curve8(in, out operand, f func(int32) int32) Kernel {
	const integerBits = 4
	m := n.multiplier(float64(in.scale) * (1 << (31 - integerBits)))
	if n.err != nil {
		return nil
	}
	radius := inputRadius(integerBits, m.shift)
	return n.unary(in, out, func(x int32) int32 {
		switch x -= in.zero; {
		case x <= -radius:
			return math.MinInt8
		case x >= radius:
			return math.MaxInt8
		}
		return clamp(f(m.apply(x)), math.MinInt8, math.MaxInt8)
	})
}

// curve16 brings the input to units of 1/(3·4096) and applies the table function.
// Scales of 1/4096 and 1/2048 need no rounding; others get the largest multiplier
// of 15 bits (TFLite Micro: tanh and logistic preparation).
func (n *node) curve16(in, out operand, f func(int64) int64) Kernel {
	n.require(in.zero == 0, "16-bit input needs a zero point of 0, has %d", in.zero)
	factor, shift := 0, 0
	switch in.scale {
	case 1.0 / 4096:
		factor = 3
	case 1.0 / 2048:
		factor = 6
	default:
		real := float64(in.scale) * 4096 * 3
		for real <= 32767.0/2 && shift <= 30 {
			shift++
			real *= 2
		}
		if !n.require(real < 1<<31, "input scale %v is too large", in.scale) {
			return nil
		}
		factor = int(real)
	}
	round := int32(0)
	if shift > 0 {
		round = 1 << (shift - 1)
	}
	return n.unary(in, out, func(x int32) int32 {
		return int32(f(int64((x*int32(factor) + round) >> shift)))
	})
}

// prepareQuantize handles QUANTIZE: rescaling between integer types, and
// quantising float32.
func prepareQuantize(n *node) Kernel {
	in, out := n.in(0, tflite.Float32, tflite.Int8, tflite.Int16, tflite.Int32, tflite.Uint8), n.out(0, integers...)
	n.quantised(out)
	n.sameSize(in, out)
	lo, hi := limits(out.Type)
	if in.Type == tflite.Float32 {
		if n.err != nil {
			return nil
		}
		return func(v [][]byte) {
			src, dst := in.value(v), out.value(v)
			for i := range in.Elements() {
				x := math.Round(float64(math.Float32frombits(uint32(at(src, tflite.Int32, i)))/out.scale)) + float64(out.zero)
				if x != x {
					x = float64(lo) // not a number
				}
				put(dst, out.Type, i, int32(max(min(x, float64(hi)), float64(lo))))
			}
		}
	}
	n.quantised(in)
	m := n.multiplier(float64(in.scale) / float64(out.scale))
	return n.unary(in, out, func(x int32) int32 { return clamp(m.apply(x-in.zero)+out.zero, lo, hi) })
}

// prepareDequantize handles DEQUANTIZE to float32.
func prepareDequantize(n *node) Kernel {
	in, out := n.in(0, integers...), n.out(0, tflite.Float32)
	n.quantised(in)
	return n.unary(in, out, func(x int32) int32 {
		return int32(math.Float32bits(float32(float64(in.scale) * float64(x-in.zero))))
	})
}

// prepareHardSwish handles HARD_SWISH, x · relu6(x + 3) / 6 in 16-bit fixed point
// (TFLite reference kernel).
func prepareHardSwish(n *node) Kernel {
	if n.isFloat() {
		return n.floatUnary(func(x float32) float32 { return float32(x*clampFloat(x+3, 0, 6)) / 6 })
	}
	in, out := n.unaryOperands(tflite.Int8, tflite.Uint8)
	lo, hi := limits(out.Type)
	hires := in.scale * (1.0 / 128)
	scale := n.multiplier(float64(hires / out.scale))
	relu := n.multiplier(float64(hires / (3.0 / 32768)))
	n.require(scale.shift <= 0, "output scale %v is too small for input scale %v", out.scale, in.scale)
	return n.unary(in, out, func(x int32) int32 {
		fine := (x - in.zero) << 7
		y := high16(fine, narrow16(scale.mult))
		r := fine
		if relu.shift > 0 {
			r = saturate16(int64(r) << min(relu.shift-1, 31))
		}
		r = high16(r, narrow16(relu.mult))
		if relu.shift > 0 {
			r = saturate16(int64(r) << 1)
		} else {
			r = arith.RoundingDivideByPOT(r, -relu.shift)
		}
		r = (r + 1<<15) >> 1
		y = int32(int16(r * y / (1 << 15)))
		return clamp(arith.RoundingDivideByPOT(y, -scale.shift)+out.zero, lo, hi)
	})
}

func saturate16(x int64) int32 { return int32(min(max(x, math.MinInt16), math.MaxInt16)) }

// narrow16 rounds a Q31 multiplier to Q15.
func narrow16(m int32) int32 {
	if m >= math.MaxInt32-1<<15 {
		return math.MaxInt16
	}
	return (m + 1<<15) >> 16
}

// high16 is the rounding doubling high product of two 16-bit values.
func high16(a, b int32) int32 {
	if a == math.MinInt16 && b == math.MinInt16 {
		return math.MaxInt16
	}
	p := a * b
	if p >= 0 {
		return (p + 1<<14) / (1 << 15)
	}
	return (p + 1 - 1<<14) / (1 << 15)
}
