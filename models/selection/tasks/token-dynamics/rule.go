package dynamics

import (
	"bytes"
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Task is the reordering of tokens for a selective state space model of Vo et al.,
// "Demystifying the Token Dynamics of Deep Selective State Space Models" (ICLR 2025).
func Task() selection.Task {
	return selection.Task{
		Name: "token-dynamics", Title: "Demystifying the Token Dynamics of Deep Selective State Space Models",
		Family: "sequence", Kind: selection.OnNPU, Utility: "learned", Mechanism: "ordering",
		Metric: selection.Label, Epsilon: 0, Build: build, Check: check,
		StandIn: "one layer with a scale for each unit in place of a deep stack: the order of tokens and the decay of a state are tested, the limits of infinitely deep stacks are not",
	}
}

// The networks of the workload.
const (
	scorerOfTokens = iota
	recurrence
)

// dynamics labels sequences: the NPU scores the tokens, the host orders them, and the
// NPU steps through them with its state in the arena.
type dynamics struct {
	tokens      [][]byte // as inputs of the recurrence
	truth       []int
	plain       []int     // what a float64 recurrence of its own says of tokens as they come
	gate, start []float64 // of the recurrence, for what is foretold of an upset
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s, err := f.Scorer("importance", "rows.bin")
	if err != nil {
		return nil, err
	}
	r := &dynamics{}
	c := selection.Scorer{Name: "step", State: []selection.Carry{{Output: 1, Input: 1}}}
	if c.Model, err = f.Bytes("step.tflite"); err != nil {
		return nil, err
	}
	for _, row := range s.Rows {
		r.tokens = append(r.tokens, tokenForm.Bytes(widen(row)...))
	}
	for i := range length { // for comparison with the reference kernels
		state := append(widen(s.Rows[length+i]), widen(s.Rows[2*length+i])...)
		c.Rows = append(c.Rows, append(bytes.Clone(r.tokens[i]), stateForm.Bytes(state...)...))
	}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if r.plain, err = f.Labels("plain.bin"); err != nil {
		return nil, err
	}
	var gates [2][]float64
	if err := f.JSON("gates.json", &gates); err != nil {
		return nil, err
	}
	r.gate, r.start = gates[0], gates[1]
	return &selection.Workload{Scorers: []selection.Scorer{s, c}, Rule: r}, nil
}

// widen returns the numbers of a row of the scorer.
func widen(row []byte) []float64 {
	v := make([]float64, len(row))
	for j, b := range row {
		v[j] = float64(tokenQuant.Scale) * float64(int8(b))
	}
	return v
}

// Decide gives the class of every sequence as an item and the order of its tokens as
// values.
func (r *dynamics) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Label}
	if ask.Scorers() != 2 || ask.Rows(scorerOfTokens) != len(r.truth)*length {
		return o, fmt.Errorf("token dynamics: it needs a scorer of %d tokens and a recurrence", len(r.truth)*length)
	}
	for i := range r.truth {
		scores, err := ask.Part(scorerOfTokens, i*length, (i+1)*length)
		if err != nil {
			return o, err
		}
		ask.Reset(recurrence)
		label := 0
		for _, t := range rising(scores.Column(0)) {
			o.Values = append(o.Values, float64(t))
			a, err := ask.Step(recurrence, r.tokens[i*length+t])
			if err != nil {
				return o, err
			}
			label = a.First().Top(0)
		}
		o.Items = append(o.Items, label)
	}
	return o, nil
}

// Consequence is 1 where a class differs, since each is a decision by itself. Another
// order with the same classes does no harm.
func (r *dynamics) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	if selection.ShareOfRows(golden.Items, faulty.Items) > 0 {
		return 1
	}
	return 0
}

