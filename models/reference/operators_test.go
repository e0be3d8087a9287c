package reference

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"upset/models/tflite"
)

// tensor is an int8 tensor with scale 1 and zero point 0.
func tensor(shape ...int) tflite.Tensor {
	return tflite.Tensor{Type: tflite.Int8, Shape: shape, Quant: scaled(1, 0)}
}

func constant(shape []int, v ...int32) tflite.Tensor {
	return tflite.Tensor{Type: tflite.Int32, Shape: shape, Data: pour(v, tflite.Int32)}
}

// single is a model of one operator. Tensors without data that are not outputs
// are the graph's inputs.
func single(op tflite.Operator, tensors ...tflite.Tensor) *tflite.Model {
	g := tflite.Subgraph{Tensors: tensors, Operators: []tflite.Operator{op}, Outputs: op.Outputs}
	for _, i := range op.Inputs {
		if i >= 0 && tensors[i].Data == nil && !tensors[i].Variable {
			g.Inputs = append(g.Inputs, i)
		}
	}
	return &tflite.Model{Subgraphs: []tflite.Subgraph{g}}
}

func iota8(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// TestMoves checks operators that move elements; inputs count up from zero.
func TestMoves(t *testing.T) {
	vec := func(v ...int32) tflite.Tensor { return constant([]int{len(v)}, v...) }
	io := func(n int) ([]int, []int) {
		in := []int{0}
		for i := range n {
			in = append(in, i+2)
		}
		return in, []int{1}
	}
	cases := []struct {
		name    string
		code    tflite.BuiltinCode
		options tflite.Options
		in, out tflite.Tensor
		extra   []tflite.Tensor
		want    []byte
	}{
		{
			"transpose", tflite.OpTranspose, tflite.Options{},
			tensor(2, 3, 1), tensor(3, 1, 2), []tflite.Tensor{vec(1, 2, 0)}, []byte{0, 3, 1, 4, 2, 5},
		},
		{
			"pad with the zero point", tflite.OpPad, tflite.Options{},
			tflite.Tensor{Type: tflite.Int8, Shape: []int{2, 2}, Quant: scaled(1, 9)},
			tflite.Tensor{Type: tflite.Int8, Shape: []int{3, 4}, Quant: scaled(1, 9)},
			[]tflite.Tensor{constant([]int{2, 2}, 1, 0, 0, 2)},
			[]byte{9, 9, 9, 9, 0, 1, 9, 9, 2, 3, 9, 9},
		},
		{
			"padv2", tflite.OpPadV2, tflite.Options{}, tensor(2), tensor(4),
			[]tflite.Tensor{constant([]int{1, 2}, 1, 1), {Type: tflite.Int8, Data: []byte{77}}}, []byte{77, 0, 1, 77},
		},
		{
			"mirror reflect", tflite.OpMirrorPad, tflite.Options{}, tensor(3), tensor(7),
			[]tflite.Tensor{constant([]int{1, 2}, 2, 2)}, []byte{2, 1, 0, 1, 2, 1, 0},
		},
		{
			"mirror symmetric", tflite.OpMirrorPad, tflite.Options{MirrorMode: 1}, tensor(3), tensor(7),
			[]tflite.Tensor{constant([]int{1, 2}, 2, 2)}, []byte{1, 0, 0, 1, 2, 2, 1},
		},
		{
			"slice", tflite.OpSlice, tflite.Options{}, tensor(3, 4), tensor(2, 2),
			[]tflite.Tensor{vec(1, 1), vec(-1, 2)}, []byte{5, 6, 9, 10},
		},
		{
			"strided slice", tflite.OpStridedSlice, tflite.Options{ShrinkMask: 1, BeginMask: 2},
			tensor(2, 5), tensor(3), []tflite.Tensor{vec(-1, 3), vec(0, 5), vec(1, 2)}, []byte{5, 7, 9},
		},
		{
			"strided slice backwards", tflite.OpStridedSlice, tflite.Options{EndMask: 1},
			tensor(5), tensor(2), []tflite.Tensor{vec(3), vec(0), vec(-2)}, []byte{3, 1},
		},
		{
			"strided slice with an ellipsis and a new axis", tflite.OpStridedSlice, tflite.Options{EllipsisMask: 2, NewAxisMask: 1},
			tensor(2, 2, 3), tensor(1, 2, 2, 1), []tflite.Tensor{vec(0, 0, 1), vec(0, 0, 2), vec(1, 1, 1)}, []byte{1, 4, 7, 10},
		},
		{
			"strided slice of the first dimension", tflite.OpStridedSlice, tflite.Options{},
			tensor(3, 2), tensor(2, 2), []tflite.Tensor{vec(1), vec(3), vec(1)}, []byte{2, 3, 4, 5},
		},
		{
			"tile", tflite.OpTile, tflite.Options{}, tensor(2, 2), tensor(4, 2), []tflite.Tensor{vec(2, 1)},
			[]byte{0, 1, 2, 3, 0, 1, 2, 3},
		},
		{
			"broadcast", tflite.OpBroadcastTo, tflite.Options{}, tensor(2, 1), tensor(2, 2, 3), []tflite.Tensor{vec(2, 2, 3)},
			[]byte{0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1},
		},
		{
			"read of a variable", tflite.OpReadVariable, tflite.Options{}, tensor(3), tensor(3), nil, iota8(3),
		},
		{
			"gather", tflite.OpGather, tflite.Options{Axis: 1}, tensor(2, 3), tensor(2, 2),
			[]tflite.Tensor{vec(2, 0)}, []byte{2, 0, 5, 3},
		},
		{
			"gather per batch", tflite.OpGather, tflite.Options{Axis: 1, BatchDims: 1}, tensor(2, 3), tensor(2, 2),
			[]tflite.Tensor{constant([]int{2, 2}, 2, 0, 1, 1)}, []byte{2, 0, 4, 4},
		},
		{
			"space to depth", tflite.OpSpaceToDepth, tflite.Options{BlockSize: 2}, tensor(1, 2, 4, 1), tensor(1, 1, 2, 4),
			nil, []byte{0, 1, 4, 5, 2, 3, 6, 7},
		},
		{
			"depth to space", tflite.OpDepthToSpace, tflite.Options{BlockSize: 2}, tensor(1, 1, 2, 4), tensor(1, 2, 4, 1),
			nil, []byte{0, 1, 4, 5, 2, 3, 6, 7},
		},
		{
			"space to batch", tflite.OpSpaceToBatchND, tflite.Options{}, tensor(1, 2, 3, 1), tensor(4, 1, 2, 1),
			[]tflite.Tensor{vec(2, 2), constant([]int{2, 2}, 0, 0, 0, 1)}, []byte{0, 2, 1, 0, 3, 5, 4, 0},
		},
		{
			"batch to space", tflite.OpBatchToSpaceND, tflite.Options{}, tensor(4, 1, 2, 1), tensor(1, 2, 3, 1),
			[]tflite.Tensor{vec(2, 2), constant([]int{2, 2}, 0, 0, 0, 1)}, []byte{0, 2, 1, 4, 6, 5},
		},
		{
			"reshape", tflite.OpReshape, tflite.Options{}, tensor(2, 3), tensor(6), []tflite.Tensor{vec(-1)}, iota8(6),
		},
		{
			"nearest with aligned corners", tflite.OpResizeNearestNeighbor, tflite.Options{AlignCorners: true},
			tensor(1, 1, 3, 1), tensor(1, 1, 5, 1), []tflite.Tensor{vec(1, 5)}, []byte{0, 1, 1, 2, 2},
		},
		{
			"reduce max", tflite.OpReduceMax, tflite.Options{}, tensor(2, 3), tensor(2), []tflite.Tensor{vec(-1)}, []byte{2, 5},
		},
		{
			"reduce min", tflite.OpReduceMin, tflite.Options{}, tensor(2, 3), tensor(3), []tflite.Tensor{vec(0)}, []byte{0, 1, 2},
		},
		{
			"sum", tflite.OpSum, tflite.Options{}, tensor(2, 3), tensor(2), []tflite.Tensor{vec(1)}, []byte{3, 12},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, out := io(len(c.extra))
			m := single(tflite.Operator{Code: c.code, Inputs: in, Outputs: out, Options: c.options},
				append([]tflite.Tensor{c.in, c.out}, c.extra...)...)
			got, err := Run(m, [][]byte{iota8(c.in.Bytes())})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got[0], c.want) {
				t.Errorf("got %v, want %v", got[0], c.want)
			}
		})
	}
}

