package swaps

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// line has candidates and targets on a line.
func line(candidates, targets []float64) [][]float64 {
	cost := make([][]float64, len(candidates))
	for i, c := range candidates {
		for _, v := range targets {
			cost[i] = append(cost[i], math.Abs(c-v))
		}
	}
	return cost
}

func TestSwapsByHand(t *testing.T) {
	cost := line([]float64{5, 0.5, 9.5, 20}, []float64{0, 1, 9, 10})
	first := nearest(cost, 2) // the middle first, then a tie of both ends
	if !slices.Equal(first, []int{0, 1}) || !near(fit(cost, first), 10.0/4) {
		t.Errorf("greedy %v, cost %v", first, fit(cost, first))
	}
	got, err := refine(cost, first)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 2}) || !near(fit(cost, got), 0.5) {
		t.Errorf("after swaps %v, cost %v", got, fit(cost, got))
	}
	// The middle serves no target once both ends are there, and row 3 none at all.
	if got := nearest(cost, 3); !slices.Equal(got, []int{1, 2, 0}) {
		t.Errorf("three rows: %v", got)
	}
	if !math.IsInf(fit(cost, nil), 1) || !math.IsInf(fit(cost, []int{0, 1, 2}), 1) {
		t.Error("selections that do not divide the targets have a cost")
	}
}

// TestSwapsImprove compares with all selections and with a search for a better
// neighbour that does not skip any swap.
func TestSwapsImprove(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	const rows, picks, columns = 9, 3, 6
	for round := range 30 {
		var candidates, targets []float64
		for range rows {
			candidates = append(candidates, 10*rng.Float64())
		}
		for range columns {
			targets = append(targets, 10*rng.Float64())
		}
		cost := line(candidates, targets)
		first := nearest(cost, picks)
		last, err := refine(cost, first)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		for set := range uint(1 << rows) {
			if bits.OnesCount(set) != picks {
				continue
			}
			var items []int
			for i := range rows {
				if set>>i&1 == 1 {
					items = append(items, i)
				}
			}
			best = min(best, fit(cost, items))
		}
		reached := fit(cost, last)
		if reached > fit(cost, first)+1e-9 || reached < best-1e-9 {
			t.Errorf("round %d: %v after %v, best %v", round, reached, fit(cost, first), best)
		}
		for k := range last {
			for i := range rows {
				if slices.Contains(last, i) {
					continue
				}
				trial := slices.Clone(last)
				if trial[k] = i; fit(cost, trial) < reached-1e-6 {
					t.Errorf("round %d: swap of %d for %d was missed", round, last[k], i)
				}
			}
		}
	}
}
