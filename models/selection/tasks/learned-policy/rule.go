// Package policy is the task learned-policy; see README.md.
package policy

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// Task is the learned policy of Zhang et al., "Learning to Actively Learn: A Robust
// Approach" (2020), for the best of several arms.
func Task() selection.Task {
	return selection.Task{
		Name: "learned-policy", Title: "Learning to Actively Learn: A Robust Approach",
		Family: "sequence", Kind: selection.OnNPU, Utility: "learned", Mechanism: "greedy",
		Metric: selection.Label, Epsilon: 0.01, Build: build, Check: check,
	}
}

// puller looks for the best arm of every instance; the policy chooses each pull from what
// the pulls before it have shown.
type puller struct{ instances []*instance }

// pool is the number of instances, as many of each class (our choice).
const pool = 240

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s := selection.Scorer{Name: "policy"}
	if s.Model, err = f.Bytes("policy.tflite"); err != nil {
		return nil, err
	}
	r, rng := &puller{}, data.Rand(seed, ofPool)
	for i := range pool {
		r.instances = append(r.instances, draw(i%len(difficulties), rng))
	}
	for _, e := range r.instances[:turns] { // for comparison with the reference kernels
		s.Rows = append(s.Rows, nets.Row(begin(e).state(0), inputForm))
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Decide gives the arm that is taken for the best one of every instance as an item, and
// the arms that are pulled as values.
func (r *puller) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Label}
	if !ask.Fits(1, turns) {
		return o, fmt.Errorf("learned policy: it needs one network with %d rows", turns)
	}
	for _, e := range r.instances {
		h := begin(e)
		for turn := range turns {
			a, err := ask.Infer(0, nets.Row(h.state(turn), inputForm))
			if err != nil {
				return o, err
			}
			if a.First().Width != arms {
				return o, fmt.Errorf("learned policy: the network gives %d numbers, not %d", a.First().Width, arms)
			}
			arm := a.First().Top(0)
			h.pull(arm)
			o.Values = append(o.Values, float64(arm))
		}
		o.Items = append(o.Items, kit.Argmax(h.mean))
	}
	return o, nil
}

// Consequence is the largest loss of an instance by taking another arm for the best one,
// since each is a decision by itself, relative to the gap of its worst arm. Other pulls
// with the same end do no harm.
func (r *puller) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	worst := 0.0
	for i, e := range r.instances {
		gap := 0.0
		for _, v := range e.gaps {
			gap = max(gap, v)
		}
		worst = max(worst, (e.gaps[faulty.Items[i]]-e.gaps[golden.Items[i]])/gap)
	}
	return worst
}

// regrets are the mean gaps of the arms taken, by class.
func (r *puller) regrets(of func(i int) float64) []float64 {
	list := make([]float64, len(difficulties))
	for i := range r.instances {
		list[i%len(list)] += of(i) * float64(len(list)) / float64(len(r.instances))
	}
	return list
}

// played are the regrets of a policy without the NPU, on the same instances.
func (r *puller) played(policy func(h *history)) []float64 {
	return r.regrets(func(i int) float64 {
		h := begin(r.instances[i])
		policy(h)
		return h.regret()
	})
}

// aim is the share of the chosen pulls that go to the best three arms.
func (r *puller) aim(o selection.Outcome) float64 {
	hits := 0
	for i, e := range r.instances {
		order := kit.Order(e.gaps)
		for _, v := range o.Values[i*turns : (i+1)*turns] {
			for _, k := range order[arms-aimed:] {
				if int(v) == k {
					hits++
				}
			}
		}
	}
	return float64(hits) / float64(len(o.Values))
}

// Bounds of the check: the policy loses less than uniform pulls, also in the class in
// which each loses most, and hardly more than successive halving; its pulls go where the
// best arms are.
const (
	ratioMost   = 0.8
	worstMost   = 1.0
	halvingMost = 1.1
	aimed       = 3
	aimLeast    = 0.65
)

func check(runs []selection.Run) (selection.Check, error) {
	var own, even, half [3]float64 // by class
	aim := 0.0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*puller)
		if !ok {
			return selection.Check{}, fmt.Errorf("learned policy: a run of another task")
		}
		n := float64(len(runs))
		o, u, h := r.regrets(func(i int) float64 { return r.instances[i].gaps[run.Outcome.Items[i]] }), r.played(uniform), r.played(halving)
		for k := range own {
			own[k], even[k], half[k] = own[k]+o[k]/n, even[k]+u[k]/n, half[k]+h[k]/n
		}
		aim += r.aim(run.Outcome) / n
	}
	mean := func(v [3]float64) float64 { return kit.Mean(v[:]) }
	worst := func(v [3]float64) float64 { return max(v[0], v[1], v[2]) }
	return selection.Check{
		Metric: "regret relative to that of uniform pulls", Threshold: ratioMost, Measured: mean(own) / mean(even),
		Baseline: mean(half) / mean(even), Against: "successive halving",
		Pass: mean(own) <= ratioMost*mean(even) && worst(own) <= worstMost*worst(even) && mean(own) <= halvingMost*mean(half) && aim >= aimLeast,
		Note: fmt.Sprintf("regret in the worst class %.4f, of uniform pulls %.4f, of halving %.4f; %.3f of the pulls go to the best %d arms", worst(own), worst(even), worst(half), aim, aimed),
	}, nil
}
