package compile

import (
	"upset/models/tflite"
)

// window draws padding and output size of a windowed operator.
func (s *sketch) window(o *tflite.Options, h, w, kh, kw int) (int, int) {
	if o.StrideH == 0 {
		o.StrideH, o.StrideW = 1, 1
	}
	return s.place(o, h, w, kh, kw)
}

func (s *sketch) conv(kh, kw, dilation, stride int) int {
	rh, rw := (kh-1)*dilation+1, (kw-1)*dilation+1
	x := s.source(1+s.r.IntN(12)+rh/2, 1+s.r.IntN(12)+rw/2, 1+s.r.IntN(20))
	h, w, d := s.shape(x)
	o := tflite.Options{StrideH: stride, StrideW: stride, DilationH: dilation, DilationW: dilation, Activation: tflite.Activation(s.r.IntN(4))}
	oh, ow := s.window(&o, h, w, rh, rw)
	od := 1 + s.r.IntN(20)
	return s.op(tflite.OpConv2D, o, s.tensor(max(1, s.batches), oh, ow, od), x, s.weights(0, od, kh, kw, d), s.offsets(od))
}

// grouped draws a convolution whose output channels see a part of the input.
func (s *sketch) grouped() int {
	groups, per, out := 2+s.r.IntN(3), 1+s.r.IntN(6), 1+s.r.IntN(6)
	x := s.source(2+s.r.IntN(6), 2+s.r.IntN(6), groups*per)
	h, w, _ := s.shape(x)
	o := tflite.Options{DilationH: 1, DilationW: 1}
	oh, ow := s.window(&o, h, w, 2, 2)
	od := groups * out
	return s.op(tflite.OpConv2D, o, s.tensor(max(1, s.batches), oh, ow, od), x, s.weights(0, od, 2, 2, per), s.offsets(od))
}

func (s *sketch) depthwise(multiplier, stride int) int {
	x := s.source(1+s.r.IntN(12), 1+s.r.IntN(12), 1+s.r.IntN(20))
	h, w, d := s.shape(x)
	dil := max(1, s.dilation)
	kh, kw := 1+s.r.IntN(5), 1+s.r.IntN(5)
	o := tflite.Options{StrideH: stride, StrideW: stride, DilationH: dil, DilationW: dil, DepthMultiplier: multiplier}
	oh, ow := s.window(&o, h, w, (kh-1)*dil+1, (kw-1)*dil+1)
	od := d * multiplier
	return s.op(tflite.OpDepthwiseConv2D, o, s.tensor(max(1, s.batches), oh, ow, od), x, s.weights(3, 1, kh, kw, od), s.offsets(od))
}

func (s *sketch) connected() int {
	batch, id, od := 1+s.r.IntN(4), 1+s.r.IntN(90), 1+s.r.IntN(40)
	x := s.tensor(batch, id)
	s.g.Inputs = []int{x}
	fc := s.weights(0, od, id)
	if t := &s.g.Tensors[fc]; s.r.IntN(2) == 0 {
		t.Quant = tflite.Quantization{Scale: t.Quant.Scale[:1], ZeroPoint: []int64{0}}
	}
	return s.op(tflite.OpFullyConnected, tflite.Options{Activation: tflite.Activation(s.r.IntN(4))}, s.tensor(batch, od), x, fc, s.offsets(od))
}

func (s *sketch) transposed() int {
	k, st := [2]int{1 + s.r.IntN(3), 1 + s.r.IntN(3)}, 1+s.r.IntN(2)
	if s.r.IntN(3) == 0 {
		k = [2]int{4 + s.r.IntN(2), 4}
	}
	h, w := 1+s.r.IntN(7), 1+s.r.IntN(7)
	o := tflite.Options{StrideH: st, StrideW: st, Padding: tflite.Same}
	oh, ow := h*st, w*st
	if s.r.IntN(2) == 0 {
		o.Padding = tflite.Valid
		oh, ow = (h-1)*st+k[0], (w-1)*st+k[1]
		if st == 2 && s.r.IntN(3) == 0 && k[0] > 1 && k[1] > 1 { // any size that convolves to the input is allowed
			oh, ow = oh+1, ow+1
		}
	} else if st == 2 && s.r.IntN(3) == 0 && h > 1 && w > 1 {
		oh, ow = oh-1, ow-1
	}
	x := s.source(h, w, 1+s.r.IntN(12))
	_, _, d := s.shape(x)
	od := 1 + s.r.IntN(12)
	in := []int{s.ints(1, oh, ow, od), s.weights(0, od, k[0], k[1], d), x}
	if s.r.IntN(2) == 0 {
		in = append(in, s.offsets(od))
	}
	return s.op(tflite.OpTransposeConv, o, s.tensor(1, oh, ow, od), in...)
}

