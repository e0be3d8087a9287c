package compile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/isa"
)

// sketch builds random graphs.
type sketch struct {
	r        *rand.Rand
	g        tflite.Subgraph
	wide     bool // feature maps are int16
	unsigned bool // feature maps and weights are uint8
	dilation int  // of depthwise convolutions where set
	batches  int  // of the inputs where set
	flat     bool // inputs have one row
}

func (s *sketch) tensor(shape ...int) int {
	s.g.Tensors = append(s.g.Tensors, tflite.Tensor{
		Name: fmt.Sprint("t", len(s.g.Tensors)), Type: tflite.Int8, Shape: shape,
		Quant: tflite.Quantization{Scale: []float32{float32(0.01 + s.r.Float64()*0.1)}, ZeroPoint: []int64{int64(s.r.IntN(200) - 100)}},
	})
	i := len(s.g.Tensors) - 1
	if t := &s.g.Tensors[i]; s.wide {
		t.Type, t.Quant.ZeroPoint = tflite.Int16, []int64{0}
		t.Quant.Scale[0] /= 128
	}
	if t := &s.g.Tensors[i]; s.unsigned {
		t.Type, t.Quant.ZeroPoint = tflite.Uint8, []int64{int64(s.r.IntN(256))}
	}
	return i
}

// like creates a tensor with the quantisation of another.
func (s *sketch) like(i int, shape ...int) int {
	o := s.tensor(shape...)
	s.g.Tensors[o].Quant = s.g.Tensors[i].Quant
	return o
}

func (s *sketch) ints(values ...int) int {
	i := s.tensor(len(values))
	t := &s.g.Tensors[i]
	t.Type, t.Quant = tflite.Int32, tflite.Quantization{}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, uint32(int32(v)))
	}
	return i
}

// weights creates a constant int8 tensor with a scale per channel.
func (s *sketch) weights(axis int, shape ...int) int {
	i := s.tensor(shape...)
	t := &s.g.Tensors[i]
	if s.unsigned {
		t.Quant.Scale[0] /= 10
		for range t.Elements() {
			t.Data = append(t.Data, byte(s.r.Uint32()))
		}
		return i
	}
	t.Type, t.Quant = tflite.Int8, tflite.Quantization{Axis: axis}
	for range shape[axis] {
		t.Quant.Scale = append(t.Quant.Scale, float32(0.002+s.r.Float64()*0.01))
		t.Quant.ZeroPoint = append(t.Quant.ZeroPoint, 0)
	}
	sparse := s.r.IntN(4) == 0
	for range t.Elements() {
		w := s.r.IntN(255) - 127
		if sparse && s.r.IntN(8) > 0 {
			w = 0
		}
		t.Data = append(t.Data, byte(int8(w)))
	}
	return i
}

func (s *sketch) bias(n int) int {
	values := make([]int, n)
	for i := range values {
		values[i] = s.r.IntN(20000) - 10000
	}
	return s.ints(values...)
}

func (s *sketch) op(code tflite.BuiltinCode, o tflite.Options, output int, inputs ...int) int {
	s.g.Operators = append(s.g.Operators, tflite.Operator{Code: code, Inputs: inputs, Outputs: []int{output}, Options: o, Version: 1})
	return output
}

func (s *sketch) shape(i int) (h, w, d int) {
	x := s.g.Tensors[i].Shape
	return x[1], x[2], x[3]
}

// place picks padding and returns the output size.
func (s *sketch) place(o *tflite.Options, h, w, kh, kw int) (int, int) {
	o.Padding = tflite.Same
	if s.r.IntN(2) == 0 && kh <= h && kw <= w {
		o.Padding = tflite.Valid
		return (h-kh)/o.StrideH + 1, (w-kw)/o.StrideW + 1
	}
	return (h + o.StrideH - 1) / o.StrideH, (w + o.StrideW - 1) / o.StrideW
}

