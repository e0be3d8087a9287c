package target

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Sizes of the task (our choice). The last rows of the pool are the targets: few
// of one class, more of another.
const (
	targetRows    = 10
	targetRare    = 1   // class of the few
	targetBudget  = 20  // rows selected, a multiple of the targets
	targetFeature = 32  // numbers of a projected gradient
	targetRidge   = 0.1 // of the covariance
	targetBlur    = 0.05
	targetRounds  = 200
	targetDraws   = 5 // random selections that set the scale of a loss
)

// Task is the fixed-size form of TAROT: the last layer's gradients, in the
// whitened distance, ranked for every target by itself; the last rank that fits
// only in part is decided by the potentials of an optimal transport.
func Task() selection.Task {
	return selection.Task{
		Name:   "target-transport",
		Title:  "TAROT: Targeted Data Selection via Optimal Transport",
		Family: "cover", Kind: selection.OnNPU, Utility: "distribution", Mechanism: "transport",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

type target struct {
	truth      []int
	projection [][]float64 // of a gradient to a feature
}

func build(seed uint64) (*selection.Workload, error) {
	_, s, truth, err := digits.OpenClassed(&Files, "features", seed)
	if err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: &target{truth, project(seed)}}, nil
}

// Decide selects candidates.
func (r *target) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width != digits.Hidden+digits.Classes || scores[0].Rows() != len(r.truth) || len(r.truth) < targetRows+targetBudget {
		return selection.Outcome{}, fmt.Errorf("target transport: it needs the hidden units and logits of %d rows", len(r.truth))
	}
	features, err := whiten(r.gradients(&scores[0]))
	if err != nil {
		return selection.Outcome{}, fmt.Errorf("target transport: %w", err)
	}
	items, err := byTarget(distances(cosines(features)), targetBudget)
	if err != nil {
		return selection.Outcome{}, fmt.Errorf("target transport: %w", err)
	}
	return selection.Outcome{Metric: selection.Set, Items: items}, nil
}

// byTarget selects the nearest candidate of every target, then the second
// nearest, and so on. Where a rank has more new candidates than there is room
// for, those of the lowest potential win: moving weight to them saves most.
func byTarget(distance [][]float64, budget int) ([]int, error) {
	order := make([][]int, len(distance[0]))
	for t := range order {
		near := make([]float64, len(distance))
		for i, row := range distance {
			near[i] = -row[t]
		}
		order[t] = kit.Order(near)
	}
	used := make([]bool, len(distance))
	var items []int
	for rank := 0; len(items) < min(budget, len(distance)); rank++ {
		var fresh []int
		for _, o := range order {
			if i := o[rank]; !used[i] {
				used[i] = true
				fresh = append(fresh, i)
			}
		}
		if room := budget - len(items); len(fresh) > room {
			t, err := kit.Sinkhorn(distance, equal(len(distance)), equal(len(order)), targetBlur, targetRounds)
			if err != nil {
				return nil, err
			}
			slices.Sort(fresh)
			slices.SortStableFunc(fresh, func(a, b int) int { return cmp.Compare(t.F[a], t.F[b]) })
			fresh = fresh[:room]
		}
		items = append(items, fresh...)
	}
	slices.Sort(items)
	return items, nil
}

// transportCost is the exact mean distance between selected candidates and the
// targets, all of equal weight. The budget is a multiple of the targets.
func transportCost(distance [][]float64, items []int) float64 {
	targets := len(distance[0])
	cost, capacity := make([][]float64, targets), make([]int, targets)
	for t := range cost {
		capacity[t] = len(items) / targets
		for _, i := range items {
			cost[t] = append(cost[t], distance[i][t])
		}
	}
	a, err := kit.Assign(cost, capacity)
	if err != nil {
		return math.Inf(1)
	}
	return a.Cost / float64(len(items))
}

// Consequence is the loss of fit: how much farther the faulty selection is from
// the targets by the exact transport in the golden features.
func (r *target) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	features, err := whiten(r.gradients(&scores[0]))
	if err != nil {
		return 1
	}
	d := distances(cosines(features))
	random, rng := 0.0, rand.New(rand.NewPCG(targetDraws, 0))
	for range targetDraws {
		random += transportCost(d, rng.Perm(len(d))[:targetBudget]) / targetDraws
	}
	return kit.Regret(-transportCost(d, golden.Items), -transportCost(d, faulty.Items), -random)
}

// Sizes of the automatic choice of the budget (our choice but for the blur, which
// is TAROT's).
const (
	autoFolds = 5
	autoBlur  = 0.01
)

