package utility

import (
	"math"
	"slices"
	"testing"
	"upset/models/train/data"
)

func TestPointSet(t *testing.T) {
	rng := data.Rand(1, 0)
	for range 20 {
		x, chosen := pointSet(rng)
		if len(x) != 2*utilityItems || len(chosen) != utilityItems {
			t.Fatalf("%d coordinates, %d marks", len(x), len(chosen))
		}
		var centre [2]float64
		for i, v := range x {
			centre[i%2] += v / utilityItems
			if c := v / float64(utilityInput.Scale); c != math.Round(c) || c < -128 || c > 127 {
				t.Fatalf("coordinate %v is off the grid", v)
			}
		}
		in, out, n := 0.0, math.Inf(1), 0
		for i, mark := range chosen {
			if d := math.Hypot(x[2*i]-centre[0], x[2*i+1]-centre[1]); mark == 1 {
				in, n = max(in, d), n+1
			} else {
				out = min(out, d)
			}
		}
		if n != utilityChosen || in > out+1e-12 {
			t.Errorf("%d points chosen, up to %v from the mean; another is %v from it", n, in, out)
		}
	}
}

// TestUtilityGraph moves one point of a set: with background the scores of the
// others change, without it they do not.
func TestUtilityGraph(t *testing.T) {
	for _, background := range []bool{true, false} {
		g := utilityGraph(background, data.Rand(2, 0))
		x, _ := pointSet(data.Rand(3, 0))
		before := slices.Clone(g.Forward(x))
		x[0], x[1] = x[0]+3, x[1]-3
		after := g.Forward(x)
		if changed := !slices.Equal(before[1:], after[1:]); changed != background {
			t.Errorf("background %v: the scores of other points change: %v", background, changed)
		}
	}
}
