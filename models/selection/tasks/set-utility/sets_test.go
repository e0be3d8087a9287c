package utility

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// row is a set of points on a line, as input codes.
func row(at ...int) []byte {
	var out []byte
	for _, v := range at {
		out = append(out, byte(int8(v)), 0)
	}
	return out
}

func TestDistances(t *testing.T) {
	// The mean of −6, 0, 0 and 10 is 1.
	if got := distances(row(-6, 0, 0, 10)); !slices.Equal(got, []float64{7, 1, 1, 9}) {
		t.Errorf("distances %v", got)
	}
	if got := distances([]byte{3, 4, 0xfd, 0xfc}); math.Abs(got[0]-5) > 1e-12 || math.Abs(got[1]-5) > 1e-12 {
		t.Errorf("two points: %v", got)
	}
}

// Points are chosen in every set by itself.
func TestChosen(t *testing.T) {
	r := &utility{picks: 2}
	table := scoretest.Scores([]int{5, 1, 4, 0}, []int{9, 9, 9, 9}, []int{-4, -3, -2, -1})
	if got := r.chosen(&table); !slices.Equal(got, []int{0, 2, 4, 5, 10, 11}) {
		t.Errorf("chosen %v", got)
	}
}

// Every set is a decision by itself: the one that is hit worst counts, not the mean.
func TestConsequenceOfTheWorstSet(t *testing.T) {
	r := &utility{picks: 2, sets: [][]byte{row(-6, 0, 0, 10), row(-6, 0, 0, 10), row(-6, 0, 0, 10)}}
	golden := selection.Outcome{Metric: selection.Set, Items: []int{1, 2, 5, 6, 9, 10}}
	if got := r.Consequence(nil, golden, golden); got != 0 {
		t.Errorf("the same points: consequence %v", got)
	}
	// The mean distance is 4.5, that of the golden points 1; one at 7 in their place makes 4.
	one := selection.Outcome{Metric: selection.Set, Items: []int{1, 2, 4, 6, 9, 10}}
	if got := r.Consequence(nil, golden, one); math.Abs(got-3/3.5) > 1e-12 {
		t.Errorf("a point of one set: consequence %v", got)
	}
	all := selection.Outcome{Metric: selection.Set, Items: []int{0, 2, 4, 6, 8, 10}}
	if got := r.Consequence(nil, golden, all); math.Abs(got-3/3.5) > 1e-12 {
		t.Errorf("a point of every set: consequence %v", got)
	}
	short := selection.Outcome{Metric: selection.Set, Items: []int{1, 2}}
	if got := r.Consequence(nil, golden, short); got != 1 {
		t.Errorf("sets without points: consequence %v", got)
	}
}

func TestOverlap(t *testing.T) {
	r := &utility{picks: 2, sets: [][]byte{row(-6, 0, 0, 10), row(0, 1, 50, -51)}}
	for _, c := range []struct {
		items []int
		want  float64
	}{
		{[]int{1, 2, 4, 5}, 1}, {[]int{0, 3, 6, 7}, 0}, {[]int{1, 2, 6, 7}, 0.5}, {[]int{1, 0, 4, 5}, (1 + 1.0/3) / 2},
	} {
		if got := r.overlap(c.items); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("points %v: overlap %v, want %v", c.items, got, c.want)
		}
	}
}
