package quick

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection/kit"
)

// Settings of the sparse autoencoder (Atashgahi et al., "Quick and Robust Feature
// Selection", Machine Learning 2022, and their program).
const (
	sparseDensity  = 13.0 // of the Erdős–Rényi masks
	sparseRewired  = 0.2  // share of the connections moved after an epoch
	sparseNoise    = 0.2  // deviation of the noise on the inputs
	sparseRate     = 0.01
	sparseMomentum = 0.9
	sparseDecay    = 1e-5
)

// connection joins an input unit with an output unit of a layer.
type connection struct {
	from, to         int
	weight, velocity float64
	grad             float64
}

// sparseLayer holds few of the possible connections.
type sparseLayer struct {
	in, out      int
	list         []connection
	bias, motion []float64
	biasGrad     []float64
}

// newSparse draws a layer whose density is ε(n+m)/(nm).
func newSparse(in, out int, rng *rand.Rand) *sparseLayer {
	l := &sparseLayer{in: in, out: out, bias: make([]float64, out), motion: make([]float64, out), biasGrad: make([]float64, out)}
	p := min(1, sparseDensity*float64(in+out)/float64(in*out))
	for i := range in {
		for o := range out {
			if rng.Float64() < p {
				l.list = append(l.list, connection{from: i, to: o, weight: l.draw(rng)})
			}
		}
	}
	return l
}

// draw gives a new weight (Glorot and Bengio, AISTATS 2010, for the whole layer).
func (l *sparseLayer) draw(rng *rand.Rand) float64 {
	return math.Sqrt(6/float64(l.in+l.out)) * (2*rng.Float64() - 1)
}

func (l *sparseLayer) forward(x, y []float64) {
	copy(y, l.bias)
	for k := range l.list {
		c := &l.list[k]
		y[c.to] += float64(c.weight * x[c.from])
	}
}

// backward adds gradients, and those by the inputs where dx is not nil.
func (l *sparseLayer) backward(x, dy, dx []float64) {
	for o, d := range dy {
		l.biasGrad[o] += d
	}
	for k := range l.list {
		c := &l.list[k]
		c.grad += float64(dy[c.to] * x[c.from])
		if dx != nil {
			dx[c.from] += float64(dy[c.to] * c.weight)
		}
	}
}

// step moves the weights by the mean gradient of n samples.
func (l *sparseLayer) step(n int) {
	for k := range l.list {
		c := &l.list[k]
		c.velocity = float64(sparseMomentum*c.velocity) - sparseRate*(c.grad/float64(n)+float64(sparseDecay*c.weight))
		c.weight += c.velocity
		c.grad = 0
	}
	for o := range l.bias {
		l.motion[o] = float64(sparseMomentum*l.motion[o]) - sparseRate*l.biasGrad[o]/float64(n)
		l.bias[o] += l.motion[o]
		l.biasGrad[o] = 0
	}
}

// rewire drops the connections of the smallest weights and draws as many new
// ones at free places.
func (l *sparseLayer) rewire(rng *rand.Rand) {
	slices.SortFunc(l.list, func(a, b connection) int {
		return cmp.Or(cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	whole := len(l.list)
	l.list = l.list[:whole-int(sparseRewired*float64(whole))]
	taken := make([]bool, l.in*l.out)
	for _, c := range l.list {
		taken[c.from*l.out+c.to] = true
	}
	for len(l.list) < whole {
		if at := rng.IntN(len(taken)); !taken[at] {
			taken[at] = true
			l.list = append(l.list, connection{from: at / l.out, to: at % l.out, weight: l.draw(rng)})
		}
	}
	slices.SortFunc(l.list, func(a, b connection) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
}

// matrix returns the weights of every input unit.
func (l *sparseLayer) matrix() [][]float64 {
	m := make([][]float64, l.in)
	for i := range m {
		m[i] = make([]float64, l.out)
	}
	for _, c := range l.list {
		m[c.from][c.to] = c.weight
	}
	return m
}

// sparseAutoencoder trains a denoising autoencoder with one hidden layer of
// logistic units and returns the weights of every input unit.
func sparseAutoencoder(x [][]float64, hidden, epochs, batch int, rng *rand.Rand) [][]float64 {
	n := len(x[0])
	first, second := newSparse(n, hidden, rng), newSparse(hidden, n, rng)
	noisy, h, y := make([]float64, n), make([]float64, hidden), make([]float64, n)
	dh := make([]float64, hidden)
	for epoch := range epochs {
		order := rng.Perm(len(x))
		for at := 0; at < len(order); at += batch {
			part := order[at:min(at+batch, len(order))]
			for _, i := range part {
				for k, v := range x[i] {
					noisy[k] = v + sparseNoise*rng.NormFloat64()
				}
				first.forward(noisy, h)
				for k, v := range h {
					h[k] = kit.Logistic(v)
				}
				second.forward(h, y)
				for k := range y {
					y[k] -= x[i][k]
				}
				clear(dh)
				second.backward(h, y, dh)
				for k, v := range h {
					dh[k] *= v * (1 - v)
				}
				first.backward(noisy, dh, nil)
			}
			first.step(len(part))
			second.step(len(part))
		}
		if epoch < epochs-1 {
			first.rewire(rng)
			second.rewire(rng)
		}
	}
	return first.matrix()
}
