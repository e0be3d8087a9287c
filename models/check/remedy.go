package check

import (
	"errors"
	"fmt"
	"strings"

	"upset/models/tflite"
)

// kind is how a graph's numbers are stored.
type kind int

const (
	integer kind = iota
	floating
	dynamic // weights int8, activations float32
	half    // weights float16
)

// arithmetic are the operators whose weights show how a model was quantised.
var arithmetic = map[tflite.BuiltinCode]bool{tflite.OpConv2D: true, tflite.OpDepthwiseConv2D: true, tflite.OpFullyConnected: true}

// kindOf looks at the operators with weights: how most of them are stored.
func kindOf(g *tflite.Subgraph) kind {
	var votes [half + 1]int
	for i := range g.Operators {
		op := &g.Operators[i]
		if op.Code == tflite.OpDequantize && len(op.Inputs) > 0 && op.Inputs[0] >= 0 {
			if t := &g.Tensors[op.Inputs[0]]; t.Type == tflite.Float16 && t.Data != nil {
				return half
			}
		}
		if !arithmetic[op.Code] || len(op.Inputs) < 2 || op.Inputs[0] < 0 || op.Inputs[1] < 0 {
			continue
		}
		in, w := &g.Tensors[op.Inputs[0]], &g.Tensors[op.Inputs[1]]
		switch {
		case in.Type != tflite.Float32:
			votes[integer]++
		case w.Type == tflite.Float32:
			votes[floating]++
		default:
			votes[dynamic]++
		}
	}
	switch {
	case votes[integer] >= votes[floating]+votes[dynamic]:
		return integer
	case votes[dynamic] > 0: // small weights stay float32 even so
		return dynamic
	}
	return floating
}

// errFloats is the plain reason for an operator that the NPU cannot take for its type.
var errFloats = errors.New("it computes with floats, the NPU with integers")

// onFloats reports an operator that reads or writes floats.
func onFloats(g *tflite.Subgraph, op *tflite.Operator) bool {
	for _, list := range [2][]int{op.Inputs, op.Outputs} {
		for _, i := range list {
			if i >= 0 && i < len(g.Tensors) && (g.Tensors[i].Type == tflite.Float32 || g.Tensors[i].Type == tflite.Float16) {
				return true
			}
		}
	}
	return false
}

// nature is the problem of a model that was not quantised to integers, where that keeps
// it from running or leaves nothing to the NPU.
func nature(g *tflite.Subgraph, r *Report) *Problem {
	if r.Count(Refused) == 0 && r.Count(NPU) > 0 {
		return nil
	}
	reason := map[kind]string{
		floating: "the model computes in float32: it was not quantised",
		dynamic:  "the model is quantised in its dynamic range only: weights are int8, but it computes in float32",
		half:     "the weights are float16: the model computes in float32",
	}[kindOf(g)]
	if reason == "" {
		return nil
	}
	return &Problem{Reason: reason, Remedy: "convert it anew, to integers as a whole", Lines: fullInteger}
}

// remedy says what the owner of a model can do about an operator that is not on the NPU.
func remedy(g *tflite.Subgraph, op *tflite.Operator, p Place) string {
	switch {
	case p == Host && (op.Code == tflite.OpQuantize || op.Code == tflite.OpDequantize):
		return "to do without, set converter.inference_input_type and inference_output_type to tf.int8"
	case p == Host:
		return ""
	case op.Code == tflite.OpCustom && strings.HasPrefix(op.Custom, "Flex"):
		return "convert without tf.lite.OpsSet.SELECT_TF_OPS, and replace what then cannot be converted"
	case op.Code == tflite.OpCustom:
		return "end the model in front of this custom operator and compute it in the application"
	}
	for _, list := range [2][]int{op.Inputs, op.Outputs} {
		for _, i := range list {
			if i < 0 || i >= len(g.Tensors) {
				continue
			}
			switch t := &g.Tensors[i]; {
			case t.Type == tflite.Float32 || t.Type == tflite.Float16:
				return "quantise the model to int8 as a whole"
			case t.Type == tflite.Uint8:
				return "convert the model with TensorFlow 2 to int8 instead of uint8"
			case t.Type == tflite.Int4:
				return "convert the model with int8 weights"
			}
		}
	}
	if arithmetic[op.Code] {
		return "export the model with one type of activations throughout: int8, or 16-bit activations with 8-bit weights"
	}
	if advice := replacements[op.Code]; advice != "" {
		return advice
	}
	return "replace the operator in the model, or end the model in front of it and compute the rest in the application"
}

// replacements is advice about operators that have a plain substitute.
var replacements = map[tflite.BuiltinCode]string{
	tflite.OpLogSoftmax: "use SOFTMAX, or end the model in front of it: the order of the classes is the same",
	tflite.OpDiv:        "multiply by the reciprocal where the divisor is constant",
	tflite.OpTile:       "repeat by CONCATENATION, or let ADD and MUL broadcast",
}

// both joins the reasons of NPU and host.
func both(npu, host error, op *tflite.Operator) string {
	a, b := plain(npu, op), plain(host, op)
	if a == b {
		return shorten(a)
	}
	return shorten(fmt.Sprintf("NPU: %s; host: %s", a, b))
}

// plain is an error without the operator in front: a report names it by its own number.
func plain(err error, op *tflite.Operator) string {
	text := strings.TrimPrefix(err.Error(), "operator 0 ("+op.Name()+"): ")
	return strings.TrimPrefix(text, op.Name()+": ")
}
