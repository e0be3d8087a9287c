package npu_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"upset/models/network"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// layer describes a single-operator network of random numbers.
type layer struct {
	h, w, d, od    int // input height, width and depth, output depth
	kernel, stride int
	depthwise      bool
}

// large returns a random number far from zero, so that a flip of a high bit of
// its partner always shows.
func large(r *rand.Rand) byte {
	v := 48 + r.IntN(80)
	if r.IntN(2) == 0 {
		v = -v
	}
	return byte(int8(v))
}

// lsb is the sum of products that one step of the output stands for: small enough
// for a flipped high bit to show, and large enough to keep most sums in range.
const lsb = 2200

// build compiles the network and makes an input for it.
func (l layer) build(t testing.TB, c isa.Config, r *rand.Rand) (*network.Program, []byte) {
	t.Helper()
	oh, ow := (l.h+l.stride-1)/l.stride, (l.w+l.stride-1)/l.stride
	unit := func(scale float32) tflite.Quantization {
		return tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{0}}
	}
	code, axis, shape := tflite.OpConv2D, 0, []int{l.od, l.kernel, l.kernel, l.d}
	if l.depthwise {
		code, axis, shape = tflite.OpDepthwiseConv2D, 3, []int{1, l.kernel, l.kernel, l.od}
	}
	g := tflite.Subgraph{Tensors: []tflite.Tensor{
		{Name: "input", Type: tflite.Int8, Shape: []int{1, l.h, l.w, l.d}, Quant: unit(1)},
		{Name: "weights", Type: tflite.Int8, Shape: shape, Quant: tflite.Quantization{Axis: axis}},
		{Name: "bias", Type: tflite.Int32, Shape: []int{l.od}},
		{Name: "output", Type: tflite.Int8, Shape: []int{1, oh, ow, l.od}, Quant: unit(lsb)},
	}, Inputs: []int{0}, Outputs: []int{3}}
	w, b := &g.Tensors[1], &g.Tensors[2]
	for range l.od {
		w.Quant.Scale = append(w.Quant.Scale, float32(0.8+0.4*r.Float64()))
		w.Quant.ZeroPoint = append(w.Quant.ZeroPoint, 0)
		b.Data = binary.LittleEndian.AppendUint32(b.Data, uint32(int32(r.IntN(20000)-10000)))
	}
	for range w.Elements() {
		w.Data = append(w.Data, large(r))
	}
	g.Operators = []tflite.Operator{{
		Code: code, Inputs: []int{0, 1, 2}, Outputs: []int{3}, Version: 1,
		Options: tflite.Options{StrideH: l.stride, StrideW: l.stride, DilationH: 1, DilationW: 1, DepthMultiplier: 1, Padding: tflite.Same},
	}}
	n, err := network.Compile(context.Background(), &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{g}}, c, npu.System{})
	if err != nil {
		t.Fatal(err)
	}
	p := n.Program()
	input := make([]byte, p.InputBytes())
	for i := range input {
		input[i] = large(r)
	}
	return p, input
}

// randomLayer draws a convolution with several blocks.
func randomLayer(r *rand.Rand) layer {
	l := layer{h: 4 + r.IntN(14), w: 4 + r.IntN(14), d: 8 + 8*r.IntN(2), od: 8 + r.IntN(40), kernel: 1 + 2*r.IntN(2), stride: 1 + r.IntN(2)}
	if r.IntN(4) == 0 {
		l.depthwise, l.od, l.kernel = true, l.d, 3
	}
	return l
}

// TestRandomLayers compares both machines on random convolutions after the
// operation.
func TestRandomLayers(t *testing.T) {
	n := 10
	if full() {
		n = 400
	}
	if testing.Short() { // on an emulated processor
		n = 1
	}
	for _, c := range isa.Configs {
		r := rand.New(rand.NewPCG(uint64(c), 7))
		for range n {
			l := randomLayer(r)
			l.h, l.w, l.d, l.od = 1+r.IntN(70), 1+r.IntN(70), 1+r.IntN(40), 1+r.IntN(140)
			if l.depthwise {
				l.od = l.d
			}
			p, input := l.build(t, c, r)
			if compareMachines(t, p, input); t.Failed() {
				t.Fatalf("%s: %+v", c, l)
			}
		}
	}
}
