package facility

import (
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

func TestFacilityPicks(t *testing.T) {
	p := scoretest.Pool(make([]float64, 5), 0, 0, 0, 0, 0)
	for _, c := range []struct {
		name  string
		table selection.Table
		picks int
		want  []int
	}{
		// Three rows in one direction, two in another: the larger group first.
		{"larger group first", scoretest.Scores([]int{0, 5}, []int{3, 0}, []int{9, 0}, []int{0, 7}, []int{1, 0}), 2, []int{1, 0}},
		{"equal rows to the lowest index", scoretest.Scores([]int{1, 1}, []int{1, 1}, []int{2, 2}, []int{1, 1}, []int{1, 1}), 2, []int{0, 1}},
		{"the row between two groups", scoretest.Scores([]int{4, 0}, []int{0, 4}, []int{4, 4}, []int{4, 0}, []int{0, 4}), 1, []int{2}},
		{"a zero row is like nothing", scoretest.Scores([]int{0, 0}, []int{1, 0}, []int{1, 0}, []int{0, 0}, []int{0, 0}), 1, []int{1}},
	} {
		o, err := (&facility{p, c.picks}).Decide(selection.FromTables(c.table))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Items, c.want) {
			t.Errorf("%s: %v, want %v", c.name, o.Items, c.want)
		}
	}
}

// TestFacilityEffect replaces a row by one of the same direction, which changes
// nothing, and by a zero, so that its equal takes its place without harm. To lose
// a whole group of rows is a harm.
func TestFacilityEffect(t *testing.T) {
	golden := []selection.Table{scoretest.Scores([]int{0, 5}, []int{3, 0}, []int{9, 0}, []int{0, 7}, []int{1, 0})}
	w := scoretest.Workload(&facility{scoretest.Pool(make([]float64, 5), 0, 0, 0, 0, 0), 2}, 5)
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	task := Task()
	run := &selection.Run{Workload: w, Scores: golden, Outcome: o}
	for _, c := range []struct {
		name    string
		output  []byte // of row 1
		changed bool
	}{{"same direction", []byte{100, 0}, false}, {"zero", []byte{0, 0}, true}} {
		faulty, err := w.Transient(golden, 0, 1, c.output)
		if err != nil {
			t.Fatal(err)
		}
		if e := task.Effect(run, faulty); e.Changed != c.changed || e.Consequential {
			t.Errorf("%s: picks %v, %+v", c.name, faulty.Items, e)
		}
	}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{1, 2}}); !e.Consequential {
		t.Errorf("a group is lost: %+v", e)
	}
}
