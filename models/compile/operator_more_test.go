package compile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
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

// product draws a BATCH_MATMUL in all four orientations.
func (s *sketch) product() int {
	batches, m, k, n := 1+s.r.IntN(3), 1+s.r.IntN(12), 1+s.r.IntN(20), 1+s.r.IntN(12)
	o := tflite.Options{AdjX: s.r.IntN(2) == 0, AdjY: s.r.IntN(2) == 0}
	left, right := []int{1, batches, m, k}, []int{1, batches, k, n}
	if o.AdjX {
		left = []int{1, batches, k, m}
	}
	if o.AdjY {
		right = []int{1, batches, n, k}
	}
	if s.r.IntN(3) == 0 {
		right[1] = 1
	}
	a := s.source(left[1], left[2], left[3])
	b := -1
	if s.r.IntN(2) == 0 {
		b = s.fixed(right...)
	} else {
		b = s.source(right[1], right[2], right[3])
	}
	return s.op(tflite.OpBatchMatmul, o, s.tensor(1, batches, m, n), a, b)
}

// maximum draws a REDUCE_MAX, which keeps the quantisation.
func (s *sketch) maximum(axes ...int) int {
	y := s.mean(tflite.OpReduceMax, axes...)
	return s.sameAs(y, s.g.Inputs[0])
}

// divided draws a SPACE_TO_BATCH_ND over one or two dimensions.
func (s *sketch) divided() int {
	s.batches = 1 + s.r.IntN(2)
	down, across := 1+s.r.IntN(3), 1+s.r.IntN(3)
	h, w, d := down*(1+s.r.IntN(4)), across*(1+s.r.IntN(4)), 1+s.r.IntN(20)
	cut := [4]int{s.r.IntN(2), s.r.IntN(2), s.r.IntN(2), s.r.IntN(2)}
	if h <= cut[0]+cut[1] || w <= cut[2]+cut[3] {
		cut = [4]int{}
	}
	if s.r.IntN(3) == 0 { // over one dimension
		x := s.tensor(s.batches, w-cut[2]-cut[3], d)
		s.g.Inputs = []int{x}
		margin := s.ints(cut[2], cut[3])
		s.g.Tensors[margin].Shape = []int{1, 2}
		return s.op(tflite.OpSpaceToBatchND, tflite.Options{}, s.like(x, s.batches*across, w/across, d), x, s.ints(across), margin)
	}
	x := s.source(h-cut[0]-cut[1], w-cut[2]-cut[3], d)
	margin := s.ints(cut[:]...)
	s.g.Tensors[margin].Shape = []int{2, 2}
	return s.op(tflite.OpSpaceToBatchND, tflite.Options{}, s.like(x, s.batches*down*across, h/down, w/across, d), x, s.ints(down, across), margin)
}

// Operators on 32-bit integers whose results do not overflow give what the
// reference gives; where they do, the NPU saturates.
func TestInt32(t *testing.T) {
	for seed := range uint64(30) {
		s := &sketch{r: rand.New(rand.NewPCG(seed, 32))}
		code := []tflite.BuiltinCode{tflite.OpAdd, tflite.OpSub, tflite.OpMul}[seed%3]
		shape := []int{1, 1 + s.r.IntN(6), 1 + s.r.IntN(6), 1 + s.r.IntN(20)}
		small := s.dims(s.source(1, 1, shape[3]))
		s.g.Inputs = nil
		number := func(shape []int) int {
			i := s.ints(make([]int, elements(shape))...)
			s.g.Tensors[i].Data, s.g.Tensors[i].Shape = nil, shape
			return i
		}
		in := []int{number(shape), number([][]int{shape, small}[s.r.IntN(2)])}
		if s.r.IntN(2) == 0 {
			in[0], in[1] = in[1], in[0]
		}
		s.g.Inputs = in
		s.g.Outputs = []int{s.op(code, tflite.Options{}, number(shape), in...)}
		m := &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
		list, _ := drawInputs(&s.g, seed)
		for _, v := range list { // 15 bits and a sign
			for i := 0; i < len(v); i += 4 {
				binary.LittleEndian.PutUint32(v[i:], uint32(int32(int16(binary.LittleEndian.Uint16(v[i:])))))
			}
		}
		want, err := reference.Run(m, list)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(m, Options{Config: isa.Configs[seed%4]})
		if err != nil {
			t.Fatal(err)
		}
		joined := bytes.Join(list, nil)
		got := execute(t, p, joined)
		if !bytes.Equal(got, want[0]) {
			t.Errorf("seed %d: %v gives %x, want %x", seed, code, got, want[0])
		}
		if out, st := clocked(t, p, joined); st != npu.Done || !bytes.Equal(out, got) {
			t.Errorf("seed %d: %v on the cycle-level machine, or another output", seed, st)
		}
	}
}
