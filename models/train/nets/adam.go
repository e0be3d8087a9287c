package nets

import "math"

// Defaults of Adam (Kingma and Ba, ICLR 2015).
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// Optimiser is Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
type Optimiser[T Real] struct {
	Decay        float64 // of arrays that are marked; 0 for none
	params       []*Array[T]
	mean, square [][]T
	power1       float64
	power2       float64
}

// Adam is the optimiser of a [Graph].
type Adam = Optimiser[float64]

// NewAdam returns an optimiser of params without decay.
func NewAdam(params []*Param) *Adam { return newOptimiser(params, 0) }

func newOptimiser[T Real](params []*Array[T], decay float64) *Optimiser[T] {
	a := &Optimiser[T]{Decay: decay, params: params, power1: 1, power2: 1}
	for _, p := range params {
		a.mean = append(a.mean, make([]T, len(p.Value)))
		a.square = append(a.square, make([]T, len(p.Value)))
	}
	return a
}

// Step makes one step against the mean gradient of n samples and clears the gradients.
func (a *Optimiser[T]) Step(rate float64, n int) {
	a.power1 = float64(a.power1 * beta1)
	a.power2 = float64(a.power2 * beta2)
	for k, p := range a.params {
		m, v := a.mean[k], a.square[k]
		shrink := 0.0
		if p.Decay {
			shrink = rate * a.Decay
		}
		for i, g := range p.Grad {
			d := float64(g) / float64(n)
			m[i] = T(float64(beta1*float64(m[i])) + float64((1-beta1)*d))
			v[i] = T(float64(beta2*float64(v[i])) + float64((1-beta2)*float64(d*d)))
			root := math.Sqrt(float64(v[i])/(1-a.power2)) + epsilon
			w := float64(p.Value[i])
			p.Value[i] = T(w - float64(shrink*w) - float64(rate*(float64(m[i])/(1-a.power1)))/root)
		}
		clear(p.Grad)
	}
}
