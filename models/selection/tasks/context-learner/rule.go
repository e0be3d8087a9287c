package learner

import (
	"bytes"
	"fmt"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// Task is the in-context learner of Kirsch et al., "General-Purpose In-Context Learning
// by Meta-Learning Transformers" (2022), with linear attention.
func Task() selection.Task {
	return selection.Task{
		Name: "context-learner", Title: "General-Purpose In-Context Learning by Meta-Learning Transformers",
		Family: "sequence", Kind: selection.OnNPU, Utility: "learned", Mechanism: "threshold",
		Metric: selection.Label, Epsilon: 0, Build: build, Check: check,
		StandIn: "linear attention of one layer in its recurrent form in place of a Transformer: the NPU multiplies two activations element by element alone",
	}
}

// learner tells two classes apart that it has never seen, from examples alone. What it
// has learnt is the state in the arena.
type learner struct {
	inputs [][]byte // an example with its label
	truth  []int
	single []int // what a learner says that was trained on one task
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r := &learner{}
	rows, err := f.Bytes("rows.bin")
	if err != nil {
		return nil, err
	}
	if r.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, err
	}
	if r.single, err = f.Labels("single.bin"); err != nil {
		return nil, err
	}
	if len(rows) != len(r.truth)*width || len(r.single) != len(r.truth) || len(r.truth)%length != 0 {
		return nil, fmt.Errorf("context learner: %d bytes of examples for %d labels", len(rows), len(r.truth))
	}
	s := selection.Scorer{Name: "step", State: []selection.Carry{{Output: 1, Input: 2}}}
	if s.Model, err = f.Bytes("step.tflite"); err != nil {
		return nil, err
	}
	for i, v := range r.truth {
		var x []float64
		for _, b := range rows[i*width : (i+1)*width] {
			x = append(x, float64(exampleCode.Scale)*float64(int8(b)))
		}
		r.inputs = append(r.inputs, append(exampleForm.Bytes(x...), labelForm.Bytes(float64(2*v-1))...))
	}
	for i := range length { // for comparison with the reference kernels, with any state
		s.Rows = append(s.Rows, append(bytes.Clone(r.inputs[i]), r.inputs[length+i][:2*width]...))
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Decide gives the side of every example of every task, each answered before its label
// is told.
func (r *learner) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Label}
	if !ask.Fits(1, length) {
		return o, fmt.Errorf("context learner: it needs one network with state")
	}
	for i, input := range r.inputs {
		if i%length == 0 {
			ask.Reset(0)
		}
		a, err := ask.Step(0, input)
		if err != nil {
			return o, err
		}
		o.Items = append(o.Items, side(a.First().At(0, 0)))
	}
	return o, nil
}

// Parts of a task (our choice): the first answers after one example, and the last ones.
const (
	early = 3
	late  = 10
)

// Consequence is 1 where an answer of the last part of a task differs, since each is a
// decision by itself; else the share of the answers that differ.
func (r *learner) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	for i := range golden.Items {
		if i%length >= late && golden.Items[i] != faulty.Items[i] {
			return 1
		}
	}
	return selection.ShareOfRows(golden.Items, faulty.Items)
}

// right is the share of right answers between two places of a task.
func (r *learner) right(answers []int, from, to int) float64 {
	return kit.Share(kit.Every(len(answers)/length*(to-from)), func(k int) bool {
		i := k/(to-from)*length + from + k%(to-from)
		return answers[i] == r.truth[i]
	})
}

// Bounds of the check: the learner is right, and the more so the more examples it has
// seen; one that was trained on a single task has learnt that task and not to learn. A gain
// of 15 points is the aim. Seeds 1 to 12 have 0.15 in the mean with a deviation of 0.073,
// since there are 48 early answers of a seed: asserted is what the mean of some seeds keeps
// in 99 of 100 cases.
const (
	least      = 0.8
	gain       = 0.15
	gainSpread = 0.073
	singleMost = 0.65
)

func check(runs []selection.Run) (selection.Check, error) {
	var first, last, single float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*learner)
		if !ok {
			return selection.Check{}, fmt.Errorf("context learner: a run of another task")
		}
		n := float64(len(runs))
		first += r.right(run.Outcome.Items, 1, early) / n
		last += r.right(run.Outcome.Items, late, length) / n
		single += r.right(r.single, late, length) / n
	}
	return selection.Check{
		Metric: "accuracy on unseen tasks after ten examples", Threshold: least, Measured: last,
		Baseline: first, Against: "the answers after one and two examples",
		Pass: last >= least && last >= first+kit.Floor(gain, gainSpread, len(runs)) && single <= singleMost,
		Note: fmt.Sprintf("a learner that was trained on one task has %.3f after ten examples of others", single),
	}, nil
}
