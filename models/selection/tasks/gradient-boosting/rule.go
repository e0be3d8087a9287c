// Package boosting is the task gradient-boosting; see README.md.
package boosting

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// An inference adds the logits of one group of units to the sum of the groups before
// it, which the host hands on; a row stops at the first group after which its best class
// leads by the given number of codes (our choice).
const (
	boostClasses = 10
	boostGroups  = 6
	boostLead    = 16
)

// Task is the anytime use of Emami and Martínez-Muñoz, "Sequential
// Training of Neural Networks with Gradient Boosting".
func Task() selection.Task {
	return selection.Task{
		Name: "gradient-boosting", Title: "Sequential Training of Neural Networks with Gradient Boosting",
		Family: "exit", Kind: selection.OnNPU, Utility: "loss", Mechanism: "threshold",
		Metric: selection.Depth, Epsilon: 0.01, Build: build, Check: check,
		Negative: "the lead over a plain network that is cut: 30 points expected, 7 measured",
	}
}

// boosting holds the pool: rows of pixels, to which the sums are joined.
type boosting struct {
	truth []int
	rows  [][]byte
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r, w := &boosting{}, &selection.Workload{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if w.Baselines, err = f.Scorers("rows.bin", "truncated"); err != nil {
		return nil, err
	}
	r.rows, w.Rule = w.Baselines[0].Rows, r
	for k := range boostGroups {
		model, err := f.Bytes(exit(k) + ".tflite")
		if err != nil {
			return nil, err
		}
		w.Scorers = append(w.Scorers, selection.Scorer{Name: exit(k), Model: model})
	}
	if len(r.rows) != len(r.truth) {
		return nil, fmt.Errorf("gradient boosting: %d rows but %d classes; build the data anew", len(r.rows), len(r.truth))
	}
	return w, nil
}

// exit is the name of the network of a group.
func exit(group int) string { return fmt.Sprintf("exit%d", group+1) }

// run gives the class of a row after every group up to the one at which it stops: the
// first one that leads, or the last.
func (r *boosting) run(ask *selection.Ask, row, lead int) ([]int, error) {
	var classes []int
	sum := make([]byte, boostClasses)
	for k := range boostGroups {
		a, err := ask.Infer(k, slices.Concat(r.rows[row], sum))
		if err != nil {
			return nil, err
		}
		if a.First().Width != boostClasses {
			return nil, fmt.Errorf("gradient boosting: group %d gives %d logits, not %d", k+1, a.First().Width, boostClasses)
		}
		sum = a.First().Data
		class, _, ahead := a.First().Confidence(0, 0, boostClasses)
		if classes = append(classes, class); ahead >= lead {
			break
		}
	}
	return classes, nil
}

// Decide gives the group at which every row stops as an item and its class as a
// value.
func (r *boosting) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Depth}
	if ask.Scorers() != boostGroups {
		return o, fmt.Errorf("gradient boosting: it needs %d groups of units", boostGroups)
	}
	for i := range r.rows {
		classes, err := r.run(ask, i, boostLead)
		if err != nil {
			return o, err
		}
		n := len(classes)
		o.Items, o.Values = append(o.Items, n), append(o.Values, float64(classes[n-1]))
	}
	return o, nil
}

// Consequence is 1 where a class differs; else the share of rows of another
// depth.
func (r *boosting) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return selection.Harm(golden, faulty)
}

// accuracies are the shares of right classes after the first group and after all.
func (r *boosting) accuracies(ask *selection.Ask) (first, all float64, err error) {
	const never = 256 // no lead in int8 codes is so large
	for i, truth := range r.truth {
		classes, err := r.run(ask, i, never)
		if err != nil {
			return 0, 0, err
		}
		if classes[0] == truth {
			first += 1 / float64(len(r.truth))
		}
		if classes[boostGroups-1] == truth {
			all += 1 / float64(len(r.truth))
		}
	}
	return first, all, nil
}

// Bounds of the check, in shares of right answers: the first sixth of the
// boosted units against all of them and against the first sixth of a plain
// network. A lead of 0.30 over the latter was expected, but our plain networks
// keep 0.80 to 0.92 of right answers when cut, in float64 as well and whether
// trained for 15, 60 or 150 epochs. Over seeds 1 to 22 the lead is 0.075 with a
// deviation of 0.033 from one pool of 300 rows to the next: asserted is the least
// that the mean of some seeds has in 99 of 100 cases, and that it is not as
// published, so that this is noticed.
const (
	boostLoss      = 0.025
	boostGain      = 0.075
	boostSpread    = 0.033
	boostPublished = 0.30
)

func check(runs []selection.Run) (selection.Check, error) {
	var first, all, plain float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*boosting)
		if !ok {
			return selection.Check{}, fmt.Errorf("gradient boosting: a run of another task")
		}
		n := float64(len(runs))
		one, six, err := r.accuracies(selection.NewAsk(run.Workload, run.Source))
		if err != nil {
			return selection.Check{}, err
		}
		first, all = first+one/n, all+six/n
		plain += kit.Share(kit.Every(len(r.truth)), func(i int) bool { return run.Baselines[0].Top(i) == r.truth[i] }) / n
	}
	return selection.Check{
		Metric: "accuracy of the first sixth of the units relative to all", Threshold: -boostLoss, Measured: first - all,
		Baseline: plain - all, Against: "the first sixth of a plain network", Pass: first-all >= -boostLoss && first-plain >= kit.Floor(boostGain, boostSpread, len(runs)) && first-plain < boostPublished,
		Note: fmt.Sprintf("mean accuracy: first sixth %.4f, all %.4f, plain network cut to a sixth %.4f; the expected lead of 0.30 does not appear, in float64 neither", first, all, plain),
	}, nil
}
