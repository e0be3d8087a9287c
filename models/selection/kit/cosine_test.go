package kit

import (
	"math"
	"slices"
	"testing"
)

func TestNeighbours(t *testing.T) {
	m := Cosines([][]float64{{3, 4}, {4, 3}, {0, 0}})
	if math.Abs(m[0][0]-1) > 1e-12 || m[0][1] != m[1][0] || math.Abs(m[0][1]-0.96) > 1e-12 || m[2][2] != 0 {
		t.Errorf("matrix %v", m)
	}
	// Ties go to the lowest index, and no row is its own neighbour.
	near := Neighbours([][]float64{{1, .5, .5, .9}, {.5, 1, .2, .2}, {.5, .2, 1, .2}, {.9, .2, .2, 1}}, 2)
	for i, want := range [][]int{{3, 1}, {0, 2}, {0, 1}, {0, 1}} {
		if !slices.Equal(near[i], want) {
			t.Errorf("neighbours of %d: %v, want %v", i, near[i], want)
		}
	}
}

func TestNearest(t *testing.T) {
	if got := Nearest([]float64{1}, line(0, 2, 1.5, 1.5)); got != 2 {
		t.Errorf("nearest is %d", got)
	}
	if got := Nearest([]float64{1}, nil); got != -1 {
		t.Errorf("nearest of nothing is %d", got)
	}
}
