package nets

import (
	"math/rand/v2"
)

// Loss returns the loss of sample i and writes its gradient by the outputs.
type Loss func(i int, output, grad []float64) float64

// Schedule is how long and how fast to train.
type Schedule struct {
	Epochs, Batch int
	Rate          float64 // at the start; it falls linearly to a twentieth
}

// finalRate is the last learning rate relative to the first (our choice).
const finalRate = 0.05

// Fit trains a graph by Adam on shuffled batches and returns the mean loss of
// the last epoch.
func (g *Net[T]) Fit(samples [][]T, loss Loss, s Schedule, rng *rand.Rand) float64 {
	return g.Train(Course[T]{
		Samples: len(samples), Draw: func(i int) []T { return samples[i] }, Loss: loss, Epochs: s.Epochs, Batch: s.Batch,
		Rate: func(epoch, _, _ int) float64 {
			return s.Rate * (1 - (1-finalRate)*float64(epoch)/float64(max(1, s.Epochs-1)))
		},
	}, rng)
}

// Course is a training in full.
type Course[T Real] struct {
	Samples       int
	Draw          func(i int) []T // the input of a sample, which may vary from epoch to epoch
	Loss          Loss
	Epochs, Batch int
	Whole         bool    // leave out what is left of an epoch for the last batch
	Decay         float64 // of weights
	// Rate is the learning rate in an epoch, at a step of all steps.
	Rate func(epoch, step, steps int) float64
	// Progress hears the mean loss of every epoch; nil for nobody.
	Progress func(epoch int, loss float64)
}

// Train trains by Adam on shuffled batches and returns the mean loss of the last epoch.
// The samples are drawn in the order in which they are used.
func (g *Net[T]) Train(c Course[T], rng *rand.Rand) float64 {
	order := make([]int, c.Samples)
	for i := range order {
		order[i] = i
	}
	used := c.Samples
	if c.Whole {
		used -= used % c.Batch
	}
	optimiser := newOptimiser(g.Params(), c.Decay)
	mean, step, steps := 0.0, 0, (used+c.Batch-1)/c.Batch*c.Epochs
	for epoch := range c.Epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		mean = 0
		for at := 0; at < used; at += c.Batch {
			batch := order[at:min(at+c.Batch, used)]
			mean += g.gradients(batch, &c, used)
			optimiser.Step(c.Rate(epoch, step, steps), len(batch))
			step++
		}
		if c.Progress != nil {
			c.Progress(epoch, mean)
		}
	}
	return mean
}

// gradients adds the gradients of a batch and returns its part of the mean loss.
func (g *Net[T]) gradients(batch []int, c *Course[T], used int) float64 {
	together := len(batch)
	if g.a.batch == 1 {
		together = 1
	}
	g.room(together)
	input, last, mean := &g.nodes[0], g.last(), 0.0
	size := last.shape.Size()
	output, grad, dy := make([]float64, size), make([]float64, size), make([]T, size)
	for from := 0; from < len(batch); from += together {
		part := batch[from : from+together]
		for k, i := range part {
			g.write(input, input.value, k, c.Draw(i))
		}
		g.forward(true)
		for k, i := range part {
			for j, v := range g.read(last, last.value, k) {
				output[j] = float64(v)
			}
			mean += c.Loss(i, output, grad) / float64(used)
			for j, v := range grad {
				dy[j] = T(v)
			}
			g.write(last, last.grad, k, dy)
		}
		g.backward()
	}
	return mean
}

// Descent trains parameters whose gradients the caller finds: of other things than a
// graph, or some of one.
type Descent struct {
	Epochs, Batch int
	Rate, Fall    float64 // the rate at the start, and the share of it that is lost by and by
	After         func()  // called after every step; nil for nothing
}

// Fit goes through n samples in random order in every epoch. Gradient adds that of a
// sample to the parameters.
func (d *Descent) Fit(params []*Param, n int, rng *rand.Rand, gradient func(i int)) {
	optimiser := NewAdam(params)
	for epoch := range d.Epochs {
		order := rng.Perm(n)
		for at := 0; at < n; at += d.Batch {
			part := order[at:min(at+d.Batch, n)]
			for _, i := range part {
				gradient(i)
			}
			optimiser.Step(d.Rate*(1-d.Fall*float64(epoch)/float64(d.Epochs)), len(part))
			if d.After != nil {
				d.After()
			}
		}
	}
}