func (s *sketch) pool(code tflite.BuiltinCode, limit int) int {
	x := s.any(14)
	h, w, d := s.shape(x)
	o := tflite.Options{FilterH: 1 + s.r.IntN(limit), FilterW: 1 + s.r.IntN(limit), StrideH: 1 + s.r.IntN(3), StrideW: 1 + s.r.IntN(3), Activation: tflite.Activation(s.r.IntN(4))}
	oh, ow := s.window(&o, h, w, o.FilterH, o.FilterW)
	return s.op(code, o, s.like(x, max(1, s.batches), oh, ow, d), x)
}

// padded draws an average pool with as many output as input positions.
func (s *sketch) padded(kh, kw int) int {
	x := s.source(kh+s.r.IntN(6), kw+s.r.IntN(6), 1+s.r.IntN(9))
	h, w, d := s.shape(x)
	o := tflite.Options{FilterH: kh, FilterW: kw, StrideH: 1, StrideW: 1, Padding: tflite.Same}
	return s.op(tflite.OpAveragePool2D, o, s.like(x, 1, h, w, d), x)
}

// whole draws a pool whose window is nearly the whole map.
func (s *sketch) whole(code tflite.BuiltinCode) int {
	x := s.source(9+s.r.IntN(60), 9+s.r.IntN(20), 1+s.r.IntN(6))
	h, w, d := s.shape(x)
	o := tflite.Options{FilterH: h - s.r.IntN(3), FilterW: w - s.r.IntN(3), StrideH: 1, StrideW: 1, Padding: tflite.Valid}
	return s.op(code, o, s.like(x, 1, h-o.FilterH+1, w-o.FilterW+1, d), x)
}

func (s *sketch) mean(code tflite.BuiltinCode, axes ...int) int {
	x := s.any(30)
	keep := s.r.IntN(2) == 0
	var shape []int
	for i, d := range s.dims(x) {
		gone := false
		for _, a := range axes {
			gone = gone || a == i
		}
		switch {
		case !gone:
			shape = append(shape, d)
		case keep:
			shape = append(shape, 1)
		}
	}
	return s.op(code, tflite.Options{KeepDims: keep}, s.tensor(shape...), x, s.ints(axes...))
}

// binary draws an elementwise operator whose second operand may be smaller.
func (s *sketch) binary(code tflite.BuiltinCode) int {
	x := s.any(9)
	shape := s.dims(x)
	small := append([]int(nil), shape...)
	for i := 1; i < 4; i++ {
		if s.r.IntN(3) == 0 {
			small[i] = 1
		}
	}
	if s.r.IntN(4) == 0 {
		small = small[3:]
	}
	y := 0
	if s.r.IntN(2) == 0 {
		y = s.fixed(small...)
	} else {
		y = s.tensor(small...)
		s.g.Inputs = append(s.g.Inputs, y)
	}
	out := s.tensor(shape...)
	o := tflite.Options{Activation: tflite.Activation(s.r.IntN(4))}
	switch code {
	case tflite.OpMinimum, tflite.OpMaximum:
		s.g.Tensors[y].Quant, s.g.Tensors[out].Quant = s.g.Tensors[x].Quant, s.g.Tensors[x].Quant
		o.Activation = tflite.None
	case tflite.OpSquaredDifference:
		o.Activation = tflite.None
	}
	in := []int{x, y}
	if s.r.IntN(2) == 0 {
		in = []int{y, x}
	}
	return s.op(code, o, out, in...)
}

func (s *sketch) unary(code tflite.BuiltinCode, o tflite.Options) int {
	x := s.any(9)
	out := s.tensor(s.dims(x)...)
	if s.r.IntN(3) == 0 {
		s.g.Tensors[out].Quant = s.g.Tensors[x].Quant
	}
	return s.op(code, o, out, x)
}

