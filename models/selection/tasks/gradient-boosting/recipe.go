package boosting

import (
	"embed"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "gradient-boosting", Stored: stored, Make: recipe}

// Sizes of the boosted network: T steps of J units (Emami and Martínez-Muñoz,
// "Sequential Training of Neural Networks with Gradient Boosting"; the numbers
// are our choice), in groups after which an inference may stop.
const (
	boostSteps    = 60
	boostUnits    = 3
	boostTraining = 1400
	boostPool     = 300
	boostRate     = 0.5 // shrinkage
	boostSample   = 0.5 // share of the samples of one step
)

// unit is one weak learner: a layer of few tanh units with its output weights,
// multiplied by the Newton step of each output.
type unit struct {
	weight, bias, out, offset []float64
}

// recipe trains a network in steps and, for comparison, one of the same size
// at once, of which only the first units are kept.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	all, err := digits.Shuffled(rng)
	if err != nil {
		return nil, err
	}
	known, pool := digits.Part(all, 0, boostTraining), digits.Part(all, boostTraining, boostPool)
	sums := sumsOf(boost(known, rng), known.X)
	input := sums.quant()
	files := map[string][]byte{"truth.bin": data.Labels(pool.Labels)}
	for k := range boostGroups {
		g, samples := sums.network(k, input)
		o := nets.Options{Description: "one group of boosted units", Input: &input, Output: &input}
		if files[exit(k)+".tflite"], err = g.Export(samples[:400], o); err != nil {
			return nil, err
		}
	}
	pixels := nets.Quant{Scale: 1.0 / 16 / pixelCodes}
	truncated := truncate(known, rng)
	if files["truncated.tflite"], err = truncated.Export(known.X[:400], nets.Options{Description: "first units of a plain network", Input: &pixels}); err != nil {
		return nil, err
	}
	files["rows.bin"] = digits.Rows(pool.X, pixels)
	return files, nil
}

