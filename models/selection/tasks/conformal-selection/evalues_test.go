package conformal

import (
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// published is OptCS-MSel by p-values and e-values as the paper has it: every candidate
// takes the model with the largest auxiliary selection, has the e-value m/(q·size) where
// its p-value is at most q·size/m, and enters by eBH on e-values over u.
func published(t *selection.Table, truth, calibration, test []int, q, u float64) []int {
	m, each := float64(len(test)), 1/float64(len(calibration)+1)
	e := make([]float64, len(test))
	for j, own := range test {
		best, size := 0, 0
		for k := range t.Width {
			p := pvalues(t, truth, calibration, test, k)
			for l, other := range test {
				if t.Int(own, k) < t.Int(other, k) {
					p[l] -= each // the candidate takes the place of the one that is added
				}
			}
			p[j] = 0
			if s := len(bh(p, q)); s > size {
				best, size = k, s
			}
		}
		if pvalues(t, truth, calibration, test, best)[j]*m <= q*float64(size)+1e-12 {
			e[j] = m / (q * float64(size)) / u
		}
	}
	order, enter := kit.Order(e), 0
	for i, j := range order {
		if e[j] > 0 && e[j]*q*float64(i+1) >= m-1e-9 {
			enter = i + 1
		}
	}
	list := slices.Clone(order[:enter])
	slices.Sort(list)
	return list
}

func TestOptimised(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	pruned, some := 0, 0
	for range 30 {
		table, truth, calibration, test := drawn(rng)
		c := newCounts(&table, truth, calibration, test)
		var before []int
		for _, u := range []float64{0.01, 0.4, 0.8, 1} {
			got, want := c.optimised(0.3, u), published(&table, truth, calibration, test, 0.3, u)
			if !slices.Equal(got, want) {
				t.Fatalf("u %v: %v, want %v", u, got, want)
			}
			// A larger u prunes what a smaller one does, and more.
			if u > 0.01 && slices.ContainsFunc(got, func(j int) bool { return !slices.Contains(before, j) }) {
				t.Fatalf("u %v lets %v in, a smaller one %v", u, got, before)
			}
			if some += len(got); u > 0.01 && len(got) < len(before) {
				pruned++
			}
			before = got
		}
	}
	if some == 0 || pruned == 0 {
		t.Errorf("%d accepted, pruned %d times", some, pruned)
	}
}

// By hand: four calibration rows, of which two are not interesting and have the codes 1
// and 3; candidates with the codes 5, 3 and 1. Their p-values are 1/5, 2/5 and 3/5, since
// ties count. The smallest levels at which Benjamini and Hochberg accept one, two and all
// three are 3·(1/5)/1, 3·(2/5)/2 and 3·(3/5)/3, which is 3/5 in each case.
func TestByHand(t *testing.T) {
	truth := []int{0, 0, 1, 1, 1, 0, 0}
	table := scoretest.Scores([]int{1}, []int{3}, []int{9}, []int{-9}, []int{5}, []int{3}, []int{1})
	c := newCounts(&table, truth, []int{0, 1, 2, 3}, []int{4, 5, 6})
	if !slices.Equal(c.above[0], []int{0, 1, 2}) {
		t.Fatalf("calibration rows at or above %v", c.above)
	}
	if got := c.plain(0, 0.59); got != nil {
		t.Errorf("level 0.59: %v", got)
	}
	if got := c.plain(0, 0.61); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("level 0.61: %v", got)
	}
	// Candidate 0 has 0 for its own p-value and counts for the others, which keep 2/5 and
	// 3/5: at 0.3 it is alone, at 0.61 all are in.
	for q, want := range map[float64]int{0.3: 1, 0.61: 3} {
		if got := c.auxiliary(0, 0, q); got != want {
			t.Errorf("level %v: auxiliary selection of %d, want %d", q, got, want)
		}
	}
	// Candidate 2 is below the others and does not count for them: they have 0/5 and 1/5.
	if got := c.auxiliary(0, 2, 0.3); got != 3 {
		t.Errorf("the last candidate: auxiliary selection of %d, want 3", got)
	}
}

