package reference

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"upset/models/tflite"
)

func floatTensor(shape ...int) tflite.Tensor {
	return tflite.Tensor{Type: tflite.Float32, Shape: shape}
}

func pourFloats(v ...float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func drain(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	floats(v, b)
	return v
}

// near compares with a relative tolerance of a few units in the last place.
func near(t *testing.T, name string, got []byte, want ...float64) {
	t.Helper()
	v := drain(got)
	if len(v) != len(want) {
		t.Fatalf("%s: %v, want %v", name, v, want)
	}
	for i, w := range want {
		if d := math.Abs(float64(v[i]) - w); d > 4e-7*max(1, math.Abs(w)) {
			t.Errorf("%s: %v, want %v", name, v, want)
			return
		}
	}
}

// TestFloatOperators checks the float32 kernels against hand-made results.
func TestFloatOperators(t *testing.T) {
	e := math.Exp
	sum := e(-2) + e(-1.5) + 1
	cases := []struct {
		name    string
		code    tflite.BuiltinCode
		options tflite.Options
		in      []tflite.Tensor
		out     tflite.Tensor
		x       [][]byte
		want    []float64
	}{
		{"add relu6", tflite.OpAdd, tflite.Options{Activation: tflite.Relu6}, []tflite.Tensor{floatTensor(3), floatTensor(1)}, floatTensor(3),
			[][]byte{pourFloats(-3, 1, 8), pourFloats(0.5)}, []float64{0, 1.5, 6}},
		{"sub", tflite.OpSub, tflite.Options{}, []tflite.Tensor{floatTensor(2), floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(1, 2), pourFloats(4, 0.25)}, []float64{-3, 1.75}},
		{"mul", tflite.OpMul, tflite.Options{}, []tflite.Tensor{floatTensor(2), floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(1, 2), pourFloats(4, 0.25)}, []float64{4, 0.5}},
		{"div", tflite.OpDiv, tflite.Options{}, []tflite.Tensor{floatTensor(2), floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(1, 2), pourFloats(4, 0.25)}, []float64{0.25, 8}},
		{"prelu", tflite.OpPrelu, tflite.Options{}, []tflite.Tensor{floatTensor(2), floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(-1, 2), pourFloats(4, 0.25)}, []float64{-4, 2}},
		{"softmax", tflite.OpSoftmax, tflite.Options{Beta: 0.5}, []tflite.Tensor{floatTensor(1, 3)}, floatTensor(1, 3),
			[][]byte{pourFloats(-3, -2, 1)}, []float64{e(-2) / sum, e(-1.5) / sum, 1 / sum}},
		{"log softmax", tflite.OpLogSoftmax, tflite.Options{}, []tflite.Tensor{floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(0, 0)}, []float64{-math.Ln2, -math.Ln2}},
		{"logistic", tflite.OpLogistic, tflite.Options{}, []tflite.Tensor{floatTensor(3)}, floatTensor(3),
			[][]byte{pourFloats(0, 20, -20)}, []float64{0.5, 1, e(-20)}},
		{"l2 norm", tflite.OpL2Normalization, tflite.Options{}, []tflite.Tensor{floatTensor(2, 2)}, floatTensor(2, 2),
			[][]byte{pourFloats(3, -4, 0, 0)}, []float64{0.6, -0.8, 0, 0}},
		{"neg", tflite.OpNeg, tflite.Options{}, []tflite.Tensor{floatTensor(1)}, floatTensor(1), [][]byte{pourFloats(3)}, []float64{-3}},
		{"sqrt", tflite.OpSqrt, tflite.Options{}, []tflite.Tensor{floatTensor(1)}, floatTensor(1), [][]byte{pourFloats(9)}, []float64{3}},
		{"floor", tflite.OpFloor, tflite.Options{}, []tflite.Tensor{floatTensor(1)}, floatTensor(1), [][]byte{pourFloats(-1.5)}, []float64{-2}},
		{"leaky relu", tflite.OpLeakyRelu, tflite.Options{Alpha: 0.5}, []tflite.Tensor{floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(-3, 3)}, []float64{-1.5, 3}},
		{"fully connected", tflite.OpFullyConnected, tflite.Options{Activation: tflite.Relu},
			[]tflite.Tensor{floatTensor(1, 2), floatTensor(2, 2), floatTensor(2)}, floatTensor(1, 2),
			[][]byte{pourFloats(1, 2), pourFloats(3, 4, -5, -6), pourFloats(0.5, 1)}, []float64{11.5, 0}},
		{"average pool", tflite.OpAveragePool2D, tflite.Options{FilterH: 1, FilterW: 2, StrideH: 1, StrideW: 2},
			[]tflite.Tensor{floatTensor(1, 1, 3, 1)}, floatTensor(1, 1, 2, 1), [][]byte{pourFloats(1, 2, 5)}, []float64{1.5, 5}},
		{"max pool", tflite.OpMaxPool2D, tflite.Options{FilterH: 1, FilterW: 2, StrideH: 1, StrideW: 2},
			[]tflite.Tensor{floatTensor(1, 1, 3, 1)}, floatTensor(1, 1, 2, 1), [][]byte{pourFloats(1, 2, -5)}, []float64{2, -5}},
		{"bilinear", tflite.OpResizeBilinear, tflite.Options{AlignCorners: true},
			[]tflite.Tensor{floatTensor(1, 1, 2, 1), constant([]int{2}, 1, 3)}, floatTensor(1, 1, 3, 1), [][]byte{pourFloats(1, 2)}, []float64{1, 1.5, 2}},
		{"hard swish", tflite.OpHardSwish, tflite.Options{}, []tflite.Tensor{floatTensor(3)}, floatTensor(3),
			[][]byte{pourFloats(-4, 1, 4)}, []float64{0, 4.0 / 6, 4}},
		{"matrix product", tflite.OpBatchMatmul, tflite.Options{}, []tflite.Tensor{floatTensor(1, 2, 2), floatTensor(2, 2, 1)}, floatTensor(2, 2, 1),
			[][]byte{pourFloats(1, 2, 3, 4), pourFloats(1, 10, 2, 20)}, []float64{21, 43, 42, 86}},
		{"matrix product, both transposed", tflite.OpBatchMatmul, tflite.Options{AdjX: true, AdjY: true},
			[]tflite.Tensor{floatTensor(2, 2), floatTensor(1, 2)}, floatTensor(2, 1),
			[][]byte{pourFloats(1, 2, 3, 4), pourFloats(1, 10)}, []float64{31, 42}},
	}
	for _, c := range cases {
		op := tflite.Operator{Code: c.code, Options: c.options, Outputs: []int{len(c.in)}}
		for i := range c.in {
			op.Inputs = append(op.Inputs, i)
		}
		got, err := Run(single(op, append(c.in, c.out)...), c.x)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		near(t, c.name, got[0], c.want...)
	}
}

// TestFloatConvolutions compares the three convolutions on float32 with the integer
// kernels on small whole numbers, where both are exact.
func TestFloatConvolutions(t *testing.T) {
	for _, code := range []tflite.BuiltinCode{tflite.OpConv2D, tflite.OpDepthwiseConv2D, tflite.OpTransposeConv} {
		in, weights, bias, out := tensor(1, 4, 5, 2), tensor(2, 3, 3, 2), constant([]int{2}, 3, -4), tensor(1, 2, 3, 2)
		op := tflite.Operator{Code: code, Inputs: []int{0, 1, 2}, Outputs: []int{3}, Options: tflite.Options{StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1}}
		tensors := []tflite.Tensor{in, weights, bias, out}
		switch code {
		case tflite.OpDepthwiseConv2D:
			tensors[1].Shape = []int{1, 3, 3, 2}
		case tflite.OpTransposeConv:
			tensors[0].Shape, tensors[3].Shape = []int{1, 2, 3, 2}, []int{1, 4, 5, 2}
			tensors = append(tensors, constant([]int{4}, 1, 4, 5, 2))
			op.Inputs = []int{4, 1, 0, 2}
		}
		for i := range tensors[1].Elements() {
			tensors[1].Data = append(tensors[1].Data, byte(i%5-2))
		}
		x := make([]byte, tensors[0].Elements())
		for i := range x {
			x[i] = byte(i*7%11 - 5)
		}
		m := single(op, tensors...)
		want, err := Run(m, [][]byte{x})
		if err != nil {
			t.Fatal(err)
		}
		float := single(op, tensors...)
		for _, i := range []int{0, 1, 2, 3} {
			f := &float.Subgraphs[0].Tensors[i]
			values := make([]int32, len(f.Data)/f.Type.Size())
			load(values, f.Data, f.Type, 0)
			f.Type, f.Data, f.Quant = tflite.Float32, nil, tflite.Quantization{}
			for _, v := range values {
				f.Data = append(f.Data, pourFloats(float32(v))...)
			}
		}
		var y []byte
		for _, q := range x {
			y = append(y, pourFloats(float32(int8(q)))...)
		}
		got, err := Run(float, [][]byte{y})
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range want[0] {
			if v := decodeFloat(got[0], i); v != float32(int8(q)) {
				t.Errorf("%s: element %d is %v, want %d", code, i, v, int8(q))
			}
		}
	}
}

// TestConcatenationRescales joins an input of twice the output's scale.
func TestConcatenationRescales(t *testing.T) {
	for _, kind := range []tflite.Type{tflite.Int8, tflite.Uint8, tflite.Int16} {
		same := tflite.Tensor{Type: kind, Shape: []int{2}, Quant: scaled(0.5, 0)}
		twice := tflite.Tensor{Type: kind, Shape: []int{2}, Quant: scaled(1, 10)}
		if kind == tflite.Int16 {
			twice.Quant = scaled(1, 0)
		}
		whole := tflite.Tensor{Type: kind, Shape: []int{4}, Quant: scaled(0.5, 0)}
		m := single(tflite.Operator{Code: tflite.OpConcatenation, Inputs: []int{0, 1}, Outputs: []int{2}}, same, twice, whole)
		got, err := Run(m, [][]byte{pour([]int32{3, 4}, kind), pour([]int32{12, 120}, kind)})
		want := pour([]int32{3, 4, 4, map[tflite.Type]int32{tflite.Int8: 127, tflite.Uint8: 220}[kind]}, kind)
		if kind == tflite.Int16 {
			want = pour([]int32{3, 4, 24, 240}, kind)
		}
		if err != nil || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: %v (%v), want %v", kind, got, err, want)
		}
	}
}

