package merging

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Task is the merging of task vectors with sparse masks of Davari and Belilovsky, "Model
// Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks" (ECCV 2024).
func Task() selection.Task {
	return selection.Task{
		Name: "task-merging", Title: "Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks",
		Family: "edit", Kind: selection.OnNPU, Utility: "weights", Mechanism: "threshold",
		Metric: selection.Route, Epsilon: 0.01, Build: build, Check: check,
		Negative: negative,
	}
}

const negative = "masked task vectors do not reach the accuracy of plain ones on the tasks; what is asserted is that they keep more of the base"

// merging chooses the merged network that is right most often on the even rows of all
// domains; the odd rows test it.
type merging struct{ truth []int }

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	var names []string
	for k := range candidates {
		names = append(names, fmt.Sprintf("merged%d", k))
	}
	r := &merging{}
	w := &selection.Workload{Rule: r}
	if w.Scorers, err = f.Scorers("rows.bin", names...); err != nil {
		return nil, err
	}
	r.truth, err = f.Labels("truth.bin")
	return w, err
}

// Decide gives the number of the chosen network; ties go to the first one.
func (r *merging) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Route}
	if !ask.Fits(len(candidates), len(r.truth)) {
		return o, fmt.Errorf("task merging: it needs %d networks for %d rows", len(candidates), len(r.truth))
	}
	right := make([]float64, len(candidates))
	for k := range candidates {
		for i := 0; i < len(r.truth); i += 2 {
			t, err := ask.Scores(k, i, digits.Classes)
			if err != nil {
				return o, err
			}
			if t.Top(0) == r.truth[i] {
				right[k]++
			}
		}
	}
	o.Items, o.Values = []int{kit.Argmax(right)}, right
	return o, nil
}

// right is the accuracy of a network on the odd rows of a domain.
func (r *merging) right(t *selection.Table, domain int) float64 {
	size := len(r.truth) / domains
	return kit.Share(kit.Every(size/2), func(k int) bool {
		i := domain*size + 2*k + 1
		return t.Top(i) == r.truth[i]
	})
}

// mean is that of all domains.
func (r *merging) mean(t *selection.Table) float64 {
	sum := 0.0
	for d := range domains {
		sum += r.right(t, d) / domains
	}
	return sum
}

// Consequence is what the mean accuracy on the odd rows loses.
func (r *merging) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	return max(0, r.mean(&scores[golden.Items[0]])-r.mean(&scores[faulty.Items[0]]))
}

// Bounds of the check, at each scale: masks keep more of the base than plain sums, and
// the chosen network works.
const (
	keptMore  = 0.03
	baseLeast = 0.7
	meanLeast = 0.45
)

func check(runs []selection.Run) (selection.Check, error) {
	var base, tasks [2]float64 // means over the scales: plain, masked
	var chosen float64
	n := float64(len(runs))
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*merging)
		if !ok {
			return selection.Check{}, fmt.Errorf("task merging: a run of another task")
		}
		for k := range candidates {
			base[k/plain] += r.right(&run.Scores[k], 0) / (n * plain)
			for d := 1; d < domains; d++ {
				tasks[k/plain] += r.right(&run.Scores[k], d) / (n * plain * (domains - 1))
			}
		}
		chosen += r.mean(&run.Scores[run.Outcome.Items[0]]) / n
	}
	return selection.Check{
		Metric: "accuracy of masked merging in the base's domain", Threshold: baseLeast, Measured: base[1],
		Baseline: base[0], Against: "task vectors without masks",
		Pass: base[1] >= baseLeast && base[1] >= base[0]+keptMore && chosen >= meanLeast,
		Note: fmt.Sprintf("mean of the scales; in the other domains %.3f with masks and %.3f without; the chosen network has %.3f over all domains", tasks[1], tasks[0], chosen),
	}, nil
}
