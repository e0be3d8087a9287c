package window

import (
	"slices"
	"testing"
	"upset/models/selection"
)

// logits is a table whose first class leads by the given codes.
func logits(leads ...int) selection.Table {
	t := selection.Table{Scale: 0.1, Width: windowClasses, Data: make([]byte, windowClasses*len(leads))}
	for i, v := range leads {
		t.Data[i*windowClasses] = byte(v)
	}
	return t
}

// TestWindow sends only the row within the window to the second network.
func TestWindow(t *testing.T) {
	// Certainties of leads 0, 30, 100: 0.1, 0.69, 0.9996.
	r := &window{truth: []int{0, 0, 0}, low: 0.5, edge: 0.7, high: 0.9}
	w := selection.Workload{Scorers: make([]selection.Scorer, 2), Rule: r}
	for i := range w.Scorers {
		w.Scorers[i].Rows = make([][]byte, 3)
	}
	scores := []selection.Table{logits(0, 30, 100), logits(100, 100, 0)}
	o, err := w.Decide(scores)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{1, 2, 1}) || !slices.Equal(o.Values, []float64{0, 1, 1}) {
		t.Errorf("depths %v, accepted %v", o.Items, o.Values)
	}
	task := Task()
	run := &selection.Run{Workload: &w, Scores: scores, Outcome: o}
	for _, c := range []struct {
		name        string
		scorer, row int
		lead        int
		consequence float64
		changed     bool
	}{
		{"second network, row that it never sees", 1, 0, 3, 0, false},
		{"second network, row that it sees", 1, 1, 0, 1, true},
		{"first network, one more stage", 0, 2, 31, 1, true},
		{"first network, less certain but outside", 0, 2, 99, 0, false},
	} {
		row := make([]byte, windowClasses)
		row[0] = byte(c.lead)
		faulty, err := w.Transient(scores, c.scorer, c.row, row)
		if err != nil {
			t.Fatal(err)
		}
		if e := task.Effect(run, faulty); e.Changed != c.changed || e.Consequence != c.consequence {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
	deeper := selection.Outcome{Metric: selection.Depth, Items: []int{2, 2, 1}, Values: o.Values}
	if e := task.Effect(run, deeper); !e.Consequential || e.Consequence >= 1 {
		t.Errorf("a stage more with the same decision: %+v", e)
	}
}
