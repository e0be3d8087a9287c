package nets

import (
	"math"
	"math/rand/v2"
)

// Defaults of Adam (Kingma and Ba, ICLR 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// Adam moves parameters against their gradients.
type Adam struct {
	params       []*Param
	mean, square [][]float64
	power1       float64
	power2       float64
}

// NewAdam returns an optimiser of params.
func NewAdam(params []*Param) *Adam {
	a := &Adam{params: params, power1: 1, power2: 1}
	for _, p := range params {
		a.mean = append(a.mean, make([]float64, len(p.Value)))
		a.square = append(a.square, make([]float64, len(p.Value)))
	}
	return a
}

// Step makes one step with the mean gradient of n samples and clears the
// gradients.
func (a *Adam) Step(rate float64, n int) {
	a.power1 *= beta1
	a.power2 *= beta2
	for k, p := range a.params {
		m, v := a.mean[k], a.square[k]
		for i := range p.Grad {
			d := p.Grad[i] / float64(n)
			m[i] = float64(beta1*m[i]) + float64((1-beta1)*d)
			v[i] = float64(beta2*v[i]) + float64((1-beta2)*float64(d*d))
			p.Value[i] -= rate * (m[i] / (1 - a.power1)) / (math.Sqrt(v[i]/(1-a.power2)) + epsilon)
		}
		clear(p.Grad)
	}
}

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
func (g *Graph) Fit(samples [][]float64, loss Loss, s Schedule, rng *rand.Rand) float64 {
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	optimiser := NewAdam(g.Params())
	grad := make([]float64, g.nodes[len(g.nodes)-1].shape.Size())
	mean := 0.0
	for epoch := range s.Epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := s.Rate * (1 - (1-finalRate)*float64(epoch)/float64(max(1, s.Epochs-1)))
		mean = 0
		for at := 0; at < len(order); at += s.Batch {
			batch := order[at:min(at+s.Batch, len(order))]
			for _, i := range batch {
				out := g.Forward(samples[i])
				mean += loss(i, out, grad) / float64(len(samples))
				g.Backward(grad)
			}
			optimiser.Step(rate, len(batch))
		}
	}
	return mean
}

// CrossEntropy is the loss of a classifier whose outputs are logits.
func CrossEntropy(labels []int) Loss {
	return func(i int, output, grad []float64) float64 {
		Softmax(output, grad)
		loss := -math.Log(max(grad[labels[i]], 1e-300))
		grad[labels[i]]--
		return loss
	}
}

// SquaredError is half the squared distance to a target for every sample.
func SquaredError(targets [][]float64) Loss {
	return func(i int, output, grad []float64) float64 {
		loss := 0.0
		for j, v := range output {
			grad[j] = v - targets[i][j]
			loss += float64(grad[j]*grad[j]) / 2
		}
		return loss
	}
}

// Softmax writes the probabilities that belong to logits.
func Softmax(logits, p []float64) {
	top := logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	sum := 0.0
	for j, v := range logits {
		p[j] = math.Exp(v - top)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
}
