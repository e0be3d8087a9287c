package target

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// drawnDistances are those of rows and targets at random places of a plane.
func drawnDistances(rows, targets int, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	var x, y [][2]float64
	for range rows {
		x = append(x, [2]float64{rng.Float64(), rng.Float64()})
	}
	for range targets {
		y = append(y, [2]float64{rng.Float64(), rng.Float64()})
	}
	d := make([][]float64, rows)
	for i := range d {
		for j := range y {
			d[i] = append(d[i], math.Hypot(x[i][0]-y[j][0], x[i][1]-y[j][1]))
		}
	}
	return d
}

// Whoever is selected is among the nearest of some target up to a rank, and nobody is left
// out who is nearer to some target by rank than the last one that came in.
func TestRanksComeInTurn(t *testing.T) {
	const rows, targets, budget = 40, 4, 11
	for seed := range uint64(5) {
		d := drawnDistances(rows, targets, seed)
		items, err := byTarget(d, budget)
		if err != nil || len(items) != budget {
			t.Fatalf("%v, %v", items, err)
		}
		best := func(i int) int { // rank of a row with the target to which it is nearest by rank
			least := rows
			for j := range targets {
				rank := 0
				for k := range rows {
					if d[k][j] < d[i][j] {
						rank++
					}
				}
				least = min(least, rank)
			}
			return least
		}
		last := 0
		for _, i := range items {
			last = max(last, best(i))
		}
		for i := range rows {
			if !slices.Contains(items, i) && best(i) < last {
				t.Errorf("seed %d: row %d of rank %d is left out, one of rank %d is in", seed, i, best(i), last)
			}
		}
		if last == 0 {
			t.Errorf("seed %d: one rank is enough for %d rows", seed, budget)
		}
	}
}

// Where a rank has more rows than there is room for, those come in to which moving weight
// saves most: here the one that is nearer its target.
func TestLastRankByPotential(t *testing.T) {
	for _, near := range []int{0, 1} {
		d := [][]float64{{0.6, 2}, {2, 0.6}, {2, 2}, {2, 2}}
		d[near][near] = 0.01
		if got, err := byTarget(d, 1); err != nil || !slices.Equal(got, []int{near}) {
			t.Errorf("row %d is nearest, selected %v, %v", near, got, err)
		}
	}
}

// The transport is the cheapest of all ways to deal the rows out to the targets.
func TestTransportCostIsTheLeast(t *testing.T) {
	for seed := range uint64(5) {
		d := drawnDistances(6, 2, 20+seed)
		items := []int{0, 1, 2, 3, 4, 5}
		least := math.Inf(1)
		for _, first := range scoretest.Subsets(6, 3) {
			sum := 0.0
			for _, i := range items {
				if slices.Contains(first, i) {
					sum += d[i][0]
				} else {
					sum += d[i][1]
				}
			}
			least = min(least, sum/6)
		}
		if got := transportCost(d, items); !near(got, least) {
			t.Errorf("seed %d: cost %v, the least is %v", seed, got, least)
		}
	}
}

// A candidate whose scores a fault makes those of a target comes in; the bits of one that is
// far from all targets may flip.
func TestFaultyCandidate(t *testing.T) {
	r, scores := pool(100)
	w := scoretest.Workload(r, len(r.truth))
	run := &selection.Run{Workload: w, Scores: []selection.Table{scores}, Outcome: scoretest.Decide(t, r, scores)}
	task := Task()
	in, out := run.Outcome.Items[0], -1
	for i := range 100 {
		if !slices.Contains(run.Outcome.Items, i) && r.truth[i] == 5 {
			out = i
		}
	}
	silent := make([]byte, len(scores.Row(in))) // no gradient, and so no direction
	faulty, err := w.Transient(run.Scores, 0, in, silent)
	if e := task.Effect(run, faulty); err != nil || slices.Contains(faulty.Items, in) || !e.Changed {
		t.Errorf("row %d without a gradient is selected: %+v, %v", in, e, err)
	}
	row := slices.Clone(scores.Row(out))
	row[40] ^= 1
	if faulty, err = w.Transient(run.Scores, 0, out, row); err != nil || slices.Contains(faulty.Items, out) {
		t.Errorf("row %d of another class is selected: %v", out, err)
	}
	if _, err := r.Decide(selection.FromTables(scores, scores)); err == nil {
		t.Error("two networks: no error")
	}
	if _, err := r.Decide(selection.FromTables(scoretest.Labels(r.truth...))); err == nil {
		t.Error("no hidden units: no error")
	}
}
