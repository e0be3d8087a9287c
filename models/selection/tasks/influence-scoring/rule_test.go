package scoring

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// TestInfluence draws the largest sums of prediction and noise of each label.
func TestInfluence(t *testing.T) {
	r := &influence{given: []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, noise: make([]float64, 10)}
	scores := []selection.Table{scoretest.Table(0.1, 1, [][]int{{1}, {9}, {2}, {9}, {0}, {-5}, {-5}, {-4}, {-9}, {-7}}...)}
	golden := scoretest.Decide(t, r, scores...)
	if !slices.Equal(golden.Items, []int{1, 7}) {
		t.Fatalf("drawn %v", golden.Items)
	}
	r.noise[3] = 0.01 // decides the tie
	r.noise[9] = 0.7  // worth more than 0.3/τ
	o := scoretest.Decide(t, r, scores...)
	if !slices.Equal(o.Items, []int{3, 9}) {
		t.Fatalf("drawn %v", o.Items)
	}
	if got := r.Consequence(scores, o, golden); got <= 0 {
		t.Errorf("the set without the noise: consequence %v", got)
	}
}

// TestInfluences: a step on a sample of the reference itself helps, and the same
// sample with a wrong label harms; the model is left as it was.
func TestInfluences(t *testing.T) {
	rng := data.Rand(2, 0)
	parts, err := digits.Deal(rng, 40)
	if err != nil {
		t.Fatal(err)
	}
	reference := parts[0]
	g := digits.Untrained(rng)
	g.Fit(reference.X, nets.CrossEntropy(reference.Labels), nets.Schedule{Epochs: 15, Batch: 10, Rate: 2e-3}, rng)
	before := slices.Clone(g.Params()[0].Value)
	probes := reference.Some([]int{0, 0, 1, 1, 2, 2})
	for i := 1; i < len(probes.X); i += 2 {
		probes.Labels[i] = (probes.Labels[i] + 5) % digits.Classes
	}
	list := influences(g, probes, reference)
	for i := 0; i < len(list); i += 2 {
		if list[i] <= list[i+1] || list[i+1] >= 0 {
			t.Errorf("sample %d: right label %v, wrong label %v", i/2, list[i], list[i+1])
		}
	}
	if !slices.Equal(before, g.Params()[0].Value) {
		t.Error("the model was changed")
	}
	if reference.Labels[0] != reference.Truth[0] {
		t.Error("the reference was changed")
	}
}

func TestFeatures(t *testing.T) {
	rng := data.Rand(3, 0)
	parts, err := digits.Deal(rng, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := parts[0]
	for i, row := range features(digits.Untrained(rng), s) {
		label, p := row[data.DigitsSize:][:digits.Classes], row[data.DigitsSize+digits.Classes:][:digits.Classes]
		sum := 0.0
		for c := range digits.Classes {
			sum += p[c]
			if want := c == s.Labels[i]; (label[c] == 1) != want || label[c] != 0 && label[c] != 1 {
				t.Errorf("row %d: label %v", i, label)
			}
		}
		loss := -math.Log(p[s.Labels[i]]) / influenceMaxLoss
		if math.Abs(sum-1) > 1e-9 || math.Abs(row[len(row)-1]-min(1, loss)) > 1e-9 || !slices.Equal(row[:data.DigitsSize], s.X[i]) {
			t.Errorf("row %d: probabilities add up to %v, loss %v", i, sum, row[len(row)-1])
		}
	}
}
