// Package route trains the networks of the selection tasks that send every row
// to one of several experts or one of several activation functions.
package route

import (
	"math/rand/v2"

	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Recipes returns the recipes of the family.
func Recipes() []data.Recipe {
	return []data.Recipe{
		{Task: "expert-router", Make: router},
		{Task: "expert-switching", Make: switching},
		{Task: "kan-selection", Make: selectable},
	}
}

// Sizes that the recipes share (our choice).
const (
	side        = 8
	classes     = 10
	training    = 1200
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

// rotate turns a picture by a number of quarters.
func rotate(x []float64, quarters int) []float64 {
	for range quarters {
		y := make([]float64, len(x))
		for i := range y {
			y[i] = x[(side-1-i%side)*side+i/side]
		}
		x = y
	}
	return x
}

// rows writes samples as inputs of a network.
func rows(samples [][]float64, q train.Quant) []byte {
	var list [][]byte
	for _, x := range samples {
		list = append(list, nets.Row(x, q))
	}
	return data.Join(list)
}