// step appends a random operator that reads x and returns its output.
func (s *sketch) step(x int) int {
	h, w, d := s.shape(x)
	act := []tflite.Activation{tflite.None, tflite.Relu, tflite.Relu6}[s.r.IntN(3)]
	o := tflite.Options{StrideH: 1 + s.r.IntN(3), StrideW: 1 + s.r.IntN(3), DilationH: 1, DilationW: 1, Activation: act}
	kh, kw := 1+s.r.IntN(5), 1+s.r.IntN(5)
	pick := s.r.IntN(16)
	if s.wide { // the operators that TFLite has for int16 with the same multipliers
		pick = []int{0, 1, 3, 5, 8, 9, 10, 11, 12, 15}[s.r.IntN(10)]
	}
	switch pick {
	case 0, 1, 2:
		if s.r.IntN(4) == 0 {
			kh, kw = 1+s.r.IntN(12), 1+s.r.IntN(12)
		}
		if s.r.IntN(4) == 0 {
			o.DilationH, o.DilationW, o.StrideH, o.StrideW = 2, 2, 1, 1
		}
		od := 1 + s.r.IntN(70)
		oh, ow := s.place(&o, h, w, (kh-1)*o.DilationH+1, (kw-1)*o.DilationW+1)
		return s.op(tflite.OpConv2D, o, s.tensor(1, oh, ow, od), x, s.weights(0, od, kh, kw, d), s.offsets(od))
	case 3, 4:
		o.DepthMultiplier = 1
		if s.r.IntN(4) == 0 {
			o.DepthMultiplier = 2
		}
		o.StrideW = o.StrideH
		od := d * o.DepthMultiplier
		oh, ow := s.place(&o, h, w, kh, kw)
		return s.op(tflite.OpDepthwiseConv2D, o, s.tensor(1, oh, ow, od), x, s.weights(3, 1, kh, kw, od), s.offsets(od))
	case 5:
		o.FilterH, o.FilterW = kh, kw
		oh, ow := s.place(&o, h, w, kh, kw)
		code := []tflite.BuiltinCode{tflite.OpAveragePool2D, tflite.OpMaxPool2D}[s.r.IntN(2)]
		return s.op(code, o, s.like(x, 1, oh, ow, d), x)
	case 6:
		y := s.op(tflite.OpQuantize, tflite.Options{}, s.tensor(1, h, w, d), x)
		code := []tflite.BuiltinCode{tflite.OpAdd, tflite.OpMul}[s.r.IntN(2)]
		return s.op(code, tflite.Options{Activation: act}, s.tensor(1, h, w, d), y, x)
	case 7:
		c := s.weights(0, 1, []int{1, h}[s.r.IntN(2)], []int{1, w}[s.r.IntN(2)], []int{1, d}[s.r.IntN(2)])
		s.g.Tensors[c].Quant = s.g.Tensors[s.tensor(1)].Quant
		in := []int{x, c}
		if s.r.IntN(2) == 0 {
			in = []int{c, x}
		}
		return s.op(tflite.OpAdd, tflite.Options{Activation: act}, s.tensor(1, h, w, d), in...)
	case 8:
		p := s.ints(0, 0, s.r.IntN(3), s.r.IntN(3), s.r.IntN(3), s.r.IntN(3), 0, 0)
		a := s.g.Tensors[p].Data
		at := func(i int) int { return int(a[4*i]) }
		return s.op(tflite.OpPad, tflite.Options{}, s.like(x, 1, h+at(2)+at(3), w+at(4)+at(5), d), x, p)
	case 9:
		y := s.op(tflite.OpMaxPool2D, tflite.Options{FilterH: 2, FilterW: 2, StrideH: 1, StrideW: 1}, s.like(x, 1, h, w, d), x)
		axis := 1 + s.r.IntN(3)
		shape := []int{1, h, w, d}
		shape[axis] *= 2
		return s.op(tflite.OpConcatenation, tflite.Options{Axis: axis}, s.like(x, shape...), x, y)
	case 10:
		perms := [][]int{{0, 2, 1, 3}, {0, 3, 1, 2}, {0, 1, 3, 2}, {0, 3, 2, 1}, {0, 2, 3, 1}}
		p := perms[s.r.IntN(len(perms))]
		in := s.g.Tensors[x].Shape
		return s.op(tflite.OpTranspose, tflite.Options{}, s.like(x, in[p[0]], in[p[1]], in[p[2]], in[p[3]]), x, s.ints(p...))
	case 11:
		return s.reshuffle(x)
	case 12:
		return s.reduce(x)
	case 13:
		code := []tflite.BuiltinCode{tflite.OpPrelu, tflite.OpSquaredDifference, tflite.OpSub, tflite.OpMul}[s.r.IntN(4)]
		c := s.weights(0, 1, 1, 1, d)
		s.g.Tensors[c].Quant = s.g.Tensors[s.tensor(1)].Quant
		return s.op(code, tflite.Options{}, s.tensor(1, h, w, d), x, c)
	case 14:
		code := []tflite.BuiltinCode{tflite.OpResizeNearestNeighbor, tflite.OpResizeBilinear}[s.r.IntN(2)]
		o := tflite.Options{HalfPixelCenters: s.r.IntN(2) == 0}
		return s.op(code, o, s.like(x, 1, 2*h, 2*w, d), x, s.ints(2*h, 2*w))
	}
	code := []tflite.BuiltinCode{tflite.OpHardSwish, tflite.OpLogistic, tflite.OpTanh, tflite.OpLeakyRelu, tflite.OpRelu, tflite.OpAbs}[s.r.IntN(6)]
	if s.wide && code == tflite.OpHardSwish {
		code = tflite.OpReluN1To1
	}
	y := s.tensor(1, h, w, d)
	switch {
	case s.wide && (code == tflite.OpLogistic || code == tflite.OpTanh):
		s.quantise(y, 1.0/32768, 0)
	case code == tflite.OpLogistic:
		s.g.Tensors[y].Quant = tflite.Quantization{Scale: []float32{1.0 / 256}, ZeroPoint: []int64{-128}}
	case code == tflite.OpTanh:
		s.g.Tensors[y].Quant = tflite.Quantization{Scale: []float32{1.0 / 128}, ZeroPoint: []int64{0}}
	}
	return s.op(code, tflite.Options{Alpha: 0.1}, y, x)
}

