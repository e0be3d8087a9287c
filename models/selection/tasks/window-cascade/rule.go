// Package window is the task window-cascade; see README.md.
package window

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// The decision is to accept the most certain 80 % of the answers, and the second
// stage sees those whose certainty lies within windowHalf of that quantile on
// either side (the paper's symmetric window; the widths are our choice).
const (
	windowCoverage = 0.8
	windowHalf     = 0.14
	windowClasses  = 10
)

// Task is the two-stage cascade of Xia and Bouganis, "Window-Based
// Early-Exit Cascades for Uncertainty Estimation" (ICCV 2023).
func Task() selection.Task {
	return selection.Task{
		Name:   "window-cascade",
		Title:  "Window-Based Early-Exit Cascades for Uncertainty Estimation: When Deep Ensembles are More Efficient than Single Models",
		Family: "exit", Kind: selection.OnNPU, Utility: "uncertainty", Mechanism: "threshold",
		Metric: selection.Depth, Epsilon: 0.01, Build: build, Check: check,
	}
}

// window sends a row to the second scorer where the first one is not clearly
// above or below the threshold of acceptance.
type window struct {
	truth           []int
	low, high, edge float64
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	w := &selection.Workload{}
	if w.Scorers, err = f.Scorers("rows.bin", "small", "big"); err != nil {
		return nil, err
	}
	r := &window{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	var validation struct{ Small, Big []float64 }
	if err := f.JSON("validation.json", &validation); err != nil {
		return nil, err
	}
	r.edge = kit.Quantile(validation.Small, 1-windowCoverage)
	r.low = kit.Quantile(validation.Small, 1-windowCoverage-windowHalf)
	r.high = kit.Quantile(validation.Small, 1-windowCoverage+windowHalf)
	w.Rule = r
	return w, nil
}

// stages returns for one row the depth, the class and the certainty. Only what it
// asks for runs.
func (r *window) stages(ask *selection.Ask, row int) (depth, class int, certainty float64, err error) {
	for depth = 1; depth <= 2; depth++ {
		t, err := ask.Scores(depth-1, row, windowClasses)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("window cascade: %w", err)
		}
		class, certainty, _ = t.Confidence(0, 0, windowClasses)
		if certainty < r.low || certainty > r.high {
			break
		}
	}
	return min(depth, 2), class, certainty, nil
}

// Decide gives the depth of every row as an item, and as a value 1 where its
// answer is accepted.
func (r *window) Decide(ask *selection.Ask) (selection.Outcome, error) {
	if !ask.Fits(2, len(r.truth)) {
		return selection.Outcome{}, fmt.Errorf("window cascade: it needs two networks for %d rows", len(r.truth))
	}
	o := selection.Outcome{Metric: selection.Depth}
	for i := range r.truth {
		depth, _, certainty, err := r.stages(ask, i)
		if err != nil {
			return o, err
		}
		accepted := 0.0
		if certainty >= r.edge {
			accepted = 1
		}
		o.Items, o.Values = append(o.Items, depth), append(o.Values, accepted)
	}
	return o, nil
}

// Consequence is 1 where an answer is accepted or refused wrongly, since each is
// a hazard by itself; else the share of rows of another depth.
func (r *window) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	if !slices.Equal(golden.Values, faulty.Values) {
		return 1
	}
	return selection.ShareOfRows(golden.Items, faulty.Items)
}

// risk is the share of wrong answers among the most certain 80 %.
func risk(certainty []float64, right []bool) float64 {
	wrong, n := 0, int(windowCoverage*float64(len(right)))
	for _, i := range kit.Order(certainty)[:n] {
		if !right[i] {
			wrong++
		}
	}
	return float64(wrong) / float64(n)
}

// risks compares the cascade with each network alone on one pool.
func (r *window) risks(scores []selection.Table) (small, big, cascade, passed float64, err error) {
	n, ask := len(r.truth), selection.FromTables(scores...)
	certainty, right := [3][]float64{}, [3][]bool{}
	for i, truth := range r.truth {
		note := func(k, class int, c float64) {
			certainty[k], right[k] = append(certainty[k], c), append(right[k], class == truth)
		}
		for k := range scores {
			class, c, _ := scores[k].Confidence(i, 0, windowClasses)
			note(k, class, c)
		}
		depth, class, c, err := r.stages(ask, i)
		if err != nil {
			return 0, 0, 0, 0, err
		}
		note(2, class, c)
		passed += float64(depth-1) / float64(n)
	}
	return risk(certainty[0], right[0]), risk(certainty[1], right[1]), risk(certainty[2], right[2]), passed, nil
}

// Bounds of the check: a cascade that sends on at most 35 % of the rows closes
// at least half of the gap in risk between the two networks at no more than half
// the work of the large one. On 10,000 pictures it closes 0.79, 0.66 and 0.63 with the
// networks of seeds 1 to 3; three pools of 800 scatter by about 0.05 around that.
const (
	windowPassed = 0.35
	windowGap    = 0.5
	windowCost   = 0.5 // of the large network's multiply-accumulates
	windowRisk   = 0.2 // most that the cascade's risk may be: guesses have far more
)

func check(runs []selection.Run) (selection.Check, error) {
	var small, big, cascade, most, cost float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*window)
		if !ok {
			return selection.Check{}, fmt.Errorf("window cascade: a run of another task")
		}
		cheap, err := run.Workload.Scorers[0].MACs()
		if err != nil {
			return selection.Check{}, err
		}
		dear, err := run.Workload.Scorers[1].MACs()
		if err != nil {
			return selection.Check{}, err
		}
		s, b, c, passed, err := r.risks(run.Scores)
		if err != nil {
			return selection.Check{}, err
		}
		cost = max(cost, float64(cheap)/float64(dear)+passed)
		small, big, cascade, most = small+s/float64(len(runs)), big+b/float64(len(runs)), cascade+c/float64(len(runs)), max(most, passed)
	}
	closed := (small - cascade) / (small - big)
	return selection.Check{
		Metric: "share of the gap in risk at 80 % coverage that is closed", Threshold: windowGap, Measured: closed,
		Baseline: 0, Against: "the small network alone", Pass: small > big && cascade <= windowRisk && closed >= windowGap && most <= windowPassed && cost <= windowCost,
		Note: fmt.Sprintf("mean risk: small %.4f, big %.4f, cascade %.4f; at most %.1f %% of the rows sent on, at %.2f of the large network's work", small, big, cascade, 100*most, cost),
	}, nil
}
