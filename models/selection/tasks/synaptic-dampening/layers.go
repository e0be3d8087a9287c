package dampening

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"upset/models/tflite"
)

// layer is a dense layer of the network as the int8 weights have it.
type layer struct {
	in, out       int
	weights, bias []float64 // weights by output and input
}

// parse finds the dense layers of a network, in order, and the scale of its input.
func parse(model []byte) (list []layer, input tflite.Quantization, err error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return nil, input, err
	}
	g := &m.Subgraphs[0]
	input = g.Tensors[g.Inputs[0]].Quant
	for _, op := range dense(g) {
		w, b := &g.Tensors[op.Inputs[1]], &g.Tensors[op.Inputs[2]]
		l := layer{out: w.Shape[0], in: w.Shape[1]}
		for _, v := range w.Data {
			l.weights = append(l.weights, float64(w.Quant.Scale[0])*float64(int8(v)))
		}
		for at := 0; at < len(b.Data); at += 4 {
			l.bias = append(l.bias, float64(b.Quant.Scale[0])*float64(int32(binary.LittleEndian.Uint32(b.Data[at:]))))
		}
		list = append(list, l)
	}
	if len(list) == 0 || len(input.Scale) != 1 {
		return nil, input, fmt.Errorf("synaptic dampening: the network has no dense layers")
	}
	return list, input, nil
}

func dense(g *tflite.Subgraph) []tflite.Operator {
	return slices.DeleteFunc(slices.Clone(g.Operators), func(op tflite.Operator) bool { return op.Code != tflite.OpFullyConnected })
}

// numbers is how many weights and biases the layers have.
func numbers(list []layer) int {
	n := 0
	for _, l := range list {
		n += len(l.weights) + len(l.bias)
	}
	return n
}

// squares adds the squared gradient of a row to sum, weights and then biases, layer by
// layer. Values holds what each layer reads, the input first; miss is the gradient of
// the loss by the logits.
func squares(list []layer, values [][]float64, miss, sum []float64) {
	end := len(sum)
	for k := len(list) - 1; k >= 0; k-- {
		l, x := &list[k], values[k]
		end -= len(l.weights) + len(l.bias)
		part, below := sum[end:end+len(l.weights)+len(l.bias)], make([]float64, l.in)
		for o, d := range miss {
			if d == 0 {
				continue
			}
			for i, v := range x {
				g := float64(d * v)
				part[o*l.in+i] += float64(g * g)
				below[i] += float64(d * l.weights[o*l.in+i])
			}
			part[len(l.weights)+o] += float64(d * d)
		}
		for i, v := range x {
			if v <= 0 {
				below[i] = 0 // the rectifier before this layer
			}
		}
		miss = below
	}
}

// edit multiplies weights and biases by factors, in the order of squares, and keeps
// their scales.
func edit(model []byte, by []float64) ([]byte, error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return nil, err
	}
	g := &m.Subgraphs[0]
	for _, op := range dense(g) {
		w, b := &g.Tensors[op.Inputs[1]], &g.Tensors[op.Inputs[2]]
		if len(by) < len(w.Data)+len(b.Data)/4 {
			return nil, fmt.Errorf("synaptic dampening: too few factors for the network")
		}
		w.Data, b.Data = slices.Clone(w.Data), slices.Clone(b.Data)
		for i := range w.Data {
			w.Data[i] = byte(int8(math.Round(by[i] * float64(int8(w.Data[i])))))
		}
		by = by[len(w.Data):]
		for c := range len(b.Data) / 4 {
			v := b.Data[4*c:]
			binary.LittleEndian.PutUint32(v, uint32(int32(math.Round(by[c]*float64(int32(binary.LittleEndian.Uint32(v)))))))
		}
		by = by[len(b.Data)/4:]
	}
	if len(by) > 0 {
		return nil, fmt.Errorf("synaptic dampening: %d factors too many for the network", len(by))
	}
	return m.Marshal()
}
