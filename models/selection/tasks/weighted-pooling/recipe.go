package pooling

import (
	"embed"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "weighted-pooling", Stored: stored, Make: recipe}

// Sizes of the sequence encoder (our choice): a digit is read as 4×4 tokens of
// 2×2 pixels, each with its row and column as two bits.
const (
	tokenSide   = 4
	tokenDepth  = 8
	tokenHidden = 16
	poolRows    = 300
	poolTargets = 10
)

// tokens writes a digit as a sequence in reading order.
func tokens(x []float64) []float64 {
	out := make([]float64, tokenSide*tokenSide*tokenDepth)
	for t := range tokenSide * tokenSide {
		row, column, token := t/tokenSide, t%tokenSide, out[t*tokenDepth:]
		for p := range 4 {
			token[p] = x[(2*row+p/2)*2*tokenSide+2*column+p%2]
		}
		token[4], token[5] = float64(row/2), float64(row%2)
		token[6], token[7] = float64(column/2), float64(column%2)
	}
	return out
}

// encoder is a layer for every token, one over a token and its neighbours, and a
// mean over the tokens.
type encoder struct {
	g     *nets.Graph
	layer []nets.Node
	mean  nets.Node
}

// newEncoder makes an encoder whose mean weighs token i by i/Σi, as the last
// tokens of a sequence have seen the most (RDS+ of Ivison et al.).
func newEncoder(rng *rand.Rand) *encoder {
	e := &encoder{g: nets.New(nets.Shape{H: tokenSide, W: tokenSide, C: tokenDepth})}
	first := e.g.Conv(0, 1, 1, tokenHidden, false, nets.Relu, rng)
	second := e.g.Conv(first, 3, 1, poolingDepth, true, nets.Relu, rng)
	e.layer = []nets.Node{first, second}
	e.mean = e.g.Depthwise(second, tokenSide, 1, false, nets.Linear, rng)
	n := tokenSide * tokenSide
	for i := range e.g.Weight(e.mean).Value {
		e.g.Weight(e.mean).Value[i] = float64(i/poolingDepth+1) / float64(n*(n+1)/2)
	}
	return e
}

// recipe trains the encoder as a part of a classifier and exports it with the
// directions of the targets as the weights of its last layer.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	for _, s := range []*data.Samples{known, rest} {
		for i, x := range s.X {
			s.X[i] = tokens(x)
		}
	}
	e := newEncoder(rng)
	head := e.g.Dense(e.mean, digits.Classes, nets.Linear, rng)
	e.fit(known, head, rng)

	class := int(seed) % digits.Classes
	targets := digits.OfClass(rest, class, poolRows, poolTargets)
	out := newEncoder(rng)
	for k, n := range out.layer {
		copy(out.g.Weight(n).Value, e.g.Weight(e.layer[k]).Value)
		copy(out.g.Bias(n).Value, e.g.Bias(e.layer[k]).Value)
	}
	similarity := out.g.Dense(out.mean, len(targets.X), nets.Linear, rng)
	for t, x := range targets.X {
		e.g.Forward(x)
		direction := e.g.Value(e.mean)
		size := kit.Norm(direction)
		for k, v := range direction {
			out.g.Weight(similarity).Value[t*poolingDepth+k] = v / size
		}
	}
	out.g.Concat(out.mean, similarity)
	files := map[string][]byte{
		"rows.bin":    digits.Rows(rest.X[:poolRows], digits.Pixel),
		"truth.bin":   data.Labels(rest.Labels[:poolRows]),
		"targets.bin": data.Labels(targets.Labels),
	}
	files["encoder.tflite"], err = out.g.Export(known.X[:digits.Calibration], nets.Options{Description: "sequence encoder with weighted pooling", Input: &digits.Pixel})
	return files, err
}

// fit trains all layers but the fixed mean.
func (e *encoder) fit(s *data.Samples, head nets.Node, rng *rand.Rand) {
	const epochs, batch, rate = 10, 20, 5e-3 // our choice
	var params []*nets.Param
	for _, n := range append(e.layer[:len(e.layer):len(e.layer)], head) {
		params = append(params, e.g.Weight(n), e.g.Bias(n))
	}
	loss, grad := nets.CrossEntropy(s.Labels), make([]float64, digits.Classes)
	d := nets.Descent{Epochs: epochs, Batch: batch, Rate: rate, Fall: 0.9}
	d.Fit(params, len(s.X), rng, func(i int) {
		loss(i, e.g.Forward(s.X[i]), grad)
		e.g.Backward(grad)
	})
}
