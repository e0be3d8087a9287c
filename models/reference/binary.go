package reference

import (
	"upset/models/tflite"
	"upset/npu/arith"
)

// broadcast maps output positions to positions of the two inputs.
type broadcast struct {
	shape  []int
	stride [2][]int
}

// broadcast checks that the inputs stretch to the output's shape.
func (n *node) broadcast(a, b, out operand) broadcast {
	r := broadcast{shape: out.Shape}
	for k, o := range [2]operand{a, b} {
		s := make([]int, len(out.Shape))
		step, lead := 1, len(out.Shape)-len(o.Shape)
		if !n.require(lead >= 0, "shape %v does not stretch to %v", o.Shape, out.Shape) {
			return r
		}
		for i := len(o.Shape) - 1; i >= 0; i-- {
			d := o.Shape[i]
			n.require(d == 1 || d == out.Shape[lead+i], "shape %v does not stretch to %v", o.Shape, out.Shape)
			if d != 1 {
				s[lead+i] = step
			}
			step *= d
		}
		r.stride[k] = s
	}
	return r
}

// each calls f with the position of every output element and of its inputs.
func (r *broadcast) each(f func(to, a, b int)) {
	index := make([]int, len(r.shape))
	a, b := 0, 0
	for to := range product(r.shape) {
		f(to, a, b)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			a += r.stride[0][i]
			b += r.stride[1][i]
			if index[i] < r.shape[i] {
				break
			}
			a -= index[i] * r.stride[0][i]
			b -= index[i] * r.stride[1][i]
			index[i] = 0
		}
	}
}

// pair is a binary operator on two inputs of one type.
type pair struct{ a, b, out operand }

func (n *node) pair(types ...tflite.Type) pair {
	p := pair{n.in(0, types...), n.in(1, types...), n.out(0, types...)}
	n.require(p.a.Type == p.b.Type && p.a.Type == p.out.Type, "inputs are %s and %s, output %s",
		p.a.Type, p.b.Type, p.out.Type)
	return p
}

// kernel applies f to every pair of stored values.
func (p pair) kernel(n *node, f func(a, b int32) int32) Kernel {
	r := n.broadcast(p.a, p.b, p.out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		x, y, dst, t := p.a.value(v), p.b.value(v), p.out.value(v), p.out.Type
		r.each(func(to, a, b int) { put(dst, t, to, f(at(x, t, a), at(y, t, b))) })
	}
}

// int32Pair applies f, which wraps, to plain integers. A fused activation clamps
// them as they are.
func (n *node) int32Pair(f func(a, b int32) int32) Kernel {
	p := n.pair(tflite.Int32)
	p.out.scale, p.out.zero = 1, 0
	lo, hi := n.activationRange(n.op.Options.Activation, p.out)
	return p.kernel(n, func(a, b int32) int32 { return clamp(f(a, b), lo, hi) })
}

// prepareAdd handles ADD. Multipliers are derived in double precision.
func prepareAdd(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return a + b })
	}
	if n.inputType(0) == tflite.Int32 {
		return n.int32Pair(func(a, b int32) int32 { return a + b })
	}
	p := n.pair(quantisedTypes...)
	twice := 2 * float64(max(p.a.scale, p.b.scale))
	shift := p.headroom()
	return p.sum(n, sumScales{
		float64(p.a.scale) / twice, float64(p.b.scale) / twice,
		twice / (float64(int(1)<<shift) * float64(p.out.scale)),
	}, 1)
}

// prepareSub handles SUB. TFLite Micro derives its multipliers in single
// precision, unlike those of ADD.
func prepareSub(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return a - b })
	}
	if n.inputType(0) == tflite.Int32 {
		return n.int32Pair(func(a, b int32) int32 { return a - b })
	}
	p := n.pair(quantisedTypes...)
	twice := 2 * max(p.a.scale, p.b.scale)
	shift := p.headroom()
	return p.sum(n, sumScales{
		float64(p.a.scale / twice), float64(p.b.scale / twice),
		float64(twice / (float32(int(1)<<shift) * p.out.scale)),
	}, -1)
}

