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

// Bounds of the check.
const (
	facilityAhead = 0.08 // accuracy ahead of random sets
	bruteRows     = 16   // of the pool, for the comparison with the best set
	brutePicks    = 4
)

func check(runs []selection.Run) (selection.Check, error) {
	var accuracy, random, sampled float64
	exact, least := true, 1.0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*facility)
		if !ok {
			return selection.Check{}, fmt.Errorf("facility location: a run of another task")
		}
		accuracy += r.Accuracy(run.Outcome.Items) / float64(len(runs))
		random += digits.MeanOf(r.Random(facilityPicks), r.Accuracy) / float64(len(runs))
		t := &run.Scores[0]
		naive, gains := kit.Greedy(objective(t), t.Rows(), t.Rows())
		exact = exact && slices.Equal(naive[:facilityPicks], run.Outcome.Items)
		sampled += digits.MeanOf(r.sampled(naive, gains), r.Accuracy) / float64(len(runs))
		least = min(least, ofOptimum(kit.Cosines(t.Reals()[:bruteRows])))
	}
	return selection.Check{
		Metric: "accuracy of the nearest neighbour among 40 picks", Threshold: random + facilityAhead, Measured: accuracy,
		Baseline: random, Against: "random sets", Pass: accuracy >= random+facilityAhead && exact && least >= 1-1/math.E,
		Note: fmt.Sprintf("lazy and plain greedy agree: %v; greedy reaches at least %.3f of the best of all sets of %d of %d rows; accuracy of sets drawn by importance %.4f",
			exact, least, brutePicks, bruteRows, sampled),
	}, nil
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
