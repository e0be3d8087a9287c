package filter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// pool is a filter of rows whose loss falls the more the later they come, and its scores.
func pool(rows int) (*filter, []selection.Table) {
	r := &filter{kept: rows / 2, fewKept: 2}
	var prior, tuned [][]int
	for i := range rows {
		r.given, r.truth, r.pictures = append(r.given, i%10), append(r.truth, i%10), append(r.pictures, []byte{byte(10 * (i % 10))})
		prior = append(prior, make([]int, 10))
		tuned = append(tuned, scoretest.Class(i%10, i))
	}
	for c := range 10 {
		r.test, r.testTruth = append(r.test, []byte{byte(10*c + 1)}), append(r.testTruth, c)
	}
	return r, []selection.Table{scoretest.Table(0.1, 10, prior...), scoretest.Table(0.1, 10, tuned...)}
}

// The reduction is the difference of the losses of both models on the given label.
func TestReduction(t *testing.T) {
	r, scores := pool(60)
	v := r.reduction(scores)
	for i, got := range v {
		want := math.Log(10) - math.Log(1+9*math.Exp(-0.1*float64(i)))
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
	o := scoretest.Decide(t, r, scores...)
	if len(o.Items) != 30 || o.Items[0] != 30 {
		t.Errorf("kept %v", o.Items)
	}
	r.given[59] = 3 // a wrong label
	if got := r.reduction(scores)[59]; got >= 0 {
		t.Errorf("the loss on a wrong label falls by %v", got)
	}
}

// What a swap loses grows with the distance of the rows in the order of reductions.
func TestConsequenceOfSwaps(t *testing.T) {
	r, scores := pool(60)
	o := scoretest.Decide(t, r, scores...)
	before := 0.0
	for _, in := range []int{29, 20, 10, 0} {
		items := slices.Clone(o.Items)
		items[len(items)-1] = in
		got := r.Consequence(scores, o, selection.Outcome{Metric: selection.Set, Items: items})
		if got <= before {
			t.Errorf("row %d for the best: consequence %v after %v", in, got, before)
		}
		before = got
	}
	if before >= 1 {
		t.Errorf("one row of thirty: consequence %v", before)
	}
	var worst []int
	for i := range 30 {
		worst = append(worst, i)
	}
	if got := r.Consequence(scores, o, selection.Outcome{Metric: selection.Set, Items: worst}); got < 1 {
		t.Errorf("the worst half: consequence %v", got)
	}
}

// Rows of all classes vote for all test rows; those of one class only for its own.
func TestAccuracyOfSets(t *testing.T) {
	r, _ := pool(100)
	var all, one []int
	for i := range 100 {
		all = append(all, i)
		if i%10 == 4 {
			one = append(one, i)
		}
	}
	if got := r.accuracy(all); got != 1 {
		t.Errorf("all rows: accuracy %v", got)
	}
	if got := r.accuracy(one); got != 0.1 {
		t.Errorf("rows of one class: accuracy %v", got)
	}
	few, many := r.random(5, rand.New(rand.NewPCG(1, 1))), r.random(90, rand.New(rand.NewPCG(1, 1)))
	if few >= many || many > 1 {
		t.Errorf("random sets of 5 and of 90 rows: %v and %v", few, many)
	}
}
