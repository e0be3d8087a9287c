package digits

import (
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Sizes of the classifiers whose hidden layer is the feature of an item, and the samples
// that set their quantisation (our choice).
const (
	Hidden      = 32
	Calibration = 400
)

// Tapped trains a classifier with one hidden layer, the tap.
func Tapped(s *data.Samples, rng *rand.Rand) (g *nets.Graph, tap, logits nets.Node) {
	g = nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	tap = g.Dense(0, Hidden, nets.Relu, rng)
	logits = g.Dense(tap, Classes, nets.Linear, rng)
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
		for c := range Classes {
			next[c*Hidden+k] /= f
		}
	}
}

// OpenClassed reads a scorer, its rows and their classes.
func OpenClassed(files *artefacts.Store, scorer string, seed uint64) (artefacts.Folder, selection.Scorer, []int, error) {
	f, err := files.Open(seed)
	if err != nil {
		return f, selection.Scorer{}, nil, err
	}
	truth, err := f.Labels("truth.bin")
	if err != nil {
		return f, selection.Scorer{}, nil, err
	}
	s, err := f.Scorer(scorer, "rows.bin")
	if err == nil && len(s.Rows) != len(truth) {
		err = fmt.Errorf("task %s: %d rows but %d classes; build the data anew", files.Task, len(s.Rows), len(truth))
	}
	return f, s, truth, err
}

// Joined exports a classifier whose output holds the hidden units, multiplied by
// factors, and the logits.
func Joined(g *nets.Graph, tap, logits nets.Node, known, pool *data.Samples, factors []float64) (map[string][]byte, error) {
	level(g, tap, logits, known.X[:Calibration], factors)
	g.Concat(tap, logits)
	model, err := g.Export(known.X[:Calibration], nets.Options{Description: "hidden units and logits of a classifier", Input: &Pixel})
	return map[string][]byte{"features.tflite": model, "rows.bin": Rows(pool.X, Pixel), "truth.bin": data.Labels(pool.Labels)}, err
}

// Taps returns the hidden units of a row of such scores and the gradient of its
// cross-entropy by the logits, p − y. Their outer product is the gradient of the last
// layer.
func Taps(t *selection.Table, row, class int) (hidden, miss []float64) {
	v := t.Real(row)
	hidden, miss = v[:Hidden], kit.Softmax(v[Hidden:])
	if class < len(miss) {
		miss[class]--
	}
	return hidden, miss
}

// Apart are the distances of all candidates from all targets, which are the last rows,
// by their pictures: they owe nothing to the scores.
func Apart(rows [][]byte, targets int) [][]float64 {
	x := kit.Pictures(rows)
	n := len(x) - targets
	out := make([][]float64, n)
	for i := range out {
		for _, f := range x[n:] {
			out[i] = append(out[i], kit.Distance(x[i], f))
		}
	}
	return out
}
