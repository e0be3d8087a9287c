package worst

import (
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Settings of the last step of the search, as in the recipe.
const (
	worstSize    = 25
	worstRate    = 0.1
	worstDamping = 0.05
)

// Task is the search for the forget set that is hardest to unlearn, of Fan
// et al., "Challenging Forgets" (ECCV 2024). The NPU scores the pool with the
// network that was unlearned with the weights of the step before; rows whose loss
// stays low gain weight, and the heaviest ones are the set. Such a set is a stress
// case by design and must never enter a failure rate.
func Task() selection.Task {
	return selection.Task{
		Name: "worst-case-forget", Title: "Challenging Forgets: Unveiling the Worst-Case Forget Sets in Machine Unlearning",
		Family: "edit", Kind: selection.OnNPU, Utility: "loss", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// worst holds the weights before the last step, and the networks that show what
// training without a set forgets.
type worst struct {
	truth, testTruth []int
	weights          []float64
	chosen           []int   // set without which the network "worst" was trained
	random           [][]int // and the others
	audit            *selection.Workload
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s, err := f.Scorer("unlearned", "rows.bin")
	if err != nil {
		return nil, err
	}
	r := &worst{audit: &selection.Workload{}}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if r.testTruth, err = f.Labels("test-truth.bin"); err != nil {
		return nil, err
	}
	var sets struct {
		Weights []float64
		Worst   []int
		Random  [][]int
	}
	if err := f.JSON("sets.json", &sets); err != nil {
		return nil, err
	}
	r.weights, r.chosen, r.random = sets.Weights, sets.Worst, sets.Random
	names := []string{"whole", "worst"}
	for k := range r.random {
		names = append(names, fmt.Sprintf("random%d", k))
	}
	for _, name := range names {
		a, err := f.Scorer(name, "test.bin")
		if err != nil {
			return nil, err
		}
		a.Rows = append(append([][]byte{}, s.Rows...), a.Rows...)
		r.audit.Scorers = append(r.audit.Scorers, a)
	}
	if n := len(s.Rows); len(r.truth) != n || len(r.weights) != n || len(r.audit.Scorers[0].Rows) != n+len(r.testTruth) {
		return nil, fmt.Errorf("worst-case forget: %d labels and %d weights for %d rows; build the data anew", len(r.truth), len(r.weights), n)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// losses are the cross entropies of all rows.
func (r *worst) losses(t *selection.Table) []float64 {
	list := make([]float64, len(r.truth))
	for i, truth := range r.truth {
		list[i] = -math.Log(kit.Softmax(t.Real(i))[truth])
	}
	return list
}

// Decide takes the last step and gives the rows of the largest weight.
func (r *worst) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != digits.Classes || scores[0].Rows() != len(r.truth) {
		return selection.Outcome{}, fmt.Errorf("worst-case forget: it needs the logits of one network for %d rows", len(r.truth))
	}
	w := kit.Upper(r.weights, r.losses(&scores[0]), worstRate, worstDamping, worstSize)
	return selection.Outcome{Metric: selection.Set, Items: kit.TopK(w, worstSize)}, nil
}

// Consequence is how much of the advantage over the mean row a faulty set loses:
// the loss after unlearning, which the rule minimises, by the golden scores.
func (r *worst) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	gain := r.losses(&scores[0])
	for i := range gain {
		gain[i] = -gain[i]
	}
	return kit.RegretAt(gain, golden.Items, faulty.Items)
}

// forgotten is the share of a set that a network labels wrongly.
func (r *worst) forgotten(t *selection.Table, set []int) float64 {
	return kit.Share(set, func(i int) bool { return t.Top(i) != r.truth[i] })
}

// accuracy on the test rows, which follow the pool.
func (r *worst) accuracy(t *selection.Table) float64 {
	return kit.Share(kit.Every(len(r.testTruth)), func(i int) bool { return t.Top(len(r.truth)+i) == r.testTruth[i] })
}

// Bounds of the check: what training without the set forgets of it, relative to
// random sets, and the test accuracy that training without it may lose.
const (
	worstShare = 0.25
	worstLoss  = 0.03
)

func check(runs []selection.Run) (selection.Check, error) {
	var hard, random, lost float64
	same := true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*worst)
		if !ok {
			return selection.Check{}, fmt.Errorf("worst-case forget: a run of another task")
		}
		tables, err := r.audit.Reference()
		if err != nil {
			return selection.Check{}, err
		}
		n := float64(len(runs))
		same = same && run.Outcome.Equal(selection.Outcome{Metric: selection.Set, Items: r.chosen})
		hard += r.forgotten(&tables[1], run.Outcome.Items) / n
		lost += (r.accuracy(&tables[0]) - r.accuracy(&tables[1])) / n
		for k, set := range r.random {
			random += r.forgotten(&tables[2+k], set) / n / float64(len(r.random))
		}
	}
	return selection.Check{
		Metric: "share of the set that a network trained without it gets wrong", Threshold: worstShare * random, Measured: hard,
		Baseline: random, Against: "random sets", Pass: same && random > 0 && hard <= worstShare*random && lost <= worstLoss,
		Note: fmt.Sprintf("mean over seeds; training without the set costs %.2f points of test accuracy", 100*lost),
	}, nil
}
