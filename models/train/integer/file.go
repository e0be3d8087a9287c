package integer

import (
	"encoding/binary"

	"upset/models/tflite"
)

// version of the kernels that operators ask for: the first that takes int8
// (TensorFlow Lite operator version table).
var version = map[tflite.BuiltinCode]int{
	tflite.OpConv2D: 3, tflite.OpDepthwiseConv2D: 3, tflite.OpFullyConnected: 4, tflite.OpReshape: 1, tflite.OpTanh: 2,
	tflite.OpLogistic: 2, tflite.OpAdd: 2, tflite.OpMul: 2, tflite.OpConcatenation: 2, tflite.OpMaxPool2D: 2, tflite.OpAveragePool2D: 2,
	tflite.OpSoftmax: 2, tflite.OpRsqrt: 2,
}

// wideDense is the version of a fully connected layer of int16 (same table).
const wideDense = 7

// File is a network that is being written. Tensors are known by their position.
type File struct {
	graph tflite.Subgraph
}

// NewFile returns an empty file.
func NewFile() *File { return &File{tflite.Subgraph{Name: "main"}} }

// Tensor returns a tensor.
func (f *File) Tensor(at int) *tflite.Tensor { return &f.graph.Tensors[at] }

// Operators is how many operators there are.
func (f *File) Operators() int { return len(f.graph.Operators) }

func (f *File) add(t tflite.Tensor) int {
	f.graph.Tensors = append(f.graph.Tensors, t)
	return len(f.graph.Tensors) - 1
}

// Activation adds a tensor that an inference writes.
func (f *File) Activation(name string, t tflite.Type, shape []int, q Quant) int {
	return f.add(tflite.Tensor{Name: name, Type: t, Shape: shape, Quant: tflite.Quantization{
		Scale: []float32{q.Scale}, ZeroPoint: []int64{int64(q.ZeroPoint)},
	}})
}

// Layer adds the weights, of the given shape, and the biases of a layer. Scales of
// several channels run along axis.
func (f *File) Layer(name string, shape []int, axis int, c *Codes, biases tflite.Type) (weight, bias int) {
	weight = f.add(tflite.Tensor{
		Name: name + "/weights", Type: tflite.Int8, Shape: shape, Data: c.Weights,
		Quant: tflite.Quantization{Scale: c.Scales, ZeroPoint: make([]int64, len(c.Scales)), Axis: axis},
	})
	bias = f.add(tflite.Tensor{
		Name: name + "/bias", Type: biases, Shape: []int{len(c.Biases)}, Data: words(c.Biases, biases),
		Quant: tflite.Quantization{Scale: c.BiasScales, ZeroPoint: make([]int64, len(c.BiasScales))},
	})
	return weight, bias
}

// Operator adds an operator. The types of its inputs decide on its version.
func (f *File) Operator(code tflite.BuiltinCode, o tflite.Options, output int, inputs ...int) {
	v := version[code]
	if code == tflite.OpFullyConnected && f.graph.Tensors[inputs[0]].Type == tflite.Int16 {
		v = wideDense
	}
	f.graph.Operators = append(f.graph.Operators, tflite.Operator{
		Code: code, Version: v, Inputs: inputs, Outputs: []int{output}, Options: o,
	})
}

// Reshape adds a RESHAPE of an int8 tensor.
func (f *File) Reshape(name string, from int, shape []int, q Quant) int {
	var sizes []byte
	for _, d := range shape {
		sizes = binary.LittleEndian.AppendUint32(sizes, uint32(d))
	}
	size := f.add(tflite.Tensor{Name: name + "/shape", Type: tflite.Int32, Shape: []int{len(shape)}, Data: sizes})
	out := f.Activation(name, tflite.Int8, shape, q)
	f.Operator(tflite.OpReshape, tflite.Options{NewShape: shape}, out, from, size)
	return out
}

// ByUse puts tensors into the order in which operators name them, as converters write
// them, and returns where every tensor went. Tensors that nothing names come last.
func (f *File) ByUse() []int {
	place := make([]int, len(f.graph.Tensors))
	for i := range place {
		place[i] = -1
	}
	var ordered []tflite.Tensor
	move := func(at int) int {
		if place[at] < 0 {
			place[at], ordered = len(ordered), append(ordered, f.graph.Tensors[at])
		}
		return place[at]
	}
	for i := range f.graph.Operators {
		op := &f.graph.Operators[i]
		for _, list := range [][]int{op.Inputs, op.Outputs} {
			for k := range list {
				list[k] = move(list[k])
			}
		}
	}
	for i := range place {
		move(i)
	}
	f.graph.Tensors = ordered
	return place
}

// Marshal returns the bytes of the file.
func (f *File) Marshal(description string, inputs, outputs []int) ([]byte, error) {
	f.graph.Inputs, f.graph.Outputs = inputs, outputs
	m := tflite.Model{Version: 3, Description: description, Subgraphs: []tflite.Subgraph{f.graph}}
	return m.Marshal()
}
