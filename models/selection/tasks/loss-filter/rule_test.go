package filter

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// TestFilter keeps the rows whose loss falls most. The label of a row has logit 0
// against ten of v before and w after, so its loss falls where v exceeds w.
func TestFilter(t *testing.T) {
	others := func(values ...int) selection.Table {
		var rows [][]int
		for _, v := range values {
			row := slices.Repeat([]int{v}, digits.Classes)
			row[2] = 0
			rows = append(rows, row)
		}
		return scoretest.Table(0.1, digits.Classes, rows...)
	}
	r := &filter{given: []int{2, 2, 2, 2}, kept: 2}
	scores := []selection.Table{others(0, 20, 20, 10), others(0, 20, 0, 0)}
	golden := scoretest.Decide(t, r, scores...)
	if !slices.Equal(golden.Items, []int{2, 3}) {
		t.Fatalf("kept %v", golden.Items)
	}
	// Rows 0 and 1 tie at no change: the lower one replaces a row that is lost.
	faulty := slices.Clone(scores)
	faulty[1] = others(0, 20, 0, 30)
	o := scoretest.Decide(t, r, faulty...)
	if !slices.Equal(o.Items, []int{0, 2}) {
		t.Fatalf("kept %v", o.Items)
	}
	v := r.reduction(scores)
	want := v[3] / 2 / ((v[2]+v[3])/2 - (v[2]+v[3])/4)
	if got := r.Consequence(scores, golden, o); math.Abs(got-want) > 1e-9 || want <= 0 {
		t.Errorf("consequence %v, want %v", got, want)
	}
	if got := r.Consequence(scores, golden, golden); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
}

// TestFilterVotes: the vote of the nearest five follows the given labels.
func TestFilterVotes(t *testing.T) {
	r := &filter{
		given:    []int{1, 1, 1, 4, 4, 4, 4, 4},
		pictures: [][]byte{{0}, {1}, {2}, {3}, {4}, {100}, {101}, {102}},
		test:     [][]byte{{1}, {101}, {0xff}}, testTruth: []int{1, 4, 4}, // the last picture is −1
	}
	if got := r.accuracy(kit.Every(8)); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("accuracy %v", got)
	}
	if got := r.accuracy([]int{5}); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("one row votes alone: accuracy %v", got)
	}
}
