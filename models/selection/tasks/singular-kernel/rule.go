package kernel

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Task is the singular kernel classifier of Radhakrishnan, Belkin and Uhler, "Wide and
// Deep Neural Networks Achieve Optimality for Classification" (PNAS 2023).
func Task() selection.Task {
	return selection.Task{
		Name: "singular-kernel", Title: "Wide and Deep Neural Networks Achieve Optimality for Classification",
		Family: "audit", Kind: selection.OnNPU, Utility: "similarity", Mechanism: "vote",
		Metric: selection.Label, Epsilon: 0, Build: build, Check: check,
		StandIn: "the kernel machine that an infinitely wide and deep network becomes, with a given exponent: no network is trained to that limit",
	}
}

// vote labels rows by the class with the most votes.
type vote struct {
	truth  []int
	labels []int // of the prototypes, as given
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	scorers, err := f.Scorers("rows.bin", "kernel", "majority", "nearest")
	if err != nil {
		return nil, err
	}
	r := &vote{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if r.labels, err = f.Labels("labels.bin"); err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: scorers[:1], Baselines: scorers[1:], Rule: r}, nil
}

// Decide gives the class of every row.
func (r *vote) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Label}
	if !ask.Fits(1, len(r.truth)) {
		return o, fmt.Errorf("singular kernel: it needs one network for %d rows", len(r.truth))
	}
	for i := range r.truth {
		t, err := ask.Scores(0, i, digits.Classes)
		if err != nil {
			return o, err
		}
		o.Items = append(o.Items, t.Top(0))
	}
	return o, nil
}

// Consequence is 1 where a row that was right is wrong, since each is a decision by
// itself.
func (r *vote) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	for i, want := range r.truth {
		if golden.Items[i] == want && faulty.Items[i] != want {
			return 1
		}
	}
	return 0
}

// right is the share of rows with the right class.
func (r *vote) right(class func(row int) int) float64 {
	return kit.Share(kit.Every(len(r.truth)), func(i int) bool { return class(i) == r.truth[i] })
}

// Bounds of the check, with three in ten prototypes labelled wrongly: the singular
// kernel is right, and more often than the two other limits of wide and deep networks.
const (
	least = 0.82
	gain  = 0.1
)

func check(runs []selection.Run) (selection.Check, error) {
	var own, majority, nearest float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*vote)
		if !ok {
			return selection.Check{}, fmt.Errorf("singular kernel: a run of another task")
		}
		n := float64(len(runs))
		own += r.right(func(i int) int { return run.Outcome.Items[i] }) / n
		majority += r.right(func(i int) int { return run.Baselines[0].Top(i) }) / n
		nearest += r.right(func(i int) int {
			best := 0
			for j := range r.labels {
				if run.Baselines[1].Int(i, j) < run.Baselines[1].Int(i, best) {
					best = j
				}
			}
			return r.labels[best]
		}) / n
	}
	return selection.Check{
		Metric: fmt.Sprintf("accuracy of the kernel of exponent %d with wrong labels", exponent), Threshold: least, Measured: own,
		Baseline: nearest, Against: "the nearest prototype",
		Pass: own >= least && own >= nearest+gain && own >= majority+gain,
		Note: fmt.Sprintf("exponent %d, nearly a majority vote: %.3f", flat, majority),
	}, nil
}
