package dynamics

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/cells"
	"upset/models/train/data"
)

// TestGradient compares the gradients of the recurrence with differences of a loss.
func TestGradient(t *testing.T) {
	rng := data.Rand(1, 0)
	c := newCell(rng)
	s := draw(newMarks(rng), 1, rng)
	order := rng.Perm(length)
	dy := []float64{0.3, -1, 0.5, 0.2}
	loss := func() (sum float64) {
		_, y := c.run(s.tokens[0], order)
		for k, v := range y {
			sum += v * dy[k]
		}
		return sum
	}
	moments, _ := c.run(s.tokens[0], order)
	c.backward(moments, dy)
	for n, p := range c.params() {
		for i := range p.Value {
			const step = 1e-6
			at := p.Value[i]
			p.Value[i] = at + step
			up := loss()
			p.Value[i] = at - step
			down := loss()
			p.Value[i] = at
			if want := (up - down) / (2 * step); math.Abs(p.Grad[i]-want) > 1e-6 {
				t.Fatalf("parameter %d, %d: gradient %v, difference %v", n, i, p.Grad[i], want)
			}
		}
	}
}

// The state of a unit is a mean of what was held, with the weights that an upset of it
// is foretold to have.
func TestLinear(t *testing.T) {
	rng := data.Rand(2, 0)
	c := newCell(rng)
	s := draw(newMarks(rng), 1, rng)
	moments, _ := c.run(s.tokens[0], kit.Every(length))
	upset := slices.Clone(moments[3].state)
	upset[5] += 0.5
	left, h := 0.5, upset
	for t := 4; t < length; t++ {
		h = c.step(s.tokens[0][t], h).state
		left *= 1 - moments[t].write[5]
	}
	last := moments[length-1].state
	if got := h[5] - last[5]; math.Abs(got-left) > 1e-12 || math.Abs(h[4]-last[4]) > 1e-12 {
		t.Errorf("an upset leaves %v, foretold %v", got, left)
	}
}

func TestRising(t *testing.T) {
	if got := rising([]float64{2, 1, 2, 0}); !slices.Equal(got, []int{3, 1, 0, 2}) {
		t.Errorf("order %v", got)
	}
}

// decided runs the rule on an NPU whose scorer gives a token the importance of its first
// number and whose recurrence adds up first numbers with weights of their places.
func decided(t *testing.T, r *dynamics, importance func(row int) byte) selection.Outcome {
	t.Helper()
	w := &selection.Workload{Rule: r, Scorers: []selection.Scorer{
		{Rows: make([][]byte, length)}, {State: []selection.Carry{{Output: 1, Input: 1}}},
	}}
	for i := range w.Scorers[0].Rows {
		w.Scorers[0].Rows[i] = []byte{importance(i)}
	}
	layout := []selection.Table{{Scale: 1, Width: 1}, {Scale: 1, Width: kinds}}
	o, err := r.Decide(selection.FromFunction(layout, w.Scorers, func(scorer int, input []byte) []byte {
		return input[:1]
	}))
	if err == nil {
		t.Fatal("a recurrence without state is accepted")
	}
	return o
}

// The order follows the importance before the recurrence begins.
func TestRefusesWithoutState(t *testing.T) {
	r := &dynamics{truth: []int{0}, tokens: make([][]byte, length)}
	if o := decided(t, r, func(row int) byte { return byte(row) }); len(o.Items) != 0 {
		t.Errorf("items %v", o.Items)
	}
}

func TestConsequence(t *testing.T) {
	r := &dynamics{}
	golden := selection.Outcome{Metric: selection.Label, Items: []int{1, 2}, Values: []float64{0, 1}}
	order := selection.Outcome{Metric: selection.Label, Items: []int{1, 2}, Values: []float64{1, 0}}
	label := selection.Outcome{Metric: selection.Label, Items: []int{1, 3}, Values: []float64{0, 1}}
	if golden.Equal(order) || r.Consequence(nil, golden, order) != 0 || r.Consequence(nil, golden, label) != 1 {
		t.Error("an order harms, or another class does not")
	}
}

func TestExplained(t *testing.T) {
	seen := []float64{1, 2, 3, 4}
	if got := explained(seen, seen); got != 1 {
		t.Errorf("the same: %v", got)
	}
	if got := explained([]float64{2, 3, 4, 5}, seen); math.Abs(got-0.2) > 1e-12 { // 1 − 4/5
		t.Errorf("off by one: %v", got)
	}
}

// Codes of the scorer and of the recurrence stand for the same numbers.
func TestWiden(t *testing.T) {
	row := []byte{0, 127, 0x80, 3}
	for j, v := range tokenForm.Reals(tokenForm.Bytes(widen(row)...)) {
		if math.Abs(v-float64(int8(row[j]))/32) > 1e-3 {
			t.Errorf("code %d is %v", int8(row[j]), v)
		}
	}
	if f := cells.Wide(stateMost); f != stateForm {
		t.Error("the state has another form")
	}
}