// TestJoinAndSplit checks concatenation and splitting along a middle axis.
func TestJoinAndSplit(t *testing.T) {
	parts := []tflite.Tensor{tensor(2, 1, 2), tensor(2, 2, 2)}
	whole := tensor(2, 3, 2)
	axis := constant(nil, -2)
	want := []byte{0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 6, 7}
	m := single(tflite.Operator{Code: tflite.OpConcatenation, Inputs: []int{0, 1}, Outputs: []int{2}, Options: tflite.Options{Axis: 1}},
		parts[0], parts[1], whole)
	got, err := Run(m, [][]byte{iota8(4), iota8(8)})
	if err != nil || !reflect.DeepEqual(got[0], want) {
		t.Errorf("concatenation: %v (%v), want %v", got, err, want)
	}
	m = single(tflite.Operator{Code: tflite.OpSplitV, Inputs: []int{0, 3, 4}, Outputs: []int{1, 2}},
		whole, parts[0], parts[1], constant([]int{2}, 1, 2), axis)
	got, err = Run(m, [][]byte{want})
	if err != nil || !reflect.DeepEqual(got, [][]byte{iota8(4), iota8(8)}) {
		t.Errorf("split_v: %v (%v)", got, err)
	}
	m = single(tflite.Operator{Code: tflite.OpUnpack, Inputs: []int{0}, Outputs: []int{1, 2}, Options: tflite.Options{Axis: 1, NumSplits: 2}},
		tensor(2, 2), tensor(2), tensor(2))
	got, err = Run(m, [][]byte{iota8(4)})
	if err != nil || !reflect.DeepEqual(got, [][]byte{{0, 2}, {1, 3}}) {
		t.Errorf("unpack: %v (%v)", got, err)
	}
	m = single(tflite.Operator{Code: tflite.OpPack, Inputs: []int{0, 1}, Outputs: []int{2}, Options: tflite.Options{Axis: -1}},
		tensor(2), tensor(2), tensor(2, 2))
	got, err = Run(m, [][]byte{{0, 1}, {2, 3}})
	if err != nil || !reflect.DeepEqual(got[0], []byte{0, 2, 1, 3}) {
		t.Errorf("pack: %v (%v)", got, err)
	}
}

