package pooling

import (
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// An embedding that a fault makes longer, with the same similarities, is less similar and
// loses its place; rows in another order are selected in that order.
func TestFaultyLength(t *testing.T) {
	scores := table(30, 3)
	r := &pooling{truth: make([]int, 30), budget: 6}
	w := scoretest.Workload(r, 30)
	run := &selection.Run{Workload: w, Scores: []selection.Table{scores}, Outcome: scoretest.Decide(t, r, scores)}
	in := run.Outcome.Items[2]
	row := slices.Clone(scores.Row(in))
	for k := range poolingDepth {
		row[k] = 127
	}
	faulty, err := w.Transient(run.Scores, 0, in, row)
	task := Task()
	if e := task.Effect(run, faulty); err != nil || slices.Contains(faulty.Items, in) || !e.Consequential {
		t.Errorf("row %d of %v: %+v, %v", in, faulty.Items, e, err)
	}
	order := []int{}
	for i := range 30 {
		order = append(order, (7*i+3)%30)
	}
	var back []int
	for _, at := range scoretest.Decide(t, r, scoretest.Permuted(scores, order)).Items {
		back = append(back, order[at])
	}
	if slices.Sort(back); !slices.Equal(back, run.Outcome.Items) {
		t.Errorf("in another order %v are selected, not %v", back, run.Outcome.Items)
	}
}
