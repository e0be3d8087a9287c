// Package cells writes small integer networks operator by operator: several inputs, a
// state that one output carries to an input, int16 beside int8, and a scale for every
// tensor. Package nets trains; what it cannot express, such as the step of a recurrence
// or a power law, is put together here from trained numbers.
package cells

import (
	"encoding/binary"
	"fmt"
	"math"

	"upset/models/tflite"
)

// Value is a tensor of a network.
type Value int

// Form is the type and quantisation of a tensor of one row: real = Scale × (stored −
// Zero). Numbers of int16 have no zero point (TensorFlow Lite 16×8 specification).
type Form struct {
	Type  tflite.Type
	Scale float32
	Zero  int
}

// Bytes writes real values in this form; values beyond its range saturate.
func (f Form) Bytes(values ...float64) []byte {
	var out []byte
	for _, v := range values {
		code := math.Round(v/float64(f.Scale)) + float64(f.Zero)
		if f.Type == tflite.Int16 {
			out = binary.LittleEndian.AppendUint16(out, uint16(int16(max(math.MinInt16, min(math.MaxInt16, code)))))
		} else {
			out = append(out, byte(int8(max(math.MinInt8, min(math.MaxInt8, code)))))
		}
	}
	return out
}

// Reals reads values of this form back.
func (f Form) Reals(data []byte) []float64 {
	var out []float64
	for len(data) > 0 {
		code := int(int8(data[0]))
		if f.Type == tflite.Int16 {
			code, data = int(int16(binary.LittleEndian.Uint16(data))), data[1:]
		}
		out, data = append(out, float64(f.Scale)*float64(code-f.Zero)), data[1:]
	}
	return out
}

// Wide is the int16 form for values of up to most in size.
func Wide(most float64) Form {
	return Form{Type: tflite.Int16, Scale: float32(most / math.MaxInt16)}
}

// Gate is the form that a logistic function gives (TensorFlow Lite quantisation
// specification).
func Gate(t tflite.Type) Form {
	if t == tflite.Int16 {
		return Form{Type: t, Scale: 1.0 / (1 << 15)}
	}
	return Form{Type: t, Scale: 1.0 / 256, Zero: math.MinInt8}
}

// Net is a network under construction. Errors are kept and returned by Model.
type Net struct {
	graph tflite.Subgraph
	forms []Form
	err   error
}

// New returns an empty network.
func New() *Net { return &Net{graph: tflite.Subgraph{Name: "main"}} }

func (n *Net) tensor(name string, f Form, width int) Value {
	n.graph.Tensors = append(n.graph.Tensors, tflite.Tensor{
		Name: name, Type: f.Type, Shape: []int{1, width},
		Quant: tflite.Quantization{Scale: []float32{f.Scale}, ZeroPoint: []int64{int64(f.Zero)}},
	})
	n.forms = append(n.forms, f)
	return Value(len(n.graph.Tensors) - 1)
}

func (n *Net) width(v Value) int { return n.graph.Tensors[v].Shape[1] }

// Input adds an input of one row.
func (n *Net) Input(f Form, width int) Value {
	v := n.tensor(fmt.Sprintf("input%d", len(n.graph.Inputs)), f, width)
	n.graph.Inputs = append(n.graph.Inputs, int(v))
	return v
}

// maxWeight is the largest weight code; −128 is not used (same specification).
const maxWeight = 127

