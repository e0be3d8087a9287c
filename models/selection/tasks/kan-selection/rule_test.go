package kan

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// TestKAN has modes that are off by a constant: even rows choose and odd rows
// rate. A tie goes to the lowest mode.
func TestKAN(t *testing.T) {
	r := &kan{gates: make([]int, kanFunctions)}
	for range 4 {
		r.targets = append(r.targets, make([]float64, kanFunctions))
	}
	modes := [][2]int{{5, 4}, {2, 8}, {-2, 1}, {9, 0}, {9, 9}, {20, 20}} // codes off in even and odd rows
	var scores []selection.Table
	for _, m := range modes {
		var rows [][]int
		for i := range r.targets {
			rows = append(rows, slices.Repeat([]int{m[i%2]}, kanFunctions))
		}
		scores = append(scores, scoretest.Table(0.1, kanFunctions, rows...))
	}
	plain := scores[len(kanModes)]
	scores = scores[:len(kanModes)]
	golden := scoretest.Decide(t, r, scores...)
	if !slices.Equal(golden.Items, slices.Repeat([]int{1}, kanFunctions)) {
		t.Fatalf("modes %v", golden.Items)
	}
	for m, want := range []float64{0, 0, 0, 0, 0.125} { // 9 against 8
		o := selection.Outcome{Metric: selection.Route, Items: slices.Clone(golden.Items)}
		o.Items[3] = m
		if got := r.Consequence(scores, golden, o); math.Abs(got-want) > 1e-9 {
			t.Errorf("mode %d: consequence %v, want %v", m, got, want)
		}
	}
	for range modes {
		r.floats = append(r.floats, slices.Repeat([]float64{0.3}, kanFunctions))
	}
	e := r.errors(scores, &plain, golden.Items)
	for _, v := range []struct{ got, want float64 }{
		{e.selected, 0.8}, {e.before, 0.3}, {e.plain, 2}, {e.mode[0], 0.4}, {float64(e.half), kanFunctions}, {float64(e.near), 0}, {float64(e.alike), 0},
	} {
		if math.Abs(v.got-v.want) > 1e-9 {
			t.Errorf("%+v", e)
		}
	}
}
