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
	"upset/models/train/integer"
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

func (f Form) quant() integer.Quant { return integer.Quant{Scale: f.Scale, ZeroPoint: f.Zero} }

// Bytes writes real values in this form; values beyond its range saturate.
func (f Form) Bytes(values ...float64) []byte {
	if f.Type != tflite.Int16 {
		return integer.Row(values, f.quant())
	}
	var out []byte
	for _, v := range values {
		code := math.Round(v / float64(f.Scale))
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(max(math.MinInt16, min(math.MaxInt16, code)))))
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
	return Form{Type: t, Scale: integer.Sigmoid.Scale, Zero: integer.Sigmoid.ZeroPoint}
}

// Net is a network under construction. Errors are kept and returned by Model.
type Net struct {
	file   *integer.File
	forms  map[Value]Form
	inputs []int
	err    error
}

// New returns an empty network.
func New() *Net { return &Net{file: integer.NewFile(), forms: map[Value]Form{}} }

func (n *Net) tensor(name string, f Form, width int) Value {
	v := Value(n.file.Activation(name, f.Type, []int{1, width}, f.quant()))
	n.forms[v] = f
	return v
}

// next names what the next operator gives.
func (n *Net) next(kind string) string { return fmt.Sprintf("%s%d", kind, n.file.Operators()) }

func (n *Net) width(v Value) int { return n.file.Tensor(int(v)).Shape[1] }

// Input adds an input of one row.
func (n *Net) Input(f Form, width int) Value {
	v := n.tensor(fmt.Sprintf("input%d", len(n.inputs)), f, width)
	n.inputs = append(n.inputs, int(v))
	return v
}

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
	if bias == nil {
		bias = make([]float64, out)
	}
	layer := integer.Layer{Weights: weights, Biases: bias, OneScale: true, Input: n.forms[x].Scale}
	codes, err := layer.Quantise()
	if err != nil {
		n.fail("a layer of %d weights: %w", len(weights), err)
		return x
	}
	kind := tflite.Int32
	if n.forms[x].Type == tflite.Int16 {
		kind = tflite.Int64
	}
	name := n.next("dense")
	w, b := n.file.Layer(name, []int{out, in}, 0, codes, kind)
	y := n.tensor(name, f, out)
	n.operator(tflite.OpFullyConnected, y, x, Value(w), Value(b))
	return y
}

func (n *Net) operator(code tflite.BuiltinCode, output Value, inputs ...Value) {
	list := make([]int, len(inputs))
	for i, v := range inputs {
		list[i] = int(v)
	}
	n.file.Operator(code, tflite.Options{}, int(output), list...)
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
	y := n.tensor(n.next("join"), f, width)
	n.operator(code, y, a, b)
	return y
}

// Add adds a sum, Mul a product.
func (n *Net) Add(a, b Value, f Form) Value { return n.joined(tflite.OpAdd, a, b, f) }
func (n *Net) Mul(a, b Value, f Form) Value { return n.joined(tflite.OpMul, a, b, f) }

// Sigmoid adds a logistic function.
func (n *Net) Sigmoid(x Value) Value {
	y := n.tensor(n.next("gate"), Gate(n.forms[x].Type), n.width(x))
	n.operator(tflite.OpLogistic, y, x)
	return y
}

// InverseRoot adds 1/√x of an int8 value; what stands for zero gives the largest number
// of the form.
func (n *Net) InverseRoot(x Value, f Form) Value {
	y := n.tensor(n.next("root"), f, n.width(x))
	n.operator(tflite.OpRsqrt, y, x)
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
	list := make([]int, len(outputs))
	for i, v := range outputs {
		list[i] = int(v)
	}
	return n.file.Marshal(description, n.inputs, list)
}
