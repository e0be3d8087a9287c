package match

import (
	"math"
	"math/rand/v2"

	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the networks whose hidden layer is the feature of an item (our
// choice).
const (
	hidden       = 32
	targetPool   = 300
	targetFew    = 3 // targets of the rare and the frequent mode
	targetMany   = 7
	targetRare   = 1 // classes of the modes
	targetCommon = 8
	swapPool     = 200
	swapTargets  = 96
)

// classifier trains a network with one hidden layer.
func classifier(s *data.Samples, rng *rand.Rand) (g *nets.Graph, tap, logits nets.Node) {
	g = nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	tap = g.Dense(0, hidden, nets.Relu, rng)
	logits = g.Dense(tap, classes, nets.Linear, rng)
	g.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: 20, Batch: 20, Rate: 4e-3}, rng)
	return g, tap, logits
}

// level multiplies hidden units by factors, which the next layer takes back, and
// brings the hidden units to the range of the logits, since both share a scale
// once they are joined.
func level(g *nets.Graph, tap, logits nets.Node, samples [][]float64, factors []float64) {
	topHidden, topLogit := 0.0, 0.0
	for _, x := range samples {
		for _, v := range g.Forward(x) {
			topLogit = max(topLogit, math.Abs(v))
		}
		for k, v := range g.Value(tap) {
			topHidden = max(topHidden, v*factors[k])
		}
	}
	w, b, next := g.Weight(tap).Value, g.Bias(tap).Value, g.Weight(logits).Value
	for k, f := range factors {
		f *= topLogit / topHidden
		for i := range data.DigitsSize {
			w[k*data.DigitsSize+i] *= f
		}
		b[k] *= f
		for c := range classes {
			next[c*hidden+k] /= f
		}
	}
}

// targets trains a classifier whose hidden units have scales that differ widely,
// and joins a pool with targets of two classes.
func targets(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits(rng)
	if err != nil {
		return nil, err
	}
	g, tap, logits := classifier(known, rng)
	factors := make([]float64, hidden)
	for k := range factors {
		factors[k] = math.Exp(rng.NormFloat64())
	}
	few, many := ofClass(rest, targetRare, targetPool, targetFew), ofClass(rest, targetCommon, targetPool, targetMany)
	pool := &data.Samples{X: rest.X[:targetPool:targetPool], Labels: rest.Labels[:targetPool:targetPool]}
	for _, s := range []*data.Samples{few, many} {
		pool.X, pool.Labels = append(pool.X, s.X...), append(pool.Labels, s.Labels...)
	}
	return joined(g, tap, logits, known, pool, factors)
}

// swaps trains a classifier and joins a pool with a validation set.
func swaps(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits(rng)
	if err != nil {
		return nil, err
	}
	g, tap, logits := classifier(known, rng)
	factors := make([]float64, hidden)
	for k := range factors {
		factors[k] = 1
	}
	n := swapPool + swapTargets
	return joined(g, tap, logits, known, &data.Samples{X: rest.X[:n], Labels: rest.Labels[:n]}, factors)
}

// joined exports a classifier whose output holds the hidden units and the logits.
func joined(g *nets.Graph, tap, logits nets.Node, known, pool *data.Samples, factors []float64) (map[string][]byte, error) {
	level(g, tap, logits, known.X[:calibration], factors)
	g.Concat(tap, logits)
	model, err := g.Export(known.X[:calibration], nets.Options{Description: "hidden units and logits of a classifier", Input: &pixel})
	return map[string][]byte{"features.tflite": model, "rows.bin": rows(pool.X, pixel), "truth.bin": data.Labels(pool.Labels)}, err
}
