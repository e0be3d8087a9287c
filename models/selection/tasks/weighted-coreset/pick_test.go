package coreset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// random is a rule for rows at random places of a plane, with given and true labels.
func random(rows int) *coreset {
	rng := rand.New(rand.NewPCG(1, 1))
	r := &coreset{}
	for i := range rows {
		r.Rows = append(r.Rows, []float64{rng.NormFloat64(), rng.NormFloat64()})
		r.given, r.Truth = append(r.given, i%digits.Classes), append(r.Truth, i%digits.Classes)
		if i%5 == 0 {
			r.given[i] = (i + 1) % digits.Classes
		}
	}
	return r
}

// Every pick has the largest weight times the distance from the picks before it, and none
// comes twice.
func TestPicksByDefinition(t *testing.T) {
	r := random(120)
	weight := func(i int) float64 { return 1 + float64(i%7) }
	picks := r.pick(weight)
	if len(picks) != chosen {
		t.Fatalf("%d picks", len(picks))
	}
	value := func(i int, before []int) float64 {
		apart := 1.0
		for k, j := range before {
			if d := kit.Distance(r.Rows[i], r.Rows[j]); k == 0 || d < apart {
				apart = d
			}
		}
		return weight(i) * apart
	}
	for k, i := range picks {
		if slices.Contains(picks[:k], i) {
			t.Fatalf("row %d is picked twice", i)
		}
		for j := range r.Rows {
			if !slices.Contains(picks[:k], j) && value(j, picks[:k]) > value(i, picks[:k])+1e-12 {
				t.Fatalf("pick %d is row %d of %v, row %d has %v", k, i, value(i, picks[:k]), j, value(j, picks[:k]))
			}
		}
	}
}

// A row of no weight is never picked while others are left, however far it lies.
func TestPickAvoidsWeightless(t *testing.T) {
	r := random(120)
	r.Rows[9] = []float64{1000, 1000}
	if picks := r.pick(func(i int) float64 {
		if i == 9 {
			return 0
		}
		return 1
	}); slices.Contains(picks, 9) {
		t.Errorf("picks %v", picks)
	}
}

// A student without any idea sees no difficulty; a judge trusts a label by its probability.
func TestWeightsOfDoubt(t *testing.T) {
	r := &coreset{given: []int{3, 3, 3}}
	student := scoretest.Table(0.1, digits.Classes, make([]int, digits.Classes), scoretest.Class(5, 90), scoretest.Class(3, 90))
	judge := scoretest.Table(0.1, digits.Classes, scoretest.Class(3, 90), scoretest.Class(5, 90), make([]int, digits.Classes))
	difficulty, trust := r.weights([]selection.Table{student, judge})
	if math.Abs(difficulty[0]) > 1e-9 || difficulty[1] < 8 || difficulty[2] > 0.01 {
		t.Errorf("difficulties %v: no idea, certain of another class, certain of the label", difficulty)
	}
	if trust[0] < 0.99 || trust[1] > 0.001 || math.Abs(trust[2]-0.1) > 1e-9 {
		t.Errorf("dependabilities %v", trust)
	}
}

// A wrong label more has a consequence of its share at least.
func TestConsequence(t *testing.T) {
	r := random(100)
	student, judge := make([][]int, 100), make([][]int, 100)
	for i := range student {
		student[i], judge[i] = scoretest.Class((i+5)%digits.Classes, 20), scoretest.Class(r.given[i], 60)
	}
	scores := []selection.Table{scoretest.Table(0.1, digits.Classes, student...), scoretest.Table(0.1, digits.Classes, judge...)}
	set := func(items ...int) selection.Outcome { return selection.Outcome{Metric: selection.Set, Items: items} }
	golden := set(1, 2, 3, 4)
	if got := r.wrong([]int{0, 1}); got != 0.5 {
		t.Errorf("share of wrong labels %v", got)
	}
	if got := r.Consequence(scores, golden, golden); got != 0 {
		t.Errorf("the same set: %v", got)
	}
	if got := r.Consequence(scores, golden, set(1, 2, 3, 5)); got < 0.25 {
		t.Errorf("a wrong label among four: %v", got)
	}
}