// TestCurves compares nonlinear operators with floating point over all inputs; the
// tolerance is the published accuracy of the fixed-point kernels, one step (three
// for the 16-bit tables).
func TestCurves(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	cases := []struct {
		name    string
		code    tflite.BuiltinCode
		kind    tflite.Type
		in, out tflite.Quantization
		f       func(float64) float64
		within  float64
	}{
		{"logistic", tflite.OpLogistic, tflite.Int8, scaled(0.05, 7), scaled(1.0/256, -128), sigmoid, 1},
		{"tanh", tflite.OpTanh, tflite.Int8, scaled(0.03, -20), scaled(1.0/128, 0), math.Tanh, 1},
		{"logistic 16", tflite.OpLogistic, tflite.Int16, scaled(1.0/4096, 0), scaled(1.0/32768, 0), sigmoid, 24},
		{"tanh 16", tflite.OpTanh, tflite.Int16, scaled(0.0003, 0), scaled(1.0/32768, 0), math.Tanh, 40},
		{"hard swish", tflite.OpHardSwish, tflite.Int8, scaled(0.06, -10), scaled(0.05, -80), func(x float64) float64 {
			return x * min(max(x+3, 0), 6) / 6
		}, 1},
		{"leaky relu", tflite.OpLeakyRelu, tflite.Int8, scaled(0.06, -10), scaled(0.05, 4), func(x float64) float64 {
			return max(x, 0) + 0.25*min(x, 0)
		}, 1},
		{"abs", tflite.OpAbs, tflite.Int8, scaled(0.06, -10), scaled(0.05, -128), math.Abs, 1},
		{"relu n1 to 1", tflite.OpReluN1To1, tflite.Int8, scaled(0.06, -10), scaled(0.01, 3), func(x float64) float64 {
			return min(max(x, -1), 1)
		}, 1},
		{"relu6", tflite.OpRelu6, tflite.Int8, scaled(0.06, -10), scaled(0.05, -128), func(x float64) float64 {
			return min(max(x, 0), 6)
		}, 1},
		{"relu, unsigned", tflite.OpRelu, tflite.Uint8, scaled(0.06, 90), scaled(0.05, 3), func(x float64) float64 { return max(x, 0) }, 1},
		{"logistic, unsigned", tflite.OpLogistic, tflite.Uint8, scaled(0.05, 100), scaled(1.0/256, 0), sigmoid, 0.51},
		{"exp", tflite.OpExp, tflite.Int8, scaled(0.03, 100), scaled(0.01, -128), math.Exp, 0.51},
		{"exp 16", tflite.OpExp, tflite.Int16, scaled(1.0/8192, 0), scaled(0.002, 0), math.Exp, 8},
		{"elu", tflite.OpElu, tflite.Int8, scaled(0.03, 10), scaled(0.03, -90), func(x float64) float64 {
			return max(x, math.Expm1(min(x, 0)))
		}, 0.51},
		{"rsqrt", tflite.OpRsqrt, tflite.Int8, scaled(0.5, -129+1), scaled(0.02, -128), func(x float64) float64 {
			return 1 / math.Sqrt(max(x, 0))
		}, 1},
		{"quantize", tflite.OpQuantize, tflite.Int8, scaled(0.06, -10), scaled(0.11, 3), func(x float64) float64 { return x }, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lo, hi := limits(c.kind)
			n := int(hi-lo) + 1
			x := make([]int32, n)
			for i := range x {
				x[i] = lo + int32(i)
			}
			m := single(tflite.Operator{Code: c.code, Inputs: []int{0}, Outputs: []int{1}, Options: tflite.Options{Alpha: 0.25}},
				tflite.Tensor{Type: c.kind, Shape: []int{n}, Quant: c.in}, tflite.Tensor{Type: c.kind, Shape: []int{n}, Quant: c.out})
			got, err := Run(m, [][]byte{pour(x, c.kind)})
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range x {
				real := c.f(float64(c.in.Scale[0]) * float64(int64(v)-c.in.ZeroPoint[0]))
				want := real/float64(c.out.Scale[0]) + float64(c.out.ZeroPoint[0])
				want = min(max(want, float64(lo)), float64(hi))
				if y := float64(at(got[0], c.kind, i)); math.Abs(y-want) > c.within {
					t.Fatalf("f(%d) = %v, want about %v", v, y, want)
				}
			}
		})
	}
}

