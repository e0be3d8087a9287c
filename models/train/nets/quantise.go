package nets

import (
	"fmt"
	"math"
)

// Quant maps stored integers to real numbers: Scale × (stored − ZeroPoint).
type Quant struct {
	Scale     float32
	ZeroPoint int
}

// Fixed quantisations of the int8 kernels (TensorFlow Lite 8-bit quantisation
// specification).
var (
	tanhQuant    = Quant{Scale: 1.0 / 128, ZeroPoint: 0}
	sigmoidQuant = Quant{Scale: 1.0 / 256, ZeroPoint: -128}
)

// Options of an export.
type Options struct {
	Description string
	Input       *Quant // nil: from the calibration samples
	Output      *Quant // of the last node; nil: from the calibration samples
	Outputs     []Node // of the network, in this order; nil: the last node
}

// maxCode is the largest weight code; −128 is not used (same specification).
const maxCode = 127

// maxBias keeps biases clear of the 32-bit limits (our choice).
const maxBias = 1 << 30

// quants finds the quantisation of every node from the ranges that it takes on
// the calibration samples. Pools and concatenations share the quantisation of
// their inputs.
func (g *Graph) quants(samples [][]float64, o Options) ([]Quant, error) {
	if len(samples) == 0 {
		return nil, fmt.Errorf("export: no calibration samples")
	}
	low, high := make([]float64, len(g.nodes)), make([]float64, len(g.nodes))
	group := make([]int, len(g.nodes)) // a node of the same quantisation, the lowest one
	for i := range group {
		group[i] = i
	}
	for _, x := range samples {
		g.Forward(x)
		for i := range g.nodes {
			for _, v := range g.nodes[i].value {
				low[i], high[i] = min(low[i], v), max(high[i], v)
			}
		}
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
	for i := range g.nodes {
		r := group[i]
		low[r], high[r] = min(low[r], low[i]), max(high[r], high[i])
	}
	fixed := make([]*Quant, len(g.nodes))
	for i := range g.nodes {
		var q *Quant
		switch g.nodes[i].op {
		case opTanh:
			q = &tanhQuant
		case opSigmoid:
			q = &sigmoidQuant
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
		if out[i] = activationQuant(low[r], high[r]); fixed[r] != nil {
			out[i] = *fixed[r]
		}
	}
	return out, nil
}

// activationQuant spreads 256 codes over a range that holds zero.
func activationQuant(low, high float64) Quant {
	if !(high > low) {
		return Quant{Scale: 1, ZeroPoint: -128}
	}
	scale := float32((high - low) / 255)
	return Quant{Scale: scale, ZeroPoint: int(max(-128, min(127, math.Round(-128-low/float64(scale)))))}
}

// codes are the integers of one layer.
type codes struct {
	weights []byte
	biases  []int32
	scales  []float32 // one, or one per output channel
	bias    []float32 // scales of the biases
}

// quantise turns the parameters of a layer into integers: convolutions per
// output channel, dense layers with one scale.
func (n *node) quantise(input Quant) (*codes, error) {
	channels := len(n.bias.Value)
	groups := channels
	if n.op == opDense {
		groups = 1
	}
	channel := func(i int) int {
		if n.op == opDepthwise {
			return i % channels
		}
		return i / (len(n.weight.Value) / channels)
	}
	largest := make([]float64, groups)
	for i, w := range n.weight.Value {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("weight %d is %v; train with a lower rate", i, w)
		}
		c := channel(i) % groups
		largest[c] = max(largest[c], math.Abs(w))
	}
	for c, b := range n.bias.Value {
		// A channel with tiny weights gets a scale that its bias fits.
		largest[c%groups] = max(largest[c%groups], math.Abs(b)*maxCode/(float64(input.Scale)*maxBias))
	}
	q := &codes{scales: make([]float32, groups), bias: make([]float32, groups)}
	for c, v := range largest {
		q.scales[c] = 1
		if s := float32(v / maxCode); s > 0 {
			q.scales[c] = s
		}
		q.bias[c] = input.Scale * q.scales[c]
	}
	for i, w := range n.weight.Value {
		v := math.Round(w / float64(q.scales[channel(i)%groups]))
		q.weights = append(q.weights, byte(int8(max(-maxCode, min(maxCode, v)))))
	}
	for c, b := range n.bias.Value {
		v := math.Round(b / float64(q.bias[c%groups]))
		q.biases = append(q.biases, int32(max(-2*maxBias+1, min(2*maxBias-1, v))))
	}
	return q, nil
}

// Row writes values as the int8 input of a network. Values beyond the range of
// its quantisation saturate.
func Row(values []float64, q Quant) []byte {
	row := make([]byte, len(values))
	for i, v := range values {
		row[i] = byte(int8(max(-128, min(127, math.Round(v/float64(q.Scale))+float64(q.ZeroPoint)))))
	}
	return row
}
