package nets

import (
	"fmt"

	"upset/models/tflite"
	"upset/models/train/integer"
)

// Options of an export.
type Options struct {
	Description string
	Input       *Quant // nil: from the calibration samples
	Output      *Quant // of the last node; nil: from the calibration samples
	Outputs     []Node // of the network, in this order; nil: the last node
	Softmax     bool   // end with a softmax over the last node, which becomes the output
	// Chain writes a chain of layers as converters do: tensors are named by layer and
	// ordered by use, and a dense layer, which must be the last one, keeps its two
	// dimensions. Otherwise every node is a tensor of four dimensions, named by number.
	Chain bool
}

// writer writes the nodes of a graph.
type writer[T Real] struct {
	g      *Net[T]
	o      Options
	file   *integer.File
	quants []Quant
	tensor []int // of each node
}

// Export quantises a graph and returns the bytes of its file.
func (g *Net[T]) Export(calibration [][]T, o Options) ([]byte, error) {
	quants, err := g.quants(calibration, o)
	if err != nil {
		return nil, err
	}
	w := &writer[T]{g: g, o: o, file: integer.NewFile(), quants: quants, tensor: make([]int, len(g.nodes))}
	for i := range g.nodes {
		if err := w.node(i); err != nil {
			return nil, fmt.Errorf("export: node %d: %w", i, err)
		}
	}
	outputs, err := w.outputs()
	if err != nil {
		return nil, err
	}
	inputs := []int{w.tensor[0]}
	if o.Chain {
		place := w.file.ByUse()
		for _, list := range [][]int{inputs, outputs} {
			for k := range list {
				list[k] = place[list[k]]
			}
		}
	}
	return w.file.Marshal(o.Description, inputs, outputs)
}

// outputs returns the tensors of the outputs.
func (w *writer[T]) outputs() ([]int, error) {
	last := len(w.g.nodes) - 1
	if w.o.Softmax {
		from := w.tensor[last]
		y := w.file.Activation("softmax", tflite.Int8, w.file.Tensor(from).Shape, integer.Softmax)
		w.file.Operator(tflite.OpSoftmax, tflite.Options{Beta: 1}, y, from)
		return []int{y}, nil
	}
	if w.o.Outputs == nil {
		return []int{w.tensor[last]}, nil
	}
	var list []int
	for _, n := range w.o.Outputs {
		if n < 0 || int(n) > last {
			return nil, fmt.Errorf("export: output %d of %d nodes", n, last+1)
		}
		list = append(list, w.tensor[n])
	}
	return list, nil
}

// kinds name the nodes of a chain.
var kinds = map[operation]string{
	opConv: "conv", opDepthwise: "depthwise", opDense: "dense", opMaxPool: "pool", opAvgPool: "pool", opTanh: "tanh", opSigmoid: "sigmoid",
}

// name of node i. A chain counts layers, without the input.
func (w *writer[T]) name(i int) string {
	switch kind := kinds[w.g.nodes[i].op]; {
	case !w.o.Chain:
		return fmt.Sprintf("node%d", i)
	case i == 0:
		return "picture"
	default:
		return fmt.Sprintf("%s%d", kind, i-1)
	}
}

func (w *writer[T]) activation(i int, name string, shape ...int) int {
	return w.file.Activation(name, tflite.Int8, shape, w.quants[i])
}

// node writes one node.
func (w *writer[T]) node(i int) error {
	n := &w.g.nodes[i]
	if n.op == opDense {
		return w.dense(i)
	}
	out := w.activation(i, w.name(i), 1, n.shape.H, n.shape.W, n.shape.C)
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
		w.file.Operator(tflite.OpTanh, o, out, in...)
	case opSigmoid:
		w.file.Operator(tflite.OpLogistic, o, out, in...)
	case opAdd:
		w.file.Operator(tflite.OpAdd, o, out, in...)
	case opMul:
		w.file.Operator(tflite.OpMul, o, out, in...)
	case opConcat:
		o.Axis = 3
		w.file.Operator(tflite.OpConcatenation, o, out, in...)
	case opMaxPool, opAvgPool:
		code := tflite.OpMaxPool2D
		if n.op == opAvgPool {
			code = tflite.OpAveragePool2D
		}
		o = tflite.Options{Padding: tflite.Valid, FilterH: n.poolH, FilterW: n.poolW, StrideH: n.poolH, StrideW: n.poolW}
		w.file.Operator(code, o, out, in...)
	}
	return nil
}

// constants writes the weights and biases of a layer.
func (w *writer[T]) constants(i int, shape []int, axis int) (weights, biases int, err error) {
	n := &w.g.nodes[i]
	codes, err := n.layer(w.quants[n.in[0]]).Quantise()
	if err != nil {
		return 0, 0, err
	}
	weights, biases = w.file.Layer(w.name(i), shape, axis, codes, tflite.Int32)
	return weights, biases, nil
}

func (w *writer[T]) convolution(i, out int) error {
	n := &w.g.nodes[i]
	depth, k := w.g.Shape(n.in[0]).C, n.window.K
	code, shape, axis := tflite.OpConv2D, []int{n.shape.C, k, k, depth}, 0
	o := tflite.Options{StrideH: n.window.Stride, StrideW: n.window.Stride, DilationH: 1, DilationW: 1, Padding: tflite.Valid}
	if n.op == opDepthwise {
		code, shape, axis, o.DepthMultiplier = tflite.OpDepthwiseConv2D, []int{1, k, k, depth}, 3, 1
	}
	if n.window.Same {
		o.Padding = tflite.Same
	}
	if n.act == Relu {
		o.Activation = tflite.Relu
	}
	weights, biases, err := w.constants(i, shape, axis)
	if err != nil {
		return err
	}
	w.file.Operator(code, o, out, w.tensor[n.in[0]], weights, biases)
	return nil
}

// dense flattens its input by a RESHAPE, as converters write it.
func (w *writer[T]) dense(i int) error {
	n := &w.g.nodes[i]
	in := int(n.in[0])
	size, out := w.g.Shape(n.in[0]).Size(), n.shape.C
	flat, y := w.name(i)+"/flat", w.name(i)+"/dense"
	if w.o.Chain {
		if i != len(w.g.nodes)-1 {
			return fmt.Errorf("a layer follows the dense one; a chain ends with it")
		}
		flat, y = fmt.Sprintf("flatten%d", i-1), w.name(i)
	}
	from := w.file.Reshape(flat, w.tensor[in], []int{1, size}, w.quants[in])
	weights, biases, err := w.constants(i, []int{out, size}, 0)
	if err != nil {
		return err
	}
	var o tflite.Options
	if n.act == Relu {
		o.Activation = tflite.Relu
	}
	w.tensor[i] = w.activation(i, y, 1, out)
	w.file.Operator(tflite.OpFullyConnected, o, w.tensor[i], from, weights, biases)
	if !w.o.Chain {
		w.tensor[i] = w.file.Reshape(w.name(i), w.tensor[i], []int{1, 1, 1, out}, w.quants[i])
	}
	return nil
}
