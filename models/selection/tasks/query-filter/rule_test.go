package filter

import (
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// scores are those of two clones that dispute the samples from a place on, all of class 4
// but a few.
func scores(from int, rare ...int) []selection.Table {
	var a, b [][]int
	for i := range pool {
		class, lead := 4, 9
		if slices.Contains(rare, i) {
			class = 7
		}
		a = append(a, scoretest.Class(class, lead))
		if i >= from {
			lead = 1 + (pool-i)%3
		}
		b = append(b, scoretest.Class(class, lead))
	}
	return []selection.Table{scoretest.Scores(a...), scoretest.Scores(b...)}
}

func TestWanted(t *testing.T) {
	r := &filter{rows: make([][]float64, pool)}
	picks := r.wanted(scores(pool-100, 3, 5))
	if len(picks) != queries || !slices.IsSorted(picks) {
		t.Fatalf("%d picks", len(picks))
	}
	// The two samples of a rare class are picked though nobody disputes them.
	if picks[0] != 3 || picks[1] != 5 {
		t.Errorf("rare samples are not picked: %v", picks[:4])
	}
	for _, i := range picks[2:] {
		if i < pool-100 {
			t.Errorf("sample %d is picked, which the clones do not dispute", i)
		}
	}
}

func TestDecide(t *testing.T) {
	r := &filter{rows: make([][]float64, pool)}
	list := scores(0)
	labels := make([]int, pool)
	for i := range labels {
		labels[i] = i % 10
	}
	list = append(list, scoretest.Labels(labels...))
	o := scoretest.Decide(t, r, list...)
	for k, i := range o.Items {
		if int(o.Values[k]) != i%10 {
			t.Fatalf("sample %d has label %v", i, o.Values[k])
		}
	}
	faulty := selection.Outcome{Metric: selection.Set, Items: slices.Clone(o.Items), Values: slices.Clone(o.Values)}
	if got := r.Consequence(list, o, faulty); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
	faulty.Values[2] = 9 - faulty.Values[2]
	if got := r.Consequence(list, o, faulty); got != 1.0/queries || o.Equal(faulty) {
		t.Errorf("a wrong label: consequence %v", got)
	}
}

// Clones of what they are shown agree with it.
func TestCloned(t *testing.T) {
	rng := data.Rand(1, 0)
	var x [][]float64
	var labels []int
	for i := range 100 {
		v := generate(rng)
		v[0] = float64(i % 2)
		x, labels = append(x, v), append(labels, i%2)
	}
	if got := agreement(cloned(x, labels, rng), x, labels); got < 0.95 {
		t.Errorf("agreement %v", got)
	}
}

// Samples are pictures with ink and with paper, and the NPU sees what the clones learn.
func TestGenerate(t *testing.T) {
	rng := data.Rand(2, 0)
	for range 50 {
		x := quantised(generate(rng))
		if low, high := slices.Min(x), slices.Max(x); low < 0 || high > 1.07 || high < 0.5 || kit.Mean(x) > 0.8 {
			t.Fatalf("pixels from %v to %v, mean %v", low, high, kit.Mean(x))
		}
	}
}
