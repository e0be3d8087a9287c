package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// line places rows on a line.
func line(at ...float64) [][]float64 {
	var rows [][]float64
	for _, v := range at {
		rows = append(rows, []float64{v})
	}
	return rows
}

func TestKCentre(t *testing.T) {
	for _, c := range []struct {
		name  string
		rows  [][]float64
		start []int
		k     int
		want  []int
	}{
		{"farthest first", line(0, 1, 10, 4), nil, 3, []int{0, 2, 3}},
		{"ties to the lowest index", line(0, 5, -5, 5), nil, 2, []int{0, 1}},
		{"start counts as centre", line(0, 1, 10, 4), []int{2}, 2, []int{0, 3}},
		{"no row twice", line(1, 1, 1), nil, 5, []int{0, 1, 2}},
		{"start is not picked", line(1, 1), []int{0}, 5, []int{1}},
		{"none", line(1), nil, 0, nil},
	} {
		if got := KCentre(c.rows, c.start, c.k); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if r := Radius(line(0, 1, 10, 4), []int{0, 2}); r != 4 {
		t.Errorf("radius %v", r)
	}
	if r := Radius(line(0), nil); !math.IsInf(r, 1) {
		t.Errorf("radius without centres: %v", r)
	}
}

// TestKCentreWithinTwice compares the radius with the best one of all sets, of
// which it is at most twice as large (Gonzalez 1985).
func TestKCentreWithinTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	for range 20 {
		rows := cloud(12, 2, rng)
		best := math.Inf(1)
		subsets(12, 3, func(set []int) { best = min(best, Radius(rows, set)) })
		if got := Radius(rows, KCentre(rows, nil, 3)); got > 2*best || got < best {
			t.Errorf("radius %v, optimum %v", got, best)
		}
	}
}

// subsets calls f for every subset of k of n items.
func subsets(n, k int, f func(set []int)) {
	set := make([]int, 0, k)
	var walk func(from int)
	walk = func(from int) {
		if len(set) == k {
			f(set)
			return
		}
		for i := from; i < n; i++ {
			set = append(set, i)
			walk(i + 1)
			set = set[:len(set)-1]
		}
	}
	walk(0)
}
