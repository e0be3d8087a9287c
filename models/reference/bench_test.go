package reference

import (
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"upset/models/tflite"
)

// convModel is a network of one 8-bit convolution (depth 0: depthwise) with
// random weights.
func convModel(op tflite.BuiltinCode, size, in, out, kernel int) *tflite.Model {
	r := rand.New(rand.NewPCG(1, 2))
	shape, macs := []int{out, kernel, kernel, in}, in
	if op == tflite.OpDepthwiseConv2D {
		shape, macs = []int{1, kernel, kernel, out}, 1
	}
	weights := make([]byte, out*kernel*kernel*macs)
	for i := range weights {
		weights[i] = byte(r.Uint32())
	}
	bias := make([]byte, 4*out)
	for c := range out {
		binary.LittleEndian.PutUint32(bias[4*c:], uint32(r.IntN(2000)-1000))
	}
	q := func(s float32, z int64) tflite.Quantization {
		return tflite.Quantization{Scale: []float32{s}, ZeroPoint: []int64{z}}
	}
	return &tflite.Model{Version: 3, Subgraphs: []tflite.Subgraph{{
		Tensors: []tflite.Tensor{
			{Name: "in", Type: tflite.Int8, Shape: []int{1, size, size, in}, Quant: q(0.05, -3)},
			{Name: "weights", Type: tflite.Int8, Shape: shape, Quant: q(0.01, 0), Data: weights},
			{Name: "bias", Type: tflite.Int32, Shape: []int{out}, Quant: q(0.0005, 0), Data: bias},
			{Name: "out", Type: tflite.Int8, Shape: []int{1, size, size, out}, Quant: q(0.3, 5)},
		},
		Operators: []tflite.Operator{{
			Code: op, Inputs: []int{0, 1, 2}, Outputs: []int{3},
			Options: tflite.Options{StrideW: 1, StrideH: 1, DilationW: 1, DilationH: 1, DepthMultiplier: 1},
		}},
		Inputs: []int{0}, Outputs: []int{3},
	}}}
}

func BenchmarkConv(b *testing.B) {
	cases := []struct {
		name                  string
		op                    tflite.BuiltinCode
		size, in, out, kernel int
	}{
		{"3x3", tflite.OpConv2D, 32, 32, 32, 3},
		{"3x3_first", tflite.OpConv2D, 28, 1, 16, 3},
		{"pointwise", tflite.OpConv2D, 32, 64, 64, 1},
		{"depthwise_3x3", tflite.OpDepthwiseConv2D, 32, 64, 64, 3},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			in, err := New(convModel(c.op, c.size, c.in, c.out, c.kernel))
			if err != nil {
				b.Fatal(err)
			}
			input := [][]byte{make([]byte, c.size*c.size*c.in)}
			for b.Loop() {
				if _, err := in.Invoke(input); err != nil {
					b.Fatal(err)
				}
			}
			macs := c.size * c.size * c.out * c.kernel * c.kernel
			if c.op == tflite.OpConv2D {
				macs *= c.in
			}
			b.ReportMetric(float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e6, "MMAC/s")
		})
	}
}

func BenchmarkNetwork(b *testing.B) {
	for _, name := range []string{"kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8"} {
		b.Run(name, func(b *testing.B) {
			m := readModel(b, filepath.Join(shared(b), "models", name+".tflite"))
			in, err := New(m)
			if err != nil {
				b.Fatal(err)
			}
			g := &m.Subgraphs[0]
			input := [][]byte{make([]byte, g.Tensors[g.Inputs[0]].Bytes())}
			for b.Loop() {
				if _, err := in.Invoke(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
