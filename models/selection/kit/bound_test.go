package kit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFloor draws means of three measurements: about one in a hundred falls below the floor
// and one above the ceiling.
func TestFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	low, high := 0, 0
	const draws, n = 20000, 3
	for range draws {
		mean := 0.0
		for range n {
			mean += (5 + 2*rng.NormFloat64()) / n
		}
		if mean < Floor(5, 2, n) {
			low++
		}
		if mean > Ceiling(5, 2, n) {
			high++
		}
	}
	for name, k := range map[string]int{"below": low, "above": high} {
		if share := float64(k) / draws; math.Abs(share-0.01) > 0.003 {
			t.Errorf("%s: %v of the means", name, share)
		}
	}
	if Floor(1, 0, 3) != 1 || Floor(1, 2, 0) != Floor(1, 2, 1) || Floor(1, 2, 4) <= Floor(1, 2, 3) {
		t.Error("floors without deviation, of no measurements, and of more of them")
	}
}