// reshuffle appends an operator that only moves elements.
func (s *sketch) reshuffle(x int) int {
	h, w, d := s.shape(x)
	switch s.r.IntN(6) {
	case 0:
		y, z, c := s.r.IntN(h), s.r.IntN(w), s.r.IntN(d)
		size := []int{1, 1 + s.r.IntN(h-y), 1 + s.r.IntN(w-z), 1 + s.r.IntN(d-c)}
		return s.op(tflite.OpSlice, tflite.Options{}, s.like(x, size...), x, s.ints(0, y, z, c), s.ints(size...))
	case 1:
		step := 1 + s.r.IntN(3)
		return s.op(tflite.OpStridedSlice, tflite.Options{}, s.like(x, 1, ceilDiv(h, step), ceilDiv(w, 2), d), x,
			s.ints(0, 0, 0, 0), s.ints(1, h, w, d), s.ints(1, step, 2, 1))
	case 2:
		if d%2 != 0 {
			return x
		}
		axis := s.ints(3)
		s.g.Tensors[axis].Shape = nil
		a, b := s.like(x, 1, h, w, d/2), s.like(x, 1, h, w, d/2)
		s.op(tflite.OpSplit, tflite.Options{NumSplits: 2}, a, axis, x)
		op := &s.g.Operators[len(s.g.Operators)-1]
		op.Outputs = []int{a, b}
		return s.op(tflite.OpAdd, tflite.Options{}, s.tensor(1, h, w, d/2), b, a)
	case 3:
		return s.op(tflite.OpSpaceToDepth, tflite.Options{BlockSize: 1}, s.like(x, 1, h, w, d), x)
	case 4:
		if d%4 != 0 {
			return x
		}
		return s.op(tflite.OpDepthToSpace, tflite.Options{BlockSize: 2}, s.like(x, 1, 2*h, 2*w, d/4), x)
	}
	if h%2 != 0 || w%2 != 0 {
		return x
	}
	return s.op(tflite.OpSpaceToDepth, tflite.Options{BlockSize: 2}, s.like(x, 1, h/2, w/2, 4*d), x)
}