// boost fits weak learners one after the other to what the sum of the earlier
// ones leaves over.
func boost(s *data.Samples, rng *rand.Rand) []unit {
	f := make([][]float64, len(s.X)) // sum so far
	for i := range f {
		f[i] = make([]float64, boostClasses)
	}
	var units []unit
	p := make([]float64, boostClasses)
	for range boostSteps {
		residual := make([][]float64, len(s.X))
		slope := make([][]float64, len(s.X))
		for i := range s.X {
			nets.Softmax(f[i], p)
			residual[i], slope[i] = make([]float64, boostClasses), make([]float64, boostClasses)
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
		o := g.Dense(g.Tanh(h), boostClasses, nets.Linear, rng)
		g.Fit(x, nets.SquaredError(y), nets.Schedule{Epochs: 25, Batch: 20, Rate: 1e-2}, rng)
		units = append(units, newton(g, h, o, s, residual, slope, f))
	}
	return units
}

// newton finds the step of every output that a quadratic model of the loss asks
// for, adds the learner to the sum and returns it.
func newton(g *nets.Graph, h, o nets.Node, s *data.Samples, residual, slope, f [][]float64) unit {
	up, down := make([]float64, boostClasses), make([]float64, boostClasses)
	for i, x := range s.X {
		for c, v := range g.Forward(x) {
			up[c] += float64(residual[i][c] * v)
			down[c] += float64(slope[i][c] * float64(v*v))
		}
	}
	u := unit{weight: g.Weight(h).Value, bias: g.Bias(h).Value, out: g.Weight(o).Value, offset: g.Bias(o).Value}
	for c := range boostClasses {
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

// pixelCodes are the codes of one of the 16 levels of a pixel (our choice: they fill the
// range of int8).
const pixelCodes = 7

// sums are weak learners in groups and what those before each group add up to.
type sums struct {
	units  []unit
	x      [][]float64
	before [boostGroups][][]float64 // by group, sample and class
	most   float64                  // largest size of a sum
}

func sumsOf(units []unit, x [][]float64) *sums {
	s := &sums{units: units, x: x}
	for _, v := range x {
		sum := make([]float64, boostClasses)
		for k := range boostGroups {
			s.before[k] = append(s.before[k], slices.Clone(sum))
			for _, u := range s.group(k) {
				u.add(v, sum)
			}
			for _, f := range sum {
				s.most = max(s.most, math.Abs(f))
			}
		}
	}
	return s
}

// group returns the learners of one group.
func (s *sums) group(k int) []unit {
	per := len(s.units) / boostGroups
	return s.units[k*per : (k+1)*per]
}

// add adds a learner's outputs for a picture.
func (u *unit) add(x, sum []float64) {
	for k := range boostUnits {
		h := u.bias[k]
		for i, v := range x {
			h += float64(u.weight[k*len(x)+i] * v)
		}
		h = math.Tanh(h)
		for c := range sum {
			sum[c] += float64(u.out[c*boostUnits+k] * h)
		}
	}
	for c := range sum {
		sum[c] += u.offset[c]
	}
}

// quant is the quantisation of the sums. Pixels, which stand before them in an input,
// take pixelCodes codes for each of their levels in it.
func (s *sums) quant() nets.Quant { return nets.Quant{Scale: float32(s.most / 127)} }

// network adds a group to the sum so far: its input are the pixels and that sum. It
// returns the inputs of all samples.
func (s *sums) network(k int, q nets.Quant) (*nets.Graph, [][]float64) {
	rng := data.Rand(0, 0) // all weights are overwritten
	white := 16 * pixelCodes * float64(q.Scale)
	var inputs [][]float64
	for i, x := range s.x {
		var in []float64
		for _, v := range x {
			in = append(in, v*white)
		}
		inputs = append(inputs, append(in, s.before[k][i]...))
	}
	size := len(inputs[0])
	group := s.group(k)
	g := nets.New(nets.Shape{H: 1, W: 1, C: size})
	h := g.Dense(0, len(group)*boostUnits, nets.Linear, rng)
	o := g.Dense(g.Tanh(h), boostClasses, nets.Linear, rng)
	sum := g.Dense(0, boostClasses, nets.Linear, rng)
	g.Add(sum, o)
	clear(g.Weight(h).Value)
	clear(g.Weight(sum).Value)
	clear(g.Bias(o).Value)
	for i, u := range group {
		for j := range boostUnits {
			for p := range data.DigitsSize {
				g.Weight(h).Value[(i*boostUnits+j)*size+p] = u.weight[j*data.DigitsSize+p] / white
			}
		}
		copy(g.Bias(h).Value[i*boostUnits:], u.bias)
		for c := range boostClasses {
			copy(g.Weight(o).Value[(c*len(group)+i)*boostUnits:], u.out[c*boostUnits:(c+1)*boostUnits])
			g.Bias(o).Value[c] += u.offset[c]
		}
	}
	for c := range boostClasses {
		g.Weight(sum).Value[c*size+data.DigitsSize+c] = 1
	}
	return g, inputs
}

// truncate trains a plain network and keeps as many of its units as one group
// of the boosted one has.
func truncate(s *data.Samples, rng *rand.Rand) *nets.Graph {
	build := func(units int) (g *nets.Graph, h, o nets.Node) {
		g = nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
		h = g.Dense(0, units, nets.Linear, rng)
		return g, h, g.Dense(g.Tanh(h), boostClasses, nets.Linear, rng)
	}
	all, kept := boostSteps*boostUnits, boostSteps*boostUnits/boostGroups
	whole, h, o := build(all)
	whole.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 15, Batch: 20, Rate: 2e-3}, rng)
	part, ph, po := build(kept)
	copy(part.Weight(ph).Value, whole.Weight(h).Value)
	copy(part.Bias(ph).Value, whole.Bias(h).Value)
	copy(part.Bias(po).Value, whole.Bias(o).Value)
	for c := range boostClasses {
		copy(part.Weight(po).Value[c*kept:(c+1)*kept], whole.Weight(o).Value[c*all:])
	}
	return part
}
