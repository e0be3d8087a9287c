package facility

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// codes are rows of random codes with some that are alike.
func codes(rows int) selection.Table {
	rng := rand.New(rand.NewPCG(7, 7))
	var list [][]int
	for i := range rows {
		row := make([]int, 5)
		for k := range row {
			row[k] = rng.IntN(40) - 20
		}
		row[i%5] += 60
		list = append(list, row)
	}
	return scoretest.Scores(list...)
}

// Sampled sets are distinct picks of the search; those of a large gain come more often.
func TestSampled(t *testing.T) {
	r := &facility{scoretest.Pool(make([]float64, 60), make([]int, 60)...), 5}
	picks, gains := make([]int, 60), make([]float64, 60)
	for i := range picks {
		picks[i] = 59 - i
		if i < 5 {
			gains[i] = 9
		}
	}
	sets := r.sampled(picks, gains)
	if len(sets) != sampledSets {
		t.Fatalf("%d sets", len(sets))
	}
	early := 0
	for _, set := range sets {
		distinct := slices.Clone(set)
		slices.Sort(distinct)
		if len(slices.Compact(distinct)) != 5 {
			t.Fatalf("set %v", set)
		}
		for _, i := range set {
			if i >= 55 {
				early++
			}
		}
	}
	// Five of sixty rows hold 5·50.5 of the weight of 5·50.5 + 55.
	if early < 3*sampledSets {
		t.Errorf("%d of %d sampled rows are of the five of a large gain", early, 5*sampledSets)
	}
}

// Greedy reaches at least 1−1/e of the best set, and the share is at most one.
func TestOfOptimum(t *testing.T) {
	table := codes(bruteRows)
	if got := ofOptimum(kit.Cosines(table.Reals())); got < 1-1/math.E || got > 1+1e-12 {
		t.Errorf("share %v", got)
	}
	// Where all rows are apart, any set is the best one.
	apart := make([][]float64, bruteRows)
	for i := range apart {
		apart[i] = make([]float64, bruteRows)
		apart[i][i] = 1
	}
	if got := ofOptimum(apart); math.Abs(got-1) > 1e-12 {
		t.Errorf("rows apart: share %v", got)
	}
}

// A set that covers less has the larger consequence, and the search's own set none.
func TestConsequenceGrows(t *testing.T) {
	table := codes(50)
	r := &facility{scoretest.Pool(make([]float64, 50), make([]int, 50)...), 5}
	golden := scoretest.Decide(t, r, table)
	if len(golden.Items) != 5 {
		t.Fatalf("picks %v", golden.Items)
	}
	list := []selection.Table{table}
	if got := r.Consequence(list, golden, golden); got != 0 {
		t.Errorf("the same set: consequence %v", got)
	}
	f := objective(&table)
	before, loss := 0.0, 0.0
	set := slices.Clone(golden.Items)
	for k := range set {
		set[k] = golden.Items[0] // one row less and less others
		got := r.Consequence(list, golden, selection.Outcome{Metric: selection.Set, Items: set})
		if now := f.Value(golden.Items) - f.Value(set); now < loss-1e-9 || got < before-1e-9 {
			t.Errorf("%d rows lost: consequence %v after %v, cover lost %v after %v", k, got, before, now, loss)
		} else {
			before, loss = got, now
		}
	}
	if before <= 0.5 {
		t.Errorf("one row alone: consequence %v", before)
	}
}

// By pictures of two directions, a set of one row of each covers all there is and a set of
// two of one covers as little as can be; the mean of random sets is nothing.
func TestCover(t *testing.T) {
	p := scoretest.Pool(make([]float64, 20), make([]int, 20)...)
	for i := range p.Rows {
		p.Rows[i] = []float64{1, 0}
		if i >= 10 {
			p.Rows[i] = []float64{0, 2}
		}
	}
	r := &facility{p, 2}
	whole, half := r.cover([]int{3, 14}), r.cover([]int{3, 4})
	if math.Abs(whole-1) > 1e-12 || half >= 0 {
		t.Errorf("cover of both directions %v, of one %v", whole, half)
	}
	mean := 0.0
	for _, set := range r.Random(2) {
		mean += r.cover(set) / float64(len(r.Random(2)))
	}
	if math.Abs(mean) > 1e-9 {
		t.Errorf("random sets cover %v", mean)
	}
}

// Picks that cover the pictures pass the check, and picks by scores that say nothing do not.
func TestCheck(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	const rows, groups = 160, 40
	p := scoretest.Pool(make([]float64, rows), make([]int, rows)...)
	var codes, blind [][]int
	for i := range rows {
		// Groups of very different sizes, so that random sets miss some.
		g := int(groups * math.Pow(rng.Float64(), 3))
		if i < groups {
			g = i
		}
		x, code := make([]float64, groups), make([]int, groups)
		x[g], code[g], p.Truth[i] = 1, 90, g
		p.Rows[i], codes, blind = x, append(codes, code), append(blind, []int{rng.IntN(200) - 100, rng.IntN(200) - 100})
	}
	p.Test, p.Want = p.Rows[:groups], p.Truth[:groups]
	r := &facility{p, facilityPicks}
	for name, c := range map[string]struct {
		table selection.Table
		want  bool
	}{"codes of the groups": {scoretest.Scores(codes...), true}, "codes that say nothing": {scoretest.Scores(blind...), false}} {
		got, err := check([]selection.Run{{Seed: 1, Workload: scoretest.Workload(r, rows), Scores: []selection.Table{c.table}, Outcome: scoretest.Decide(t, r, c.table)}})
		if err != nil || got.Pass != c.want {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
}