// reduce appends a reduction that keeps the dimensions.
func (s *sketch) reduce(x int) int {
	h, w, d := s.shape(x)
	o := tflite.Options{KeepDims: true}
	switch s.r.IntN(5) {
	case 0:
		return s.op(tflite.OpReduceMax, o, s.like(x, 1, 1, 1, d), x, s.ints(1, 2))
	case 1:
		return s.op(tflite.OpSum, o, s.tensor(1, h, 1, d), x, s.ints(2))
	case 2:
		return s.op(tflite.OpMean, o, s.tensor(1, h, w, 1), x, s.ints(-1))
	case 3:
		return s.op(tflite.OpMean, o, s.tensor(1, 1, w, d), x, s.ints(1))
	}
	return s.op(tflite.OpSum, o, s.tensor(1, h, w, 1), x, s.ints(3))
}

// finale appends what classifiers end with.
func (s *sketch) finale(x int) int {
	h, w, d := s.shape(x)
	if s.r.IntN(2) == 0 {
		x = s.op(tflite.OpMean, tflite.Options{KeepDims: true}, s.tensor(1, 1, 1, d), x, s.ints(1, 2))
		h, w = 1, 1
	}
	n := 2 + s.r.IntN(20)
	fc := s.weights(0, n, h*w*d)
	t := &s.g.Tensors[fc]
	t.Quant = tflite.Quantization{Scale: t.Quant.Scale[:1], ZeroPoint: []int64{0}}
	x = s.op(tflite.OpFullyConnected, tflite.Options{}, s.tensor(1, n), x, fc, s.offsets(n))
	y := s.tensor(1, n)
	s.quantise(y, 1.0/256, -128)
	if s.wide {
		s.quantise(y, 1.0/32768, 0)
	}
	return s.op(tflite.OpSoftmax, tflite.Options{Beta: 1}, y, x)
}

// randomModel builds a graph of a few operators from a seed; every fourth seed
// gives int16.
func randomModel(seed uint64) *tflite.Model {
	s := &sketch{r: rand.New(rand.NewPCG(seed, 77)), wide: seed/4%4 == 3}
	x := s.tensor(1, 1+s.r.IntN(14), 1+s.r.IntN(14), 1+s.r.IntN(40))
	s.g.Inputs = []int{x}
	for n := 1 + s.r.IntN(4); n > 0; n-- {
		y := s.step(x)
		if s.g.Tensors[y].Elements() > 20000 {
			s.g.Operators = s.g.Operators[:len(s.g.Operators)-1]
			break
		}
		x = y
	}
	if s.r.IntN(4) == 0 || len(s.g.Operators) == 0 {
		x = s.finale(x)
	}
	s.g.Outputs = []int{x}
	s.scaleBiases()
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{s.g}}
}

func TestRandomGraphsMatchReference(t *testing.T) {
	count := uint64(160)
	if full() {
		count = 2000
	}
	compiled := 0
	for seed := range count {
		m := randomModel(seed)
		g := &m.Subgraphs[0]
		var list []string
		for i := range g.Operators {
			list = append(list, g.Operators[i].Name())
		}
		what := fmt.Sprintf("seed %d (%s)", seed, strings.Join(list, " "))
		input := make([]byte, g.Tensors[g.Inputs[0]].Bytes())
		r := rand.New(rand.NewPCG(seed, 5))
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		want, err := reference.Run(m, [][]byte{input})
		if err != nil {
			t.Errorf("%s: reference: %v", what, err)
			continue
		}
		c := isa.Configs[seed%4]
		p, err := Compile(m, Options{Config: c})
		if err != nil {
			t.Logf("%s: %v", what, err)
			continue
		}
		compiled++
		if got := execute(t, p, input); !bytes.Equal(got, want[0]) {
			differ, first := 0, -1
			for i := range got {
				if got[i] != want[0][i] {
					if differ++; first < 0 {
						first = i
					}
				}
			}
			t.Errorf("%s on %s: %d of %d bytes differ, first at %d: %d, want %d", what, c, differ, len(got), first, int8(got[first]), int8(want[0][first]))
		}
		for _, problem := range hazards(c, p.Commands) {
			t.Errorf("%s on %s: %s", what, c, problem)
		}
	}
	if compiled < int(count)*9/10 {
		t.Errorf("only %d of %d graphs were compiled", compiled, count)
	}
}
