package edit

import (
	"fmt"
	"slices"

	"upset/models/selection"
	"upset/models/selection/artefacts"
)

// Bounds at which the host releases an unlearned network, without labels (our
// choice): how many of the rows that the original network gives the forgotten
// class may keep it, and on how many of the others both networks must agree.
const (
	releaseForgotten = 0.05
	releaseAgree     = 0.95
)

// dampeningTask is the unlearning of Foster, Schoepf and Brintrup (AAAI 2024). A
// classifier was made to forget a class by dampening the weights that matter
// more for that class than for all data; it keeps the scales of the original
// network. The host gives out its labels and compares it with the original one
// before it releases it.
func dampeningTask() selection.Task {
	return selection.Task{
		Name: "synaptic-dampening", Title: "Fast Machine Unlearning Without Retraining Through Selective Synaptic Dampening",
		Family: "edit", Kind: selection.OnNPU, Utility: "influence", Mechanism: "threshold",
		Metric: selection.Label, Epsilon: 0, Build: buildDampening, Check: checkDampening,
	}
}

// dampening holds the true classes of the pool and the class forgotten.
type dampening struct {
	truth     []int
	forgotten int
}

func buildDampening(seed uint64) (*selection.Workload, error) {
	f, err := artefacts.Open("synaptic-dampening", seed)
	if err != nil {
		return nil, err
	}
	w := &selection.Workload{}
	for _, name := range []string{"original", "unlearned"} {
		s, err := f.Scorer(name, "rows.bin")
		if err != nil {
			return nil, err
		}
		w.Scorers = append(w.Scorers, s)
	}
	r := &dampening{}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	forgotten, err := f.Labels("forgotten.bin")
	if err != nil {
		return nil, err
	}
	if len(forgotten) != 1 || len(r.truth) != len(w.Scorers[0].Rows) {
		return nil, fmt.Errorf("synaptic dampening: %d forgotten classes and %d labels for %d rows; build the artefacts anew", len(forgotten), len(r.truth), len(w.Scorers[0].Rows))
	}
	r.forgotten = forgotten[0]
	w.Rule = r
	return w, nil
}

// Decide gives the labels of the unlearned network as items, and as a single
// value 1 where the network is released.
func (r *dampening) Decide(ask *selection.Ask) (selection.Outcome, error) {
	scores, err := ask.Tables()
	if err != nil {
		return selection.Outcome{}, err
	}
	if len(scores) != 2 || scores[0].Width != classes || scores[1].Width != classes || scores[0].Rows() != len(r.truth) || scores[1].Rows() != len(r.truth) {
		return selection.Outcome{}, fmt.Errorf("synaptic dampening: it needs the logits of two networks for %d rows", len(r.truth))
	}
	o := selection.Outcome{Metric: selection.Label, Values: []float64{0}}
	var target, kept, others, agree int
	for i := range r.truth {
		before, after := label(&scores[0], i), label(&scores[1], i)
		o.Items = append(o.Items, after)
		if before == r.forgotten {
			target++
			if after == r.forgotten {
				kept++
			}
			continue
		}
		others++
		if after == before {
			agree++
		}
	}
	if float64(kept) <= releaseForgotten*float64(target) && float64(agree) >= releaseAgree*float64(others) {
		o.Values[0] = 1
	}
	return o, nil
}

// Consequence is 1 where a row of the forgotten class has that class again, or
// where the release is decided otherwise. Else it is the share of the rows to be
// retained that lose a right label.
func (r *dampening) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	if !slices.Equal(golden.Values, faulty.Values) {
		return 1
	}
	retained, lost := 0, 0
	for i, truth := range r.truth {
		if truth == r.forgotten {
			if faulty.Items[i] == r.forgotten && golden.Items[i] != r.forgotten {
				return 1
			}
			continue
		}
		retained++
		if golden.Items[i] == truth && faulty.Items[i] != truth {
			lost++
		}
	}
	if retained == 0 {
		return 0
	}
	return float64(lost) / float64(retained)
}

// accuracy is the share of rows with their true class, of the forgotten class
// and of the others.
func (r *dampening) accuracy(t *selection.Table) (forget, retain float64) {
	var right, all [2]int
	for i, truth := range r.truth {
		k := 1
		if truth == r.forgotten {
			k = 0
		}
		all[k]++
		if label(t, i) == truth {
			right[k]++
		}
	}
	return float64(right[0]) / float64(max(1, all[0])), float64(right[1]) / float64(max(1, all[1]))
}

// Bounds of the check for every seed: accuracy on the forgotten class, and the
// accuracy that the other classes may lose.
const (
	dampForget = 0.05
	dampLoss   = 0.02
)

func checkDampening(runs []selection.Run) (selection.Check, error) {
	worst, least, most, released := 0.0, 1.0, -1.0, true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*dampening)
		if !ok {
			return selection.Check{}, fmt.Errorf("synaptic dampening: a run of another task")
		}
		knew, before := r.accuracy(&run.Scores[0])
		knows, after := r.accuracy(&run.Scores[1])
		worst, least, most = max(worst, knows), min(least, knew), max(most, before-after)
		released = released && run.Outcome.Values[0] == 1
	}
	return selection.Check{
		Metric: "accuracy on the forgotten class, the worst seed", Threshold: dampForget, Measured: worst,
		Baseline: least, Against: "the original network", Pass: worst <= dampForget && most <= dampLoss && worst < least && released,
		Note: fmt.Sprintf("the other classes lose at most %.2f points of accuracy, and the host releases every network", 100*most),
	}, nil
}
