package merging

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestMask(t *testing.T) {
	for _, c := range []struct {
		mask mask
		want []float64
	}{
		{mask{0, 0}, []float64{1, -4, 3, 0.5, -2}},
		{mask{0.4, 0}, []float64{0, -4, 3, 0, -2}},
		{mask{0.4, 0.2}, []float64{0, 0, 3, 0, -2}},
	} {
		v := []float64{1, -4, 3, 0.5, -2}
		kept := c.mask.apply(v)
		n := 0
		for _, x := range c.want {
			if x != 0 {
				n++
			}
		}
		if !slices.Equal(v, c.want) || kept != n {
			t.Errorf("%+v: %v, %d kept", c.mask, v, kept)
		}
	}
}

// TestMerge: without masks and with scale 1, one task vector gives the tuned network.
func TestMerge(t *testing.T) {
	rng := data.Rand(1, 0)
	base, tuned := network(rng), network(rng)
	x := make([]float64, data.DigitsSize)
	for i := range x {
		x[i] = rng.Float64()
	}
	want := slices.Clone(tuned.Forward(x))
	for k, v := range (candidate{mask{}, 1}).merge(base, []*nets.Graph{tuned}).Forward(x) {
		if math.Abs(v-want[k]) > 1e-9 {
			t.Errorf("output %d: %v, want %v", k, v, want[k])
		}
	}
	want = slices.Clone(base.Forward(x))
	for k, v := range (candidate{mask{}, 0}).merge(base, []*nets.Graph{tuned}).Forward(x) {
		if v != want[k] {
			t.Errorf("output %d of the base: %v, want %v", k, v, want[k])
		}
	}
}

// The even rows choose, the odd ones rate.
func TestChoice(t *testing.T) {
	r := &merging{truth: slices.Repeat([]int{3}, 4*domains)}
	var scores []selection.Table
	for k := range candidates {
		var labels []int
		for i := range r.truth {
			even := i%2 == 0
			switch {
			case k == 2 && even, k == 4 && !even, k == 5 && even:
				labels = append(labels, 3)
			default:
				labels = append(labels, 1)
			}
		}
		scores = append(scores, scoretest.Labels(labels...))
	}
	golden := scoretest.Decide(t, r, scores...)
	if !slices.Equal(golden.Items, []int{2}) {
		t.Fatalf("chosen %v by %v", golden.Items, golden.Values)
	}
	other := selection.Outcome{Metric: selection.Route, Items: []int{4}}
	if got := r.Consequence(scores, other, golden); got != 1 {
		t.Errorf("a choice that is always wrong: consequence %v", got)
	}
	if got := r.Consequence(scores, golden, other); got != 0 {
		t.Errorf("a better choice: consequence %v", got)
	}
}

func TestCandidates(t *testing.T) {
	for k := range plain {
		if a, b := candidates[k], candidates[plain+k]; a.scale != b.scale || a.low != 0 || b.low == 0 {
			t.Errorf("candidates %d and %d differ in more than their masks", k, plain+k)
		}
	}
}
