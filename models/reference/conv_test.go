package reference

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"upset/models/tflite"
	"upset/npu/arith"
)

// layer is a random convolution for comparison with a direct evaluation.
type layer struct {
	op             tflite.BuiltinCode
	wide           bool // 16-bit input
	narrowBias     bool // 32-bit bias with 16-bit input
	in, out        [4]int
	kh, kw, depth  int // depth: input channels per filter, or the multiplier
	sh, sw, dh, dw int
	padding        tflite.Padding
	weights        []int8
	bias           []int64
	x              []int32
	zeroIn         int
	zeroOut        int
	scales         []float32
}

func randomLayer(r *rand.Rand) *layer {
	l := &layer{
		op: tflite.OpConv2D, kh: 1 + r.IntN(4), kw: 1 + r.IntN(4), sh: 1 + r.IntN(3), sw: 1 + r.IntN(3),
		dh: 1 + r.IntN(3), dw: 1 + r.IntN(2), padding: tflite.Padding(r.IntN(2)), wide: r.IntN(3) == 0,
	}
	h, w := 1+r.IntN(9), 1+r.IntN(9)
	if l.padding == tflite.Valid {
		h, w = h+(l.kh-1)*l.dh, w+(l.kw-1)*l.dw
	}
	size := func(n, k, s, d int) int {
		if l.padding == tflite.Same {
			return (n + s - 1) / s
		}
		return (n-((k-1)*d+1))/s + 1
	}
	inC, outC := 1+r.IntN(5), 1+r.IntN(19)
	switch r.IntN(3) {
	case 0:
		l.depth = inC
	case 1: // groups
		groups := 1 + r.IntN(3)
		l.depth = inC
		inC *= groups
		outC = groups * (1 + r.IntN(6))
	case 2:
		l.op = tflite.OpDepthwiseConv2D
		l.depth = 1 + r.IntN(3)
		outC = inC * l.depth
	}
	l.narrowBias = l.wide && l.op == tflite.OpConv2D && r.IntN(2) == 0
	batches := 1 + r.IntN(2)
	l.in, l.out = [4]int{batches, h, w, inC}, [4]int{batches, size(h, l.kh, l.sh, l.dh), size(w, l.kw, l.sw, l.dw), outC}
	n := l.kh * l.kw * outC
	if l.op == tflite.OpConv2D {
		n *= l.depth
	}
	l.weights = make([]int8, n)
	for i := range l.weights {
		l.weights[i] = int8(r.Uint32())
	}
	for range outC {
		l.bias = append(l.bias, int64(r.IntN(20001)-10000))
		l.scales = append(l.scales, r.Float32()*0.05+0.001)
	}
	if !l.wide {
		l.zeroIn, l.zeroOut = r.IntN(256)-128, r.IntN(256)-128
	}
	for range batches * h * w * inC {
		v := int32(int8(r.Uint32()))
		if l.wide {
			v = int32(int16(r.Uint32()))
		}
		l.x = append(l.x, v)
	}
	return l
}

const (
	layerIn  = float32(0.02)
	layerOut = float32(0.37)
)

