package learner

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/train/data"
)

// someWorld is the digits in an order of the seed.
func someWorld(t *testing.T) *world {
	t.Helper()
	known, _, err := digits.Split(data.Rand(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(known)
}

// TestGradient compares gradients with differences of the loss.
func TestGradient(t *testing.T) {
	rng := data.Rand(2, 0)
	a := newAttention(rng)
	e := someWorld(t).draw(newLens(rng), rng)
	loss := func() (sum float64) {
		for k, y := range a.answers(&e, false) {
			sum += math.Log1p(math.Exp(-e.labels[k] * y))
		}
		return sum
	}
	a.answers(&e, true)
	for _, p := range [][2][]float64{{a.key.Value, a.key.Grad}, {a.query.Value, a.query.Grad}} {
		for i := range p[0] {
			const step = 1e-6
			at := p[0][i]
			p[0][i] = at + step
			up := loss()
			p[0][i] = at - step
			down := loss()
			p[0][i] = at
			if want := (up - down) / (2 * step); math.Abs(p[1][i]-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("weight %d: gradient %v, difference %v", i, p[1][i], want)
			}
		}
	}
}

// The first answer of a task knows nothing, and an answer does not depend on its own label.
func TestAnswersBeforeLabels(t *testing.T) {
	rng := data.Rand(3, 0)
	a := newAttention(rng)
	e := someWorld(t).draw(newLens(rng), rng)
	before := a.answers(&e, false)
	e.labels[7] *= -1
	after := a.answers(&e, false)
	if before[0] != 0 || before[7] != after[7] || before[8] == after[8] {
		t.Errorf("answers %v, with another label of example 7 %v", before, after)
	}
}

func TestWorldIsCentred(t *testing.T) {
	sum, n := make([]float64, data.DigitsSize), 0
	for _, class := range someWorld(t) {
		for _, x := range class {
			n++
			for k, v := range x {
				sum[k] += v
			}
		}
	}
	for k, v := range sum {
		if math.Abs(v)/float64(n) > 1e-9 {
			t.Fatalf("pixel %d has mean %v", k, v/float64(n))
		}
	}
}

func TestRightAndConsequence(t *testing.T) {
	r := &learner{truth: make([]int, 2*length)}
	answers := make([]int, 2*length)
	answers[late] = 1
	if got := r.right(answers, late, length); math.Abs(got-1+1.0/float64(2*(length-late))) > 1e-12 {
		t.Errorf("right %v", got)
	}
	if got := r.right(answers, 1, early); got != 1 {
		t.Errorf("early %v", got)
	}
	golden := selection.Outcome{Metric: selection.Label, Items: make([]int, 2*length)}
	first := selection.Outcome{Metric: selection.Label, Items: make([]int, 2*length)}
	first.Items[1] = 1
	if got := r.Consequence(nil, golden, first); math.Abs(got-1.0/(2*length)) > 1e-12 {
		t.Errorf("an early answer: consequence %v", got)
	}
	if got := r.Consequence(nil, golden, selection.Outcome{Items: answers}); got != 1 {
		t.Errorf("a late answer: consequence %v", got)
	}
}

func TestSide(t *testing.T) {
	if side(0) != 0 || side(0.1) != 1 || side(-3) != 0 {
		t.Error("sides")
	}
}
