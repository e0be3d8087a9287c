package compile

import (
	"upset/models/tflite"
)

// spread draws a resize of a single pixel.
func (s *sketch) spread(code tflite.BuiltinCode) int {
	x := s.source(1, 1, 1+s.r.IntN(30))
	_, _, d := s.shape(x)
	h, w := 1+s.r.IntN(20), 1+s.r.IntN(20)
	return s.op(code, tflite.Options{}, s.like(x, 1, h, w, d), x, s.ints(h, w))
}

// transposedRow draws a transposed convolution of one row.
func (s *sketch) transposedRow() int {
	w, kw := 1+s.r.IntN(20), 2+s.r.IntN(4)
	x := s.source(1, w, 1+s.r.IntN(12))
	_, _, d := s.shape(x)
	o := tflite.Options{StrideH: 1, StrideW: 2, Padding: tflite.Same}
	ow := 2 * w
	if s.r.IntN(2) == 0 {
		o.Padding, ow = tflite.Valid, 2*(w-1)+kw
	}
	od := 1 + s.r.IntN(12)
	in := []int{s.ints(1, 1, ow, od), s.weights(0, od, 1, kw, d), x}
	if s.r.IntN(2) == 0 {
		in = append(in, s.offsets(od))
	}
	return s.op(tflite.OpTransposeConv, o, s.tensor(1, 1, ow, od), in...)
}

// mirrored draws a MIRROR_PAD of height and width.
func (s *sketch) mirrored() int {
	x := s.source(2+s.r.IntN(7), 2+s.r.IntN(7), 1+s.r.IntN(20))
	h, w, d := s.shape(x)
	mode := s.r.IntN(2)
	p := [4]int{s.r.IntN(h + mode), s.r.IntN(h + mode), s.r.IntN(w + mode), s.r.IntN(w + mode)}
	if s.r.IntN(3) == 0 {
		p[2], p[3] = 0, 0
	}
	out := s.like(x, 1, h+p[0]+p[1], w+p[2]+p[3], d)
	return s.op(tflite.OpMirrorPad, tflite.Options{MirrorMode: int8(mode)}, out, x, s.ints(0, 0, p[0], p[1], p[2], p[3], 0, 0))
}

// sameAs gives tensor i the quantisation of another.
func (s *sketch) sameAs(i, other int) int {
	s.g.Tensors[i].Quant = s.g.Tensors[other].Quant
	return i
}

// concatScaled draws a concatenation whose inputs have scales of their own.
func (s *sketch) concatScaled() int {
	axis, shape, sum := 1+s.r.IntN(3), []int{1, 1 + s.r.IntN(7), 1 + s.r.IntN(7), 1 + s.r.IntN(20)}, 0
	var in []int
	for range 1 + s.r.IntN(4) {
		one := append([]int(nil), shape...)
		one[axis] = 1 + s.r.IntN(9)
		sum += one[axis]
		in = append(in, s.source(one[1], one[2], one[3]))
	}
	shape[axis] = sum
	out := s.tensor(shape...)
	if s.r.IntN(2) == 0 {
		s.sameAs(in[0], out)
	}
	return s.op(tflite.OpConcatenation, tflite.Options{Axis: axis - 4*s.r.IntN(2)}, out, in...)
}

// largest draws an ARG_MAX along an axis over so many channels.
func (s *sketch) largest(axis, d int) int {
	x := s.source(1+s.r.IntN(9), 1+s.r.IntN(9), d)
	shape := s.dims(x)
	i := s.tensor(append(shape[:axis], shape[axis+1:]...)...)
	s.g.Tensors[i].Type, s.g.Tensors[i].Quant = tflite.Int32, tflite.Quantization{}
	return s.op(tflite.OpArgMax, tflite.Options{OutType: tflite.Int32}, i, x, s.ints(axis))
}
