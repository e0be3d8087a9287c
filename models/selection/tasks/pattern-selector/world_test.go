package pattern

import (
	"math"
	"testing"

	"upset/models/train/data"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// σ is the logistic function by its definition.
func σ(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// Each half of the first field's numbers turns one sign: with numbers of 0.1 in the first
// half the mean over the root of four is 0.2, times four is 0.8; the other half says nothing.
func TestSharesByHand(t *testing.T) {
	x := make([]float64, fields*width)
	for k := range width / 2 {
		x[k*fields] = 0.1
		x[k*fields+1] = 9 // another field
	}
	up := σ(0.8)
	got := shares(x)
	for side, want := range []float64{(1 - up) / 2, up / 2, (1 - up) / 2, up / 2} {
		if !near(got[side], want) {
			t.Errorf("side %d: %v, want %v", side, got[side], want)
		}
	}
}

// Weights of every side have one length, none of the pattern itself and none of the numbers
// that do not count.
func TestWorldWeights(t *testing.T) {
	w := newWorld(data.Rand(2, 0))
	for task := range w {
		for side, list := range w[task] {
			sum := 0.0
			for i, v := range list {
				sum += v * v
				if v != 0 && (i%fields == 0 || i >= counting*fields) {
					t.Errorf("task %d, side %d: number %d has the weight %v", task, side, i, v)
				}
			}
			if math.Abs(math.Sqrt(sum)-strength) > 1e-9 {
				t.Errorf("task %d, side %d: length %v", task, side, math.Sqrt(sum))
			}
		}
	}
}

// The chances of a user follow from the embedding by the definition, and steps are taken as
// often as the chances say.
func TestDraw(t *testing.T) {
	w := newWorld(data.Rand(3, 0))
	users := w.draw(3000, data.Rand(3, 1))
	for i, u := range users[:50] {
		parts := shares(u.x)
		for task, offset := range []float64{0.5, -0.5} {
			logit := offset
			for side, part := range parts {
				dot := 0.0
				for k, v := range u.x {
					dot += w[task][side][k] * v
				}
				logit += part * dot
			}
			if math.Abs(u.chance[task]-σ(logit)) > 1e-9 {
				t.Fatalf("user %d, task %d: chance %v, want %v", i, task, u.chance[task], σ(logit))
			}
		}
	}
	for task := range tasks {
		said, taken, spread := 0.0, 0.0, 0.0
		for _, u := range users {
			said, spread = said+u.chance[task], spread+u.chance[task]*(1-u.chance[task])
			if u.taken[task] {
				taken++
			}
		}
		if math.Abs(said-taken) > 4*math.Sqrt(spread) {
			t.Errorf("task %d: %v users take it of %v foretold", task, taken, said)
		}
	}
	none := (&world{}).zero().draw(1, data.Rand(3, 2))[0]
	if !near(none.chance[0], σ(0.5)) || !near(none.chance[1], σ(-0.5)) {
		t.Errorf("without weights the chances are %v", none.chance)
	}
}

// zero is a world in which nothing counts.
func (w *world) zero() *world {
	for task := range w {
		for side := range w[task] {
			w[task][side] = make([]float64, fields*width)
		}
	}
	return w
}

// TestConversionGradient compares the gradients with differences of the loss.
func TestConversionGradient(t *testing.T) {
	users := (&world{}).zero().draw(6, data.Rand(4, 0))
	loss := conversions(users)
	for i := range users {
		output, grad, spare := []float64{0.7, -1.2}, make([]float64, tasks), make([]float64, tasks)
		loss(i, output, grad)
		for task := range tasks {
			const step = 1e-6
			output[task] += step
			up := loss(i, output, spare)
			output[task] -= 2 * step
			down := loss(i, output, spare)
			output[task] += step
			if want := (up - down) / (2 * step); math.Abs(grad[task]-want) > 1e-6 {
				t.Errorf("user %d, task %d: gradient %v, difference %v", i, task, grad[task], want)
			}
		}
	}
}

// The network without a selector costs no less, so that gates are not paid by size.
func TestCosts(t *testing.T) {
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	own, err := w.Scorers[0].MACs()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := w.Baselines[0].MACs()
	if err != nil || own > shared || own == 0 {
		t.Errorf("%d multiply-accumulates with a selector, %d without, error %v", own, shared, err)
	}
	if n := len(w.Scorers[0].Rows); n != pool || len(w.Rule.(*offers).users) != n {
		t.Errorf("%d rows", n)
	}
}
