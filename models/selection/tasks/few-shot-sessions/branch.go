package sessions

import (
	"math"
	"math/rand/v2"

	"upset/models/selection/kit"
	"upset/models/train/nets"
)

// Sizes of the model (our choice; features have more numbers than classes less one, which
// the simplex of the classes needs).
const (
	side    = 4    // of the map of the backbone
	depth   = 8    // of the map
	tokens  = side // the rows of the map
	width   = side * depth
	units   = 16 // of the state of a branch, and of a feature
	classes = 10
)

// branch is a selective state space model of one layer over the tokens of a picture. With
// Δ = softplus(z), a = −1 and the exact discretisation of a held input, exp(a·Δ) = 1 − σ(z)
// (Gu and Dao, "Mamba", 2023, Theorem 1), so that a step is
//
//	h' = (1−σ(z))⊙h + σ(z)⊙(B·x)⊙(U·x),  z = G·x + g,  y = (C·x)⊙h'
//
// where B, C and Δ depend on the token. Its feature is the mean of y.
type branch struct{ gate, start, in, up, out *nets.Param }

func param(n, fan int, rng *rand.Rand) *nets.Param {
	p := &nets.Param{Value: make([]float64, n), Grad: make([]float64, n)}
	if rng != nil {
		for i := range p.Value {
			p.Value[i] = rng.NormFloat64() / math.Sqrt(float64(fan))
		}
	}
	return p
}

// newBranch draws a branch. One whose output is closed gives nothing until it is trained.
func newBranch(rng *rand.Rand, closed bool) *branch {
	b := &branch{gate: param(units*width, width, rng), start: param(units, 1, nil), in: param(units*width, width, rng), up: param(units*width, width, rng)}
	if b.out = param(units*width, width, rng); closed {
		clear(b.out.Value)
	}
	return b
}

func (b *branch) params() []*nets.Param {
	return []*nets.Param{b.gate, b.start, b.in, b.up, b.out}
}

// moment is what a step computes.
type moment struct {
	x, before, write, in, up, out, state []float64 // write = σ(z)
}

// run takes the tokens in order and returns the feature.
func (b *branch) run(x [][]float64) (moments []moment, feature []float64) {
	h := make([]float64, units)
	feature = make([]float64, units)
	for _, v := range x {
		m := moment{x: v, before: h, write: kit.Product(b.gate.Value, v), in: kit.Product(b.in.Value, v), up: kit.Product(b.up.Value, v), out: kit.Product(b.out.Value, v), state: make([]float64, units)}
		for i := range units {
			m.write[i] = 1 / (1 + math.Exp(-m.write[i]-b.start.Value[i]))
			m.state[i] = float64((1-m.write[i])*h[i]) + float64(m.write[i]*float64(m.in[i]*m.up[i]))
			feature[i] += m.out[i] * m.state[i] / float64(len(x))
		}
		moments, h = append(moments, m), m.state
	}
	return moments, feature
}

// chosen are the means over the tokens of what depends on them: B·x, C·x and σ(z).
func chosen(moments []moment) []float64 {
	list := make([]float64, 3*units)
	for _, m := range moments {
		for i := range units {
			list[i] += m.in[i] / float64(len(moments))
			list[units+i] += m.out[i] / float64(len(moments))
			list[2*units+i] += m.write[i] / float64(len(moments))
		}
	}
	return list
}

// backward adds the gradients of one picture, given those by its feature and by chosen,
// which may be nil.
func (b *branch) backward(moments []moment, dfeature, dchosen []float64) {
	n := float64(len(moments))
	dh := make([]float64, units)
	if dchosen == nil {
		dchosen = make([]float64, 3*units)
	}
	for t := len(moments) - 1; t >= 0; t-- {
		m := &moments[t]
		for i := range units {
			dy := dfeature[i] / n
			dout := float64(dy*m.state[i]) + dchosen[units+i]/n
			dh[i] += float64(dy * m.out[i])
			dwrite := float64(dh[i]*(float64(m.in[i]*m.up[i])-m.before[i])) + dchosen[2*units+i]/n
			dheld := float64(dh[i] * m.write[i])
			din, dup := float64(dheld*m.up[i])+dchosen[i]/n, float64(dheld*m.in[i])
			dz := dwrite * m.write[i] * (1 - m.write[i])
			b.start.Grad[i] += dz
			for j, v := range m.x {
				at := i*width + j
				b.gate.Grad[at] += float64(dz * v)
				b.in.Grad[at] += float64(din * v)
				b.up.Grad[at] += float64(dup * v)
				b.out.Grad[at] += float64(dout * v)
			}
			dh[i] *= 1 - m.write[i]
		}
	}
}
