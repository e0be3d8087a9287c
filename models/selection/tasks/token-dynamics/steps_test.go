package dynamics

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/npu/isa"
)

// One number writes one unit: with a gate of z the state keeps 1 − σ(z) of itself and takes
// σ(z) of what is held.
func TestStepByHand(t *testing.T) {
	c := newCell(data.Rand(1, 0))
	clear(c.gate.Value)
	clear(c.in.Value)
	c.gate.Value[0], c.start.Value[0], c.in.Value[0] = 2, -1, 3
	c.start.Value[1], c.start.Value[2] = 40, -40 // always written, never written
	x, h := make([]float64, width), make([]float64, units)
	x[0], h[0], h[1], h[2] = 0.5, 4, 4, 4
	m := c.step(x, h) // z = 2·½ − 1 = 0
	if math.Abs(m.state[0]-(0.5*4+0.5*1.5)) > 1e-12 || math.Abs(m.state[1]) > 1e-12 || math.Abs(m.state[2]-4) > 1e-12 {
		t.Errorf("state %v", m.state[:3])
	}
	// Another way to say 1 − σ(z) is exp(−Δ) with Δ = softplus(z), the step of Mamba, so
	// that a state lives for ln 2/Δ steps until half of it is left.
	for _, z := range []float64{-5, -1, 0, 0.3, 4} {
		step := math.Log1p(math.Exp(z))
		if got := 1 - kit.Logistic(z); math.Abs(got-math.Exp(-step)) > 1e-12 {
			t.Errorf("gate %v keeps %v, by its step %v", z, got, math.Exp(-step))
		}
		left := math.Pow(1-kit.Logistic(z), math.Ln2/step)
		if math.Abs(left-0.5) > 1e-9 {
			t.Errorf("gate %v: %v is left after the half-life", z, left)
		}
	}
}

// The last state decides alone, and what comes out is linear in it.
func TestRunReadsTheLastState(t *testing.T) {
	rng := data.Rand(3, 0)
	c := newCell(rng)
	s := draw(newMarks(rng), 1, rng)
	moments, y := c.run(s.tokens[0], kit.Every(length))
	last := moments[length-1].state
	for k, v := range y {
		want := c.last.Value[k]
		for i, h := range last {
			want += c.out.Value[k*units+i] * h
		}
		if math.Abs(v-want) > 1e-12 {
			t.Errorf("output %d: %v, want %v", k, v, want)
		}
	}
	// Run in two parts is the same as in one.
	h := make([]float64, units)
	for _, x := range s.tokens[0] {
		h = c.step(x, h).state
	}
	if !slices.Equal(h, last) {
		t.Error("step by step the state is another one")
	}
}

// Sequences have two telling tokens, near the mark of their class.
func TestDrawSequences(t *testing.T) {
	rng := data.Rand(4, 0)
	marks := newMarks(rng)
	s := draw(marks, 200, rng)
	var sum [kinds][width]float64
	var n [kinds]float64
	places := map[int]bool{}
	for i, matters := range s.matters {
		telling := 0
		for at, v := range matters {
			if v == 0 {
				continue
			}
			telling++
			places[at] = true
			n[s.labels[i]]++
			for j, x := range s.tokens[i][at] {
				sum[s.labels[i]][j] += x
			}
		}
		if telling != 2 || len(s.tokens[i]) != length {
			t.Fatalf("sequence %d: %d of %d tokens tell", i, telling, len(s.tokens[i]))
		}
	}
	for k := range kinds {
		for j, m := range marks[k] {
			if got := sum[k][j] / n[k]; math.Abs(got-m) > 5*blur/math.Sqrt(n[k]) {
				t.Errorf("class %d, number %d: mean %v, mark %v", k, j, got, m)
			}
		}
	}
	if len(places) != length {
		t.Errorf("telling tokens stand at %d of %d places", len(places), length)
	}
}

