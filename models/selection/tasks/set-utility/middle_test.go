package utility

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// Scores that fall with the distance choose the points of the least sum of distances among
// all sets of the size, wherever the set lies.
func TestChosenIsTheMiddle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 10 {
		const points, picks = 8, 3
		set, moved := make([]byte, 2*points), make([]byte, 2*points)
		for i := range set {
			v := rng.IntN(100) - 50
			set[i], moved[i] = byte(int8(v)), byte(int8(v+20-40*(i%2)))
		}
		d := distances(set)
		for i, v := range distances(moved) {
			if math.Abs(v-d[i]) > 1e-9 {
				t.Fatalf("round %d: point %d is %v from the mean, %v after a shift", round, i, d[i], v)
			}
		}
		var scores []int
		for _, v := range d {
			scores = append(scores, -int(math.Round(v)))
		}
		r := &utility{picks: picks, sets: [][]byte{set}}
		sum := func(items []int) (total float64) {
			for _, i := range items {
				total += d[i]
			}
			return total
		}
		least := math.Inf(1)
		for _, items := range scoretest.Subsets(points, picks) {
			least = min(least, sum(items))
		}
		if got := sum(scoretest.Decide(t, r, scoretest.Scores(scores)).Items); got > least+picks { // codes are whole
			t.Errorf("round %d: distances sum to %v, the least is %v", round, got, least)
		}
	}
}

// TestOrderOfPoints: the network knows no order. Points in another order get the same
// scores in that order, also through the description of the whole set.
func TestOrderOfPoints(t *testing.T) {
	rng := data.Rand(4, 0)
	g := utilityGraph(true, rng)
	x, _ := pointSet(rng)
	before := slices.Clone(g.Forward(x))
	order, other := rng.Perm(utilityItems), make([]float64, len(x))
	for at, i := range order {
		copy(other[2*at:2*at+2], x[2*i:2*i+2])
	}
	for at, v := range g.Forward(other) {
		if math.Abs(v-before[order[at]]) > 1e-9 {
			t.Fatalf("point %d scores %v, before %v", order[at], v, before[order[at]])
		}
	}
}

// A fault in the description that all points share moves all scores of one set and no other
// set; a bit of one score moves one point at most.
func TestFaultStaysInItsSet(t *testing.T) {
	r := &utility{picks: 2, sets: [][]byte{row(-6, 0, 0, 10), row(-6, 0, 0, 10)}}
	w := scoretest.Workload(r, 2)
	scores := []selection.Table{scoretest.Scores([]int{1, 9, 9, 1}, []int{1, 9, 9, 1})}
	run := &selection.Run{Workload: w, Scores: scores, Outcome: scoretest.Decide(t, r, scores[0])}
	task := Task()
	all, err := w.Transient(scores, 0, 1, []byte{9, 1, 1, 9})
	if e := task.Effect(run, all); err != nil || !slices.Equal(all.Items, []int{1, 2, 4, 7}) || e.Consequence != 1 || math.Abs(e.Distance-2.0/3) > 1e-12 {
		t.Errorf("all scores of a set: %v, %+v, %v", all.Items, e, err)
	}
	one, err := w.Transient(scores, 0, 1, []byte{1, 9, 9, 127})
	if err != nil || !slices.Equal(one.Items, []int{1, 2, 5, 7}) {
		t.Errorf("one score of a set: %v, %v", one.Items, err)
	}
	if same, err := w.Transient(scores, 0, 1, []byte{0, 9, 8, 1}); err != nil || !same.Equal(run.Outcome) {
		t.Errorf("low bits: %v, %v", same.Items, err)
	}
}