// autoBudget chooses the size of a selection as TAROT's other form does: of each
// fold of targets the rest select more candidates, as many as they are at a time,
// as long as the transport to the fold gets shorter. It returns the mean size.
func autoBudget(distance [][]float64) (float64, error) {
	sum := 0.0
	for fold := range autoFolds {
		rest, held := make([][]float64, len(distance)), make([][]float64, len(distance))
		for i, row := range distance {
			for t, d := range row {
				if t%autoFolds == fold {
					held[i] = append(held[i], d)
				} else {
					rest[i] = append(rest[i], d)
				}
			}
		}
		size, shortest := 0, math.Inf(1)
		for rank := 1; rank*len(rest[0]) <= len(distance); rank++ {
			items, err := byTarget(rest, rank*len(rest[0]))
			if err != nil {
				return 0, err
			}
			part := make([][]float64, len(items))
			for k, i := range items {
				part[k] = held[i]
			}
			t, err := kit.Sinkhorn(part, equal(len(part)), equal(len(held[0])), autoBlur, targetRounds)
			if err != nil {
				return 0, err
			}
			if t.Cost >= shortest {
				break
			}
			size, shortest = len(items), t.Cost
		}
		sum += float64(size) / autoFolds
	}
	return sum, nil
}

// Bounds of the check: by how much the share of the rare class exceeds that of the
// candidates of the best mean similarity, and the transport to the targets by the
// pictures relative to random rows of the same classes, since the labels alone, which
// are part of a gradient, already tell the class.
const (
	targetLead = 0.1
	targetSeen = 0.9
)

// Random choices that a choice is judged against by its pictures (our choice).
const (
	pictureDraws  = 50
	pictureStream = 7
)

// rare is the part of some rows that is of the class of the few targets.
func (r *target) rare(rows []int) float64 {
	return kit.Share(rows, func(i int) bool { return r.truth[i] == targetRare })
}

// sameClasses draws candidates of the classes of a selection.
func (r *target) sameClasses(items []int, rng *rand.Rand) []int {
	var list []int
	order := rng.Perm(len(r.truth) - targetRows)
	for _, i := range items {
		k := slices.IndexFunc(order, func(j int) bool { return r.truth[j] == r.truth[i] })
		list, order = append(list, order[k]), slices.Delete(order, k, k+1)
	}
	return list
}

// seen is the transport of a selection by the pictures, relative to random rows of the
// same classes.
func (r *target) seen(run *selection.Run) float64 {
	d, rng := digits.Apart(run.Workload.Scorers[0].Rows, targetRows), rand.New(rand.NewPCG(run.Seed, pictureStream))
	random := 0.0
	for range pictureDraws {
		random += transportCost(d, r.sameClasses(run.Outcome.Items, rng)) / pictureDraws
	}
	return transportCost(d, run.Outcome.Items) / random
}

func check(runs []selection.Run) (selection.Check, error) {
	var rare, plain, rawRare, rawPlain, size, seen float64
	n := float64(len(runs))
	for k, run := range runs {
		r, ok := run.Workload.Rule.(*target)
		if !ok {
			return selection.Check{}, fmt.Errorf("target transport: a run of another task")
		}
		raw := r.gradients(&run.Scores[0])
		white, err := whiten(raw)
		if err != nil {
			return selection.Check{}, err
		}
		rawItems, err := byTarget(distances(cosines(raw)), targetBudget)
		if err != nil {
			return selection.Check{}, err
		}
		if k == 0 { // for the note; it takes long
			if size, err = autoBudget(distances(cosines(white))); err != nil {
				return selection.Check{}, err
			}
		}
		seen += r.seen(&run) / n
		rare += r.rare(run.Outcome.Items) / n
		plain += r.rare(alike(white)) / n
		rawRare += r.rare(rawItems) / n
		rawPlain += r.rare(alike(raw)) / n
	}
	best := max(plain, rawPlain)
	return selection.Check{
		Metric: "share of the rare mode's class among selected rows", Threshold: best + targetLead, Measured: rare,
		Baseline: best, Against: "the rows of the best mean similarity", Pass: rare >= best+targetLead && seen <= targetSeen,
		Note: fmt.Sprintf("transport by the pictures %.3f of that of random rows of the same classes; whitened %.3f against %.3f; not whitened %.3f against %.3f; the automatic size for the first pool is %.1f rows where %d are selected", seen, rare, plain, rawRare, rawPlain, size, targetBudget),
	}, nil
}

// alike selects the candidates of the best mean similarity to the targets.
func alike(features [][]float64) []int {
	var average []float64
	for _, row := range cosines(features) {
		average = append(average, kit.Mean(row))
	}
	return kit.TopK(average, targetBudget)
}
