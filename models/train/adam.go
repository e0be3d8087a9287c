package train

import "math"

// Adam is the optimiser of Kingma and Ba (2015) with decoupled weight decay
// (Loshchilov and Hutter 2019).
type Adam struct {
	Decay  float64
	params []*Param
	mean   [][]float32
	square [][]float32
	beta1T float64
	beta2T float64
}

// Defaults of the paper.
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-8
)

// NewAdam returns an optimiser of params.
func NewAdam(params []*Param, decay float64) *Adam {
	a := &Adam{Decay: decay, params: params, beta1T: 1, beta2T: 1}
	for _, p := range params {
		a.mean = append(a.mean, make([]float32, len(p.Value)))
		a.square = append(a.square, make([]float32, len(p.Value)))
	}
	return a
}

// Step moves all parameters against their gradients and clears the gradients.
func (a *Adam) Step(rate float64) {
	a.beta1T = float64(a.beta1T * adamBeta1)
	a.beta2T = float64(a.beta2T * adamBeta2)
	step := rate / (1 - a.beta1T)
	for k, p := range a.params {
		m, v := a.mean[k], a.square[k]
		shrink := 0.0
		if p.Decay {
			shrink = rate * a.Decay
		}
		for i, g := range p.Grad {
			g64 := float64(g)
			m[i] = float32(float64(adamBeta1*float64(m[i])) + float64((1-adamBeta1)*g64))
			v[i] = float32(float64(adamBeta2*float64(v[i])) + float64((1-adamBeta2)*float64(g64*g64)))
			root := math.Sqrt(float64(v[i])/(1-a.beta2T)) + adamEpsilon
			w := float64(p.Value[i])
			p.Value[i] = float32(w - float64(shrink*w) - float64(step*float64(m[i]))/root)
		}
		clear(p.Grad)
	}
}
