package reference

import (
	"fmt"
	"math"

	"upset/models/tflite"
)

// StrictRemedy is what a user can do about an error of Strict.
const StrictRemedy = "export the model again, or accept it with --lenient"

// Strict reports what TFLite's kernels refuse in an operator although it could be
// computed: a bias of another scale than input and weights give, and an output in
// another quantisation than the one that the kernel always writes. It is nil when
// the graph is read leniently, and for operators whose operands do not fit at all.
// Prepare includes it; whoever computes an operator in another way asks it first.
func Strict(g *tflite.Subgraph, op *tflite.Operator) error {
	if g.Lenient || len(op.Outputs) == 0 {
		return nil
	}
	in, out := tensorAt(g, op.Inputs, 0), tensorAt(g, op.Outputs, 0)
	biasAt := 2
	switch op.Code {
	case tflite.OpTransposeConv:
		in, biasAt = tensorAt(g, op.Inputs, 2), 3
		fallthrough
	case tflite.OpConv2D, tflite.OpDepthwiseConv2D:
		// The signed kernels have a scale per channel and never look at the bias's.
		if in == nil || in.Type != tflite.Uint8 {
			return nil
		}
		fallthrough
	case tflite.OpFullyConnected:
		return biasScale(in, tensorAt(g, op.Inputs, 1), tensorAt(g, op.Inputs, biasAt), out)
	case tflite.OpSoftmax, tflite.OpLogistic, tflite.OpTanh, tflite.OpLogSoftmax:
		return fixedOutput(op.Code, in, out)
	}
	return nil
}

// tensorAt is the tensor that entry i of a list names, nil where there is none.
func tensorAt(g *tflite.Subgraph, list []int, i int) *tflite.Tensor {
	if i >= len(list) || list[i] < 0 || list[i] >= len(g.Tensors) {
		return nil
	}
	return &g.Tensors[list[i]]
}

// biasScale compares scales with TFLite's tolerance (GetQuantizedConvolutionMultipler:
// the difference is at most 0.02 of the output's scale). A bias without a scale can
// only mean the product, so it is taken.
func biasScale(in, weights, bias, out *tflite.Tensor) error {
	for _, t := range []*tflite.Tensor{in, weights, bias, out} {
		if t == nil || len(t.Quant.Scale) == 0 || t != bias && len(t.Quant.Scale) > 1 {
			return nil
		}
	}
	product := float64(in.Quant.Scale[0]) * float64(weights.Quant.Scale[0])
	const tolerance = 0.02
	if math.Abs(product-float64(bias.Quant.Scale[0]))/float64(out.Quant.Scale[0]) <= tolerance {
		return nil
	}
	return fmt.Errorf("bias %q has scale %v; input and weights give %v, and TFLite refuses another",
		bias.Name, bias.Quant.Scale[0], float32(product))
}

// fixedOutput compares the quantisation of an output with the one that the kernel
// writes in, scales to a thousandth as TFLite does.
func fixedOutput(code tflite.BuiltinCode, in, out *tflite.Tensor) error {
	if in == nil || out == nil || len(out.Quant.Scale) == 0 {
		return nil
	}
	scale, zero, ok := writtenIn(code, in.Type, out.Type)
	have := int64(0)
	if len(out.Quant.ZeroPoint) > 0 {
		have = out.Quant.ZeroPoint[0]
	}
	if !ok || math.Abs(float64(out.Quant.Scale[0]-scale)) <= float64(scale)/1000 && have == zero {
		return nil
	}
	return fmt.Errorf("output %q has scale %v and zero point %d; TFLite takes %v and %d only",
		out.Name, out.Quant.Scale[0], have, scale, zero)
}

// writtenIn is the quantisation of the outputs of SOFTMAX, LOGISTIC, TANH and
// LOG_SOFTMAX; ok is false where TFLite leaves it open.
func writtenIn(code tflite.BuiltinCode, in, out tflite.Type) (scale float32, zero int64, ok bool) {
	least, _ := limits(out)
	switch {
	case out == tflite.Int16 && (in == tflite.Int16 || code != tflite.OpSoftmax):
		return 1.0 / 32768, 0, true
	case out == tflite.Int16:
		return 1.0 / 65536, int64(least), true
	case out.Size() != 1:
		return 0, 0, false
	case code == tflite.OpTanh:
		return 1.0 / 128, int64(least) + 128, true
	case code == tflite.OpLogSoftmax:
		return 1.0 / 16, int64(least) + 255, true
	}
	return 1.0 / 256, int64(least), true
}
