// Package edit trains the networks of the selection tasks that change a finished
// network or choose its features.
package edit

import (
	"fmt"
	"math/rand/v2"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/models/train"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Recipes returns the recipes of the family.
func Recipes() []data.Recipe {
	return []data.Recipe{
		{Task: "synaptic-dampening", Make: dampening},
		{Task: "worst-case-forget", Make: worst},
		{Task: "quick-selection", Make: quick},
		{Task: "feature-set", Make: features},
	}
}

// classes is the number of classes of all data sets used here.
const classes = 10

// pixel is the quantisation of a digit: 15 codes for each of its 17 levels.
var pixel = train.Quant{Scale: 1.0 / 16 / 15, ZeroPoint: -128}

// digits returns the digits in random order, with pixels of 0 to 1.
func digits(rng *rand.Rand) (*data.Samples, error) {
	all, err := data.Digits()
	if err != nil {
		return nil, err
	}
	s := &data.Samples{}
	for _, i := range rng.Perm(len(all.X)) {
		x := make([]float64, len(all.X[i]))
		for k, v := range all.X[i] {
			x[k] = v / 16
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, all.Labels[i])
	}
	return s, nil
}

// take returns the listed samples.
func take(s *data.Samples, list []int) *data.Samples {
	out := &data.Samples{}
	for _, i := range list {
		out.X, out.Labels = append(out.X, s.X[i]), append(out.Labels, s.Labels[i])
	}
	return out
}

// pack writes samples as inputs of a network, one after another.
func pack(x [][]float64, q train.Quant) []byte {
	var all []byte
	for _, v := range x {
		all = append(all, nets.Row(v, q)...)
	}
	return all
}

// scores runs a network on samples with the reference kernels and returns the
// real values of its outputs. The NPU gives the same.
func scores(model []byte, x [][]float64, q train.Quant) ([][]float64, error) {
	m, err := tflite.Parse(model)
	if err != nil {
		return nil, err
	}
	in, err := reference.New(m)
	if err != nil {
		return nil, err
	}
	g := &m.Subgraphs[0]
	if len(g.Outputs) != 1 {
		return nil, fmt.Errorf("the network has %d outputs; it must have one", len(g.Outputs))
	}
	quant := g.Tensors[g.Outputs[0]].Quant
	var list [][]float64
	for _, v := range x {
		out, err := in.Invoke([][]byte{nets.Row(v, q)})
		if err != nil {
			return nil, err
		}
		row := make([]float64, len(out[0]))
		for j, c := range out[0] {
			row[j] = float64(quant.Scale[0]) * float64(int(int8(c))-int(quant.ZeroPoint[0]))
		}
		list = append(list, row)
	}
	return list, nil
}

// classifier trains a network of 64, 64, 32 and 10 units.
func classifier(s *data.Samples, epochs int, rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	g.Dense(g.Dense(g.Dense(0, 64, nets.Relu, rng), 32, nets.Relu, rng), classes, nets.Linear, rng)
	g.Fit(s.X, nets.CrossEntropy(s.Labels), nets.Schedule{Epochs: epochs, Batch: 20, Rate: 3e-3}, rng)
	return g
}
