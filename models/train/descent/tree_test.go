package descent

import (
	"math"
	"math/rand/v2"
	"testing"
)

// total adds up the choices of the blocks that none above covers.
func total(blocks []Block, chosen []int) (cost int, loss float64) {
	covered := make([]bool, len(blocks))
	for i, b := range blocks {
		if i > 0 && covered[b.Parent] {
			covered[i] = true
			continue
		}
		c := b.Choices[chosen[i]]
		cost, loss, covered[i] = cost+c.Cost, loss+c.Loss, c.Covers
	}
	return cost, loss
}

// TestTree compares the messages with all 3^9 choices.
func TestTree(t *testing.T) {
	const n, choices, all = 9, 3, 19683
	for seed := uint64(1); seed <= 20; seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		var blocks []Block
		for i := range n {
			b := Block{Parent: -1}
			if i > 0 {
				b.Parent = rng.IntN(i)
			}
			b.Choices = []Choice{{0, 5 + 5*rng.Float64(), false}, {1 + rng.IntN(4), 4 * rng.Float64(), false}, {2 + rng.IntN(12), 6 * rng.Float64(), true}}
			blocks = append(blocks, b)
		}
		budget := rng.IntN(20)
		best := math.Inf(1)
		for code := range all {
			var chosen []int
			for range n {
				chosen, code = append(chosen, code%choices), code/choices
			}
			if cost, loss := total(blocks, chosen); cost <= budget {
				best = min(best, loss)
			}
		}
		chosen, loss, err := MinimiseTree(blocks, budget)
		if err != nil {
			t.Fatal(err)
		}
		cost, sum := total(blocks, chosen)
		if math.Abs(loss-best) > 1e-9 || math.Abs(sum-best) > 1e-9 || cost > budget {
			t.Errorf("seed %d: loss %v (its choices %v at cost %d of %d), the best is %v", seed, loss, sum, cost, budget, best)
		}
	}
}

func TestTreeRefuses(t *testing.T) {
	one := []Choice{{1, 1, false}}
	for name, c := range map[string]struct {
		blocks []Block
		budget int
	}{
		"nothing": {nil, 1}, "negative budget": {[]Block{{-1, one}}, -1}, "dear": {[]Block{{-1, one}}, 0},
		"loop": {[]Block{{-1, one}, {1, one}}, 3}, "two roots": {[]Block{{-1, one}, {-1, one}}, 3},
		"negative cost": {[]Block{{-1, []Choice{{-1, 0, false}}}}, 3}, "no number": {[]Block{{-1, []Choice{{0, math.NaN(), false}}}}, 3},
		"no choices": {[]Block{{-1, nil}}, 3},
	} {
		if chosen, _, err := MinimiseTree(c.blocks, c.budget); err == nil {
			t.Errorf("%s: no error, %v", name, chosen)
		}
	}
}
