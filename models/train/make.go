package train

import (
	"fmt"
	"math/rand/v2"

	"upset/models/train/nets"
)

// Result is a trained network in both its forms.
type Result struct {
	Model []byte // the TensorFlow Lite file
	Float *nets.Net[float32]
}

// Progress hears about the end of every epoch.
type Progress func(epoch int, loss float64)

// seedStream is the second word of every PCG seed (our choice).
const seedStream = 0x7570736574 // "upset"

// warmUp is the share of all steps during which the learning rate rises (our
// choice).
const warmUp = 0.1

// InputQuant is the quantisation of the pictures: one code per grey level, code
// −128 for black.
func InputQuant() nets.Quant { return nets.Quant{Scale: float32(pixelScale), ZeroPoint: -128} }

// Make trains, quantises and exports the network of a recipe from the training
// part of Fashion-MNIST, as LoadFashion returns it.
func (r *Recipe) Make(training *Images, progress Progress) (*Result, error) {
	set, err := r.Prepare(training.Head(r.Samples))
	if err != nil {
		return nil, err
	}
	net, err := r.Fit(set, progress)
	if err != nil {
		return nil, err
	}
	input := InputQuant()
	model, err := net.Export(set.Head(r.Calibration).Inputs(), nets.Options{
		Description: r.Description, Input: &input, Softmax: r.Softmax, Chain: true,
	})
	if err != nil {
		return nil, fmt.Errorf("recipe %s: %w", r.Name, err)
	}
	return &Result{Model: model, Float: net}, nil
}

// Fit trains a network on prepared pictures. The result depends on the recipe
// and the pictures only.
func (r *Recipe) Fit(set *Images, progress Progress) (*nets.Net[float32], error) {
	set = set.Head(r.Samples)
	if r.Batch < 1 || set.Len() < r.Batch {
		return nil, fmt.Errorf("recipe %s: %d pictures do not fill one batch of %d", r.Name, set.Len(), r.Batch)
	}
	rng := rand.New(rand.NewPCG(r.Seed, seedStream))
	net, err := r.Build(set.Height, set.Width, rng)
	if err != nil {
		return nil, err
	}
	x := make([]float32, set.Height*set.Width)
	net.Train(nets.Course[float32]{
		Samples: set.Len(), Epochs: r.Epochs, Batch: r.Batch, Whole: true, Decay: r.Decay, Progress: progress,
		Draw: func(i int) []float32 {
			set.vary(x, i, r.Augment, rng)
			return x
		},
		Loss: nets.Smoothed(set.classes(), r.Smoothing),
		Rate: func(_, step, steps int) float64 { return r.Rate * schedule(step, steps) },
	}, rng)
	return net, nil
}

// schedule returns the learning rate at a step relative to its peak: a linear
// rise, then a linear fall to zero.
func schedule(step, steps int) float64 {
	at := (float64(step) + 1) / float64(steps)
	if at < warmUp {
		return at / warmUp
	}
	return (1 - at) / (1 - warmUp)
}

// Accuracy returns the share of prepared pictures whose class has the largest
// logit.
func (r *Result) Accuracy(set *Images) float64 {
	right := 0
	r.Float.Batches(set.Inputs(), func(i int, logits []float32) {
		best := 0
		for c, v := range logits {
			if v > logits[best] {
				best = c
			}
		}
		if best == int(set.Labels[i]) {
			right++
		}
	})
	return float64(right) / float64(set.Len())
}