// life follows an upset of the state. A unit i that is wrong by e after a step is wrong
// by e·Π(1−σ(z_i)) later, whatever the state is, since the step is linear in it. The NPU
// runs the last steps of sequences twice, once with bit upsetBit of a unit flipped, and
// the logarithms of what is left of the error are compared with those foretold.
func (r *dynamics) life(run *selection.Run) (foretold, seen []float64, err error) {
	var steps []selection.Call
	for _, c := range run.Calls {
		if c.Step {
			steps = append(steps, c)
		}
	}
	ask := selection.NewAsk(run.Workload, run.Source)
	for at := 0; at+length <= len(steps) && at < lifeSequences*length; at += length {
		sequence := steps[at : at+length]
		unit := at / length % units
		var right, wrong []byte
		sum := 0.0
		for k, c := range sequence[1:] {
			token := c.Input[:2*width]
			if k == 0 {
				right = c.Input[2*width:]
				wrong = bytes.Clone(right)
				wrong[2*unit+upsetBit/8] ^= 1 << (upsetBit % 8)
			}
			var next [2][]byte
			for v, state := range [][]byte{right, wrong} {
				a, err := ask.Infer(recurrence, append(bytes.Clone(token), state...))
				if err != nil {
					return nil, nil, err
				}
				next[v] = a.Outputs[1].Data
			}
			before := stateForm.Reals(wrong)[unit] - stateForm.Reals(right)[unit]
			right, wrong = next[0], next[1]
			after := stateForm.Reals(wrong)[unit] - stateForm.Reals(right)[unit]
			if k == 0 {
				sum = math.Log(math.Abs(before))
			}
			x := tokenForm.Reals(token)
			z := r.start[unit]
			for j, v := range x {
				z += float64(r.gate[unit*width+j] * v)
			}
			sum -= math.Log1p(math.Exp(z)) // ln(1−σ(z))
			if math.Abs(after) < leastLeft*float64(stateForm.Scale) {
				break
			}
			foretold, seen = append(foretold, sum), append(seen, math.Log(math.Abs(after)))
		}
	}
	return foretold, seen, nil
}

// Bounds of what is followed (our choice): as many sequences, from a flip of a bit worth
// a quarter of the largest state until the error is no more than some codes.
const (
	lifeSequences = 32
	upsetBit      = 13
	leastLeft     = 16
)

// Bounds of the check: sequences are labelled, better than by a recurrence trained and
// run on tokens as they come, and the life of an upset is foretold.
const (
	least   = 0.75
	gain    = 0.03
	leastR2 = 0.95
)

func check(runs []selection.Run) (selection.Check, error) {
	var ordered, plain float64
	var foretold, seen []float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*dynamics)
		if !ok {
			return selection.Check{}, fmt.Errorf("token dynamics: a run of another task")
		}
		n := float64(len(runs) * len(r.truth))
		for i, want := range r.truth {
			if run.Outcome.Items[i] == want {
				ordered += 1 / n
			}
			if r.plain[i] == want {
				plain += 1 / n
			}
		}
	}
	for _, run := range runs {
		if ordered < least {
			break // nothing can be foretold of a recurrence that does not work
		}
		f, s, err := run.Workload.Rule.(*dynamics).life(&run)
		if err != nil {
			return selection.Check{}, err
		}
		foretold, seen = append(foretold, f...), append(seen, s...)
	}
	r2 := explained(foretold, seen)
	return selection.Check{
		Metric: "accuracy with tokens by rising importance", Threshold: least, Measured: ordered,
		Baseline: plain, Against: "tokens as they come",
		Pass: ordered >= least && ordered >= plain+gain && r2 >= leastR2,
		Note: fmt.Sprintf("the error that an upset of the state leaves follows Π(1−σ(z)): R² %.4f of its logarithm over %d steps", r2, len(seen)),
	}, nil
}

// explained is the share of the variance of seen that foretold itself explains, without
// any fit.
func explained(foretold, seen []float64) float64 {
	mean := kit.Mean(seen)
	left, all := 0.0, 0.0
	for i, v := range seen {
		left += float64((v - foretold[i]) * (v - foretold[i]))
		all += float64((v - mean) * (v - mean))
	}
	if all == 0 {
		return 0
	}
	return 1 - left/all
}
