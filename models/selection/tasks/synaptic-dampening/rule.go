// Package dampening is the task synaptic-dampening; see README.md.
package dampening

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/tflite"
)

// Bounds at which the host releases an unlearned network, without labels (our
// choice): how many of the rows that the original network gives the forgotten
// class may keep it, and on how many of the others both networks must agree.
const (
	releaseForgotten = 0.05
	releaseAgree     = 0.95
)

// Settings of the dampening. Foster et al., "Fast Machine Unlearning Without
// Retraining Through Selective Synaptic Dampening" (AAAI 2024), use a selection
// of 10; with ten balanced classes the information of the class to be forgotten
// is at most ten times that of all data, which contain it, so a selection of 10
// changes nothing. Ours is 4: with 5, up to a quarter of the forgotten class stays.
const (
	dampSelection = 4
	dampStrength  = 1
)

// Task is the unlearning of Foster, Schoepf and Brintrup (AAAI 2024). The NPU runs
// the classifier on known rows; from what it gives the host estimates the information
// of every weight, dampens those that matter more for a class than
// for all data, writes the network anew and compares both before it releases it.
func Task() selection.Task {
	return selection.Task{
		Name: "synaptic-dampening", Title: "Fast Machine Unlearning Without Retraining Through Selective Synaptic Dampening",
		Family: "edit", Kind: selection.OnNPU, Utility: "influence", Mechanism: "threshold",
		Metric: selection.Label, Epsilon: 0, Build: build, Check: check,
	}
}

// dampening holds the true classes of the known rows and of the pool, which follow each
// other in the pool of the only scorer, and the class to be forgotten.
type dampening struct {
	known, truth []int
	forgotten    int
	original     selection.Scorer
	layers       []layer
	input        tflite.Quantization
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r := &dampening{}
	if r.original, err = f.Scorer("original", "rows.bin"); err != nil {
		return nil, err
	}
	if r.known, err = f.Labels("known.bin"); err != nil {
		return nil, err
	}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if r.layers, r.input, err = parse(r.original.Model); err != nil {
		return nil, err
	}
	forgotten, err := f.Labels("forgotten.bin")
	if err != nil {
		return nil, err
	}
	if len(forgotten) != 1 || len(r.known)+len(r.truth) != len(r.original.Rows) {
		return nil, fmt.Errorf("synaptic dampening: %d forgotten classes, %d and %d labels for %d rows; build the data anew", len(forgotten), len(r.known), len(r.truth), len(r.original.Rows))
	}
	r.forgotten = forgotten[0]
	return &selection.Workload{Scorers: []selection.Scorer{r.original}, Rule: r}, nil
}

// information is the diagonal Fisher information of all weights and biases: on all
// known rows and on those of the class to be forgotten. The NPU gives the hidden units
// and the logits; the host takes the gradient from them.
func (r *dampening) information(ask *selection.Ask) (whole, part []float64, err error) {
	whole, part = make([]float64, numbers(r.layers)), make([]float64, numbers(r.layers))
	count := 0
	for i, class := range r.known {
		a, err := ask.Row(0, i)
		if err != nil {
			return nil, nil, err
		}
		if len(a.Outputs) != len(r.layers) || a.First().Width != digits.Classes {
			return nil, nil, fmt.Errorf("synaptic dampening: the network must give %d logits and the values of %d layers", digits.Classes, len(r.layers)-1)
		}
		values := [][]float64{r.pixels(i)}
		for k := range a.Outputs[1:] {
			values = append(values, a.Outputs[1+k].Real(0))
		}
		miss := kit.Softmax(a.First().Real(0))
		miss[class]--
		squares(r.layers, values, miss, whole)
		if class == r.forgotten {
			count++
			squares(r.layers, values, miss, part)
		}
	}
	for i := range whole {
		whole[i] /= float64(len(r.known))
		part[i] /= float64(max(1, count))
	}
	return whole, part, nil
}

// pixels are the real values of an input.
func (r *dampening) pixels(row int) []float64 {
	var x []float64
	for _, b := range r.original.Rows[row] {
		x = append(x, float64(r.input.Scale[0])*float64(int64(int8(b))-r.input.ZeroPoint[0]))
	}
	return x
}