// TestSoftmax compares softmax with floating point.
func TestSoftmax(t *testing.T) {
	for _, c := range []struct {
		in, out tflite.Type
		within  float64
	}{{tflite.Int8, tflite.Int8, 1}, {tflite.Int8, tflite.Int16, 4}, {tflite.Int16, tflite.Int16, 16}} {
		scale, q := float32(0.1), scaled(1.0/256, -128)
		if c.out == tflite.Int16 {
			q = scaled(1.0/65536, -32768)
		}
		if c.in == tflite.Int16 {
			scale, q = 0.0005, scaled(1.0/32768, 0)
		}
		x := []int32{-100, -3, 50, 51, 90, 100, 99, 7}
		if c.in == tflite.Int16 {
			for i := range x {
				x[i] *= 200
			}
		}
		m := single(tflite.Operator{Code: tflite.OpSoftmax, Inputs: []int{0}, Outputs: []int{1}, Options: tflite.Options{Beta: 1}},
			tflite.Tensor{Type: c.in, Shape: []int{1, 8}, Quant: scaled(scale, 0)}, tflite.Tensor{Type: c.out, Shape: []int{1, 8}, Quant: q})
		got, err := Run(m, [][]byte{pour(x, c.in)})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(float64(scale) * float64(v))
		}
		for i, v := range x {
			want := math.Exp(float64(scale)*float64(v))/sum/float64(q.Scale[0]) + float64(q.ZeroPoint[0])
			_, hi := limits(c.out)
			if y := float64(at(got[0], c.out, i)); math.Abs(y-min(want, float64(hi))) > c.within {
				t.Errorf("%s to %s: element %d is %v, want about %v", c.in, c.out, i, y, want)
			}
		}
	}
}