// direct evaluates the layer tap by tap, as the definition says.
func (l *layer) direct() []int32 {
	var out []int32
	pad := func(n, k, s, d, o int) int { return max(0, (o-1)*s+(k-1)*d+1-n) / 2 }
	py, px := pad(l.in[1], l.kh, l.sh, l.dh, l.out[1]), pad(l.in[2], l.kw, l.sw, l.dw, l.out[2])
	for i := range l.out[0] * l.out[1] * l.out[2] * l.out[3] {
		c, ox, oy, b := i%l.out[3], i/l.out[3]%l.out[2], i/l.out[3]/l.out[2]%l.out[1], i/l.out[3]/l.out[2]/l.out[1]
		acc := l.bias[c]
		for ky := range l.kh {
			for kx := range l.kw {
				y, x := oy*l.sh-py+ky*l.dh, ox*l.sw-px+kx*l.dw
				if y < 0 || y >= l.in[1] || x < 0 || x >= l.in[2] {
					continue
				}
				at := func(ch int) int64 {
					return int64(l.x[((b*l.in[1]+y)*l.in[2]+x)*l.in[3]+ch]) - int64(l.zeroIn)
				}
				if l.op == tflite.OpDepthwiseConv2D {
					acc += at(c/l.depth) * int64(l.weights[(ky*l.kw+kx)*l.out[3]+c])
					continue
				}
				group := c / (l.out[3] / (l.in[3] / l.depth))
				for ch := range l.depth {
					acc += at(group*l.depth+ch) * int64(l.weights[((c*l.kh+ky)*l.kw+kx)*l.depth+ch])
				}
			}
		}
		mult, shift := arith.QuantizeMultiplier(float64(layerIn) * float64(l.scales[c]) / float64(layerOut))
		lo, hi := int32(-128), int32(127)
		var v int32
		if l.wide {
			lo, hi = -32768, 32767
		}
		if l.wide && !l.narrowBias {
			v = arith.MultiplyByQuantizedMultiplier64(acc, mult, shift)
		} else {
			v = arith.MultiplyByQuantizedMultiplier(int32(acc), mult, shift)
		}
		out = append(out, min(max(v+int32(l.zeroOut), lo), hi))
	}
	return out
}

func (l *layer) model() *tflite.Model {
	t, size := tflite.Int8, 4
	if l.wide {
		t, size = tflite.Int16, 8
	}
	biasType := tflite.Int32
	if size == 8 && !l.narrowBias {
		biasType = tflite.Int64
	}
	var bias, weights []byte
	for _, v := range l.bias {
		if biasType == tflite.Int64 {
			bias = binary.LittleEndian.AppendUint64(bias, uint64(v))
		} else {
			bias = binary.LittleEndian.AppendUint32(bias, uint32(v))
		}
	}
	for _, v := range l.weights {
		weights = append(weights, byte(v))
	}
	shape, axis := []int{l.out[3], l.kh, l.kw, l.depth}, 0
	if l.op == tflite.OpDepthwiseConv2D {
		shape, axis = []int{1, l.kh, l.kw, l.out[3]}, 3
	}
	return &tflite.Model{Subgraphs: []tflite.Subgraph{{
		Tensors: []tflite.Tensor{
			{Type: t, Shape: l.in[:], Quant: tflite.Quantization{Scale: []float32{layerIn}, ZeroPoint: []int64{int64(l.zeroIn)}}},
			{Type: tflite.Int8, Shape: shape, Data: weights, Quant: tflite.Quantization{
				Scale: l.scales, ZeroPoint: make([]int64, len(l.scales)), Axis: axis,
			}},
			{Type: biasType, Shape: []int{l.out[3]}, Data: bias},
			{Type: t, Shape: l.out[:], Quant: tflite.Quantization{Scale: []float32{layerOut}, ZeroPoint: []int64{int64(l.zeroOut)}}},
		},
		Operators: []tflite.Operator{{Code: l.op, Inputs: []int{0, 1, 2}, Outputs: []int{3}, Options: tflite.Options{
			Padding: l.padding, StrideH: l.sh, StrideW: l.sw, DilationH: l.dh, DilationW: l.dw,
		}}},
		Inputs: []int{0}, Outputs: []int{3},
	}}}
}

func pour(values []int32, t tflite.Type) []byte {
	b := make([]byte, len(values)*t.Size())
	store(b, t, values)
	return b
}