// The order of rows, the unit of the codes and a model that is there twice do not matter.
func TestSameDecision(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for range 20 {
		table, truth, calibration, test := drawn(rng)
		want := newCounts(&table, truth, calibration, test).optimised(0.3, 0.7)

		shuffled := slices.Clone(calibration)
		rng.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
		if got := newCounts(&table, truth, shuffled, test).optimised(0.3, 0.7); !slices.Equal(got, want) {
			t.Fatalf("calibration rows in another order: %v, want %v", got, want)
		}
		order := rng.Perm(len(test))
		var moved, back []int
		for _, j := range order {
			moved = append(moved, test[j])
		}
		for _, j := range newCounts(&table, truth, calibration, moved).optimised(0.3, 0.7) {
			back = append(back, order[j])
		}
		if slices.Sort(back); !slices.Equal(back, want) {
			t.Fatalf("candidates in another order: %v, want %v", back, want)
		}
		larger, twice := table, selection.Table{Scale: 1, Width: 2 * table.Width}
		larger.Data = slices.Clone(table.Data)
		for i, b := range table.Data {
			larger.Data[i] = byte(3*int8(b) - 7)
		}
		for i := range table.Rows() {
			twice.Data = append(append(twice.Data, table.Row(i)...), table.Row(i)...)
		}
		for name, other := range map[string]*selection.Table{"larger codes": &larger, "every model twice": &twice} {
			if got := newCounts(other, truth, calibration, test).optimised(0.3, 0.7); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

// A fault in an interesting calibration row changes nothing, since its score is out of
// reach; each one that lifts another calibration row costs candidates, as published.
func TestFaultsInCalibration(t *testing.T) {
	r, scores := told()
	golden := scoretest.Decide(t, r, scores)
	rows := kit.Every(conformalCalibration + conformalTest)
	lifted, before := scores, conformalTest
	for i := range conformalCalibration {
		faulty, err := scores.WithRow(i, []byte{127, 127})
		if err != nil {
			t.Fatal(err)
		}
		if r.truth[i] == 1 {
			if o := scoretest.Decide(t, r, faulty); !o.Equal(golden) {
				t.Fatalf("interesting row %d: another decision", i)
			}
			continue
		}
		if lifted, err = lifted.WithRow(i, []byte{127, 127}); err != nil {
			t.Fatal(err)
		}
		var got []int
		for j, v := range scoretest.Decide(t, r, lifted).Items {
			if v == 1 {
				got = append(got, j)
			}
		}
		if i%10 == 1 { // the definition takes its time
			if want := published(&lifted, r.truth, rows[:conformalCalibration], rows[conformalCalibration:], conformalLevel, r.prune); !slices.Equal(got, want) {
				t.Fatalf("row %d lifted: %v, want %v", i, got, want)
			}
		}
		if len(got) > before {
			t.Fatalf("row %d lifted: %d accepted, %d before", i, len(got), before)
		}
		before = len(got)
	}
	if before != 0 {
		t.Errorf("%d accepted though every calibration row scores highest", before)
	}
}

// Scores that are all alike keep the rate, find nothing, and fail the check; so does a
// model that is right, since then the naive choice does not break the level.
func TestCheckFails(t *testing.T) {
	r, scores := told()
	alike := scores
	alike.Data = make([]byte, len(scores.Data))
	for name, table := range map[string]selection.Table{"alike": alike, "right": scores} {
		c, err := check([]selection.Run{{Seed: 1, Workload: scoretest.Workload(r, len(r.truth)), Scores: []selection.Table{table}}})
		if err != nil || c.Pass || c.Measured > c.Threshold {
			t.Errorf("%s: %+v, error %v", name, c, err)
		}
	}
	short := &conformal{truth: r.truth[:conformalCalibration]}
	if _, err := short.Decide(selection.FromTables(selection.Table{Scale: 1, Width: 2, Data: scores.Data[:2*conformalCalibration]})); err == nil {
		t.Error("no candidates: no error")
	}
}
