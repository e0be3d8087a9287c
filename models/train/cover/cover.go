// Package cover trains the networks of the selection tasks that pick items to
// represent a pool.
package cover

import (
	"math/rand/v2"

	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Recipes returns the recipes of the family.
func Recipes() []data.Recipe {
	return []data.Recipe{
		{Task: "facility-location", Make: facility},
		{Task: "influence-graph", Make: influence},
		{Task: "probability-kcentre", Make: coreset},
		{Task: "diverse-kmeans", Make: diverse},
		{Task: "set-utility", Make: utility},
	}
}

// levels is the largest value of a pixel of a digit.
const levels = 16

// input is the quantisation of digits: every level of a pixel is 15 codes.
var input = train.Quant{Scale: 1.0 / levels / 15, ZeroPoint: -128}

// shuffled returns the digits with pixels of 0 to 1 in random order.
func shuffled(rng *rand.Rand) (*data.Samples, error) {
	all, err := data.Digits()
	if err != nil {
		return nil, err
	}
	s := &data.Samples{}
	for _, i := range rng.Perm(len(all.X)) {
		x := make([]float64, len(all.X[i]))
		for k, v := range all.X[i] {
			x[k] = v / levels
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, all.Labels[i])
	}
	return s, nil
}

// part returns some of the samples.
func part(s *data.Samples, from, n int) *data.Samples {
	return &data.Samples{X: s.X[from : from+n], Labels: s.Labels[from : from+n]}
}

// rows writes samples as inputs of a network.
func rows(x [][]float64) []byte {
	var list [][]byte
	for _, v := range x {
		list = append(list, nets.Row(v, input))
	}
	return data.Join(list)
}

// files adds the pool and the held-out samples of a task to its network.
func files(name string, model []byte, pool, test *data.Samples) map[string][]byte {
	return map[string][]byte{
		name + ".tflite": model,
		"rows.bin":       rows(pool.X), "truth.bin": data.Labels(pool.Labels),
		"test.bin": rows(test.X), "test-truth.bin": data.Labels(test.Labels),
	}
}

// encoder trains an autoencoder without labels and returns its first half.
func encoder(x [][]float64, hidden, code, epochs int, rng *rand.Rand) *nets.Graph {
	shape := nets.Shape{H: 1, W: 1, C: len(x[0])}
	g := nets.New(shape)
	a := g.Dense(0, hidden, nets.Relu, rng)
	b := g.Dense(a, code, nets.Linear, rng)
	g.Dense(g.Dense(b, hidden, nets.Relu, rng), len(x[0]), nets.Linear, rng)
	g.Fit(x, nets.SquaredError(x), nets.Schedule{Epochs: epochs, Batch: 20, Rate: 3e-3}, rng)
	half := nets.New(shape)
	half.Dense(half.Dense(0, hidden, nets.Relu, rng), code, nets.Linear, rng)
	for _, n := range []nets.Node{a, b} {
		copy(half.Weight(n).Value, g.Weight(n).Value)
		copy(half.Bias(n).Value, g.Bias(n).Value)
	}
	return half
}
