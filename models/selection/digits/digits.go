// Package digits is what the tasks on handwritten digits share: how the samples are
// dealt and written as inputs, the pool with its held-out pictures, and the networks
// whose hidden layer is a feature.
package digits

import (
	"fmt"
	"math/rand/v2"

	"upset/models/reference"
	"upset/models/selection/kit"
	"upset/models/tflite"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Classes is the number of digits, Side that of the rows of a picture.
const (
	Classes = 10
	Side    = 8
	levels  = 16 // the largest value of a pixel
)

// Quantisations of a picture with pixels of 0 to 1: a code for each of the 17 levels of
// a pixel, and fifteen.
var (
	Pixel = nets.Quant{Scale: 1.0 / levels, ZeroPoint: -128}
	Fine  = nets.Quant{Scale: 1.0 / levels / 15, ZeroPoint: -128}
)

// Shuffled returns the digits with pixels of 0 to 1 in random order.
func Shuffled(rng *rand.Rand) (*data.Samples, error) {
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

// Training is the number of digits that Split trains with (our choice).
const Training = 1200

// Split shuffles the digits and splits them into those to train with and the rest.
func Split(rng *rand.Rand) (known, rest *data.Samples, err error) {
	all, err := Shuffled(rng)
	if err != nil {
		return nil, nil, err
	}
	return Part(all, 0, Training), Part(all, Training, len(all.X)-Training), nil
}

// Part returns n samples from a place on.
func Part(s *data.Samples, from, n int) *data.Samples {
	return &data.Samples{X: s.X[from : from+n : from+n], Labels: s.Labels[from : from+n : from+n]}
}

// Take returns the listed samples.
func Take(s *data.Samples, list []int) *data.Samples {
	out := &data.Samples{}
	for _, i := range list {
		out.X, out.Labels = append(out.X, s.X[i]), append(out.Labels, s.Labels[i])
	}
	return out
}

// OfClass returns the first n samples of a class at or after a place.
func OfClass(s *data.Samples, class, from, n int) *data.Samples {
	out := &data.Samples{}
	for i := from; i < len(s.X) && len(out.X) < n; i++ {
		if s.Labels[i] == class {
			out.X, out.Labels = append(out.X, s.X[i]), append(out.Labels, class)
		}
	}
	return out
}

// Rows writes samples as inputs of a network, one after another.
func Rows(x [][]float64, q nets.Quant) []byte {
	var all []byte
	for _, v := range x {
		all = append(all, nets.Row(v, q)...)
	}
	return all
}

// Reals are the real values of rows of int8 codes.
func Reals(rows [][]byte, q nets.Quant) [][]float64 {
	list := kit.Pictures(rows)
	for _, x := range list {
		for k, v := range x {
			x[k] = float64(q.Scale) * (v - float64(q.ZeroPoint))
		}
	}
	return list
}

// Scores runs an exported network on samples with the reference kernels and returns
// the real values of its output. The NPU gives the same.
func Scores(model []byte, x [][]float64, q nets.Quant) ([][]float64, error) {
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
