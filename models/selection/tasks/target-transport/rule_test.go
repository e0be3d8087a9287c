package target

import (
	"math"
	"slices"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestByTarget(t *testing.T) {
	// Row 1 is nearest to both targets, then row 0 to the first, row 3 to the second.
	d := [][]float64{{0.3, 0.9}, {0.1, 0.1}, {0.5, 0.8}, {0.7, 0.2}}
	for budget, want := range map[int][]int{1: {1}, 2: {1, 3}, 3: {0, 1, 3}, 4: {0, 1, 2, 3}, 9: {0, 1, 2, 3}} {
		got, err := byTarget(d, budget)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("budget %d: %v, want %v, error %v", budget, got, want, err)
		}
	}
	// Equal distances: the lowest rows.
	got, err := byTarget([][]float64{{1, 1}, {1, 1}, {1, 1}}, 2)
	if err != nil || !slices.Equal(got, []int{0, 1}) {
		t.Errorf("ties: %v, error %v", got, err)
	}
	// Rows 0 and 1 serve a target each, but a crossing costs row 1 more.
	if got := transportCost(d, []int{0, 3}); !near(got, 0.25) {
		t.Errorf("cost %v", got)
	}
}

// TestAutoBudget stops after the eight closest rows, since the next eight are a
// little farther from the targets that were held back.
func TestAutoBudget(t *testing.T) {
	var distance [][]float64
	for i := range 40 {
		row := make([]float64, targetRows)
		for j := range row {
			row[j] = 1 + float64((i*7+j*3)%11)/100
			if i < 16 {
				row[j] = 0.2 - 0.01*float64(i/8) // the second eight are a little closer
			}
		}
		distance = append(distance, row)
	}
	got, err := autoBudget(distance)
	if err != nil || got != 8 {
		t.Errorf("size %v, error %v", got, err)
	}
}
