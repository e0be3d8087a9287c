package swaps

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Sizes of the task. The last rows of the pool are the validation set. GORACS considers
// 30 candidates of either kind and at most 100 iterations; 15 candidates reach the same
// cost in half the time here. Groups are those of the labels (our choice: every fourth
// class), of which each has its part of the budget and of the validation set.
const (
	swapGroups     = 4
	swapTargets    = 96
	swapBudget     = 12
	swapLambda     = 0.3 // weight of the gradient norms (our choice)
	swapCandidates = 15  // rows in and out of the selection that are considered
	swapIterations = 100
	swapDraws      = 20 // random selections that set the scale of a loss
)

// Task is GORACS: a selection whose optimal transport to a validation set is short and
// whose gradients are small, found greedily and then improved by swaps, for every group
// of labels by itself.
func Task() selection.Task {
	return selection.Task{
		Name:   "transport-swaps",
		Title:  "GORACS: Group-level Optimal Transport-guided Coreset Selection for LLM-based Recommender Systems",
		Family: "cover", Kind: selection.OnNPU, Utility: "distribution", Mechanism: "transport",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

type swap struct{ truth []int }

// group is the group of a row.
func (r *swap) group(row int) int { return r.truth[row] % swapGroups }

// groups are the candidates of every group.
func (r *swap) groups() [swapGroups][]int {
	var g [swapGroups][]int
	for i := range len(r.truth) - swapTargets {
		g[r.group(i)] = append(g[r.group(i)], i)
	}
	return g
}

// within is the part of the costs of one group: its candidates against its validation
// rows.
func (r *swap) within(cost [][]float64, candidates []int) [][]float64 {
	n := len(r.truth) - swapTargets
	out := make([][]float64, len(candidates))
	for k, i := range candidates {
		for j, c := range cost[i] {
			if r.group(n+j) == r.group(i) {
				out[k] = append(out[k], c)
			}
		}
	}
	return out
}

// fit is the mean cost of a selection over the groups; infinite where one has not its
// part.
func (r *swap) fit(cost [][]float64, items []int) float64 {
	sum := 0.0
	for _, candidates := range r.groups() {
		var own []int
		for k, i := range candidates {
			if slices.Contains(items, i) {
				own = append(own, k)
			}
		}
		if len(own) != swapBudget/swapGroups {
			return math.Inf(1)
		}
		sum += fit(r.within(cost, candidates), own) / swapGroups
	}
	return sum
}

// random is the mean cost of random selections of the same groups.
func (r *swap) random(cost [][]float64) float64 {
	sum, rng := 0.0, rand.New(rand.NewPCG(swapDraws, 0))
	for _, candidates := range r.groups() {
		part := r.within(cost, candidates)
		for range swapDraws {
			sum += fit(part, rng.Perm(len(part))[:swapBudget/swapGroups]) / swapDraws / swapGroups
		}
	}
	return sum
}

func build(seed uint64) (*selection.Workload, error) {
	_, s, truth, err := digits.OpenClassed(&Files, "features", seed)
	if err != nil {
		return nil, err
	}
	r := &swap{truth}
	var count [swapGroups]int
	for j := range swapTargets {
		count[r.group(max(0, len(truth)-swapTargets+j))]++
	}
	for _, n := range count {
		if n != swapTargets/swapGroups {
			return nil, fmt.Errorf("transport swaps: %v validation rows of the groups; build the data anew", count)
		}
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// costs of every candidate for every validation row: the distance of their
// hidden units plus the norm of the candidate's gradient, each relative to its
// largest.
func (r *swap) costs(t *selection.Table) [][]float64 {
	n := t.Rows() - swapTargets
	features, norm := make([][]float64, t.Rows()), make([]float64, n)
	for i := range features {
		hidden, miss := digits.Taps(t, i, r.truth[i])
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
	if len(scores) != 1 || scores[0].Width != digits.Hidden+digits.Classes || scores[0].Rows() != len(r.truth) || len(r.truth) < swapTargets+swapBudget {
		return selection.Outcome{}, fmt.Errorf("transport swaps: it needs the hidden units and logits of %d rows", len(r.truth))
	}
	cost := r.costs(&scores[0])
	_, items, err := r.search(cost)
	if err != nil {
		return selection.Outcome{}, fmt.Errorf("transport swaps: %w", err)
	}
	return selection.Outcome{Metric: selection.Set, Items: items}, nil
}

// search returns the greedy selection and the one after swaps.
func (r *swap) search(cost [][]float64) (greedy, items []int, err error) {
	for _, candidates := range r.groups() {
		part := r.within(cost, candidates)
		first := nearest(part, swapBudget/swapGroups)
		last, err := refine(part, first)
		if err != nil {
			return nil, nil, err
		}
		for k := range first {
			greedy, items = append(greedy, candidates[first[k]]), append(items, candidates[last[k]])
		}
	}
	slices.Sort(greedy)
	slices.Sort(items)
	return greedy, items, nil
}

// Consequence is the loss of fit under the golden scores.
func (r *swap) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	cost := r.costs(&scores[0])
	return kit.Regret(-r.fit(cost, golden.Items), -r.fit(cost, faulty.Items), -r.random(cost))
}

// Bounds of the check: the greedy selection against random ones, and the swaps
// against the best of all selections of a small problem.
const (
	swapGreedy = 0.8
	swapBest   = 1.02
	swapSeen   = 0.825 // by the pictures, against random selections
	bruteRows  = 12
	brutePicks = 4
	bruteTo    = 16 // validation rows
)

func check(runs []selection.Run) (selection.Check, error) {
	var random, greedy, refined, seen float64
	worst, monotone := 0.0, true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*swap)
		if !ok {
			return selection.Check{}, fmt.Errorf("transport swaps: a run of another task")
		}
		n, cost := float64(len(runs)), r.costs(&run.Scores[0])
		begun, _, err := r.search(cost)
		if err != nil {
			return selection.Check{}, err
		}
		first, last := r.fit(cost, begun), r.fit(cost, run.Outcome.Items)
		pictures := digits.Apart(run.Workload.Scorers[0].Rows, swapTargets)
		seen += r.fit(pictures, run.Outcome.Items) / r.random(pictures) / n
		monotone = monotone && last <= first
		random, greedy, refined = random+r.random(cost)/n, greedy+first/n, refined+last/n
		ratio, err := bruteRatio(r.within(cost, r.groups()[0]))
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
