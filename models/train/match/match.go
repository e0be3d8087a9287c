// Package match trains the networks of the selection tasks that choose the items
// of a pool that resemble a target.
package match

import (
	"math/rand/v2"

	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Recipes returns the recipes of the family.
func Recipes() []data.Recipe {
	return []data.Recipe{
		{Task: "weighted-pooling", Make: pooling},
		{Task: "target-transport", Make: targets},
		{Task: "transport-swaps", Make: swaps},
		{Task: "sparse-similarity", Make: sparse},
	}
}

// Sizes that all recipes share (our choice).
const (
	training    = 1200
	classes     = 10
	calibration = 400 // samples that set the quantisation
)

// pixel is the quantisation of a digit: a code for each of its 17 levels.
var pixel = train.Quant{Scale: 1.0 / 16, ZeroPoint: -128}

// digits shuffles the digits and splits them into those to train with and the
// rest, with pixels of 0 to 1.
func digits(rng *rand.Rand) (known, rest *data.Samples, err error) {
	all, err := data.Digits()
	if err != nil {
		return nil, nil, err
	}
	known, rest = &data.Samples{}, &data.Samples{}
	for k, i := range rng.Perm(len(all.X)) {
		s := known
		if k >= training {
			s = rest
		}
		x := make([]float64, data.DigitsSize)
		for p, v := range all.X[i] {
			x[p] = v / 16
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, all.Labels[i])
	}
	return known, rest, nil
}

// ofClass returns the first n samples of a class at or after a position.
func ofClass(s *data.Samples, class, from, n int) *data.Samples {
	out := &data.Samples{}
	for i := from; i < len(s.X) && len(out.X) < n; i++ {
		if s.Labels[i] == class {
			out.X, out.Labels = append(out.X, s.X[i]), append(out.Labels, class)
		}
	}
	return out
}

// rows writes samples as inputs of a network.
func rows(samples [][]float64, q train.Quant) []byte {
	var list [][]byte
	for _, x := range samples {
		list = append(list, nets.Row(x, q))
	}
	return data.Join(list)
}