// lowest is the lowest number of 8 bits.
func (s *sketch) lowest() int {
	if s.unsigned {
		return 0
	}
	return -128
}

func (s *sketch) curve(code tflite.BuiltinCode) int {
	x := s.any(9)
	out := s.tensor(s.dims(x)...)
	switch {
	case s.wide:
		s.quantise(out, 1.0/32768, 0)
		if s.r.IntN(2) == 0 {
			s.quantise(x, s.powerOfTwo(-14, -10), 0)
		}
	case code == tflite.OpLogistic:
		s.quantise(out, 1.0/256, s.lowest())
	default:
		s.quantise(out, 1.0/128, s.lowest()+128)
	}
	return s.op(code, tflite.Options{}, out, x)
}

func (s *sketch) softmaxCase() int {
	shape := [][]int{{1, 1 + s.r.IntN(40)}, {1, 1 + s.r.IntN(5), 1 + s.r.IntN(20)}, {1, 1 + s.r.IntN(4), 1 + s.r.IntN(4), 1 + s.r.IntN(300)}}[s.r.IntN(3)]
	x := s.tensor(shape...)
	s.g.Inputs = []int{x}
	out := s.tensor(shape...)
	s.quantise(out, 1.0/256, s.lowest())
	if s.wide {
		s.quantise(out, 1.0/32768, 0)
		s.quantise(x, s.powerOfTwo(-15, -9)*(1+s.r.Float64()), 0)
	}
	return s.op(tflite.OpSoftmax, tflite.Options{Beta: float32(0.5 + s.r.Float64())}, out, x)
}

func (s *sketch) pad(depth bool) int {
	x := s.any(9)
	p := []int{0, 0, s.r.IntN(4), s.r.IntN(4), s.r.IntN(4), s.r.IntN(4), 0, 0}
	if depth {
		p[6], p[7] = s.r.IntN(6), 1+s.r.IntN(6)
	}
	shape := s.dims(x)
	for i := range shape {
		shape[i] += p[2*i] + p[2*i+1]
	}
	return s.op(tflite.OpPad, tflite.Options{}, s.like(x, shape...), x, s.ints(p...))
}

// concat joins two or three maps, one of them constant at times.
func (s *sketch) concat() int {
	x := s.any(7)
	axis := 1 + s.r.IntN(3)
	shape := s.dims(x)
	in := []int{x}
	for n := 1 + s.r.IntN(2); n > 0; n-- {
		part := s.dims(x)
		part[axis] = 1 + s.r.IntN(20)
		shape[axis] += part[axis]
		y := s.like(x, part...)
		if s.r.IntN(4) == 0 {
			y = s.fixed(part...)
			s.g.Tensors[y].Quant = s.g.Tensors[x].Quant
		} else {
			s.g.Inputs = append(s.g.Inputs, y)
		}
		in = append(in, y)
	}
	o := tflite.Options{Axis: axis}
	if s.r.IntN(2) == 0 {
		o.Axis -= 4
	}
	return s.op(tflite.OpConcatenation, o, s.like(x, shape...), in...)
}

// several makes the last operator write several tensors.
func (s *sketch) several(outputs []int) int {
	s.g.Operators[len(s.g.Operators)-1].Outputs = outputs
	return outputs[0]
}

func (s *sketch) split(sizes bool) int {
	axis, parts := 1+s.r.IntN(3), 2+s.r.IntN(2)
	dims := []int{1, 1 + s.r.IntN(7), 1 + s.r.IntN(7), 1 + s.r.IntN(20)}
	each := make([]int, parts)
	for i := range each {
		if each[i] = 1 + s.r.IntN(9); !sizes {
			each[i] = each[0]
		}
	}
	dims[axis] = 0
	for _, n := range each {
		dims[axis] += n
	}
	x := s.source(dims[1], dims[2], dims[3])
	var outputs []int
	for _, n := range each {
		part := append([]int(nil), dims...)
		part[axis] = n
		outputs = append(outputs, s.like(x, part...))
	}
	a := s.ints(axis)
	s.g.Tensors[a].Shape = nil
	o := tflite.Options{NumSplits: parts}
	if sizes {
		s.op(tflite.OpSplitV, o, outputs[0], x, s.ints(each...), a)
	} else {
		s.op(tflite.OpSplit, o, outputs[0], a, x)
	}
	return s.several(outputs)
}

