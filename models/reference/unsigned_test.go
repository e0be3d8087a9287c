package reference

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/models/tflite"
)

// real turns a quantised graph into one on float32 with the same weights, an
// arithmetic that shares nothing with the integer kernels.
func real(g *tflite.Subgraph) *tflite.Model {
	r := *g
	r.Tensors = slices.Clone(g.Tensors)
	r.Operators = slices.Clone(g.Operators)
	for i := range r.Operators {
		op := &r.Operators[i]
		if out := &g.Tensors[op.Outputs[0]]; out.Quant.ZeroPoint[0] == 0 && math.Abs(float64(out.Quant.Scale[0])*255-6) < 0.01 &&
			op.Code != tflite.OpReshape {
			op.Options.Activation = tflite.Relu6 // the range of stored values says so
		}
	}
	for i := range r.Tensors {
		t := &r.Tensors[i]
		if len(t.Quant.Scale) == 0 {
			continue
		}
		data := t.Data
		o := operand{Tensor: t, scale: t.Quant.Scale[0], zero: int32(t.Quant.ZeroPoint[0])}
		values := make([]int32, len(data)/t.Type.Size())
		load(values, data, t.Type, o.zero)
		t.Type, t.Data, t.Quant = tflite.Float32, nil, tflite.Quantization{}
		for _, x := range values {
			t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(float32(x)*o.scale))
		}
	}
	return &tflite.Model{Subgraphs: []tflite.Subgraph{r}}
}

// TestUnsignedNetworks compares public uint8 networks, for which there are no
// outputs of another runtime, with the same networks on float32.
func TestUnsignedNetworks(t *testing.T) {
	for name, tolerance := range map[string]float64{
		"cpetig-mobilenet_v1_0_25_160_quantized":          0.02,
		"google-coral-mobilenet_quant_v1_224_head_layers": 0.02,
	} {
		t.Run(name, func(t *testing.T) {
			m := readModel(t, filepath.Join(shared(t), "zoo", "user", name+".tflite"))
			g := &m.Subgraphs[0]
			in, err := New(m)
			if err != nil {
				t.Fatal(err)
			}
			twin, err := New(real(g))
			if err != nil {
				t.Fatal(err)
			}
			x, y := &g.Tensors[g.Inputs[0]], &g.Tensors[g.Outputs[0]]
			r := rand.New(rand.NewPCG(1, 2))
			input, same := make([]byte, x.Bytes()), make([]byte, 4*x.Bytes())
			for i := range input {
				input[i] = byte(r.Uint32())
				putFloat(same, i, float32(int(input[i])-int(x.Quant.ZeroPoint[0]))*x.Quant.Scale[0])
			}
			got, err := in.Invoke([][]byte{input})
			if err != nil {
				t.Fatal(err)
			}
			want, err := twin.Invoke([][]byte{same})
			if err != nil {
				t.Fatal(err)
			}
			worst, top := 0.0, 0
			for i, q := range got[0] {
				real := float64(y.Quant.Scale[0]) * float64(int(q)-int(y.Quant.ZeroPoint[0]))
				worst = max(worst, math.Abs(real-float64(decodeFloat(want[0], i))))
				if q > got[0][top] {
					top = i
				}
			}
			if worst > tolerance {
				t.Errorf("outputs differ by up to %.3f, more than %.3f", worst, tolerance)
			}
			t.Logf("largest difference %.4f; class %d of %d", worst, top, len(got[0]))
		})
	}
}

func TestDynamicRangeRefused(t *testing.T) {
	for _, name := range []string{"tum-ei-eda-MNIST_model_quantized", "mlcommons-kws_ref_model_float32"} {
		m := readModel(t, filepath.Join(shared(t), "zoo", "user", name+".tflite"))
		if _, err := New(m); err == nil || !strings.Contains(err.Error(), "export the model with full integer quantisation") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
