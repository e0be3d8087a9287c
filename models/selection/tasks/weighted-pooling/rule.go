package pooling

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Layout of a score row and size of the selection (our choice).
const (
	poolingDepth   = 32 // numbers of the embedding; cosines times its length follow
	poolingBudget  = 20
	poolingNearest = 3 // neighbours of a target of which one must be selected
)

// Task is RDS+ of Ivison et al., "Large-Scale Data Selection for
// Instruction Tuning": cosine similarity of position-weighted means of hidden
// states, and targets that take their best unused item in turn.
func Task() selection.Task {
	return selection.Task{
		Name:   "weighted-pooling",
		Title:  "Large-Scale Data Selection for Instruction Tuning",
		Family: "cover", Kind: selection.OnNPU, Utility: "similarity", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

type pooling struct {
	truth  []int
	class  int // of all targets
	budget int
}

func build(seed uint64) (*selection.Workload, error) {
	f, s, truth, err := digits.OpenClassed(&Files, "encoder", seed)
	if err != nil {
		return nil, err
	}
	targets, err := f.Labels("targets.bin")
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("weighted pooling: no targets; build the artefacts anew")
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: &pooling{truth, targets[0], poolingBudget}}, nil
}

// cosines of every row with every target.
func (r *pooling) cosines(t *selection.Table) [][]float64 {
	out := make([][]float64, t.Rows())
	for i := range out {
		v := t.Real(i)
		out[i] = v[poolingDepth:]
		size := kit.Norm(v[:poolingDepth])
		for j := range out[i] {
			if size > 0 {
				out[i][j] /= size
			}
		}
	}
	return out
}

// Decide selects rows.
func (r *pooling) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 1 || scores[0].Width <= poolingDepth || scores[0].Rows() != len(r.truth) {
		return selection.Outcome{}, fmt.Errorf("weighted pooling: it needs embeddings and similarities of %d rows", len(r.truth))
	}
	items := kit.RoundRobin(r.cosines(&scores[0]), r.budget)
	slices.Sort(items)
	return selection.Outcome{Metric: selection.Set, Items: items}, nil
}

// Consequence is the loss of similarity: of every selected row with the target
// that it resembles most.
func (r *pooling) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	best := make([]float64, len(r.truth))
	for i, row := range r.cosines(&scores[0]) {
		best[i] = slices.Max(row)
	}
	value := func(o selection.Outcome) float64 {
		sum := 0.0
		for _, i := range o.Items {
			sum += best[i]
		}
		return sum / float64(r.budget)
	}
	return kit.Regret(value(golden), value(faulty), kit.Mean(best))
}

// share is the part of some rows that is of the targets' class.
func (r *pooling) share(rows []int) float64 {
	return kit.Share(rows, func(i int) bool { return r.truth[i] == r.class })
}

// covered is the share of targets of which one of the nearest rows is selected.
func covered(cosines [][]float64, selected []int) float64 {
	n, targets := 0, len(cosines[0])
	for t := range targets {
		column := make([]float64, len(cosines))
		for i, row := range cosines {
			column[i] = row[t]
		}
		if slices.ContainsFunc(kit.TopK(column, poolingNearest), func(i int) bool { return slices.Contains(selected, i) }) {
			n++
		}
	}
	return float64(n) / float64(targets)
}

// poolingPrecision is the bound of the check: the share of selected rows that
// are of the targets' class.
const poolingPrecision = 0.8

func check(runs []selection.Run) (selection.Check, error) {
	var precision, base, plain, plainCovered float64
	least := 1.0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*pooling)
		if !ok {
			return selection.Check{}, fmt.Errorf("weighted pooling: a run of another task")
		}
		n := float64(len(runs))
		cosines, average := r.cosines(&run.Scores[0]), []float64{}
		for _, row := range cosines {
			average = append(average, kit.Mean(row))
		}
		top := kit.TopK(average, r.budget)
		precision += r.share(run.Outcome.Items) / n
		base += r.share(kit.Every(len(r.truth))) / n
		plain += r.share(top) / n
		plainCovered += covered(cosines, top) / n
		least = min(least, covered(cosines, run.Outcome.Items))
	}
	return selection.Check{
		Metric: "share of selected rows of the targets' class", Threshold: poolingPrecision, Measured: precision,
		Baseline: base, Against: "all rows", Pass: precision >= poolingPrecision && precision > base && least == 1,
		Note: fmt.Sprintf("every target has one of its %d nearest rows selected; the rows of the best mean similarity: share %.3f, %.2f of the targets covered", poolingNearest, plain, plainCovered),
	}, nil
}
