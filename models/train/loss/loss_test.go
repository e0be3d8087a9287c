package loss

import (
	"math"
	"slices"
	"testing"

	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestDeal(t *testing.T) {
	parts, err := deal(data.Rand(1, 0), 900, 800)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts[0].X) != 900 || len(parts[1].X) != 800 {
		t.Fatalf("parts of %d and %d", len(parts[0].X), len(parts[1].X))
	}
	if !slices.Equal(parts[0].Labels, parts[0].truth) {
		t.Error("labels differ before they are spoilt")
	}
	parts[0].spoil(data.Rand(1, 1))
	right := 0
	for i, l := range parts[0].Labels {
		if l == parts[0].truth[i] {
			right++
		}
	}
	// Expected are 0.55 of 900; four standard errors are 60.
	if math.Abs(float64(right)-495) > 60 {
		t.Errorf("%d of 900 labels stay right", right)
	}
}

// TestInfluences: a step on a sample of the reference itself helps, and the same
// sample with a wrong label harms; the model is left as it was.
func TestInfluences(t *testing.T) {
	rng := data.Rand(2, 0)
	parts, err := deal(rng, 40)
	if err != nil {
		t.Fatal(err)
	}
	reference := parts[0]
	g := classifier(rng)
	g.Fit(reference.X, nets.CrossEntropy(reference.Labels), nets.Schedule{Epochs: 15, Batch: 10, Rate: 2e-3}, rng)
	before := slices.Clone(g.Params()[0].Value)
	probes := reference.some([]int{0, 0, 1, 1, 2, 2})
	for i := 1; i < len(probes.X); i += 2 {
		probes.Labels[i] = (probes.Labels[i] + 5) % classes
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
	if reference.Labels[0] != reference.truth[0] {
		t.Error("the reference was changed")
	}
}

func TestFeatures(t *testing.T) {
	rng := data.Rand(3, 0)
	parts, err := deal(rng, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := parts[0]
	for i, row := range features(classifier(rng), s) {
		label, p := row[data.DigitsSize:][:classes], row[data.DigitsSize+classes:][:classes]
		sum := 0.0
		for c := range classes {
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
