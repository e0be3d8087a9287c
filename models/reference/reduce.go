package reference

import (
	"math"
	"math/bits"

	"upset/models/tflite"
)

// reduction maps every input element to the output element it is reduced into.
type reduction struct {
	in, out operand
	shape   []int
	stride  []int // step in the output per input axis, 0 on a reduced axis
	count   int   // input elements per output element
}

func (n *node) reduction() reduction {
	types := append([]tflite.Type{tflite.Float32}, quantisedTypes...)
	in, axes, out := n.in(0, types...), n.in(1, tflite.Int32), n.out(0, types...)
	n.require(in.Type == out.Type, "input is %s, output %s", in.Type, out.Type)
	r := reduction{in: in, out: out, shape: in.Shape, stride: make([]int, len(in.Shape)), count: 1}
	reduced := make([]bool, len(in.Shape))
	for _, a := range n.constants(axes) {
		if a < 0 {
			a += len(in.Shape)
		}
		if !n.require(a >= 0 && a < len(in.Shape), "axis %d of shape %v", a, in.Shape) {
			return r
		}
		if !reduced[a] {
			r.count *= in.Shape[a]
		}
		reduced[a] = true
	}
	step := 1
	for i := len(in.Shape) - 1; i >= 0; i-- {
		if !reduced[i] {
			r.stride[i] = step
			step *= in.Shape[i]
		}
	}
	n.require(r.count > 0 && out.Elements() == step, "reduction of %v gives %d elements, output is %v",
		in.Shape, step, out.Shape)
	return r
}

// each calls f for every input element with the output element it belongs to.
func (r *reduction) each(f func(from, to int)) {
	index := make([]int, len(r.shape))
	to := 0
	for from := range r.in.Elements() {
		f(from, to)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			to += r.stride[i]
			if index[i] < r.shape[i] {
				break
			}
			to -= index[i] * r.stride[i]
			index[i] = 0
		}
	}
}

// prepareMean handles MEAN and SUM: the division by the number of elements is
// folded into the multiplier (TFLite reference kernel QuantizedMeanOrSum).
func prepareMean(n *node) Kernel {
	r := n.reduction()
	if n.isFloat() {
		return n.floatReduce(r)
	}
	n.quantised(r.in, r.out)
	m := n.multiplier(float64(r.in.scale) / float64(r.out.scale))
	if n.err != nil {
		return nil
	}
	if n.op.Code == tflite.OpMean {
		shift := min(63-bits.LeadingZeros64(uint64(r.count)), 32, 31+m.shift)
		m.mult = int32(int64(m.mult) << shift / int64(r.count))
		m.shift -= shift
	}
	lo, hi := limits(r.out.Type)
	sums := make([]int32, r.out.Elements())
	return func(v [][]byte) {
		src, dst := r.in.value(v), r.out.value(v)
		clear(sums)
		r.each(func(from, to int) { sums[to] += at(src, r.in.Type, from) })
		for i, s := range sums {
			x := m.apply(s-r.in.zero*int32(r.count)) + r.out.zero
			put(dst, r.out.Type, i, clamp(x, lo, hi))
		}
	}
}

// prepareReduceMax handles REDUCE_MAX.
func prepareReduceMax(n *node) Kernel {
	return n.extreme(math.MinInt32, func(a, b int32) int32 { return max(a, b) })
}

// prepareReduceMin handles REDUCE_MIN.
func prepareReduceMin(n *node) Kernel {
	return n.extreme(math.MaxInt32, func(a, b int32) int32 { return min(a, b) })
}

func (n *node) extreme(start int32, pick func(a, b int32) int32) Kernel {
	r := n.reduction()
	if n.isFloat() {
		return n.floatReduce(r)
	}
	n.require(r.in.scale == r.out.scale && r.in.zero == r.out.zero, "input and output must have equal quantisation")
	if n.err != nil {
		return nil
	}
	best := make([]int32, r.out.Elements())
	return func(v [][]byte) {
		src := r.in.value(v)
		for i := range best {
			best[i] = start
		}
		r.each(func(from, to int) { best[to] = pick(best[to], at(src, r.in.Type, from)) })
		store(r.out.value(v), r.out.Type, best)
	}
}

// prepareArg handles ARG_MAX and ARG_MIN: the index of the first extreme value
// along one axis.
func prepareArg(n *node) Kernel {
	in, axis, out := n.in(0, append([]tflite.Type{tflite.Float32}, integers...)...), n.in(1, tflite.Int32, tflite.Int64), n.out(0, tflite.Int32, tflite.Int64)
	list := n.constants(axis)
	if !n.require(len(list) == 1, "one axis is needed, have %d", len(list)) {
		return nil
	}
	a := list[0]
	if a < 0 {
		a += len(in.Shape)
	}
	if !n.require(a >= 0 && a < len(in.Shape) && in.Shape[a] > 0, "axis %d of shape %v", list[0], in.Shape) {
		return nil
	}
	outer, size, inner := product(in.Shape[:a]), in.Shape[a], product(in.Shape[a+1:])
	if !n.require(out.Elements() == outer*inner, "output shape %v for input %v", out.Shape, in.Shape) {
		return nil
	}
	smallest := n.op.Code == tflite.OpArgMin
	order := func(b []byte, i, j int) int { return sign(at(b, in.Type, i), at(b, in.Type, j)) }
	if in.Type == tflite.Float32 {
		order = func(b []byte, i, j int) int { return sign(decodeFloat(b, i), decodeFloat(b, j)) }
	}
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for o := range outer {
			for i := range inner {
				best := 0
				place := func(k int) int { return (o*size+k)*inner + i }
				for k := 1; k < size; k++ {
					if d := order(src, place(k), place(best)); smallest && d == -1 || !smallest && d == 1 {
						best = k
					}
				}
				putWide(dst, out.Type, o*inner+i, int64(best))
			}
		}
	}
}

func product(dims []int) int {
	p := 1
	for _, d := range dims {
		p *= d
	}
	return p
}
