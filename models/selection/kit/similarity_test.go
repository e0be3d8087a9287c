package kit

import (
	"math"
	"slices"
	"testing"
)

func TestSimilarities(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"norm", Norm([]float64{3, -4}), 5},
		{"distance", Distance([]float64{1, 2, 3}, []float64{3, 3, 5}), 3},
		{"cosine", Cosine([]float64{1, 0}, []float64{3, 4}), 0.6},
		{"opposite", Cosine([]float64{1, 1}, []float64{-2, -2}), -1},
		{"cosine of nothing", Cosine([]float64{0, 0}, []float64{3, 4}), 0},
		{"overlap", Overlap([]float64{1, 0, 2}, []float64{0.5, 1, 2}), 2.5 / 4},
		{"overlap of nothing", Overlap([]float64{0, 0}, []float64{0, 0}), 1},
		{"disjoint", Overlap([]float64{1, 0}, []float64{0, 1}), 0},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestRoundRobin(t *testing.T) {
	// Both targets like candidate 2 best; the second one must take its next,
	// where 0 and 3 tie.
	s := [][]float64{{0.1, 0.5}, {0.8, 0.2}, {0.9, 0.9}, {0.3, 0.5}}
	for k, want := range map[int][]int{0: nil, 1: {2}, 2: {2, 0}, 3: {2, 0, 1}, 4: {2, 0, 1, 3}, 9: {2, 0, 1, 3}} {
		if got := RoundRobin(s, k); !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v", k, got, want)
		}
	}
	if RoundRobin(nil, 3) != nil || RoundRobin([][]float64{{}}, 3) != nil {
		t.Error("nothing to take")
	}
}