// Dense adds a fully connected layer: weights are ordered output, input and share one
// scale. Bias may be nil.
func (n *Net) Dense(x Value, weights, bias []float64, f Form) Value {
	in := n.width(x)
	out := len(weights) / max(1, in)
	most := 0.0
	for _, w := range weights {
		most = max(most, math.Abs(w))
	}
	if in*out != len(weights) || bias != nil && len(bias) != out || most == 0 {
		n.fail("a layer of %d weights and %d biases after %d values, the largest weight %g", len(weights), len(bias), in, most)
		return x
	}
	scale := float32(most / maxWeight)
	codes := make([]byte, len(weights))
	for i, w := range weights {
		codes[i] = byte(int8(math.Round(w / float64(scale))))
	}
	step := n.forms[x].Scale * scale
	kind := tflite.Int32
	if n.forms[x].Type == tflite.Int16 {
		kind = tflite.Int64
	}
	var words []byte
	for k := range out {
		b := 0.0
		if bias != nil {
			b = bias[k]
		}
		code := int64(max(-1<<30, min(1<<30, math.Round(b/float64(step)))))
		if kind == tflite.Int64 {
			words = binary.LittleEndian.AppendUint64(words, uint64(code))
		} else {
			words = binary.LittleEndian.AppendUint32(words, uint32(code))
		}
	}
	name := fmt.Sprintf("dense%d", len(n.graph.Operators))
	w := n.constant(tflite.Tensor{Name: name + "/weights", Type: tflite.Int8, Shape: []int{out, in}, Data: codes}, scale)
	b := n.constant(tflite.Tensor{Name: name + "/bias", Type: kind, Shape: []int{out}, Data: words}, step)
	y := n.tensor(name, f, out)
	version := 4 // int8 (TensorFlow Lite operator version table)
	if kind == tflite.Int64 {
		version = 7 // int16
	}
	n.operator(tflite.OpFullyConnected, version, y, x, w, b)
	return y
}

func (n *Net) constant(t tflite.Tensor, scale float32) Value {
	t.Quant = tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{0}}
	n.graph.Tensors = append(n.graph.Tensors, t)
	n.forms = append(n.forms, Form{Type: t.Type, Scale: scale})
	return Value(len(n.graph.Tensors) - 1)
}

func (n *Net) operator(code tflite.BuiltinCode, version int, output Value, inputs ...Value) {
	op := tflite.Operator{Code: code, Version: version, Outputs: []int{int(output)}}
	for _, v := range inputs {
		op.Inputs = append(op.Inputs, int(v))
	}
	n.graph.Operators = append(n.graph.Operators, op)
}

func (n *Net) fail(format string, arguments ...any) {
	if n.err == nil {
		n.err = fmt.Errorf("cells: "+format, arguments...)
	}
}

// joined adds an operator of two operands of one width, or of which one is a single
// number.
func (n *Net) joined(code tflite.BuiltinCode, a, b Value, f Form) Value {
	width := max(n.width(a), n.width(b))
	if w := min(n.width(a), n.width(b)); w != width && w != 1 {
		n.fail("operands of %d and %d numbers", n.width(a), n.width(b))
	}
	y := n.tensor(fmt.Sprintf("join%d", len(n.graph.Operators)), f, width)
	n.operator(code, 2, y, a, b)
	return y
}

// Add adds a sum, Mul a product.
func (n *Net) Add(a, b Value, f Form) Value { return n.joined(tflite.OpAdd, a, b, f) }
func (n *Net) Mul(a, b Value, f Form) Value { return n.joined(tflite.OpMul, a, b, f) }

// Sigmoid adds a logistic function.
func (n *Net) Sigmoid(x Value) Value {
	y := n.tensor(fmt.Sprintf("gate%d", len(n.graph.Operators)), Gate(n.forms[x].Type), n.width(x))
	n.operator(tflite.OpLogistic, 2, y, x)
	return y
}

// InverseRoot adds 1/√x of an int8 value; what stands for zero gives the largest number
// of the form.
func (n *Net) InverseRoot(x Value, f Form) Value {
	y := n.tensor(fmt.Sprintf("root%d", len(n.graph.Operators)), f, n.width(x))
	n.operator(tflite.OpRsqrt, 2, y, x)
	return y
}

// Sum adds the sum of all numbers of x, as a layer of ones.
func (n *Net) Sum(x Value, f Form) Value {
	ones := make([]float64, n.width(x))
	for i := range ones {
		ones[i] = 1
	}
	return n.Dense(x, ones, nil, f)
}

// Model writes the network with its outputs in the given order.
func (n *Net) Model(description string, outputs ...Value) ([]byte, error) {
	if n.err != nil {
		return nil, n.err
	}
	for _, v := range outputs {
		n.graph.Outputs = append(n.graph.Outputs, int(v))
	}
	m := tflite.Model{Version: 3, Description: description, Subgraphs: []tflite.Subgraph{n.graph}}
	return m.Marshal()
}
