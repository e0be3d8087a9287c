package heads

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// rows are few rows with labels of 1 and then the given ones, by two heads.
func rows(labelled []int, others ...[]int) (*heads, selection.Table) {
	r := &heads{}
	var list [][]int
	for range few {
		r.truth, list = append(r.truth, 1), append(list, labelled)
	}
	for _, v := range others {
		r.truth, list = append(r.truth, 0), append(list, v)
	}
	return r, scoretest.Scores(list...)
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name     string
		labelled []int
		values   []float64
	}{
		{"the first head is right", []int{5, -5}, []float64{1, 1, 0}},
		{"the second head is right", []int{-5, 5}, []float64{1, 0, 1}},
		{"both are right", []int{5, 5}, []float64{1, 1, 0}},
	} {
		r, table := rows(c.labelled, []int{3, 3}, []int{3, -3}, []int{-3, 3})
		want := selection.Outcome{Metric: selection.Accept, Items: []int{1, 0, 0}, Values: c.values}
		if o := scoretest.Decide(t, r, table); !o.Equal(want) {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
}

func TestConsequence(t *testing.T) {
	r := &heads{}
	golden := selection.Outcome{Metric: selection.Accept, Items: []int{1, 0, 1, 0}, Values: []float64{1, 1, 0, 0}}
	for _, c := range []struct {
		name   string
		items  []int
		values []float64
		want   float64
	}{
		{"a row is deferred", []int{0, 0, 1, 0}, []float64{1, 1, 0, 0}, 0.25},
		{"a deferred row has another class", []int{1, 0, 1, 0}, []float64{1, 0, 0, 0}, 0.25},
		{"an accepted row has another class", []int{1, 0, 1, 0}, []float64{0, 1, 0, 0}, 1},
		{"a row is accepted with another class", []int{1, 1, 1, 0}, []float64{1, 0, 0, 0}, 1},
	} {
		if got := r.Consequence(nil, golden, selection.Outcome{Metric: selection.Accept, Items: c.items, Values: c.values}); got != c.want {
			t.Errorf("%s: consequence %v, want %v", c.name, got, c.want)
		}
	}
}

// A flipped sign of the chosen head is seen; no flip of one number fools both heads.
func TestSilent(t *testing.T) {
	r, table := rows([]int{5, 5}, []int{1, 1})
	o := scoretest.Decide(t, r, table)
	// Code 1 of the first head turns to class 0 by its lowest bit and by its sign.
	if wrong, unseen := r.silent(&table, o); wrong != 2 || unseen != 0 {
		t.Errorf("%d flips, %d unseen", wrong, unseen)
	}
}

// TestLoss compares gradients with differences of the loss.
func TestLoss(t *testing.T) {
	for _, label := range []int{0, 1, -1} {
		f := loss([]int{label}, 0.3)
		z, grad, unused := []float64{0.4, -1.1}, make([]float64, 2), make([]float64, 2)
		f(0, z, grad)
		for j := range z {
			const step = 1e-6
			at := z[j]
			z[j] = at + step
			up := f(0, z, unused)
			z[j] = at - step
			down := f(0, z, unused)
			z[j] = at
			if want := (up - down) / (2 * step); math.Abs(grad[j]-want) > 1e-5 {
				t.Errorf("label %d, head %d: gradient %v, difference %v", label, j, grad[j], want)
			}
		}
	}
}

// Labels are the second cue; the first one agrees with it as often as asked.
func TestDraw(t *testing.T) {
	for _, agree := range []float64{0.5, 1} {
		s := draw(2000, agree, data.Rand(1, 0))
		same, first := 0, 0.0
		for i, x := range s.X {
			sum, other := 0.0, 0.0
			for j := range cue {
				sum, other = sum+x[j], other+x[cue+j]
			}
			if (other > 0) == (s.Labels[i] == 1) {
				same++
			}
			if (sum > 0) == (s.Labels[i] == 1) {
				first++
			}
		}
		if same < 1900 || math.Abs(first/2000-agree) > 0.05 {
			t.Errorf("agreement %v: second cue %d of 2000, first %v", agree, same, first/2000)
		}
	}
}