// factors are what weights are multiplied by; where it is 1 nothing was selected.
func factors(whole, part []float64, choice float64) (list []float64, selected int) {
	list = make([]float64, len(whole))
	for i := range list {
		list[i] = 1
		if part[i] > choice*whole[i] {
			list[i] = min(1, dampStrength*whole[i]/part[i])
			selected++
		}
	}
	return list, selected
}

// unlearn runs the known rows, edits the network and adds it.
func (r *dampening) unlearn(ask *selection.Ask) (scorer int, by []float64, err error) {
	whole, part, err := r.information(ask)
	if err != nil {
		return 0, nil, err
	}
	by, _ = factors(whole, part, dampSelection)
	model, err := edit(r.original.Model, by)
	if err != nil {
		return 0, nil, err
	}
	scorer, err = ask.Add(selection.Scorer{Name: "unlearned", Model: model, Rows: r.original.Rows[len(r.known):]})
	return scorer, by, err
}

// Decide gives the labels of the unlearned network as items; as values 1 where the
// network is released, and then every weight that was
// dampened: its number plus its factor.
func (r *dampening) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Label, Values: []float64{0}}
	if !ask.Fits(1, len(r.known)+len(r.truth)) {
		return o, fmt.Errorf("synaptic dampening: it needs one network for %d rows", len(r.known)+len(r.truth))
	}
	unlearned, by, err := r.unlearn(ask)
	if err != nil {
		return o, err
	}
	var target, kept, others, agree int
	for i := range r.truth {
		a, err := ask.Row(0, len(r.known)+i)
		if err != nil {
			return o, err
		}
		b, err := ask.Row(unlearned, i)
		if err != nil {
			return o, err
		}
		before, after := a.First().Top(0), b.First().Top(0)
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
	for i, f := range by {
		if f < 1 {
			o.Values = append(o.Values, float64(i)+f)
		}
	}
	return o, nil
}

// Consequence is 1 where a row of the forgotten class has that class again, or
// where the release is decided otherwise. Else it is the share of the rows to be
// retained that lose a right label.
func (r *dampening) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	if golden.Values[0] != faulty.Values[0] {
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
func (r *dampening) accuracy(labels []int) (forget, retain float64) {
	var right, all [2]int
	for i, truth := range r.truth {
		k := 1
		if truth == r.forgotten {
			k = 0
		}
		all[k]++
		if labels[i] == truth {
			right[k]++
		}
	}
	return float64(right[0]) / float64(max(1, all[0])), float64(right[1]) / float64(max(1, all[1]))
}

// Bounds of the check for every seed: accuracy on the forgotten class, and the
// accuracy that the other classes may lose. The original network knows the class.
const (
	dampForget = 0.05
	dampLoss   = 0.02
	dampKnew   = 0.8
)

func check(runs []selection.Run) (selection.Check, error) {
	worst, least, most, released, bound := 0.0, 1.0, -1.0, true, 0
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*dampening)
		if !ok {
			return selection.Check{}, fmt.Errorf("synaptic dampening: a run of another task")
		}
		var labels []int
		for i := range r.truth {
			labels = append(labels, run.Scores[0].Top(len(r.known)+i))
		}
		whole, part, err := r.information(selection.NewAsk(run.Workload, run.Source))
		if err != nil {
			return selection.Check{}, err
		}
		_, n := factors(whole, part, 10*(1+1e-9))
		bound = max(bound, n)
		knew, before := r.accuracy(labels)
		knows, after := r.accuracy(run.Outcome.Items)
		worst, least, most = max(worst, knows), min(least, knew), max(most, before-after)
		released = released && run.Outcome.Values[0] == 1
	}
	return selection.Check{
		Metric: "accuracy on the forgotten class, the worst seed", Threshold: dampForget, Measured: worst,
		Baseline: least, Against: "the original network", Pass: worst <= dampForget && most <= dampLoss && least >= dampKnew && released && bound == 0,
		Note: fmt.Sprintf("the other classes lose at most %.2f points of accuracy; the host releases every network: %v; a selection of 10 selects %d weights", 100*most, released, bound),
	}, nil
}
