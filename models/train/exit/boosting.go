package exit

import (
	"math/rand/v2"

	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the boosted network: T steps of J units (Emami and Martínez-Muñoz,
// "Sequential Training of Neural Networks with Gradient Boosting"; the numbers
// are our choice), in groups after which an inference may stop.
const (
	boostSteps    = 60
	boostUnits    = 3
	boostGroups   = 6
	boostTraining = 1400
	boostPool     = 300
	boostRate     = 0.5 // shrinkage
	boostSample   = 0.5 // share of the samples of one step
	digitClasses  = 10
)

// unit is one weak learner: a layer of few tanh units with its output weights,
// multiplied by the Newton step of each output.
type unit struct {
	weight, bias, out, offset []float64
}

// boosting trains a network in steps and, for comparison, one of the same size
// at once, of which only the first units are kept.
func boosting(seed uint64, _ *data.Source) (map[string][]byte, error) {
	all, err := data.Digits()
	if err != nil {
		return nil, err
	}
	rng := data.Rand(seed, 0)
	order := rng.Perm(len(all.X))
	pick := func(from, n int) *data.Samples {
		s := &data.Samples{}
		for _, i := range order[from : from+n] {
			x := make([]float64, data.DigitsSize)
			for k, v := range all.X[i] {
				x[k] = v / 16
			}
			s.X, s.Labels = append(s.X, x), append(s.Labels, all.Labels[i])
		}
		return s
	}
	known, pool := pick(0, boostTraining), pick(boostTraining, boostPool)
	input := &train.Quant{Scale: 1.0 / 16, ZeroPoint: -128}
	files := map[string][]byte{"truth.bin": data.Labels(pool.Labels)}
	boosted := merge(boost(known, rng))
	if files["boosted.tflite"], err = boosted.Export(known.X[:400], nets.Options{Description: "boosted groups of units", Input: input}); err != nil {
		return nil, err
	}
	truncated := truncate(known, rng)
	if files["truncated.tflite"], err = truncated.Export(known.X[:400], nets.Options{Description: "first units of a plain network", Input: input}); err != nil {
		return nil, err
	}
	var rows [][]byte
	for _, x := range pool.X {
		rows = append(rows, nets.Row(x, *input))
	}
	files["rows.bin"] = data.Join(rows)
	return files, nil
}

// boost fits weak learners one after the other to what the sum of the earlier
// ones leaves over.
func boost(s *data.Samples, rng *rand.Rand) []unit {
	f := make([][]float64, len(s.X)) // sum so far
	for i := range f {
		f[i] = make([]float64, digitClasses)
	}
	var units []unit
	p := make([]float64, digitClasses)
	for range boostSteps {
		residual := make([][]float64, len(s.X))
		slope := make([][]float64, len(s.X))
		for i := range s.X {
			nets.Softmax(f[i], p)
			residual[i], slope[i] = make([]float64, digitClasses), make([]float64, digitClasses)
			for c, v := range p {
				residual[i][c], slope[i][c] = -v, float64(v*(1-v))
			}
			residual[i][s.Labels[i]]++
		}
		var x, y [][]float64
		for _, i := range rng.Perm(len(s.X))[:int(boostSample*float64(len(s.X)))] {
			x, y = append(x, s.X[i]), append(y, residual[i])
		}
		g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
		h := g.Dense(0, boostUnits, nets.Linear, rng)
		o := g.Dense(g.Tanh(h), digitClasses, nets.Linear, rng)
		g.Fit(x, nets.SquaredError(y), nets.Schedule{Epochs: 25, Batch: 20, Rate: 1e-2}, rng)
		units = append(units, newton(g, h, o, s, residual, slope, f))
	}
	return units
}

// newton finds the step of every output that a quadratic model of the loss asks
// for, adds the learner to the sum and returns it.
func newton(g *nets.Graph, h, o nets.Node, s *data.Samples, residual, slope, f [][]float64) unit {
	up, down := make([]float64, digitClasses), make([]float64, digitClasses)
	for i, x := range s.X {
		for c, v := range g.Forward(x) {
			up[c] += float64(residual[i][c] * v)
			down[c] += float64(slope[i][c] * float64(v*v))
		}
	}
	u := unit{weight: g.Weight(h).Value, bias: g.Bias(h).Value, out: g.Weight(o).Value, offset: g.Bias(o).Value}
	for c := range digitClasses {
		step := 0.0
		if down[c] > 1e-9 { // a learner that is zero there has no step
			step = boostRate * up[c] / down[c]
		}
		u.offset[c] *= step
		for k := range boostUnits {
			u.out[c*boostUnits+k] *= step
		}
	}
	for i, x := range s.X { // the graph shares the weights that were just multiplied
		for c, v := range g.Forward(x) {
			f[i][c] += v
		}
	}
	return u
}

// merge writes weak learners as groups whose sums are all outputs.
func merge(units []unit) *nets.Graph {
	rng := data.Rand(0, 0) // all weights are overwritten
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	per := len(units) / boostGroups
	var sums []nets.Node
	for k := range boostGroups {
		h := g.Dense(0, per*boostUnits, nets.Linear, rng)
		o := g.Dense(g.Tanh(h), digitClasses, nets.Linear, rng)
		clear(g.Bias(o).Value)
		for i, u := range units[k*per : (k+1)*per] {
			copy(g.Weight(h).Value[i*len(u.weight):], u.weight)
			copy(g.Bias(h).Value[i*boostUnits:], u.bias)
			for c := range digitClasses {
				copy(g.Weight(o).Value[(c*per+i)*boostUnits:], u.out[c*boostUnits:(c+1)*boostUnits])
				g.Bias(o).Value[c] += u.offset[c]
			}
		}
		if k > 0 {
			o = g.Add(sums[k-1], o)
		}
		sums = append(sums, o)
	}
	g.Concat(sums...)
	return g
}

// truncate trains a plain network and keeps as many of its units as one group
// of the boosted one has.
func truncate(s *data.Samples, rng *rand.Rand) *nets.Graph {
	build := func(units int) (g *nets.Graph, h, o nets.Node) {
		g = nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
		h = g.Dense(0, units, nets.Linear, rng)
		return g, h, g.Dense(g.Tanh(h), digitClasses, nets.Linear, rng)
	}
	all, kept := boostSteps*boostUnits, boostSteps*boostUnits/boostGroups
	whole, h, o := build(all)
	whole.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 15, Batch: 20, Rate: 2e-3}, rng)
	part, ph, po := build(kept)
	copy(part.Weight(ph).Value, whole.Weight(h).Value)
	copy(part.Bias(ph).Value, whole.Bias(h).Value)
	copy(part.Bias(po).Value, whole.Bias(o).Value)
	for c := range digitClasses {
		copy(part.Weight(po).Value[c*kept:(c+1)*kept], whole.Weight(o).Value[c*all:])
	}
	return part
}
