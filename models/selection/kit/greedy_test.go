package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func cloud(n, width int, rng *rand.Rand) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, width)
		for j := range rows[i] {
			rows[i][j] = rng.NormFloat64()
		}
	}
	return rows
}

func TestFacility(t *testing.T) {
	sim := [][]float64{{1, 0.5, 0}, {0.5, 1, -1}, {0, -1, 1}}
	picks, gains := Greedy(NewFacility(sim), 3, 2)
	// Item 1 and item 0 both cover 1.5; item 2 adds 1 to either.
	if !slices.Equal(picks, []int{0, 2}) || !slices.Equal(gains, []float64{1.5, 1}) {
		t.Errorf("picks %v, gains %v", picks, gains)
	}
	f := NewFacility(sim)
	f.Add(2)
	if v := f.Value([]int{0, 2}); v != 2.5 {
		t.Errorf("value %v", v)
	}
	if v := f.Value(nil); v != 0 {
		t.Errorf("value of nothing %v", v)
	}
}

// TestGreedyBound compares greedy with the optimum found by trying all sets.
func TestGreedyBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	for range 10 {
		f := NewFacility(Cosines(cloud(16, 4, rng)))
		best := 0.0
		subsets(16, 4, func(set []int) { best = max(best, f.Value(set)) })
		picks, gains := Greedy(f, 16, 4)
		sum := 0.0
		for _, g := range gains {
			sum += g
		}
		if v := f.Value(picks); v < (1-1/math.E)*best || v > best || math.Abs(v-sum) > 1e-9 {
			t.Errorf("greedy reaches %v, its gains add up to %v, optimum %v", v, sum, best)
		}
	}
}

// counted counts the calls of Gain.
type counted struct {
	of    Gain
	calls int
}

func (c *counted) Gain(i int) float64 { c.calls++; return c.of.Gain(i) }
func (c *counted) Add(i int)          { c.of.Add(i) }

// TestLazyGreedy compares lazy with plain greedy on coarse similarities, which
// tie often, and on spreads.
func TestLazyGreedy(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for round := range 20 {
		rows := cloud(60, 3, rng)
		sim := Cosines(rows)
		for i := range sim {
			for j := range sim[i] {
				sim[i][j] = math.Round(4*sim[i][j]) / 4
			}
		}
		var graph [][]Edge
		for i, near := range Neighbours(sim, 5) {
			var edges []Edge
			for _, j := range near {
				edges = append(edges, Edge{j, 0.1 + 0.3*max(0, sim[i][j])})
			}
			graph = append(graph, edges)
		}
		draws := Draws(10, 60, 5, rng)
		for name, build := range map[string]func() Gain{
			"facility location": func() Gain { return NewFacility(sim) },
			"spread":            func() Gain { return NewSpread(graph, draws) },
		} {
			plain, lazy := &counted{of: build()}, &counted{of: build()}
			a, ga := Greedy(plain, 60, 12)
			b, gb := LazyGreedy(lazy, 60, 12)
			if !slices.Equal(a, b) || !slices.Equal(ga, gb) {
				t.Fatalf("round %d, %s: greedy %v, lazy %v", round, name, a, b)
			}
			if lazy.calls >= plain.calls {
				t.Errorf("round %d, %s: %d calls against %d", round, name, lazy.calls, plain.calls)
			}
		}
	}
	if picks, _ := LazyGreedy(NewFacility(line(1)), 1, 9); !slices.Equal(picks, []int{0}) {
		t.Errorf("more than there are: %v", picks)
	}
}
