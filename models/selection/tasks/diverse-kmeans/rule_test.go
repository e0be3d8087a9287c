package kmeans

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

func TestApportion(t *testing.T) {
	for _, c := range []struct {
		weights []float64
		room    []int
		budget  int
		want    []int
	}{
		{[]float64{0.5, 0.25, 0.25}, []int{9, 9, 9}, 4, []int{2, 1, 1}},
		{[]float64{0.5, 0.5}, []int{9, 9}, 3, []int{2, 1}},
		{[]float64{1, 0}, []int{2, 9}, 3, []int{2, 1}},
		{[]float64{0.9, 0.1}, []int{1, 1}, 5, []int{1, 1}},
		{[]float64{0.2, 0.8}, []int{0, 9}, 2, []int{0, 2}},
	} {
		if got := apportion(c.weights, c.room, c.budget); !slices.Equal(got, c.want) {
			t.Errorf("%v with room %v: %v, want %v", c.weights, c.room, got, c.want)
		}
	}
}

func TestQuality(t *testing.T) {
	// Picks 0, 1, 2 share a class and a cluster; picks 3, 4, 5 have three digits.Classes.
	r := &diverse{Pool: scoretest.Pool([]float64{0, 1, 2, 100, 101, 102}, 0, 0, 0, 1, 2, 3)}
	got := r.quality([]int{0, 1, 2, 3, 4, 5}, []int{0, 0, 0, 1, 1, 1}, 3)
	// Each of the first three has two right among its three nearest.
	for j, want := range []float64{(3*2.0/3 + 0.5) / 4, 0.5 / 4, 0.5} {
		if math.Abs(got[j]-want) > 1e-12 {
			t.Errorf("cluster %d: %v, want %v", j, got[j], want)
		}
	}
}

// TestDiverse draws first the row that leads most in every cluster, and then less
// from the cluster whose digits.Classes are random.
func TestDiverse(t *testing.T) {
	at := []float64{0, 1, 2, 3, 100, 101, 102, 103}
	table := scoretest.Scores([]int{5, 0}, []int{9, 0}, []int{9, 0}, []int{4, 0}, []int{0, 3}, []int{0, 1}, []int{0, 8}, []int{0, 2})
	r := &diverse{Pool: scoretest.Pool(at, 0, 0, 0, 0, 1, 2, 3, 4), budget: 2, rounds: 1}
	for rounds, want := range map[int][]int{1: {1, 6}, 2: {1, 6, 2, 4}} {
		r.rounds = rounds
		o, err := r.Decide(selection.FromTables(table))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Items, want) {
			t.Errorf("%d rounds: %v, want %v", rounds, o.Items, want)
		}
	}
	cluster, lead := clusters(&table)
	if !slices.Equal(cluster, []int{0, 0, 0, 0, 1, 1, 1, 1}) || lead[6] != 8 {
		t.Errorf("clusters %v, leads %v", cluster, lead)
	}
	r.rounds, r.spoiled = 3, []int{0, 0, 0, 0, 1, 1, 1, 1}
	_, weights := r.refine(cluster, lead, 2, true)
	if s := r.spoiledWeight(cluster, weights); s >= 0.5 || math.Abs(s-2*weights[1]) > 1e-12 || math.Abs(weights[0]+weights[1]-1) > 1e-12 {
		t.Errorf("weights %v, of spoiled clusters %v", weights, s)
	}
	if _, err := r.Decide(selection.FromTables(scoretest.Scores([]int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}))); err == nil {
		t.Error("one cluster: no error")
	}
}