// workload is a small trained task of a few sequences, with the float cell.
func workload(t *testing.T) (*selection.Workload, *dynamics, *cell, *sequences) {
	t.Helper()
	rng := data.Rand(6, 0)
	marks := newMarks(rng)
	known, rest := draw(marks, 150, rng), draw(marks, 4, rng)
	c := newCell(rng)
	orders := make([][]int, len(known.tokens))
	for i := range orders { // those that matter come last
		orders[i] = rising(known.matters[i])
	}
	c.fit(known, orders, 8, 1e-2, rng)
	scorer, err := importance(known, rng)
	if err != nil {
		t.Fatal(err)
	}
	step, err := c.model()
	if err != nil {
		t.Fatal(err)
	}
	r := &dynamics{truth: rest.labels, plain: make([]int, len(rest.labels)), gate: c.gate.Value, start: c.start.Value}
	s := selection.Scorer{Name: "importance", Model: scorer}
	for _, tokens := range rest.tokens {
		for _, x := range tokens {
			row := make([]byte, width)
			for j, v := range x {
				row[j] = byte(int8(max(-128, min(127, math.Round(v/float64(tokenQuant.Scale))))))
			}
			s.Rows, r.tokens = append(s.Rows, row), append(r.tokens, tokenForm.Bytes(widen(row)...))
		}
	}
	state := selection.Scorer{Name: "step", Model: step, State: []selection.Carry{{Output: 1, Input: 1}}}
	for i := range 2 {
		state.Rows = append(state.Rows, append(bytes.Clone(r.tokens[i]), make([]byte, 2*units)...))
	}
	return &selection.Workload{Scorers: []selection.Scorer{s, state}, Rule: r}, r, c, rest
}

// TestOnTheNPU decides on the functional machine: the order is that of the scores, the
// integer recurrence follows the float one, and the state lives from step to step and ends
// with the sequence.
func TestOnTheNPU(t *testing.T) {
	w, r, c, rest := workload(t)
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(run.Calls); n != 2*4*length || len(run.Outcome.Values) != 4*length {
		t.Fatalf("%d inferences, %d places", n, len(run.Outcome.Values))
	}
	same := 0
	for i := range rest.tokens {
		var scores []float64
		var tokens [][]float64
		for at := range length {
			scores = append(scores, run.Scores[scorerOfTokens].At(i*length+at, 0))
			tokens = append(tokens, tokenForm.Reals(r.tokens[i*length+at]))
		}
		order := rising(scores)
		for k, at := range order {
			if int(run.Outcome.Values[i*length+k]) != at {
				t.Errorf("sequence %d: token %v comes at place %d, want %d", i, run.Outcome.Values[i*length+k], k, at)
			}
		}
		if _, y := c.run(tokens, order); kit.Argmax(y) == run.Outcome.Items[i] {
			same++
		}
	}
	if same < 3 {
		t.Errorf("%d of 4 sequences get the class of the float recurrence", same)
	}
	calls, bits, err := run.Steps()
	if err != nil || len(calls) != 4*length || bits[0] != 16*units {
		t.Fatalf("%d steps with %v bits of state, %v", len(calls), bits[0], err)
	}
	for k, at := range calls { // a step reads what the one before it wrote, the first one nothing
		c, want := run.Calls[at], make([]byte, 2*units)
		if k%length > 0 {
			before := run.Calls[calls[k-1]]
			out, err := run.Source.Infer(before.Scorer, -1, before.Input)
			if err != nil {
				t.Fatal(err)
			}
			want = out[len(out)-2*units:]
		}
		if !bytes.Equal(c.Input[2*width:], want) {
			t.Fatalf("step %d reads another state", k)
		}
	}
	// The sign of a unit flips before step 5: no token of another sequence is touched. A
	// flip in the state that Reset replaces is one before the first step.
	for _, step := range []int{0, 5, length - 1} {
		o, woken, err := run.Upset(step, 16*3+14)
		if err != nil || !slices.Equal(o.Items[1:], run.Outcome.Items[1:]) || !slices.Equal(o.Values, run.Outcome.Values) {
			t.Errorf("step %d: %v and orders, were %v: %v", step, o.Items, run.Outcome.Items, err)
		}
		golden, err := run.Source.Infer(run.Calls[calls[step]].Scorer, -1, run.Calls[calls[step]].Input)
		if err != nil || bytes.Equal(woken, golden) {
			t.Errorf("step %d: an upset of the state leaves no trace: %v", step, err)
		}
	}
	foretold, seen, err := r.life(run)
	if err != nil || len(seen) < 8 || len(foretold) != len(seen) || explained(foretold, seen) < leastR2 {
		t.Errorf("R² %v over %d steps, %v", explained(foretold, seen), len(seen), err)
	}
	// A wrong importance that makes a token the least one moves it to the front.
	k := slices.IndexFunc(run.Calls, func(c selection.Call) bool { return c.Scorer == scorerOfTokens && c.Row == 7 })
	o, err := run.Struck(k, []byte{0x80})
	if err != nil || o.Values[0] != 7 || !slices.Equal(o.Values[length:], run.Outcome.Values[length:]) {
		t.Errorf("order %v, %v", o.Values[:length], err)
	}
}

