package coreset

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
)

// line is a pool on a line: the labels of odd rows are wrong.
func line(n int) *coreset {
	r := &coreset{Pool: digits.Pool{Seed: 1}}
	for i := range n {
		r.Rows = append(r.Rows, []float64{float64(i)})
		r.Truth, r.given = append(r.Truth, 0), append(r.given, i%2)
	}
	return r
}

// The judge trusts class 0 alone; the student finds all rows as hard.
func TestDecide(t *testing.T) {
	const n = 2*chosen + 10
	r := line(n)
	var hard, trust [][]int
	for i := range n {
		hard = append(hard, scoretest.Class((i+1)%2, 3)) // sure of the other class
		trust = append(trust, scoretest.Class(0, 100))
	}
	scores := []selection.Table{scoretest.Scores(hard...), scoretest.Scores(trust...)}
	o := scoretest.Decide(t, r, scores...)
	if len(o.Items) != chosen || r.wrong(o.Items) != 0 {
		t.Fatalf("%d picks, %v wrong", len(o.Items), r.wrong(o.Items))
	}
	worse := selection.Outcome{Metric: selection.Set, Items: append([]int{1}, o.Items[1:]...)}
	if got := r.Consequence(scores, o, worse); got < 1.0/chosen {
		t.Errorf("a wrong label more: consequence %v", got)
	}
	if got := r.Consequence(scores, o, o); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
}

// Without weights the picks are the ends and then the middle.
func TestPick(t *testing.T) {
	r := line(chosen + 1)
	picks := r.pick(func(i int) float64 { return 1 })
	if picks[0] != 0 || picks[1] != chosen || picks[2] != chosen/2 {
		t.Errorf("picks %v", picks[:3])
	}
	seen := map[int]bool{}
	for _, i := range picks {
		if seen[i] {
			t.Errorf("row %d is picked twice", i)
		}
		seen[i] = true
	}
	if picks := r.pick(func(i int) float64 { return float64(i % 2) }); picks[0] != 1 {
		t.Errorf("the heaviest row is not the first pick: %v", picks)
	}
}

// TestWeights compares with the definition: p is a softmax of one leading logit.
func TestWeights(t *testing.T) {
	r := line(2)
	scores := []selection.Table{scoretest.Scores(scoretest.Class(0, 2), scoretest.Class(0, 2)), scoretest.Scores(scoretest.Class(1, 1), scoretest.Class(1, 1))}
	difficulty, dependability := r.weights(scores)
	top := math.Exp(2) / (math.Exp(2) + 9)
	rest := (1 - top) / 9
	doubt := -(top*math.Log(top) + 9*rest*math.Log(rest)) / math.Log(10)
	for i, p := range []float64{top, rest} {
		if want := -math.Log(p) * (1 - doubt); math.Abs(difficulty[i]-want) > 1e-9 {
			t.Errorf("row %d: difficulty %v, want %v", i, difficulty[i], want)
		}
	}
	if want := math.E / (math.E + 9); math.Abs(dependability[1]-want) > 1e-9 {
		t.Errorf("dependability %v, want %v", dependability[1], want)
	}
}

// The nearest neighbour learns the labels as given.
func TestAccuracy(t *testing.T) {
	r := line(4)
	r.Test, r.Want = [][]float64{{0.1}, {1.1}}, []int{0, 0}
	if got := r.accuracy([]int{0, 1}); got != 0.5 {
		t.Errorf("accuracy %v", got)
	}
}