func (s *sketch) pack() int {
	n, axis := 2+s.r.IntN(3), s.r.IntN(4)
	part := []int{1 + s.r.IntN(6), 1 + s.r.IntN(6), 1 + s.r.IntN(12)}
	x := s.tensor(part...)
	in := []int{x}
	for len(in) < n {
		in = append(in, s.like(x, part...))
	}
	s.g.Inputs = append(s.g.Inputs, in...)
	shape := append([]int(nil), part[:axis]...)
	shape = append(append(shape, n), part[axis:]...)
	return s.op(tflite.OpPack, tflite.Options{Axis: axis, NumSplits: n}, s.like(x, shape...), in...)
}

func (s *sketch) unpack() int {
	axis := s.r.IntN(4)
	dims := []int{1 + s.r.IntN(4), 1 + s.r.IntN(5), 1 + s.r.IntN(5), 1 + s.r.IntN(12)}
	x := s.tensor(dims...)
	s.g.Inputs = []int{x}
	part := append(append([]int(nil), dims[:axis]...), dims[axis+1:]...)
	var outputs []int
	for range dims[axis] {
		outputs = append(outputs, s.like(x, part...))
	}
	s.op(tflite.OpUnpack, tflite.Options{Axis: axis, NumSplits: dims[axis]}, outputs[0], x)
	return s.several(outputs)
}

func (s *sketch) slice() int {
	x := s.any(9)
	begin, size := make([]int, 4), s.dims(x)
	for i, d := range s.dims(x) {
		begin[i] = s.r.IntN(d)
		size[i] = 1 + s.r.IntN(d-begin[i])
	}
	return s.op(tflite.OpSlice, tflite.Options{}, s.like(x, size...), x, s.ints(begin...), s.ints(size...))
}

func (s *sketch) strided(most int) int {
	x := s.any(9)
	begin, end, step, size := make([]int, 4), s.dims(x), []int{1, 1, 1, 1}, s.dims(x)
	for i, d := range s.dims(x) {
		begin[i] = s.r.IntN(d)
		end[i] = begin[i] + 1 + s.r.IntN(d-begin[i])
		if i > 0 {
			step[i] = 1 + s.r.IntN(most)
		}
		size[i] = ceilDiv(end[i]-begin[i], step[i])
	}
	o := tflite.Options{}
	if s.r.IntN(2) == 0 { // masks take the whole of a dimension
		o.BeginMask, o.EndMask = 4, 4
		size[2] = ceilDiv(s.dims(x)[2], step[2])
	}
	if s.r.IntN(3) == 0 { // one position of the height falls away
		o.ShrinkMask, end[1] = 2, begin[1]+1
		step[1] = 1
		size = append(size[:1], size[2:]...)
	}
	return s.op(tflite.OpStridedSlice, o, s.like(x, size...), x, s.ints(begin...), s.ints(end...), s.ints(step...))
}

// reshaped renames the dimensions between two operations, so that something is
// left to do.
func (s *sketch) reshaped(x int, code tflite.BuiltinCode, shape []int, more ...int) int {
	y := s.op(code, tflite.Options{}, s.like(x, shape...), append([]int{x}, more...)...)
	return s.op(tflite.OpRelu, tflite.Options{}, s.tensor(shape...), y)
}

func (s *sketch) resize(code tflite.BuiltinCode, o tflite.Options) int {
	return s.resizeBy(2<<s.r.IntN(3), code, o)
}

func (s *sketch) resizeBy(n int, code tflite.BuiltinCode, o tflite.Options) int {
	x := s.source(1+s.r.IntN(6), 1+s.r.IntN(6), 1+s.r.IntN(20))
	h, w, d := s.shape(x)
	oh, ow := n*h, n*w
	if o.AlignCorners {
		oh, ow = n*(h-1)+1, n*(w-1)+1
	}
	return s.op(code, o, s.like(x, 1, oh, ow, d), x, s.ints(oh, ow))
}