// TestPreluBroadcast checks PRELU with one slope per channel.
func TestPreluBroadcast(t *testing.T) {
	alpha := tflite.Tensor{Type: tflite.Int8, Shape: []int{1, 1, 2}, Quant: scaled(0.5, 0), Data: []byte{1, 0xFE}}
	m := single(tflite.Operator{Code: tflite.OpPrelu, Inputs: []int{0, 2}, Outputs: []int{1}},
		tensor(1, 1, 2, 2), tensor(1, 1, 2, 2), alpha)
	got, err := Run(m, [][]byte{{0xF6, 0xF6, 10, 20}}) // −10 −10 10 20
	if want := []byte{0xFB, 10, 10, 20}; err != nil || !reflect.DeepEqual(got[0], want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}

// TestFloats checks the way into and out of floating point.
func TestFloats(t *testing.T) {
	var x []byte
	for _, v := range []float32{-1.3, 0, 0.26, 1e9, float32(math.NaN())} {
		x = binary.LittleEndian.AppendUint32(x, math.Float32bits(v))
	}
	f := tflite.Tensor{Type: tflite.Float32, Shape: []int{5}}
	q := tflite.Tensor{Type: tflite.Int8, Shape: []int{5}, Quant: scaled(0.1, 10)}
	got, err := Run(single(tflite.Operator{Code: tflite.OpQuantize, Inputs: []int{0}, Outputs: []int{1}}, f, q), [][]byte{x})
	if want := []byte{0xFD, 10, 13, 127, 0x80}; err != nil || !reflect.DeepEqual(got[0], want) {
		t.Fatalf("quantize: %v (%v), want %v", got, err, want)
	}
	back, err := Run(single(tflite.Operator{Code: tflite.OpDequantize, Inputs: []int{0}, Outputs: []int{1}}, q, f), got)
	if err != nil {
		t.Fatal(err)
	}
	if v := math.Float32frombits(binary.LittleEndian.Uint32(back[0][8:])); v != 0.3 {
		t.Errorf("dequantize: %v, want 0.3", v)
	}
}

// TestArgMax checks that the first of equal values wins.
func TestArgMax(t *testing.T) {
	out := tflite.Tensor{Type: tflite.Int32, Shape: []int{2}}
	m := single(tflite.Operator{Code: tflite.OpArgMax, Inputs: []int{0, 1}, Outputs: []int{2}}, tensor(2, 3), constant([]int{1}, 1), out)
	got, err := Run(m, [][]byte{{5, 9, 9, 0xFF, 0xFE, 0}})
	if err != nil || !reflect.DeepEqual(got[0], pour([]int32{1, 2}, tflite.Int32)) {
		t.Errorf("got %v (%v)", got, err)
	}
}

// TestRefusals checks that unfit operators are refused with their name.
func TestRefusals(t *testing.T) {
	pool := tflite.Operator{
		Code: tflite.OpAveragePool2D, Inputs: []int{0}, Outputs: []int{1},
		Options: tflite.Options{FilterH: 2, FilterW: 2, StrideH: 2, StrideW: 2},
	}
	with := func(f func(*tflite.Operator)) tflite.Operator { o := pool; f(&o); return o }
	cases := []struct {
		name    string
		op      tflite.Operator
		in, out tflite.Tensor
		want    string
	}{
		{"unknown", with(func(o *tflite.Operator) { o.Code = 250 }), tensor(4), tensor(4), "builtin 250: operator is not known"},
		{"custom", with(func(o *tflite.Operator) { o.Code, o.Custom = tflite.OpCustom, "ethos-u" }), tensor(4), tensor(4), "ethos-u"},
		{"rank", pool, tensor(4, 4), tensor(1, 2, 2, 1), "four dimensions"},
		{"stride", with(func(o *tflite.Operator) { o.Options.StrideH = 0 }), tensor(1, 4, 4, 1), tensor(1, 2, 2, 1), "stride 0"},
		{"output size", pool, tensor(1, 4, 4, 1), tensor(1, 3, 2, 1), "output height is 3; the window gives 2"},
		{"padding", with(func(o *tflite.Operator) { o.Options.Padding = 7 }), tensor(1, 4, 4, 1), tensor(1, 2, 2, 1), "padding scheme 7"},
		{"missing input", with(func(o *tflite.Operator) { o.Inputs = nil }), tensor(1, 4, 4, 1), tensor(1, 2, 2, 1), "input 0 is missing"},
		{"no scale", with(func(o *tflite.Operator) { o.Code = tflite.OpRelu }), tflite.Tensor{Type: tflite.Int8, Shape: []int{4}}, tensor(4), "positive scale"},
		{"float", pool, tflite.Tensor{Type: tflite.Float32, Shape: []int{1, 4, 4, 1}}, tensor(1, 2, 2, 1), "float32"},
		{"arena", with(func(o *tflite.Operator) { o.Code = tflite.OpRelu }), tensor(1<<20, 1<<20), tensor(4), "beyond"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := single(c.op, c.in, c.out)
			if _, err := New(m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestLeakyReluSlopes checks slopes outside 0..1 by hand.
func TestLeakyReluSlopes(t *testing.T) {
	for _, c := range []struct {
		alpha float32
		want  [4]int8
	}{{0, [4]int8{0, 0, 7, 100}}, {-0.5, [4]int8{50, 4, 7, 100}}, {2, [4]int8{-128, -14, 7, 100}}, {-2, [4]int8{127, 14, 7, 100}}} {
		q := tflite.Quantization{Scale: []float32{0.5}, ZeroPoint: []int64{0}}
		g := tflite.Subgraph{Tensors: []tflite.Tensor{
			{Type: tflite.Int8, Shape: []int{4}, Quant: q}, {Type: tflite.Int8, Shape: []int{4}, Quant: q},
		}}
		op := tflite.Operator{Code: tflite.OpLeakyRelu, Inputs: []int{0}, Outputs: []int{1}, Options: tflite.Options{Alpha: c.alpha}}
		k, err := Prepare(&g, &op)
		if err != nil {
			t.Fatal(err)
		}
		values := [][]byte{{0x9c, 0xf9, 7, 100}, make([]byte, 4)} // -100, -7
		k(values)
		for i, w := range c.want {
			if got := int8(values[1][i]); got != w {
				t.Errorf("alpha %g, element %d: %d, want %d", c.alpha, i, got, w)
			}
		}
	}
}
