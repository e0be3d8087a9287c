package nets

import (
	"fmt"

	"upset/models/train/integer"
)

// Quant maps stored integers to real numbers: Scale × (stored − ZeroPoint).
type Quant = integer.Quant

// Row writes values as the int8 input of a network. Values beyond the range of
// its quantisation saturate.
func Row(values []float64, q Quant) []byte { return integer.Row(values, q) }

// quants finds the quantisation of every node from the ranges that it takes on
// the calibration samples. Pools and concatenations share the quantisation of
// their inputs.
func (g *Net[T]) quants(samples [][]T, o Options) ([]Quant, error) {
	if len(samples) == 0 {
		return nil, fmt.Errorf("export: no calibration samples")
	}
	low, high := make([]float64, len(g.nodes)), make([]float64, len(g.nodes))
	group := g.groups()
	g.batches(samples, func(int) {
		for i := range g.nodes {
			r := group[i]
			for _, v := range g.nodes[i].value {
				low[r], high[r] = min(low[r], float64(v)), max(high[r], float64(v))
			}
		}
	})
	fixed := make([]*Quant, len(g.nodes))
	for i := range g.nodes {
		var q *Quant
		switch g.nodes[i].op {
		case opTanh:
			q = &integer.Tanh
		case opSigmoid:
			q = &integer.Sigmoid
		case opInput:
			q = o.Input
		}
		if i == len(g.nodes)-1 && o.Output != nil {
			q = o.Output
		}
		if r := group[i]; q != nil {
			if fixed[r] != nil && *fixed[r] != *q {
				return nil, fmt.Errorf("export: node %d: a concatenation joins values of different fixed scales", i)
			}
			fixed[r] = q
		}
	}
	out := make([]Quant, len(g.nodes))
	for i := range out {
		r := group[i]
		if out[i] = integer.Spread(low[r], high[r]); fixed[r] != nil {
			out[i] = *fixed[r]
		}
	}
	return out, nil
}

// groups names for every node the lowest one of the same quantisation.
func (g *Net[T]) groups() []int {
	group := make([]int, len(g.nodes))
	for i := range group {
		group[i] = i
	}
	for i := range g.nodes {
		if op := g.nodes[i].op; op != opConcat && op != opMaxPool && op != opAvgPool {
			continue
		}
		for _, in := range g.nodes[i].in {
			a, b := group[i], group[in]
			for k := range group {
				if group[k] == max(a, b) {
					group[k] = min(a, b)
				}
			}
		}
	}
	return group
}

// channelOf is the output channel of a weight.
func (n *node[T]) channelOf(weight int) int {
	if n.op == opDepthwise {
		return weight % n.shape.C
	}
	return weight / (len(n.weight.Value) / n.shape.C)
}

// layer returns the weights and biases of a layer with the normalisation folded into
// them.
func (n *node[T]) layer(input Quant) *integer.Layer {
	l := &integer.Layer{Channel: n.channelOf, OneScale: n.op == opDense, Input: input.Scale}
	for _, w := range n.weight.Value {
		l.Weights = append(l.Weights, float64(w))
	}
	if n.norm == nil {
		for _, b := range n.bias.Value {
			l.Biases = append(l.Biases, float64(b))
		}
		return l
	}
	factors := make([]float64, n.shape.C)
	l.Biases = make([]float64, n.shape.C)
	for c := range factors {
		factors[c], l.Biases[c] = n.norm.affine(c)
	}
	for i := range l.Weights {
		l.Weights[i] *= factors[n.channelOf(i)]
	}
	return l
}
