package network

import (
	"testing"

	"upset/models/tflite"
)

// One half of an output is found by its quantisation, and of a float32 output by what the
// graph computes it from.
func TestHalf(t *testing.T) {
	quant := func(scale float32, zero int64) tflite.Quantization {
		return tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{zero}}
	}
	const none = -1
	for _, c := range []struct {
		what string
		ty   tflite.Type // of the output
		q    tflite.Quantization
		from tflite.Quantization  // of the int8 tensor in front of it
		path []tflite.BuiltinCode // operators from there to the output
		want float64
	}{
		{"int8 of LOGISTIC", tflite.Int8, quant(1.0/256, -128), tflite.Quantization{}, nil, 0},
		{"uint8 of LOGISTIC", tflite.Uint8, quant(1.0/256, 0), tflite.Quantization{}, nil, 128},
		{"another zero point", tflite.Int8, quant(1.0/256, 0), tflite.Quantization{}, nil, none},
		{"another scale", tflite.Int8, quant(1.0/255, -128), tflite.Quantization{}, nil, none},
		{"16 bits", tflite.Int16, quant(1.0/256, -128), tflite.Quantization{}, nil, none},
		{"dequantised", tflite.Float32, tflite.Quantization{}, quant(1.0/256, -128), []tflite.BuiltinCode{tflite.OpDequantize}, 0.5},
		{"reshaped behind it", tflite.Float32, tflite.Quantization{}, quant(1.0/256, -128), []tflite.BuiltinCode{tflite.OpDequantize, tflite.OpReshape}, 0.5},
		{"a dequantised number", tflite.Float32, tflite.Quantization{}, quant(0.1, -128), []tflite.BuiltinCode{tflite.OpDequantize}, none},
		{"float32 LOGISTIC", tflite.Float32, tflite.Quantization{}, quant(0.1, 3), []tflite.BuiltinCode{tflite.OpDequantize, tflite.OpLogistic}, 0.5},
		{"twice a probability", tflite.Float32, tflite.Quantization{}, quant(1.0/256, -128), []tflite.BuiltinCode{tflite.OpDequantize, tflite.OpAdd}, none},
	} {
		p := &Program{Outputs: []Binding{{Type: c.ty, Shape: []int{1}, Quant: c.q}}}
		if c.path != nil {
			g := &tflite.Subgraph{Tensors: []tflite.Tensor{{Type: tflite.Int8, Quant: c.from}}}
			for i, code := range c.path {
				g.Tensors = append(g.Tensors, tflite.Tensor{Type: tflite.Float32})
				g.Operators = append(g.Operators, tflite.Operator{Code: code, Inputs: []int{i}, Outputs: []int{i + 1}})
			}
			g.Outputs = []int{len(c.path)}
			p.host = &schedule{graph: g}
		}
		half, ok := p.Half(0)
		if !ok {
			half = none
		}
		if half != c.want {
			t.Errorf("%s: %v, not %v", c.what, half, c.want)
		}
	}
}
