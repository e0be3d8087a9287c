package window

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// The risk is that of the most certain four fifths, whatever the others are.
func TestRisk(t *testing.T) {
	certainty := []float64{0.9, 0.1, 0.8, 0.7, 0.6, 0.95, 0.85, 0.75, 0.2, 0.65}
	right := make([]bool, 10)
	for i := range right {
		right[i] = certainty[i] >= 0.3
	}
	if got := risk(certainty, right); got != 0 {
		t.Errorf("only the least certain are wrong: risk %v", got)
	}
	right[5] = false
	if got := risk(certainty, right); got != 0.125 {
		t.Errorf("the most certain one is wrong: risk %v", got)
	}
	if got := risk(certainty, make([]bool, 10)); got != 1 {
		t.Errorf("all are wrong: risk %v", got)
	}
}

// cascade is a rule for rows of which some are certain at once.
func cascade() (*window, []selection.Table) {
	r := &window{low: 0.5, high: 0.9, edge: 0.6}
	var small, big [][]int
	for i := range 10 {
		r.truth = append(r.truth, i)
		first, second := scoretest.Class(i, 60), scoretest.Class(i, 60)
		if i >= 6 { // the small network does not know, the large one does
			first = make([]int, windowClasses)
			first[(i+1)%windowClasses], first[i] = 34, 28
		}
		small, big = append(small, first), append(big, second)
	}
	return r, []selection.Table{scoretest.Table(0.1, windowClasses, small...), scoretest.Table(0.1, windowClasses, big...)}
}

// TestRisks: the cascade has the large network's answers where the small one is not
// certain, and passes on no others.
func TestRisks(t *testing.T) {
	r, scores := cascade()
	small, big, both, passed, err := r.risks(scores)
	if err != nil || small <= 0 || big != 0 || both != 0 || math.Abs(passed-0.4) > 1e-12 {
		t.Errorf("risks %v, %v and %v, %v passed on, error %v", small, big, both, passed, err)
	}
}

// Rows that are certain at once are not shown to the large network.
func TestOnlyUncertainRowsGoOn(t *testing.T) {
	r, scores := cascade()
	asked := [2]int{}
	layout := []selection.Table{{Scale: 0.1, Width: windowClasses}, {Scale: 0.1, Width: windowClasses}}
	scorers := make([]selection.Scorer, 2)
	for k := range scorers {
		for i := range r.truth {
			scorers[k].Rows = append(scorers[k].Rows, []byte{byte(i)})
		}
	}
	o, err := r.Decide(selection.FromFunction(layout, scorers, func(scorer int, input []byte) []byte {
		asked[scorer]++
		return scores[scorer].Row(int(input[0]))
	}))
	if err != nil || asked != [2]int{10, 4} {
		t.Fatalf("%v inferences, error %v", asked, err)
	}
	for i, depth := range o.Items {
		want := 1
		if i >= 6 {
			want = 2
		}
		if depth != want || o.Values[i] != 1 {
			t.Errorf("row %d: depth %d, accepted %v", i, depth, o.Values[i])
		}
	}
}

func TestConsequence(t *testing.T) {
	r := &window{}
	golden := selection.Outcome{Metric: selection.Depth, Items: []int{1, 1, 2, 1}, Values: []float64{1, 1, 0, 1}}
	deeper := selection.Outcome{Metric: selection.Depth, Items: []int{1, 2, 2, 1}, Values: golden.Values}
	if got := r.Consequence(nil, golden, deeper); got != 0.25 {
		t.Errorf("one row of another depth: consequence %v", got)
	}
	accepted := selection.Outcome{Metric: selection.Depth, Items: golden.Items, Values: []float64{1, 1, 1, 1}}
	if got := r.Consequence(nil, golden, accepted); got != 1 {
		t.Errorf("an answer that is to be refused: consequence %v", got)
	}
}
