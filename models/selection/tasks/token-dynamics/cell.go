package dynamics

import (
	"math"
	"math/rand/v2"

	"upset/models/selection/kit"
	"upset/models/train/cells"
	"upset/models/train/nets"
)

// Sizes of the recurrence (our choice).
const (
	width  = 8  // numbers of a token
	units  = 16 // of the state
	kinds  = 4  // classes of a sequence
	length = 12 // tokens of a sequence
)

// cell is a selective state space model of one layer. With Δ = softplus(z), a = −1 and
// the exact discretisation of a held input, exp(a·Δ) = 1 − σ(z), so that a step is
//
//	h' = (1−σ(z))⊙h + σ(z)⊙(B·x),  z = G·x + g,  y = C·h' + c
//
// (Gu and Dao, "Mamba", 2023, Theorem 1). The decision after the last token is the
// largest y.
type cell struct{ gate, start, in, out, last *nets.Param }

func param(n, fan int, rng *rand.Rand) *nets.Param {
	p := nets.NewParam(n)
	if rng != nil {
		for i := range p.Value {
			p.Value[i] = rng.NormFloat64() / math.Sqrt(float64(fan))
		}
	}
	return p
}

func newCell(rng *rand.Rand) *cell {
	return &cell{param(units*width, width, rng), param(units, 1, nil), param(units*width, width, rng), param(kinds*units, units, rng), param(kinds, 1, nil)}
}

func (c *cell) params() []*nets.Param { return []*nets.Param{c.gate, c.start, c.in, c.out, c.last} }

// moment is what a step computes.
type moment struct {
	x, before, write, held, state []float64 // write = σ(z), held = B·x
}

func (c *cell) step(x, h []float64) moment {
	m := moment{x: x, before: h, write: kit.Product(c.gate.Value, x), held: kit.Product(c.in.Value, x), state: make([]float64, units)}
	for i := range units {
		m.write[i] = kit.Logistic(m.write[i] + c.start.Value[i])
		m.state[i] = float64((1-m.write[i])*h[i]) + float64(m.write[i]*m.held[i])
	}
	return m
}

// run takes the tokens in the given order.
func (c *cell) run(tokens [][]float64, order []int) (moments []moment, y []float64) {
	h := make([]float64, units)
	for _, t := range order {
		m := c.step(tokens[t], h)
		moments, h = append(moments, m), m.state
	}
	y = kit.Product(c.out.Value, h)
	for k := range y {
		y[k] += c.last.Value[k]
	}
	return moments, y
}

// backward adds the gradients of one sequence, given that by y.
func (c *cell) backward(moments []moment, dy []float64) {
	dh := make([]float64, units)
	state := moments[len(moments)-1].state
	for k, d := range dy {
		c.last.Grad[k] += d
		for i := range units {
			c.out.Grad[k*units+i] += float64(d * state[i])
			dh[i] += float64(d * c.out.Value[k*units+i])
		}
	}
	for t := len(moments) - 1; t >= 0; t-- {
		m := &moments[t]
		for i := range units {
			dz := dh[i] * (m.held[i] - m.before[i]) * m.write[i] * (1 - m.write[i])
			c.start.Grad[i] += dz
			for j, v := range m.x {
				c.gate.Grad[i*width+j] += float64(dz * v)
				c.in.Grad[i*width+j] += float64(dh[i]*m.write[i]) * v
			}
			dh[i] *= 1 - m.write[i]
		}
	}
}

// fit trains on sequences, each in its own order.
func (c *cell) fit(s *sequences, orders [][]int, epochs int, rate float64, rng *rand.Rand) {
	const batch = 20
	p := make([]float64, kinds)
	d := nets.Descent{Epochs: epochs, Batch: batch, Rate: rate, Fall: 0.9}
	d.Fit(c.params(), len(s.tokens), rng, func(i int) {
		moments, y := c.run(s.tokens[i], orders[i])
		nets.Softmax(y, p)
		p[s.labels[i]]--
		c.backward(moments, p)
	})
}

// Forms of the values on the NPU (our choice): tokens are below tokenMost and states
// below stateMost in size, gates before the logistic function below 16.
const (
	tokenMost = 4
	stateMost = 8
	gateMost  = 16
	votesMost = 64
)

// tokenForm is the form of a token, stateForm that of the state in the arena.
var tokenForm, stateForm = cells.Wide(tokenMost), cells.Wide(stateMost)

// model is a step in int16: inputs are a token and the state, outputs y and the state.
func (c *cell) model() ([]byte, error) {
	n := cells.New()
	x, h := n.Input(tokenForm, width), n.Input(stateForm, units)
	minus := func(values []float64) []float64 {
		list := make([]float64, len(values))
		for i, v := range values {
			list[i] = -v
		}
		return list
	}
	before := cells.Wide(gateMost)
	write := n.Sigmoid(n.Dense(x, c.gate.Value, c.start.Value, before))
	keep := n.Sigmoid(n.Dense(x, minus(c.gate.Value), minus(c.start.Value), before))
	held := n.Dense(x, c.in.Value, nil, stateForm)
	next := n.Add(n.Mul(keep, h, stateForm), n.Mul(write, held, stateForm), stateForm)
	y := n.Dense(next, c.out.Value, c.last.Value, cells.Wide(votesMost))
	return n.Model("a step of a selective state space model", y, next)
}

// importance trains the scorer of tokens: a layer of hidden units and one number.
func importance(s *sequences, rng *rand.Rand) ([]byte, error) {
	g := nets.Layers(rng, width, units, 1)
	var x, want [][]float64
	for i, tokens := range s.tokens {
		for t, v := range tokens {
			x, want = append(x, v), append(want, []float64{s.matters[i][t]})
		}
	}
	g.Fit(x, nets.SquaredError(want), nets.Schedule{Epochs: 12, Batch: 20, Rate: 5e-3}, rng)
	return g.Export(x[:400], nets.Options{Description: "importance of a token", Input: &tokenQuant})
}

// tokenQuant is the form of a token for the scorer of importance.
var tokenQuant = nets.Quant{Scale: tokenMost / 128.0}
