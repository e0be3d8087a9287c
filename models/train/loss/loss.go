// Package loss trains the networks of the selection tasks that score a row by a
// loss or by what it would do to a loss.
package loss

import (
	"math/rand/v2"

	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Recipes returns the recipes of the family.
func Recipes() []data.Recipe {
	return []data.Recipe{
		{Task: "loss-filter", Make: filter},
		{Task: "influence-scoring", Make: influence},
	}
}

// Sizes that the recipes share (our choice).
const (
	units   = 32
	classes = 10
	noise   = 0.5 // share of the labels that are drawn anew
)

// pixel is the quantisation of a digit: a code for each of its 17 levels.
var pixel = train.Quant{Scale: 1.0 / 16, ZeroPoint: -128}

// noisy are samples with labels of which some are wrong.
type noisy struct {
	data.Samples       // with the labels as given
	truth        []int // true labels
}

// deal shuffles the digits and deals them into parts of the given sizes, with
// pixels of 0 to 1 and true labels.
func deal(rng *rand.Rand, sizes ...int) ([]*noisy, error) {
	all, err := data.Digits()
	if err != nil {
		return nil, err
	}
	order := rng.Perm(len(all.X))
	var parts []*noisy
	for _, n := range sizes {
		s := &noisy{}
		for _, i := range order[:n] {
			x := make([]float64, data.DigitsSize)
			for p, v := range all.X[i] {
				x[p] = v / 16
			}
			s.X, s.Labels, s.truth = append(s.X, x), append(s.Labels, all.Labels[i]), append(s.truth, all.Labels[i])
		}
		parts, order = append(parts, s), order[n:]
	}
	return parts, nil
}

// spoil draws labels anew; one in ten of those is right by chance.
func (s *noisy) spoil(rng *rand.Rand) {
	for i := range s.Labels {
		if rng.Float64() < noise {
			s.Labels[i] = rng.IntN(classes)
		}
	}
}

// classifier returns an untrained network for digits.
func classifier(rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	g.Dense(g.Dense(0, units, nets.Relu, rng), classes, nets.Linear, rng)
	return g
}

// rows writes samples as inputs of a network.
func rows(samples [][]float64, q train.Quant) []byte {
	var list [][]byte
	for _, x := range samples {
		list = append(list, nets.Row(x, q))
	}
	return data.Join(list)
}
