package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAssignByHand(t *testing.T) {
	// Row 0 is cheapest for both columns, but column 1 loses less elsewhere.
	a, err := Assign([][]float64{{1, 2}, {5, 3}}, []int{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Row, []int{0, 1}) || a.Cost != 4 {
		t.Errorf("rows %v, cost %v", a.Row, a.Cost)
	}
	// All costs are equal: the lowest rows fill first.
	a, err = Assign([][]float64{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}}, []int{1, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Row, []int{0, 1, 2, 2}) || a.Cost != 4 {
		t.Errorf("ties: rows %v, cost %v", a.Row, a.Cost)
	}
}

// cheapest tries every assignment.
func cheapest(cost [][]float64, room []int, j int) float64 {
	if j == len(cost[0]) {
		return 0
	}
	best := math.Inf(1)
	for i := range cost {
		if room[i] > 0 {
			room[i]--
			best = min(best, cost[i][j]+cheapest(cost, room, j+1))
			room[i]++
		}
	}
	return best
}

// TestAssignIsTheCheapest compares with all assignments, also of costs that tie
// or are negative, and checks that the prices prove it.
func TestAssignIsTheCheapest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for round := range 200 {
		rows := 1 + rng.IntN(4)
		capacity, n := make([]int, rows), 0
		for i := range capacity {
			capacity[i] = rng.IntN(3)
			n += capacity[i]
		}
		cost := make([][]float64, rows)
		for i := range cost {
			cost[i] = make([]float64, n)
			for j := range cost[i] {
				cost[i][j] = rng.Float64()
				if round%2 == 0 {
					cost[i][j] = float64(rng.IntN(4) - 1)
				}
			}
		}
		a, err := Assign(cost, capacity)
		if err != nil {
			t.Fatal(err)
		}
		if want := cheapest(cost, slices.Clone(capacity), 0); math.Abs(a.Cost-want) > 1e-9 {
			t.Fatalf("round %d: cost %v, want %v", round, a.Cost, want)
		}
		count := make([]int, rows)
		for j, i := range a.Row {
			count[i]++
			if math.Abs(a.U[i]+a.V[j]-cost[i][j]) > 1e-9 {
				t.Fatalf("round %d: prices of the chosen pair %d, %d do not sum to its cost", round, i, j)
			}
			for k := range cost {
				if a.U[k]+a.V[j] > cost[k][j]+1e-9 {
					t.Fatalf("round %d: prices of pair %d, %d exceed its cost", round, k, j)
				}
			}
		}
		if !slices.Equal(count, capacity) {
			t.Fatalf("round %d: rows receive %v of %v", round, count, capacity)
		}
	}
}

func TestAssignRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		cost     [][]float64
		capacity []int
	}{
		"nothing": {nil, nil}, "capacities": {[][]float64{{1}}, []int{1, 2}}, "sum": {[][]float64{{1}}, []int{2}},
		"ragged": {[][]float64{{1}, {1, 2}}, []int{1, 0}}, "negative": {[][]float64{{1}, {1}}, []int{2, -1}},
		"no number": {[][]float64{{math.NaN()}}, []int{1}},
	} {
		if _, err := Assign(c.cost, c.capacity); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
