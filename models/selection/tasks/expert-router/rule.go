package router

import (
	"bytes"
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
)

// routerExperts is the number of experts (our choice, one for each rotation of
// the digits in the pool).
const routerExperts = 4

// Task is the top-1 mixture of experts that Mu and Lin, "A Comprehensive
// Survey of Mixture-of-Experts" (2025), describe.
func Task() selection.Task {
	return selection.Task{
		Name: "expert-router", Title: "A Comprehensive Survey of Mixture-of-Experts: Algorithms, Theory, and Applications",
		Family: "route", Kind: selection.OnNPU, Utility: "gate", Mechanism: "top-k",
		Metric: selection.Route, Epsilon: 0.01, Build: build, Check: check,
	}
}

// router sends every row to the expert with the largest logit, and only that
// expert runs. The scorers are the router and the experts; a plain network is the
// baseline.
type router struct {
	truth []int
}

func build(seed uint64) (*selection.Workload, error) {
	names := []string{"router"}
	for e := range routerExperts {
		names = append(names, fmt.Sprintf("expert%d", e))
	}
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	scorers, err := f.Scorers("rows.bin", append(names, "plain")...)
	if err != nil {
		return nil, err
	}
	r := &router{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	return &selection.Workload{Scorers: scorers[:1+routerExperts], Baselines: scorers[1+routerExperts:], Rule: r}, nil
}

// Decide gives the expert of every row as an item and that expert's class as a
// value.
func (r *router) Decide(ask *selection.Ask) (selection.Outcome, error) {
	if !ask.Fits(1+routerExperts, len(r.truth)) {
		return selection.Outcome{}, fmt.Errorf("expert router: it needs a router and %d experts for %d rows", routerExperts, len(r.truth))
	}
	o := selection.Outcome{Metric: selection.Route}
	for i := range r.truth {
		gate, err := ask.Scores(0, i, routerExperts)
		if err != nil {
			return o, err
		}
		expert := gate.Top(0)
		logits, err := ask.Scores(1+expert, i, digits.Classes)
		if err != nil {
			return o, err
		}
		o.Items, o.Values = append(o.Items, expert), append(o.Values, float64(logits.Top(0)))
	}
	return o, nil
}

// Consequence is 1 where a class differs, since each is a decision by itself;
// else the share of rows that another expert served.
func (r *router) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	return selection.Harm(golden, faulty)
}

// flips are the effects of every single flipped bit of the outputs that a pool
// really computes: shares of the bits.
type flips struct {
	route, class float64 // of the router: expert changed, class changed
	expert       float64 // of the chosen expert: class changed
}

// flips tries all of them.
func (r *router) flips(scores []selection.Table, golden selection.Outcome) flips {
	var f flips
	n := float64(8 * len(r.truth))
	try := func(t *selection.Table, i int, seen func(one *selection.Table)) {
		one := selection.Table{Scale: t.Scale, ZeroPoint: t.ZeroPoint, Width: t.Width, Data: bytes.Clone(t.Row(i))}
		for b := range 8 * t.Width {
			one.Data[b/8] ^= 1 << (b % 8)
			seen(&one)
			one.Data[b/8] ^= 1 << (b % 8)
		}
	}
	for i := range r.truth {
		try(&scores[0], i, func(one *selection.Table) {
			expert := one.Top(0)
			if expert == golden.Items[i] {
				return
			}
			f.route += 1 / (n * routerExperts)
			if float64(scores[1+expert].Top(i)) != golden.Values[i] {
				f.class += 1 / (n * routerExperts)
			}
		})
		try(&scores[1+golden.Items[i]], i, func(one *selection.Table) {
			if float64(one.Top(0)) != golden.Values[i] {
				f.expert += 1 / (n * digits.Classes)
			}
		})
	}
	return f
}

// Bounds of the check: at no more work per row than the plain network the
// mixture loses at most a point of accuracy, and no expert serves more than 1.6
// times its part of the rows. A gain is not asserted: at this size it is small
// (over all 597 pictures left out of training, each in four rotations, the
// float64 networks of the three seeds have 0.936 and 0.927).
const (
	routerLoss = 0.01
	routerLoad = 1.6
)

func check(runs []selection.Run) (selection.Check, error) {
	var mixed, plain, load float64
	var f flips
	cheaper, n := true, float64(len(runs))
	var gate, expert, alone int
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*router)
		if !ok {
			return selection.Check{}, fmt.Errorf("expert router: a run of another task")
		}
		served := make([]int, routerExperts)
		rows := float64(len(r.truth))
		for i, truth := range r.truth {
			served[run.Outcome.Items[i]]++
			if int(run.Outcome.Values[i]) == truth {
				mixed += 1 / (n * rows)
			}
			if run.Baselines[0].Top(i) == truth {
				plain += 1 / (n * rows)
			}
		}
		load = max(load, float64(slices.Max(served)*routerExperts)/rows)
		one := r.flips(run.Scores, run.Outcome)
		f.route, f.class, f.expert = f.route+one.route/n, f.class+one.class/n, f.expert+one.expert/n
		for network, to := range map[*selection.Scorer]*int{&run.Workload.Scorers[0]: &gate, &run.Workload.Scorers[1]: &expert, &run.Workload.Baselines[0]: &alone} {
			v, err := network.MACs()
			if err != nil {
				return selection.Check{}, err
			}
			*to = v
		}
		cheaper = cheaper && gate+expert <= alone
	}
	return selection.Check{
		Metric: "accuracy relative to a plain network of the same work", Threshold: -routerLoss, Measured: mixed - plain,
		Baseline: 0, Against: "the plain network", Pass: cheaper && mixed-plain >= -routerLoss && load <= routerLoad,
		Note: fmt.Sprintf("mean accuracy: mixture %.4f at %d multiply-accumulates a row, plain network %.4f at %d; largest load %.2f of the mean; "+
			"a flipped bit of the router's output changes the expert in %.3f and the class in %.3f of all cases, one of the expert's output the class in %.3f; "+
			"running the router twice and comparing finds the first two if the fault is transient", mixed, gate+expert, plain, alone, load, f.route, f.class, f.expert),
	}, nil
}
