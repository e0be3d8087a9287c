package train

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
)

// Versions of the int8 kernels that the operators ask for (TensorFlow Lite
// operator version table).
const (
	convVersion      = 3
	depthwiseVersion = 3
	denseVersion     = 4
	poolVersion      = 2
	reshapeVersion   = 1
	softmaxVersion   = 2
)

// exporter collects the tensors and operators of one graph.
type exporter struct {
	graph tflite.Subgraph
	last  int // tensor that the next operator reads
}

// Export writes quantised layers as a TensorFlow Lite model.
func (r *Recipe) Export(layers []Quantised) (*tflite.Model, error) {
	if len(layers) == 0 {
		return nil, fmt.Errorf("export %s: no layers", r.Name)
	}
	var e exporter
	e.graph.Name = "main"
	first := layers[0]
	e.last = e.activation("picture", []int{1, first.In.H, first.In.W, first.In.C}, first.Input)
	e.graph.Inputs = []int{e.last}
	for i := range layers {
		q := &layers[i]
		switch q.Operation {
		case OpConv, OpDepthwise:
			e.convolution(q, i)
		case OpGlobalPool:
			e.globalPool(q, i)
		case OpDense:
			e.dense(q, i)
		default:
			return nil, fmt.Errorf("export %s: layer %d: unknown operation %d", r.Name, i, q.Operation)
		}
	}
	if r.Softmax {
		e.softmax(r.ClassCount())
	}
	e.graph.Outputs = []int{e.last}
	return &tflite.Model{Version: 3, Description: r.Description, Subgraphs: []tflite.Subgraph{e.graph}}, nil
}

func (e *exporter) add(t tflite.Tensor) int {
	e.graph.Tensors = append(e.graph.Tensors, t)
	return len(e.graph.Tensors) - 1
}

func (e *exporter) activation(name string, shape []int, q Quant) int {
	return e.add(tflite.Tensor{Name: name, Type: tflite.Int8, Shape: shape, Quant: perTensor(q)})
}

func perTensor(q Quant) tflite.Quantization {
	return tflite.Quantization{Scale: []float32{q.Scale}, ZeroPoint: []int64{int64(q.ZeroPoint)}}
}

// operator appends an operator that reads the last tensor and the given
// constants, and makes its output the last tensor.
func (e *exporter) operator(op tflite.Operator, output int, constants ...int) {
	op.Inputs = append([]int{e.last}, constants...)
	op.Outputs = []int{output}
	e.graph.Operators = append(e.graph.Operators, op)
	e.last = output
}

// constants adds the weights and biases of a layer.
func (e *exporter) constants(q *Quantised, name string, shape []int, axis int) (weights, biases int) {
	weightQuant := tflite.Quantization{Scale: q.CodeScales, ZeroPoint: make([]int64, len(q.CodeScales)), Axis: axis}
	biasQuant := tflite.Quantization{ZeroPoint: make([]int64, len(q.CodeScales))}
	for g := range q.CodeScales {
		biasQuant.Scale = append(biasQuant.Scale, q.biasScale(g))
	}
	codes := make([]byte, len(q.Codes))
	for i, c := range q.Codes {
		codes[i] = byte(c)
	}
	var words []byte
	for _, b := range q.Biases {
		words = binary.LittleEndian.AppendUint32(words, uint32(b))
	}
	weights = e.add(tflite.Tensor{Name: name + "/weights", Type: tflite.Int8, Shape: shape, Quant: weightQuant, Data: codes})
	biases = e.add(tflite.Tensor{Name: name + "/bias", Type: tflite.Int32, Shape: []int{len(q.Biases)}, Quant: biasQuant, Data: words})
	return weights, biases
}

func (e *exporter) convolution(q *Quantised, i int) {
	k := q.Window.K
	op := tflite.Operator{Code: tflite.OpConv2D, Version: convVersion}
	name, shape, axis := fmt.Sprintf("conv%d", i), []int{q.Out.C, k, k, q.In.C}, 0
	if q.Operation == OpDepthwise {
		op.Code, op.Version, op.Options.DepthMultiplier = tflite.OpDepthwiseConv2D, depthwiseVersion, 1
		name, shape, axis = fmt.Sprintf("depthwise%d", i), []int{1, k, k, q.Out.C}, 3
	}
	op.Options.StrideW, op.Options.StrideH = q.Window.Stride, q.Window.Stride
	op.Options.DilationW, op.Options.DilationH = 1, 1
	op.Options.Padding = tflite.Valid
	if q.Window.Same {
		op.Options.Padding = tflite.Same
	}
	if q.Relu {
		op.Options.Activation = tflite.Relu
	}
	weights, biases := e.constants(q, name, shape, axis)
	output := e.activation(name, []int{1, q.Out.H, q.Out.W, q.Out.C}, q.Output)
	e.operator(op, output, weights, biases)
}

func (e *exporter) globalPool(q *Quantised, i int) {
	op := tflite.Operator{Code: tflite.OpAveragePool2D, Version: poolVersion, Options: tflite.Options{
		Padding: tflite.Valid, FilterW: q.In.W, FilterH: q.In.H, StrideW: q.In.W, StrideH: q.In.H,
	}}
	e.operator(op, e.activation(fmt.Sprintf("pool%d", i), []int{1, 1, 1, q.Out.C}, q.Output))
}

// dense flattens its input by a RESHAPE, as converters write it.
func (e *exporter) dense(q *Quantised, i int) {
	size := q.In.C * q.In.H * q.In.W
	shape := e.add(tflite.Tensor{
		Name: fmt.Sprintf("flatten%d/shape", i), Type: tflite.Int32, Shape: []int{2},
		Data: binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 1), uint32(size)),
	})
	e.operator(tflite.Operator{Code: tflite.OpReshape, Version: reshapeVersion, Options: tflite.Options{NewShape: []int{1, size}}},
		e.activation(fmt.Sprintf("flatten%d", i), []int{1, size}, q.Input), shape)
	name := fmt.Sprintf("dense%d", i)
	weights, biases := e.constants(q, name, []int{q.Out.C, size}, 0)
	e.operator(tflite.Operator{Code: tflite.OpFullyConnected, Version: denseVersion},
		e.activation(name, []int{1, q.Out.C}, q.Output), weights, biases)
}

// softmax ends the graph. Its output has the fixed quantisation of the int8
// kernel: scale 1/256, zero point −128.
func (e *exporter) softmax(classes int) {
	e.operator(tflite.Operator{Code: tflite.OpSoftmax, Version: softmaxVersion, Options: tflite.Options{Beta: 1}},
		e.activation("softmax", []int{1, classes}, Quant{Scale: 1.0 / 256, ZeroPoint: -128}))
}
