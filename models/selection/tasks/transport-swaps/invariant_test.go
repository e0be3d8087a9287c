package swaps

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// drawn are costs of rows and columns at random places of a line.
func drawn(rows, columns int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	var a, b []float64
	for range rows {
		a = append(a, rng.Float64())
	}
	for range columns {
		b = append(b, rng.Float64())
	}
	return line(a, b)
}

// The transport of two rows is the cheapest of all ways to give each half of the columns.
func TestFitTriesAll(t *testing.T) {
	for seed := range uint64(5) {
		cost := drawn(5, 6, seed)
		for _, items := range scoretest.Subsets(5, 2) {
			least := math.Inf(1)
			for _, half := range scoretest.Subsets(6, 3) {
				sum := 0.0
				for j := range 6 {
					if slices.Contains(half, j) {
						sum += cost[items[0]][j]
					} else {
						sum += cost[items[1]][j]
					}
				}
				least = min(least, sum/6)
			}
			if got := fit(cost, items); !near(got, least) {
				t.Errorf("seed %d, rows %v: cost %v, the least is %v", seed, items, got, least)
			}
		}
	}
}

// Neither the unit of the costs nor the order of the columns matters, and a selection that
// cannot be improved stays.
func TestSearchIsInvariant(t *testing.T) {
	for seed := range uint64(5) {
		cost := drawn(14, 12, 30+seed)
		want, err := refine(cost, nearest(cost, 3))
		if err != nil {
			t.Fatal(err)
		}
		order := rand.New(rand.NewPCG(seed, 1)).Perm(12)
		other := make([][]float64, len(cost))
		for i, row := range cost {
			for _, j := range order {
				other[i] = append(other[i], 5*row[j])
			}
		}
		got, err := refine(other, nearest(other, 3))
		if err != nil || !near(fit(other, got), 5*fit(cost, want)) {
			t.Errorf("seed %d: %v costs %v, %v cost %v", seed, got, fit(other, got), want, fit(cost, want))
		}
		if again, err := refine(cost, want); err != nil || !slices.Equal(again, want) {
			t.Errorf("seed %d: %v becomes %v", seed, want, again)
		}
	}
	if _, err := refine(drawn(4, 5, 1), []int{0, 1}); err == nil {
		t.Error("five columns for two rows: no error")
	}
}

// A fault touches the group of its row alone: a row that is taken for the dearest one of its
// class leaves, and the other groups stay as they are.
func TestFaultStaysInItsGroup(t *testing.T) {
	r, scores := pool(60)
	w := scoretest.Workload(r, len(r.truth))
	run := &selection.Run{Workload: w, Scores: []selection.Table{scores}, Outcome: scoretest.Decide(t, r, scores)}
	of := func(o selection.Outcome, group int) (rows []int) {
		for _, i := range o.Items {
			if r.group(i) == group {
				rows = append(rows, i)
			}
		}
		return rows
	}
	in := run.Outcome.Items[0]
	dear, most := in, 0.0
	for i, row := range r.costs(&scores) {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		if r.truth[i] == r.truth[in] && sum > most {
			dear, most = i, sum
		}
	}
	faulty, err := w.Transient(run.Scores, 0, in, scores.Row(dear))
	if err != nil || slices.Contains(faulty.Items, in) {
		t.Fatalf("row %d is selected: %v", in, err)
	}
	task := Task()
	if e := task.Effect(run, faulty); !e.Changed || e.Distance == 0 {
		t.Errorf("%+v", e)
	}
	changed := 0
	for g := range swapGroups {
		if !slices.Equal(of(faulty, g), of(run.Outcome, g)) {
			changed++
		}
		if len(of(faulty, g)) != swapBudget/swapGroups {
			t.Errorf("group %d has %d rows", g, len(of(faulty, g)))
		}
	}
	if changed != 1 {
		t.Errorf("%d groups change", changed)
	}
	if _, err := r.Decide(selection.FromTables(scores, scores)); err == nil {
		t.Error("two networks: no error")
	}
}