// TestBiasScale checks that a bias of another scale is refused as TFLite refuses it,
// unless the graph is read leniently.
func TestBiasScale(t *testing.T) {
	bias := constant([]int{1}, 5)
	bias.Quant = scaled(1.5, 0)
	weights := tensor(1, 2)
	weights.Data = []byte{1, 1}
	m := single(tflite.Operator{Code: tflite.OpFullyConnected, Inputs: []int{0, 1, 2}, Outputs: []int{3}}, tensor(1, 2), weights, bias, tensor(1, 1))
	if _, err := New(m); err == nil || !strings.Contains(err.Error(), "--lenient") {
		t.Errorf("error %v", err)
	}
	m.Subgraphs[0].Lenient = true
	if got, err := Run(m, [][]byte{{1, 2}}); err != nil || got[0][0] != 8 {
		t.Errorf("%v (%v)", got, err)
	}
	m.Subgraphs[0].Lenient = false
	m.Subgraphs[0].Tensors[2].Quant = scaled(1.01, 0)
	if _, err := New(m); err != nil {
		t.Errorf("within the tolerance: %v", err)
	}
}

// TestIntegerArithmetic compares DIV, L2_NORMALIZATION and BATCH_MATMUL on 8-bit
// values with floating point, and plain 32-bit integers with themselves.
func TestIntegerArithmetic(t *testing.T) {
	a := tflite.Tensor{Type: tflite.Int8, Shape: []int{6}, Quant: scaled(0.5, 3)}
	b := tflite.Tensor{Type: tflite.Int8, Shape: []int{6}, Quant: scaled(0.25, -2)}
	out := tflite.Tensor{Type: tflite.Int8, Shape: []int{6}, Quant: scaled(0.125, 1)}
	x, y := []int32{3, 10, -20, 50, 7, -7}, []int32{5, 3, 9, -30, -2, -2}
	got, err := Run(single(tflite.Operator{Code: tflite.OpDiv, Inputs: []int{0, 1}, Outputs: []int{2}}, a, b, out),
		[][]byte{pour(x, tflite.Int8), pour(y, tflite.Int8)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		want := 0.5*float64(x[i]-3)/(0.25*float64(y[i]+2))/0.125 + 1
		want = min(max(want, -128), 127)
		if v := float64(int8(got[0][i])); math.Abs(v-want) > 0.501 {
			t.Errorf("%d / %d is %v, want about %v", x[i], y[i], v, want)
		}
	}
	in := tflite.Tensor{Type: tflite.Int8, Shape: []int{2, 3}, Quant: scaled(0.1, 5)}
	norm := tflite.Tensor{Type: tflite.Int8, Shape: []int{2, 3}, Quant: scaled(1.0/128, 0)}
	got, err = Run(single(tflite.Operator{Code: tflite.OpL2Normalization, Inputs: []int{0}, Outputs: []int{1}}, in, norm), [][]byte{pour(x, tflite.Int8)})
	if err != nil {
		t.Fatal(err)
	}
	for r := 0; r < 6; r += 3 {
		squares := 0.0
		for _, v := range x[r : r+3] {
			squares += float64((v - 5) * (v - 5))
		}
		for i, v := range x[r : r+3] {
			if want := 128 * float64(v-5) / math.Sqrt(squares); math.Abs(float64(int8(got[0][r+i]))-min(want, 127)) > 1 {
				t.Errorf("element %d of row %d is %d, want about %v", i, r/3, int8(got[0][r+i]), want)
			}
		}
	}
	whole := tflite.Tensor{Type: tflite.Int32, Shape: []int{2}}
	for code, want := range map[tflite.BuiltinCode]int32{tflite.OpAdd: 7, tflite.OpSub: -3, tflite.OpMul: 10} {
		got, err = Run(single(tflite.Operator{Code: code, Inputs: []int{0, 1}, Outputs: []int{2}}, whole, whole, whole),
			[][]byte{pour([]int32{2, 2}, tflite.Int32), pour([]int32{5, 5}, tflite.Int32)})
		if err != nil || at(got[0], tflite.Int32, 1) != want {
			t.Errorf("%s: %v (%v), want %d", code, got, err, want)
		}
	}
}

// TestMatmulScales checks BATCH_MATMUL on 8- and 16-bit values.
func TestMatmulScales(t *testing.T) {
	for _, kind := range []tflite.Type{tflite.Int8, tflite.Int16} {
		a := tflite.Tensor{Type: kind, Shape: []int{1, 2}, Quant: scaled(0.5, 0)}
		b := tflite.Tensor{Type: kind, Shape: []int{2, 1}, Quant: scaled(2, 0)}
		out := tflite.Tensor{Type: kind, Shape: []int{1, 1}, Quant: scaled(4, 0)}
		got, err := Run(single(tflite.Operator{Code: tflite.OpBatchMatmul, Inputs: []int{0, 1}, Outputs: []int{2}}, a, b, out),
			[][]byte{pour([]int32{10, -7}, kind), pour([]int32{20, 8}, kind)})
		if err != nil || at(got[0], kind, 0) != 36 { // 144 / 4
			t.Errorf("%s: %v (%v)", kind, got, err)
		}
	}
}

// TestCast checks wrapping, cutting off and the ends of the ranges.
func TestCast(t *testing.T) {
	f := floatTensor(4)
	x := pourFloats(-1.9, 300.5, float32(math.NaN()), 1e30)
	for kind, want := range map[tflite.Type][]int64{
		tflite.Int8: {-1, 127, 0, 127}, tflite.Uint8: {0, 255, 0, 255}, tflite.Int32: {-1, 300, 0, math.MaxInt32},
		tflite.Int64: {-1, 300, 0, math.MaxInt64}, tflite.Bool: {1, 1, 1, 1},
	} {
		out := tflite.Tensor{Type: kind, Shape: []int{4}}
		got, err := Run(single(tflite.Operator{Code: tflite.OpCast, Inputs: []int{0}, Outputs: []int{1}}, f, out), [][]byte{x})
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if v := wideAt(got[0], kind, i); v != w {
				t.Errorf("%s: element %d is %d, want %d", kind, i, v, w)
			}
		}
	}
	q := tflite.Tensor{Type: tflite.Int32, Shape: []int{2}}
	small := tflite.Tensor{Type: tflite.Int8, Shape: []int{2}}
	got, err := Run(single(tflite.Operator{Code: tflite.OpCast, Inputs: []int{0}, Outputs: []int{1}}, q, small), [][]byte{pour([]int32{257, -3}, tflite.Int32)})
	if err != nil || !reflect.DeepEqual(got[0], []byte{1, 0xFD}) {
		t.Errorf("wrapping: %v (%v)", got, err)
	}
}
