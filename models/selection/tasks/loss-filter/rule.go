package filter

import (
	"fmt"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// The rule keeps two fifths of the pool (our choice); the paper keeps between a
// half and a sixty-fourth.
const (
	filterKept  = 0.4
	filterSmall = 0.1 // a budget at which the choice lacks variety
)

// Task is Brandfonbrener et al., "CoLoR-Filter" (NeurIPS 2024): the rows
// kept are those whose loss falls most when a prior model is tuned to the target.
// Both losses come from int8 logits, so their difference has the quantisation
// noise of both.
func Task() selection.Task {
	return selection.Task{
		Name: "loss-filter", Title: "CoLoR-Filter: Conditional Loss Reduction Filtering for Targeted Language Model Pre-training",
		Family: "loss", Kind: selection.OnNPU, Utility: "loss", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// filter has the labels that rows came with, of which half were drawn at random,
// and for the check the true ones and pictures to test with.
type filter struct {
	given, truth  []int
	pictures      [][]byte
	test          [][]byte
	testTruth     []int
	kept, fewKept int
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	w, r := &selection.Workload{}, &filter{}
	if w.Scorers, err = f.Scorers("rows.bin", "prior", "conditional"); err != nil {
		return nil, err
	}
	test, err := f.Scorer("prior", "test.bin")
	if err != nil {
		return nil, err
	}
	for name, list := range map[string]*[]int{"given.bin": &r.given, "truth.bin": &r.truth, "testtruth.bin": &r.testTruth} {
		if *list, err = f.Labels(name); err != nil {
			return nil, err
		}
	}
	r.pictures, r.test = w.Scorers[0].Rows, test.Rows
	if len(r.given) != len(r.pictures) || len(r.truth) != len(r.pictures) || len(r.testTruth) != len(r.test) {
		return nil, fmt.Errorf("loss filter: %d and %d labels for %d rows; build the data anew", len(r.given), len(r.truth), len(r.pictures))
	}
	n := float64(len(r.pictures))
	r.kept, r.fewKept = int(filterKept*n), int(filterSmall*n)
	w.Rule = r
	return w, nil
}

// reduction is how much the loss of every row falls.
func (r *filter) reduction(scores []selection.Table) []float64 {
	v := make([]float64, len(r.given))
	for i, label := range r.given {
		v[i] = scores[0].Entropy(i, label) - scores[1].Entropy(i, label)
	}
	return v
}

// Decide gives the rows kept.
func (r *filter) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 2 || scores[0].Width != digits.Classes || scores[1].Width != digits.Classes || scores[0].Rows() != len(r.given) || scores[1].Rows() != len(r.given) {
		return selection.Outcome{}, fmt.Errorf("loss filter: it needs the logits of two models for %d rows", len(r.given))
	}
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(r.reduction(scores), r.kept)}, nil
}

// Consequence is the loss of reduction, which is what the rule maximises.
func (r *filter) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	return kit.RegretAt(r.reduction(scores), golden.Items, faulty.Items)
}

// accuracy of the vote of the nearest rows of a set with their given labels.
func (r *filter) accuracy(set []int) float64 {
	const neighbours = 5 // our choice
	right := 0
	for t, x := range r.test {
		near := make([]float64, len(set))
		for k, i := range set {
			for p, v := range r.pictures[i] {
				d := float64(int8(v)) - float64(int8(x[p]))
				near[k] -= float64(d * d)
			}
		}
		votes := make([]float64, digits.Classes)
		for _, k := range kit.Order(near)[:min(neighbours, len(set))] {
			votes[r.given[set[k]]]++
		}
		if kit.Argmax(votes) == r.testTruth[t] {
			right++
		}
	}
	return float64(right) / float64(len(r.test))
}

// random is the mean accuracy of random sets of a size.
func (r *filter) random(size int, rng *rand.Rand) float64 {
	const draws = 10 // our choice
	sum := 0.0
	for range draws {
		sum += r.accuracy(rng.Perm(len(r.given))[:size]) / draws
	}
	return sum
}

// filterClean is the bound of the check: the share of rows kept whose label is
// right. At the full budget a learner must also gain over random rows; at a
// small one it need not, since the rule does not care for variety.
const filterClean = 0.95

func check(runs []selection.Run) (selection.Check, error) {
	var kept, all, own, random, few, fewRandom float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*filter)
		if !ok {
			return selection.Check{}, fmt.Errorf("loss filter: a run of another task")
		}
		n, rng := float64(len(runs)), rand.New(rand.NewPCG(run.Seed, 1))
		kept += digits.Clean(run.Outcome.Items, r.given, r.truth) / n
		all += digits.Clean(kit.Every(len(r.given)), r.given, r.truth) / n
		own, random = own+r.accuracy(run.Outcome.Items)/n, random+r.random(r.kept, rng)/n
		few, fewRandom = few+r.accuracy(kit.TopK(r.reduction(run.Scores), r.fewKept))/n, fewRandom+r.random(r.fewKept, rng)/n
	}
	return selection.Check{
		Metric: "share of rows kept with a right label", Threshold: filterClean, Measured: kept,
		Baseline: all, Against: "all rows", Pass: kept >= filterClean && own > random,
		Note: fmt.Sprintf("mean accuracy of a vote of nearest rows: two fifths of the pool kept %.3f (random rows %.3f), a tenth kept %.3f (random rows %.3f)", own, random, few, fewRandom),
	}, nil
}