// headroom is the number of bits that inputs are shifted left before rescaling.
func (p pair) headroom() int {
	if p.out.Type == tflite.Int16 {
		return 15
	}
	return 20
}

type sumScales struct{ a, b, out float64 }

func (p pair) sum(n *node, s sumScales, sign int32) Kernel {
	n.quantised(p.a, p.b, p.out)
	lo, hi := n.activationRange(n.op.Options.Activation, p.out)
	if n.err != nil {
		return nil // the scales may be unusable
	}
	ma, mb, mo := n.multiplier(s.a), n.multiplier(s.b), n.multiplier(s.out)
	shift := p.headroom()
	return p.kernel(n, func(a, b int32) int32 {
		x := ma.apply((a - p.a.zero) << shift)
		y := mb.apply((b - p.b.zero) << shift)
		return clamp(mo.apply(x+sign*y)+p.out.zero, lo, hi)
	})
}

// prepareMul handles MUL.
func prepareMul(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return a * b })
	}
	if n.inputType(0) == tflite.Int32 {
		return n.int32Pair(func(a, b int32) int32 { return a * b })
	}
	p := n.pair(quantisedTypes...)
	n.quantised(p.a, p.b, p.out)
	lo, hi := n.activationRange(n.op.Options.Activation, p.out)
	m := n.multiplier(float64(p.a.scale) * float64(p.b.scale) / float64(p.out.scale))
	return p.kernel(n, func(a, b int32) int32 {
		return clamp(m.apply((a-p.a.zero)*(b-p.b.zero))+p.out.zero, lo, hi)
	})
}

// prepareSquaredDifference handles SQUARED_DIFFERENCE.
func prepareSquaredDifference(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { d := a - b; return d * d })
	}
	p := n.pair(quantisedTypes...)
	n.quantised(p.a, p.b, p.out)
	lo, hi := limits(p.out.Type)
	shift := 7 // bits of headroom of the 8-bit kernel; the 16-bit one has none
	if p.out.Type == tflite.Int16 {
		shift = 0
	}
	twice := 2 * float64(max(p.a.scale, p.b.scale))
	if n.err != nil {
		return nil
	}
	ma, mb := n.multiplier(float64(p.a.scale)/twice), n.multiplier(float64(p.b.scale)/twice)
	mo := n.multiplier(twice * twice / (float64(int(1)<<(2*shift)) * float64(p.out.scale)))
	return p.kernel(n, func(a, b int32) int32 {
		d := ma.apply((a-p.a.zero)<<shift) - mb.apply((b-p.b.zero)<<shift)
		return clamp(mo.apply(d*d)+p.out.zero, lo, hi)
	})
}

// prepareMaximum handles MAXIMUM.
func prepareMaximum(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return max(a, b) })
	}
	return n.pair(integers...).kernel(n, func(a, b int32) int32 { return max(a, b) })
}

// prepareMinimum handles MINIMUM.
func prepareMinimum(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 { return min(a, b) })
	}
	return n.pair(integers...).kernel(n, func(a, b int32) int32 { return min(a, b) })
}

// preparePrelu handles PRELU: negative values are multiplied by alpha, the second
// input.
func preparePrelu(n *node) Kernel {
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 {
			if a >= 0 {
				return a
			}
			return a * b
		})
	}
	p := n.pair(tflite.Int8, tflite.Uint8)
	n.quantised(p.a, p.b, p.out)
	lo, hi := limits(p.out.Type)
	identity := n.multiplier(float64(p.a.scale) / float64(p.out.scale))
	slope := n.multiplier(float64(p.a.scale) * float64(p.b.scale) / float64(p.out.scale))
	return p.kernel(n, func(a, b int32) int32 {
		x := a - p.a.zero
		if x >= 0 {
			x = identity.apply(x)
		} else {
			x = arith.MultiplyByQuantizedMultiplier(x*(b-p.b.zero), slope.mult, slope.shift)
		}
		return clamp(x+p.out.zero, lo, hi)
	})
}
