package match

import (
	"fmt"
	"math"
	"slices"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Sizes of the task. The last rows of the pool are the validation set, a
// multiple of the budget. GORACS considers 30 candidates of either kind and at
// most 100 iterations; 15 candidates reach the same cost in half the time here.
const (
	swapTargets    = 96
	swapBudget     = 12
	swapLambda     = 0.3 // weight of the gradient norms (our choice)
	swapCandidates = 15  // rows in and out of the selection that are considered
	swapIterations = 100
	swapDraws      = 20 // random selections that set the scale of a loss
)

// swapTask is GORACS without its groups: a selection whose optimal transport to
// a validation set is short and whose gradients are small, found greedily and
// then improved by swaps.
func swapTask() selection.Task {
	return selection.Task{
		Name:   "transport-swaps",
		Title:  "GORACS: Group-level Optimal Transport-guided Coreset Selection for LLM-based Recommender Systems",
		Family: family, Kind: selection.OnNPU, Utility: "distribution", Mechanism: "transport",
		Metric: selection.Set, Epsilon: epsilon, Build: buildSwap, Check: checkSwap,
	}
}

type swap struct{ truth []int }

func buildSwap(seed uint64) (*selection.Workload, error) {
	_, s, truth, err := open("transport-swaps", "features", seed)
	if err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: &swap{truth}}, nil
}

// costs of every candidate for every validation row: the distance of their
// hidden units plus the norm of the candidate's gradient, each relative to its
// largest.
func (r *swap) costs(t *selection.Table) [][]float64 {
	n := t.Rows() - swapTargets
	features, norm := make([][]float64, t.Rows()), make([]float64, n)
	for i := range features {
		hidden, miss := split(t, i, r.truth[i])
		features[i] = hidden
		if i < n {
			norm[i] = kit.Norm(miss) * kit.Norm(hidden)
		}
	}
	cost, far := make([][]float64, n), 0.0
	for i := range cost {
		for _, f := range features[n:] {
			cost[i] = append(cost[i], kit.Distance(features[i], f))
		}
		far = max(far, slices.Max(cost[i]))
	}
	steep := slices.Max(norm)
	for i, row := range cost {
		for j := range row {
			row[j] /= max(far, math.SmallestNonzeroFloat64)
			row[j] += swapLambda * norm[i] / max(steep, math.SmallestNonzeroFloat64)
		}
	}
	return cost
}

// Decide selects candidates.
func (r *swap) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != tapUnits+tapClasses || scores[0].Rows() != len(r.truth) || len(r.truth) < swapTargets+swapBudget {
		return selection.Outcome{}, fmt.Errorf("transport swaps: it needs the hidden units and logits of %d rows", len(r.truth))
	}
	cost := r.costs(&scores[0])
	items, err := refine(cost, nearest(cost, swapBudget))
	if err != nil {
		return selection.Outcome{}, fmt.Errorf("transport swaps: %w", err)
	}
	slices.Sort(items)
	return selection.Outcome{Metric: selection.Set, Items: items}, nil
}

// Consequence is the loss of fit under the golden scores.
func (r *swap) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	cost := r.costs(&scores[0])
	return loss(-fit(cost, golden.Items), -fit(cost, faulty.Items), -randomFit(cost, swapBudget))
}

// Bounds of the check: the greedy selection against random ones, and the swaps
// against the best of all selections of a small problem.
const (
	swapGreedy = 0.8
	swapBest   = 1.02
	swapSeen   = 0.85 // by the pictures, against random selections
	bruteRows  = 12
	brutePicks = 4
	bruteTo    = 16 // validation rows
)

func checkSwap(runs []selection.Run) (selection.Check, error) {
	var random, greedy, refined, seen float64
	worst, monotone := 0.0, true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*swap)
		if !ok {
			return selection.Check{}, fmt.Errorf("transport swaps: a run of another task")
		}
		n, cost := float64(len(runs)), r.costs(&run.Scores[0])
		first, last := fit(cost, nearest(cost, swapBudget)), fit(cost, run.Outcome.Items)
		pictures := apart(run.Workload.Scorers[0].Rows, swapTargets)
		seen += fit(pictures, run.Outcome.Items) / randomFit(pictures, swapBudget) / n
		monotone = monotone && last <= first
		random, greedy, refined = random+randomFit(cost, swapBudget)/n, greedy+first/n, refined+last/n
		ratio, err := bruteRatio(cost)
		if err != nil {
			return selection.Check{}, err
		}
		worst = max(worst, ratio)
	}
	return selection.Check{
		Metric: "cost after swaps relative to random selections", Threshold: swapGreedy, Measured: refined / random,
		Baseline: greedy / random, Against: "the greedy selection",
		Pass: monotone && greedy <= swapGreedy*random && refined < greedy && worst <= swapBest && seen <= swapSeen,
		Note: fmt.Sprintf("mean cost: random %.4f, greedy %.4f, after swaps %.4f; by the pictures %.3f of random selections; at most %.4f of the best of all selections of %d of %d rows", random, greedy, refined, seen, worst, brutePicks, bruteRows),
	}, nil
}

// bruteRatio compares the rule with all selections of a small problem.
func bruteRatio(cost [][]float64) (float64, error) {
	small := make([][]float64, bruteRows)
	for i := range small {
		small[i] = cost[i][:bruteTo]
	}
	found, err := refine(small, nearest(small, brutePicks))
	if err != nil {
		return 0, err
	}
	best := math.Inf(1)
	for set := range 1 << bruteRows {
		var items []int
		for i := range bruteRows {
			if set>>i&1 == 1 {
				items = append(items, i)
			}
		}
		if len(items) == brutePicks {
			best = min(best, fit(small, items))
		}
	}
	return fit(small, found) / best, nil
}
