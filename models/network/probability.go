package network

import (
	"slices"

	"upset/models/tflite"
)

// Half is the stored value that stands for one half in an output that is a probability:
// of 8 bits with the quantisation that LOGISTIC gives (scale 1/256, from 0 on; TensorFlow
// Lite's quantization specification), or of float32 where the network's graph computes it
// from such a tensor or with LOGISTIC. It reports false for other outputs.
func (p *Program) Half(output int) (value float64, ok bool) {
	b := &p.Outputs[output]
	if zero, ok := probability(b.Type, &b.Quant); ok {
		return float64(zero) + 128, true
	}
	if b.Type != tflite.Float32 || p.host == nil || p.host.graph == nil || len(p.host.graph.Outputs) == 0 {
		return 0, false
	}
	g := p.host.graph
	id := g.Outputs[output%len(g.Outputs)] // frames follow each other
	for range len(g.Operators) + 1 {       // a sound graph has no longer path
		t := &g.Tensors[id]
		if _, ok := probability(t.Type, &t.Quant); ok {
			return 0.5, true
		}
		k := slices.IndexFunc(g.Operators, func(o tflite.Operator) bool { return slices.Contains(o.Outputs, id) })
		if k < 0 {
			break
		}
		switch o := &g.Operators[k]; o.Code {
		case tflite.OpLogistic:
			return 0.5, true
		case tflite.OpDequantize, tflite.OpQuantize, tflite.OpReshape, tflite.OpSqueeze, tflite.OpExpandDims:
			if len(o.Inputs) == 0 || o.Inputs[0] < 0 {
				return 0, false
			}
			id = o.Inputs[0]
		default:
			return 0, false
		}
	}
	return 0, false
}

// probability reports whether a tensor of 8 bits is quantised as the output of LOGISTIC,
// and its zero point.
func probability(t tflite.Type, q *tflite.Quantization) (zero int64, ok bool) {
	switch t {
	case tflite.Int8:
		zero = -128
	case tflite.Uint8:
	default:
		return 0, false
	}
	ok = len(q.Scale) == 1 && q.Scale[0] == 1.0/256 && len(q.ZeroPoint) == 1 && q.ZeroPoint[0] == zero
	return zero, ok
}
