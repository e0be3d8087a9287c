package worst

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

func TestWithout(t *testing.T) {
	if got := without(5, []int{1, 4}); !slices.Equal(got, []float64{1, 0, 1, 1, 0}) {
		t.Errorf("weights %v", got)
	}
	if got := without(2, nil); !slices.Equal(got, []float64{1, 1}) {
		t.Errorf("nothing left out: %v", got)
	}
}

// A sample of weight zero is not learnt, whatever its label says.
func TestWeighted(t *testing.T) {
	rng := data.Rand(1, 0)
	s := &data.Samples{}
	var weight []float64
	for i := range 120 {
		x := make([]float64, data.DigitsSize)
		x[i%2] = 1 + 0.1*rng.NormFloat64()
		label, w := 3+i%2, 1.0
		if i%3 == 0 {
			label, w = 9, 0
		}
		s.X, s.Labels, weight = append(s.X, x), append(s.Labels, label), append(weight, w)
	}
	g := weighted(s, weight, rng)
	for i, x := range s.X[:10] {
		if got := kit.Argmax(g.Forward(x)); got != 3+i%2 {
			t.Errorf("sample %d with label %d and weight %v gets class %d", i, s.Labels[i], weight[i], got)
		}
	}
}

func TestAccuracies(t *testing.T) {
	r := &worst{truth: []int{0, 1, 2}, testTruth: []int{4, 4}}
	table := scoretest.Labels(0, 1, 1, 4, 5)
	if got := r.accuracy(&table); got != 0.5 {
		t.Errorf("accuracy %v: test rows follow the pool", got)
	}
	if got := r.forgotten(&table, []int{1, 2}); got != 0.5 {
		t.Errorf("forgotten %v", got)
	}
	if got := r.forgotten(&table, nil); got != 0 {
		t.Errorf("nothing forgotten of no rows: %v", got)
	}
}

func TestLosses(t *testing.T) {
	r := &worst{truth: []int{3, 3}}
	table := scoretest.Labels(3, 5)
	l := r.losses(&table)
	// A lead of 40 codes of 0.1 over nine others.
	if want := math.Log(1 + 9*math.Exp(-4)); math.Abs(l[0]-want) > 1e-12 || math.Abs(l[1]-want-4) > 1e-12 {
		t.Errorf("losses %v, want %v and %v", l, want, want+4)
	}
}

// Weights of the step before matter as long as losses tie.
func TestDecideKeepsWeights(t *testing.T) {
	n := 2 * worstSize
	r := &worst{truth: make([]int, n), weights: make([]float64, n)}
	for i := range r.weights {
		r.weights[i] = 0.25
		if i%2 == 1 {
			r.weights[i] = 0.75
		}
	}
	o := scoretest.Decide(t, r, scoretest.Labels(make([]int, n)...))
	for k, i := range o.Items {
		if i != 2*k+1 {
			t.Fatalf("selected %v", o.Items)
		}
	}
	if got := r.Consequence([]selection.Table{scoretest.Labels(make([]int, n)...)}, o, o); got != 0 {
		t.Errorf("consequence %v", got)
	}
}
