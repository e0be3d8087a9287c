package sessions

import (
	"math"

	"upset/models/selection/kit"
	"upset/models/train/cells"
)

// tokenMost is the largest number of a token: the backbone is scaled to it (our choice).
const tokenMost = 4

var tokenForm = cells.Wide(tokenMost)

// room is left in the forms of values beyond what the training pictures reach (our
// choice).
const room = 1.5

// ranges are the largest sizes of the values of a step.
type ranges struct{ in, up, held, state, out, part, feature, score float64 }

func (r *ranges) note(m *model, list []picture) {
	grow := func(most *float64, values ...float64) {
		for _, v := range values {
			*most = max(*most, math.Abs(v))
		}
	}
	for _, p := range list {
		sum := make([]float64, units)
		t := m.run(p.x)
		for k := range t.base {
			mean := kit.Product(m.residual.Value, p.x[k])
			for i := range units {
				sum[i] += mean[i] / tokens
			}
			for _, s := range []moment{t.base[k], t.new[k]} {
				grow(&r.in, s.in...)
				grow(&r.up, s.up...)
				grow(&r.out, s.out...)
				grow(&r.state, s.state...)
				for i := range units {
					y := s.out[i] * s.state[i]
					sum[i] += y / tokens
					grow(&r.part, y)
					grow(&r.held, s.in[i]*s.up[i])
				}
			}
			grow(&r.feature, sum...)
			grow(&r.score, kit.Product(m.frame, sum)...)
		}
	}
}

// stacked joins the weights of both branches.
func stacked(a, b []float64) []float64 { return append(append([]float64{}, a...), b...) }

// scaled multiplies numbers.
func scaled(list []float64, by float64) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		out[i] = by * v
	}
	return out
}

// step writes a step of the projector in int16 with both branches side by side: inputs are
// a token, the states, and the feature so far; outputs the scores of all classes, the
// states and the feature.
func (m *model) step(some []picture) ([]byte, error) {
	r := &ranges{}
	r.note(m, some)
	form := func(most float64) cells.Form { return cells.Wide(room * most) }
	state, feature := form(max(r.state, r.held)), form(r.feature)
	n := cells.New()
	x, h, sum := n.Input(tokenForm, width), n.Input(state, 2*units), n.Input(feature, units)
	gate, start := stacked(m.base.gate.Value, m.new.gate.Value), stacked(m.base.start.Value, m.new.start.Value)
	const gateMost = 16 // beyond which the logistic function is flat
	write := n.Sigmoid(n.Dense(x, gate, start, cells.Wide(gateMost)))
	keep := n.Sigmoid(n.Dense(x, scaled(gate, -1), scaled(start, -1), cells.Wide(gateMost)))
	held := n.Mul(n.Dense(x, stacked(m.base.in.Value, m.new.in.Value), nil, form(r.in)), n.Dense(x, stacked(m.base.up.Value, m.new.up.Value), nil, form(r.up)), state)
	next := n.Add(n.Mul(keep, h, state), n.Mul(write, held, state), state)
	y := n.Mul(n.Dense(x, stacked(m.base.out.Value, m.new.out.Value), nil, form(r.out)), next, form(r.part))
	both := make([]float64, 2*units*units) // the sum of the branches, a token's share of it
	for i := range units {
		both[i*2*units+i], both[i*2*units+units+i] = 1.0/tokens, 1.0/tokens
	}
	part := n.Add(n.Dense(y, both, nil, feature), n.Dense(x, scaled(m.residual.Value, 1.0/tokens), nil, feature), feature)
	after := n.Add(sum, part, feature)
	return n.Model("a step of a projector of two selective state space models", n.Dense(after, m.frame, nil, form(r.score)), next, after)
}
