package kit

import (
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	// 0 → 1 → 2, and 3 → 2. The second edge is live in the first sample only.
	graph := [][]Edge{nil, {{0, 0.5}}, {{1, 0.5}, {3, 0.5}}, nil}
	s := NewSpread(graph, [][][]float64{{{0, 0}, {0, 0}, {0.4, 0}, {0, 0}}, {{0, 0}, {0.4, 0}, {0.5, 0.9}, {0, 0}}})
	for i, want := range []float64{2.5, 1.5, 1, 1.5} {
		if got := s.Gain(i); got != want {
			t.Errorf("gain of node %d: %v, want %v", i, got, want)
		}
	}
	s.Add(0)
	for i, want := range []float64{0, 0, 0.5, 1} {
		if got := s.Gain(i); got != want {
			t.Errorf("gain of node %d after node 0: %v, want %v", i, got, want)
		}
	}
	if got := s.Value([]int{3, 0}); got != 3.5 {
		t.Errorf("value %v", got)
	}
	if picks, gains := Greedy(s, 4, 1); !slices.Equal(picks, []int{3}) || gains[0] != 1 {
		t.Errorf("after node 0: %v %v", picks, gains)
	}
}
