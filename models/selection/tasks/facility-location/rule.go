package facility

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Size of the set, and of the sets drawn for comparison (our choice).
const (
	facilityPicks = 40
	sampledSets   = 40 // drawn by importance
	sampleStream  = 101
)

// Task is the selection of INGENIOUS (Renduchintala et al., Findings of
// EMNLP 2023): the rows that together are most similar to all rows of the pool,
// by lazy greedy search of facility location. The paper then draws sets by the
// gains of that search; the decision here is the search's own set, and the check's
// note has the drawn ones.
func Task() selection.Task {
	return selection.Task{
		Name:   "facility-location",
		Title:  "INGENIOUS: Using Informative Data Subsets for Efficient Pre-Training of Language Models",
		Family: "cover", Kind: selection.OnNPU, Utility: "similarity", Mechanism: "greedy",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// facility picks rows by the similarity of their codes.
type facility struct {
	*digits.Pool
	picks int
}

func build(seed uint64) (*selection.Workload, error) {
	w, p, err := digits.Open(&Files, "encoder", seed)
	if err != nil {
		return nil, err
	}
	w.Rule = &facility{p, facilityPicks}
	return w, nil
}

// Decide picks rows.
func (r *facility) Decide(ask *selection.Ask) (selection.Outcome, error) {
	t, err := r.Table("facility location", ask)
	if err != nil {
		return selection.Outcome{}, err
	}
	picks, _ := kit.LazyGreedy(objective(t), t.Rows(), r.picks)
	return selection.Outcome{Metric: selection.Set, Items: picks}, nil
}

// objective is facility location by the cosines between the rows of a table.
func objective(t *selection.Table) *kit.Facility { return kit.NewFacility(kit.Cosines(t.Reals())) }

// Consequence is the regret: how much less the faulty set covers.
func (r *facility) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	f := objective(&scores[0])
	return kit.Regret(f.Value(golden.Items), f.Value(faulty.Items), digits.MeanOf(r.Random(len(golden.Items)), f.Value))
}

// sampled draws sets as the paper does for the rounds of a longer training: an
// item's importance is its gain when greedy picked it.
func (r *facility) sampled(picks []int, gains []float64) [][]int {
	rng := rand.New(rand.NewPCG(r.Seed, sampleStream))
	p := kit.TaylorSoftmax(gains)
	sets := make([][]int, sampledSets)
	for s := range sets {
		for _, k := range kit.Sample(p, r.picks, rng) {
			sets[s] = append(sets[s], picks[k])
		}
	}
	return sets
}

// Bounds of the check. The picks are to be 8 points of accuracy ahead of random sets, as in
// a trial beforehand (0.898 and 0.758 of 40 picks); seeds 1 to 22 have 7.9 in the mean, with
// a deviation of 2.5 from one pool to the next, so that about half of all true results fall
// short of 8. What is asserted is what the mean of some seeds keeps in 99 of 100 cases.
// And by the cosines of the pictures, which owe nothing to the scores, they cover more than
// random sets: a share of what a search by those gains.
const (
	facilityAhead  = 0.08
	facilitySpread = 0.025
	facilityCover  = 0.4 // seeds 1 to 22 have 0.59 or more, garbage 0.25 or less
	bruteRows      = 16  // of the pool, for the comparison with the best set
	brutePicks     = 4
)

func check(runs []selection.Run) (selection.Check, error) {
	var accuracy, random, sampled, cover float64
	exact, least, n := true, 1.0, float64(len(runs))
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*facility)
		if !ok {
			return selection.Check{}, fmt.Errorf("facility location: a run of another task")
		}
		accuracy += r.Accuracy(run.Outcome.Items) / n
		random += digits.MeanOf(r.Random(facilityPicks), r.Accuracy) / n
		cover += r.cover(run.Outcome.Items) / n
		t := &run.Scores[0]
		naive, gains := kit.Greedy(objective(t), t.Rows(), t.Rows())
		exact = exact && slices.Equal(naive[:facilityPicks], run.Outcome.Items)
		sampled += digits.MeanOf(r.sampled(naive, gains), r.Accuracy) / n
		least = min(least, ofOptimum(kit.Cosines(t.Reals()[:bruteRows])))
	}
	ahead := kit.Floor(facilityAhead, facilitySpread, len(runs))
	return selection.Check{
		Metric: "accuracy of the nearest neighbour among 40 picks", Threshold: random + ahead, Measured: accuracy,
		Baseline: random, Against: "random sets", Pass: accuracy >= random+ahead && cover >= facilityCover && exact && least >= 1-1/math.E,
		Note: fmt.Sprintf("by the pictures the picks have %.3f of the cover that a search gains over random sets; lazy and plain greedy agree: %v; greedy reaches at least %.3f of the best of all sets of %d of %d rows; accuracy of sets drawn by importance %.4f",
			cover, exact, least, brutePicks, bruteRows, sampled),
	}, nil
}

// cover is what a set gains over random ones by the cosines of the pictures, relative to the
// gain of a search by these.
func (r *facility) cover(set []int) float64 {
	f := kit.NewFacility(kit.Cosines(r.Rows))
	best, _ := kit.LazyGreedy(f, len(r.Rows), len(set))
	return 1 - kit.Regret(f.Value(best), f.Value(set), digits.MeanOf(r.Random(len(set)), f.Value))
}

// ofOptimum is what greedy reaches of the best of all sets.
func ofOptimum(similarity [][]float64) float64 {
	f := kit.NewFacility(similarity)
	best := 0.0
	set := make([]int, 0, brutePicks)
	var walk func(from int)
	walk = func(from int) {
		if len(set) == brutePicks {
			best = max(best, f.Value(set))
			return
		}
		for i := from; i < len(similarity); i++ {
			set = append(set, i)
			walk(i + 1)
			set = set[:len(set)-1]
		}
	}
	walk(0)
	picks, _ := kit.Greedy(f, len(similarity), brutePicks)
	return f.Value(picks) / best
}
