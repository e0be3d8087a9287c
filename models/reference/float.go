package reference

import (
	"encoding/binary"
	"math"

	"upset/models/tflite"
)

// The kernels of this file and of floatconv.go work on float32 as the TFLite
// reference kernels do: in single precision, in the order of their loops, without
// fused multiply-add. Explicit conversions keep Go from fusing. Functions like exp
// are computed in double precision and rounded, which may differ by one unit in
// the last place from a C library.

// decodeFloat is element i of a float32 tensor.
func decodeFloat(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}

// putFloat writes element i of a float32 tensor.
func putFloat(b []byte, i int, x float32) {
	binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
}

// floats widens nothing: it decodes a float32 tensor.
func floats(dst []float32, b []byte) {
	for i := range dst {
		dst[i] = decodeFloat(b, i)
	}
}

func exp32(x float32) float32 { return float32(math.Exp(float64(x))) }

// isFloat tells whether the first input is float32, which selects the kernels of
// this file.
func (n *node) isFloat() bool { return n.inputType(0) == tflite.Float32 }

// inputType is the element type of input i, −1 when it is absent.
func (n *node) inputType(i int) tflite.Type {
	if i >= len(n.op.Inputs) || n.op.Inputs[i] < 0 || n.op.Inputs[i] >= len(n.graph.Tensors) {
		return -1
	}
	return n.graph.Tensors[n.op.Inputs[i]].Type
}

// floatRange is the range that a fused activation leaves.
func (n *node) floatRange(a tflite.Activation) (lo, hi float32) {
	lo, hi = -math.MaxFloat32, math.MaxFloat32
	switch a {
	case tflite.None:
	case tflite.Relu:
		lo = 0
	case tflite.Relu6:
		lo, hi = 0, 6
	case tflite.ReluN1To1:
		lo, hi = -1, 1
	default:
		n.fail("fused activation %d is not known", a)
	}
	return lo, hi
}

// clampFloat is C++'s std::min(std::max(x, lo), hi): what is not a number stays.
func clampFloat(x, lo, hi float32) float32 {
	if x < lo {
		x = lo
	}
	if hi < x {
		x = hi
	}
	return x
}

// floatUnary applies f to every element.
func (n *node) floatUnary(f func(float32) float32) Kernel {
	in, out := n.in(0, tflite.Float32), n.out(0, tflite.Float32)
	n.sameSize(in, out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range in.Elements() {
			putFloat(dst, i, f(decodeFloat(src, i)))
		}
	}
}

// floatPair applies f to every pair of elements of two inputs that stretch to the
// output, and the fused activation.
func (n *node) floatPair(f func(a, b float32) float32) Kernel {
	p := n.pair(tflite.Float32)
	lo, hi := n.floatRange(n.op.Options.Activation)
	r := n.broadcast(p.a, p.b, p.out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		x, y, dst := p.a.value(v), p.b.value(v), p.out.value(v)
		r.each(func(to, a, b int) { putFloat(dst, to, clampFloat(f(decodeFloat(x, a), decodeFloat(y, b)), lo, hi)) })
	}
}

// logistic is the float kernel's function, which has two limits of its own.
func logistic(x float32) float32 {
	const upper, lower = 16.619047164916992188, -9
	switch {
	case x > upper:
		return 1
	case x < lower:
		return exp32(x)
	}
	return 1 / (1 + exp32(-x))
}

// rows is the operands of an operator over the last dimension.
func (n *node) rows(types ...tflite.Type) (in, out operand, depth int) {
	in, out = n.in(0, types...), n.out(0, types...)
	n.sameSize(in, out)
	if n.require(len(in.Shape) > 0 && in.Shape[len(in.Shape)-1] > 0, "shape %v has no last dimension", in.Shape) {
		depth = in.Shape[len(in.Shape)-1]
	}
	return in, out, depth
}

// floatRows applies f to every row of the last dimension, in place.
func (n *node) floatRows(f func(row []float32)) Kernel {
	in, out, depth := n.rows(tflite.Float32)
	if n.err != nil {
		return nil
	}
	row := make([]float32, depth)
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for base := 0; base < in.Elements(); base += depth {
			floats(row, src[4*base:])
			f(row)
			for i, x := range row {
				putFloat(dst, base+i, x)
			}
		}
	}
}

func largest(row []float32) float32 {
	m := float32(-math.MaxFloat32)
	for _, x := range row {
		if x > m {
			m = x
		}
	}
	return m
}

// softmaxFloat is SOFTMAX of one row.
func softmaxFloat(row []float32, beta float32) {
	m, sum := largest(row), float32(0)
	for i, x := range row {
		row[i] = exp32(float32(x-m) * beta)
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
}

// logSoftmaxFloat is LOG_SOFTMAX of one row.
func logSoftmaxFloat(row []float32) {
	m, sum := largest(row), float32(0)
	for _, x := range row {
		sum += exp32(x - m)
	}
	log := float32(math.Log(float64(sum)))
	for i, x := range row {
		row[i] = float32(x-m) - log
	}
}

// l2NormFloat is L2_NORMALIZATION of one row.
func l2NormFloat(row []float32) {
	var squares float32
	for _, x := range row {
		squares += float32(x * x)
	}
	norm := float32(math.Sqrt(float64(squares)))
	const least = 1e-6
	norm = max(norm, least)
	for i := range row {
		row[i] /= norm
	}
}