// A step of the integer network is that of the cell, but for the rounding of its forms.
func TestModelFollowsTheCell(t *testing.T) {
	w, r, c, _ := workload(t)
	source := selection.NewFunctional(w.Scorers, isa.U55x128)
	h := make([]float64, units)
	for i := range h {
		h[i] = 0.3 * float64(i-8)
	}
	for _, token := range r.tokens[:10] {
		a, err := selection.NewAsk(w, source).Infer(recurrence, append(bytes.Clone(token), stateForm.Bytes(h...)...))
		if err != nil {
			t.Fatal(err)
		}
		m := c.step(tokenForm.Reals(token), h)
		for i, v := range stateForm.Reals(a.Outputs[1].Data) {
			if math.Abs(v-m.state[i]) > 0.02 {
				t.Errorf("unit %d: %v, want %v", i, v, m.state[i])
			}
		}
	}
}

// Training tells the classes apart where the tokens that matter come last.
func TestFitLearns(t *testing.T) {
	rng := data.Rand(7, 0)
	s := draw(newMarks(rng), 160, rng)
	orders := make([][]int, len(s.tokens))
	for i := range orders {
		orders[i] = rising(s.matters[i])
	}
	c := newCell(rng)
	right := func() float64 {
		return kit.Share(kit.Every(len(s.tokens)), func(i int) bool {
			_, y := c.run(s.tokens[i], orders[i])
			return kit.Argmax(y) == s.labels[i]
		})
	}
	before := right()
	if c.fit(s, orders, 10, 1e-2, rng); right() < 0.8 || before > 0.6 {
		t.Errorf("accuracy %v, before training %v", right(), before)
	}
}

// Without any difference nothing is explained, and a recurrence that is mostly wrong fails
// the check before any upset is followed.
func TestCheckOfAWrongRecurrence(t *testing.T) {
	if got := explained([]float64{1, 2}, []float64{3, 3}); got != 0 {
		t.Errorf("explained %v", got)
	}
	r := &dynamics{truth: []int{0, 1, 2, 3}, plain: []int{0, 0, 0, 0}}
	run := selection.Run{Workload: &selection.Workload{Rule: r}, Outcome: selection.Outcome{Metric: selection.Label, Items: []int{0, 1, 3, 2}}}
	c, err := check([]selection.Run{run})
	if err != nil || c.Pass || c.Measured != 0.5 || c.Baseline != 0.25 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := r.Decide(selection.FromTables(selection.Table{Scale: 1, Width: 1, Data: make([]byte, 5)})); err == nil {
		t.Error("no recurrence: no error")
	}
}
