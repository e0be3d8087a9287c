package kcentre

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// twoHeads is a row of logits that both heads give to one class.
func twoHeads(class, logit int) []int {
	row := make([]int, 2*digits.Classes)
	row[class], row[digits.Classes+class] = logit, logit
	return row
}

func TestCoreset(t *testing.T) {
	// Row 0 is labelled. Row 3 is certain of another class, row 2 less so, row 1
	// agrees with row 0, row 4 repeats row 3.
	table := scoretest.Scores(twoHeads(0, 20), twoHeads(0, 20), twoHeads(1, 1), twoHeads(1, 20), twoHeads(1, 20))
	r := &coreset{Pool: scoretest.Pool(make([]float64, 5), 0, 0, 0, 0, 0), picks: 2, before: []int{0}}
	w := scoretest.Workload(r, 5)
	golden := []selection.Table{table}
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{3, 2}) {
		t.Errorf("picks %v", o.Items)
	}
	if p := predictions(&table)[2]; math.Abs(p[1]-math.E/(math.E+9)) > 1e-12 || math.Abs(p[0]-1/(math.E+9)) > 1e-12 {
		t.Errorf("probabilities %v", p)
	}
	// A row that repeats a picked one takes its place without harm; to leave out
	// the other class is one.
	task, run := Task(), &selection.Run{Workload: w, Scores: golden, Outcome: o}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{4, 2}}); !e.Changed || e.Consequential {
		t.Errorf("the same prediction: %+v", e)
	}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{0, 1}}); !e.Consequential {
		t.Errorf("the other class is left out: %+v", e)
	}
	if _, err := r.Decide(selection.FromTables(scoretest.Scores([]int{1}, []int{1}, []int{1}, []int{1}, []int{1}))); err == nil {
		t.Error("one score of a row: no error")
	}
}

// TestBiased lets the teacher see all digits of the lower digits.Classes and few of the
// others, so that it knows the lower ones better.
func TestBiased(t *testing.T) {
	all, err := digits.Shuffled(data.Rand(1, 9))
	if err != nil {
		t.Fatal(err)
	}
	g := biased(digits.Part(all, 0, 300), data.Rand(1, 9))
	var right, n [2]float64
	for i, x := range all.X[300:900] {
		label := all.Labels[300+i]
		upper := label / 5
		n[upper]++
		if kit.Argmax(g.Forward(x)) == label {
			right[upper]++
		}
	}
	if lower, upper := right[0]/n[0], right[1]/n[1]; lower < 0.8 || upper > lower-0.2 {
		t.Errorf("accuracy of the lower digits.Classes %v, of the upper ones %v", lower, upper)
	}
}
