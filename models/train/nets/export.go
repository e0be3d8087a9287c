package nets

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
)

// operatorVersion of the int8 kernels (TensorFlow Lite operator version table).
var operatorVersion = map[tflite.BuiltinCode]int{
	tflite.OpConv2D: 3, tflite.OpDepthwiseConv2D: 3, tflite.OpFullyConnected: 4, tflite.OpReshape: 1, tflite.OpTanh: 2,
	tflite.OpLogistic: 2, tflite.OpAdd: 2, tflite.OpMul: 2, tflite.OpConcatenation: 2, tflite.OpMaxPool2D: 2, tflite.OpAveragePool2D: 2,
}

// writer builds the graph of a file. Every node is a tensor of four dimensions;
// a dense layer is wrapped in reshapes to two.
type writer struct {
	g      *Graph
	graph  tflite.Subgraph
	quants []Quant
	tensor []int // of each node
}

// Export quantises a graph and returns the bytes of its file.
func (g *Graph) Export(calibration [][]float64, o Options) ([]byte, error) {
	quants, err := g.quants(calibration, o)
	if err != nil {
		return nil, err
	}
	w := &writer{g: g, quants: quants, tensor: make([]int, len(g.nodes))}
	w.graph.Name = "main"
	for i := range g.nodes {
		if err := w.node(i); err != nil {
			return nil, fmt.Errorf("export: node %d: %w", i, err)
		}
	}
	w.graph.Inputs = []int{w.tensor[0]}
	if o.Outputs == nil {
		o.Outputs = []Node{Node(len(g.nodes) - 1)}
	}
	for _, n := range o.Outputs {
		if n < 0 || int(n) >= len(g.nodes) {
			return nil, fmt.Errorf("export: output %d of %d nodes", n, len(g.nodes))
		}
		w.graph.Outputs = append(w.graph.Outputs, w.tensor[n])
	}
	m := tflite.Model{Version: 3, Description: o.Description, Subgraphs: []tflite.Subgraph{w.graph}}
	return m.Marshal()
}

func (w *writer) add(t tflite.Tensor) int {
	w.graph.Tensors = append(w.graph.Tensors, t)
	return len(w.graph.Tensors) - 1
}

func (w *writer) activation(i int, name string, shape []int) int {
	q := w.quants[i]
	return w.add(tflite.Tensor{Name: name, Type: tflite.Int8, Shape: shape, Quant: tflite.Quantization{
		Scale: []float32{q.Scale}, ZeroPoint: []int64{int64(q.ZeroPoint)},
	}})
}

func (w *writer) operator(code tflite.BuiltinCode, o tflite.Options, output int, inputs ...int) {
	w.graph.Operators = append(w.graph.Operators, tflite.Operator{
		Code: code, Version: operatorVersion[code], Inputs: inputs, Outputs: []int{output}, Options: o,
	})
}

// node writes one node.
func (w *writer) node(i int) error {
	n := &w.g.nodes[i]
	if n.op == opDense {
		return w.dense(i)
	}
	name := fmt.Sprintf("node%d", i)
	out := w.activation(i, name, []int{1, n.shape.H, n.shape.W, n.shape.C})
	w.tensor[i] = out
	var in []int
	for _, k := range n.in {
		in = append(in, w.tensor[k])
	}
	var o tflite.Options
	switch n.op {
	case opConv, opDepthwise:
		return w.convolution(i, out)
	case opTanh:
		w.operator(tflite.OpTanh, o, out, in...)
	case opSigmoid:
		w.operator(tflite.OpLogistic, o, out, in...)
	case opAdd:
		w.operator(tflite.OpAdd, o, out, in...)
	case opMul:
		w.operator(tflite.OpMul, o, out, in...)
	case opConcat:
		o.Axis = 3
		w.operator(tflite.OpConcatenation, o, out, in...)
	case opMaxPool, opAvgPool:
		code := tflite.OpMaxPool2D
		if n.op == opAvgPool {
			code = tflite.OpAveragePool2D
		}
		o = tflite.Options{Padding: tflite.Valid, FilterH: n.poolH, FilterW: n.poolW, StrideH: n.poolH, StrideW: n.poolW}
		w.operator(code, o, out, in...)
	}
	return nil
}

// constants writes the weights and biases of a layer.
func (w *writer) constants(i int, shape []int, axis int) (weights, biases int, err error) {
	n := &w.g.nodes[i]
	q, err := n.quantise(w.quants[n.in[0]])
	if err != nil {
		return 0, 0, err
	}
	var words []byte
	for _, b := range q.biases {
		words = binary.LittleEndian.AppendUint32(words, uint32(b))
	}
	weights = w.add(tflite.Tensor{
		Name: fmt.Sprintf("node%d/weights", i), Type: tflite.Int8, Shape: shape, Data: q.weights,
		Quant: tflite.Quantization{Scale: q.scales, ZeroPoint: make([]int64, len(q.scales)), Axis: axis},
	})
	biases = w.add(tflite.Tensor{
		Name: fmt.Sprintf("node%d/bias", i), Type: tflite.Int32, Shape: []int{len(q.biases)}, Data: words,
		Quant: tflite.Quantization{Scale: q.bias, ZeroPoint: make([]int64, len(q.bias))},
	})
	return weights, biases, nil
}

func (w *writer) convolution(i, out int) error {
	n := &w.g.nodes[i]
	depth := w.g.Shape(n.in[0]).C
	code, shape, axis := tflite.OpConv2D, []int{n.shape.C, n.k, n.k, depth}, 0
	o := tflite.Options{StrideH: n.stride, StrideW: n.stride, DilationH: 1, DilationW: 1, Padding: tflite.Valid}
	if n.op == opDepthwise {
		code, shape, axis, o.DepthMultiplier = tflite.OpDepthwiseConv2D, []int{1, n.k, n.k, depth}, 3, 1
	}
	if n.same {
		o.Padding = tflite.Same
	}
	if n.act == Relu {
		o.Activation = tflite.Relu
	}
	weights, biases, err := w.constants(i, shape, axis)
	if err != nil {
		return err
	}
	w.operator(code, o, out, w.tensor[n.in[0]], weights, biases)
	return nil
}

// reshape writes a RESHAPE of a tensor that holds the values of node i.
func (w *writer) reshape(i, from int, name string, shape []int) int {
	var words []byte
	for _, d := range shape {
		words = binary.LittleEndian.AppendUint32(words, uint32(d))
	}
	size := w.add(tflite.Tensor{Name: name + "/shape", Type: tflite.Int32, Shape: []int{len(shape)}, Data: words})
	out := w.activation(i, name, shape)
	w.operator(tflite.OpReshape, tflite.Options{NewShape: shape}, out, from, size)
	return out
}

func (w *writer) dense(i int) error {
	n := &w.g.nodes[i]
	in := int(n.in[0])
	size, out := w.g.Shape(n.in[0]).Size(), n.shape.C
	flat := w.reshape(in, w.tensor[in], fmt.Sprintf("node%d/flat", i), []int{1, size})
	weights, biases, err := w.constants(i, []int{out, size}, 0)
	if err != nil {
		return err
	}
	var o tflite.Options
	if n.act == Relu {
		o.Activation = tflite.Relu
	}
	y := w.activation(i, fmt.Sprintf("node%d/dense", i), []int{1, out})
	w.operator(tflite.OpFullyConnected, o, y, flat, weights, biases)
	w.tensor[i] = w.reshape(i, y, fmt.Sprintf("node%d", i), []int{1, 1, 1, out})
	return nil
}