// TestConvolutionsAgainstDefinition compares random convolutions of every kind
// with a direct evaluation.
func TestConvolutionsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 400 {
		l := randomLayer(r)
		m := l.model()
		name := fmt.Sprintf("layer %d (%s in %v out %v filter %dx%dx%d stride %dx%d dilation %dx%d padding %d wide %v)",
			i, l.op, l.in, l.out, l.kh, l.kw, l.depth, l.sh, l.sw, l.dh, l.dw, l.padding, l.wide)
		kind := m.Subgraphs[0].Tensors[0].Type
		got, err := Run(m, [][]byte{pour(l.x, kind)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := pour(l.direct(), kind); !bytes.Equal(got[0], want) {
			t.Errorf("%s: %s", name, difference(got[0], want))
		}
	}
}

// TestLongSums checks sums that leave 32 bits in the shared accumulators: both
// channels of a pair must wrap on their own.
func TestLongSums(t *testing.T) {
	for _, kind := range []tflite.Type{tflite.Int8, tflite.Int16} {
		const depth = 70000
		x, w := make([]int32, depth), make([]int32, 3*depth)
		r := rand.New(rand.NewPCG(3, uint64(kind)))
		for i := range x {
			x[i] = 255
			if kind == tflite.Int16 {
				x[i] = 65535
			}
			w[i], w[depth+i], w[2*depth+i] = 255, -255, int32(r.IntN(511)-255)
		}
		p := pack(w, 3, depth, kind)
		var acc [lanes]int32
		p.dot(&acc, 0, x)
		for c := range 3 {
			if want := int32(dot64(x, w[c*depth:(c+1)*depth])); acc[c] != want {
				t.Errorf("%s: channel %d sums to %d, want %d", kind, c, acc[c], want)
			}
		}
	}
}

// TestTransposeConvIsAdjoint checks a transposed convolution against the direct
// scatter of its definition on random shapes.
func TestTransposeConvIsAdjoint(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 60 {
		kh, kw, s := 1+r.IntN(4), 1+r.IntN(4), 1+r.IntN(3)
		in := []int{1, 1 + r.IntN(5), 1 + r.IntN(5), 1 + r.IntN(4)}
		out := []int{1, in[1] * s, in[2] * s, 1 + r.IntN(5)}
		padH, padW := max(0, (in[1]-1)*s+kh-out[1])/2, max(0, (in[2]-1)*s+kw-out[2])/2
		w, x := make([]int32, out[3]*kh*kw*in[3]), make([]int32, product(in))
		for i := range w {
			w[i] = int32(int8(r.Uint32()))
		}
		for i := range x {
			x[i] = int32(int8(r.Uint32()))
		}
		sums := make([]int32, product(out))
		for i, v := range x {
			c, ix, iy := i%in[3], i/in[3]%in[2], i/in[3]/in[2]
			for j, u := range w {
				if j%in[3] != c {
					continue
				}
				fx, fy, oc := j/in[3]%kw, j/in[3]/kw%kh, j/in[3]/kw/kh
				oy, ox := iy*s-padH+fy, ix*s-padW+fx
				if oy >= 0 && oy < out[1] && ox >= 0 && ox < out[2] {
					sums[(oy*out[2]+ox)*out[3]+oc] += (v + 5) * u
				}
			}
		}
		mult, shift := arith.QuantizeMultiplier(float64(layerIn) * float64(float32(0.01)) / float64(layerOut))
		want := make([]int32, len(sums))
		for i, a := range sums {
			want[i] = min(max(arith.MultiplyByQuantizedMultiplier(a, mult, shift)+3, -128), 127)
		}
		m := &tflite.Model{Subgraphs: []tflite.Subgraph{{
			Tensors: []tflite.Tensor{
				{Type: tflite.Int32, Shape: []int{4}, Data: make([]byte, 16)},
				{Type: tflite.Int8, Shape: []int{out[3], kh, kw, in[3]}, Data: pour(w, tflite.Int8), Quant: scaled(0.01, 0)},
				{Type: tflite.Int8, Shape: in, Quant: scaled(layerIn, -5)},
				{Type: tflite.Int8, Shape: out, Quant: scaled(layerOut, 3)},
			},
			Operators: []tflite.Operator{{
				Code: tflite.OpTransposeConv, Inputs: []int{0, 1, 2}, Outputs: []int{3},
				Options: tflite.Options{StrideH: s, StrideW: s},
			}},
			Inputs: []int{2}, Outputs: []int{3},
		}}}
		got, err := Run(m, [][]byte{pour(x, tflite.Int8)})
		if err != nil {
			t.Fatalf("in %v out %v filter %dx%d stride %d: %v", in, out, kh, kw, s, err)
		}
		if b := pour(want, tflite.Int8); !bytes.Equal(got[0], b) {
			t.Errorf("in %v out %v filter %dx%d stride %d: %s", in, out, kh, kw, s, difference(got[0], b))
		}
	}
}

func scaled(s float32, z int64) tflite.Quantization {
	return tflite.Quantization{Scale: []float32{s}, ZeroPoint: []int64{z}}
}
