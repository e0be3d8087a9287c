package graph

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

func TestGraph(t *testing.T) {
	g := graph([][]float64{{1, 0.6, 0.2, -0.5}, {0.6, 1, -1, -1}, {0.2, -1, 1, 0}, {-0.5, -1, 0, 1}}, 2)
	want := [][]kit.Edge{
		{{From: 1, Probability: 0.75}, {From: 2, Probability: 0.25}},
		{{From: 0, Probability: 1}, {From: 2, Probability: 0}},
		{{From: 0, Probability: 1}, {From: 3, Probability: 0}},
		{{From: 2, Probability: 0}, {From: 0, Probability: 0}},
	}
	for i := range want {
		for k, e := range want[i] {
			if len(g[i]) != 2 || g[i][k].From != e.From || math.Abs(g[i][k].Probability-e.Probability) > 1e-12 {
				t.Errorf("edges to %d: %v, want %v", i, g[i], want[i])
				break
			}
		}
	}
}

// TestInfluencePicks has a hub that all others are most similar to. Every edge is
// live, since its draw is zero and its probability is not.
func TestInfluencePicks(t *testing.T) {
	zero := [][][]float64{make([][]float64, 4)}
	for i := range zero[0] {
		zero[0][i] = make([]float64, influenceNeighbours)
	}
	r := &influence{scoretest.Pool(make([]float64, 4), 0, 0, 0, 0), 2, zero}
	// Rows 1 and 3 are alike; rows 0 and 2 are similar to nothing.
	o, err := r.Decide(selection.FromTables(scoretest.Scores([]int{1, 0, 0}, []int{0, 1, 0}, []int{0, 0, 1}, []int{0, 2, 0})))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{1, 0}) {
		t.Errorf("picks %v", o.Items)
	}
}
