package utility

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// TestUtility has two sets of four points, of which two are chosen.
func TestUtility(t *testing.T) {
	// The mean of the first set is (0, 0): points 1 and 2 are closest. That of the
	// second is (10, 0).
	sets := [][]byte{{200, 0, 255, 0, 1, 0, 56, 0}, {10, 0, 10, 1, 10, 40, 10, 215}}
	r := &utility{picks: 2, sets: sets}
	w := scoretest.Workload(r, 2)
	golden := []selection.Table{scoretest.Scores([]int{1, 5, 6, 2}, []int{9, 7, 7, 7})}
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{1, 2, 4, 5}) || r.overlap(o.Items) != 1 {
		t.Errorf("points %v, overlap %v", o.Items, r.overlap(o.Items))
	}
	if v := r.overlap([]int{0, 2, 6, 7}); math.Abs(v-(1.0/3)/2) > 1e-12 {
		t.Errorf("overlap %v", v)
	}
	task, run := Task(), &selection.Run{Workload: w, Scores: golden, Outcome: o}
	faulty, err := w.Transient(golden, 0, 0, []byte{0, 5, 250, 6})
	if err != nil {
		t.Fatal(err)
	}
	// Points 1 and 3 of the first set now: distances 1 and 56, the mean of all four.
	if e := task.Effect(run, faulty); !slices.Equal(faulty.Items, []int{1, 3, 4, 5}) || math.Abs(e.Consequence-1) > 1e-9 || e.Distance != 1-3.0/5 {
		t.Errorf("points %v: %+v", faulty.Items, e)
	}
}
