package factors

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// The labels of all seeds have the same variance, and numbers of a sample that of its
// factors and its noise.
func TestWorldVariances(t *testing.T) {
	for seed := range uint64(3) {
		w := newWorld(seed)
		size := 0.0
		for _, v := range w.beta {
			size += v * v
		}
		if math.Abs(size-hidden) > 1e-9 {
			t.Errorf("seed %d: labels of variance %v", seed, size)
		}
		x, y := w.draw(4000, data.Rand(seed, 9))
		label, first := 0.0, 0.0
		for i := range x {
			label, first = label+y[i]*y[i]/4000, first+x[i][0]*x[i][0]/4000
		}
		want := 1.0
		for k := range hidden {
			want += w.mix[k] * w.mix[k]
		}
		if math.Abs(label-hidden) > 0.4 || math.Abs(first-want) > 0.15*want {
			t.Errorf("seed %d: labels of variance %v, the first number %v, want %v", seed, label, first, want)
		}
	}
}

// TestRisk: no error for what is right, the variance of the truth for zeros.
func TestRisk(t *testing.T) {
	r := &regression{truth: []float64{1, -1, 3}}
	if got := r.risk(r.truth); got != 0 {
		t.Errorf("risk of the truth %v", got)
	}
	if got := r.risk(make([]float64, 3)); math.Abs(got-11.0/3) > 1e-12 {
		t.Errorf("risk of zeros %v", got)
	}
}

// Weights that were fitted predict what they were fitted to, where the features tell it.
func TestPredictions(t *testing.T) {
	rng := data.Rand(4, 0)
	var x [][]float64
	var y []float64
	for range 30 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		x, y = append(x, []float64{a, b, a + b}), append(y, 2*a-b)
	}
	for i, v := range predictions(x, fit(x, y)) {
		if math.Abs(v-y[i]) > 1e-3 {
			t.Errorf("sample %d: %v, want %v", i, v, y[i])
		}
	}
	if got := predictions([][]float64{{1, 2}}, []float64{3, -1}); got[0] != 1 {
		t.Errorf("prediction %v", got)
	}
	for _, w := range fit([][]float64{{0, 0}, {0, 0}}, []float64{1, 2}) {
		if math.IsNaN(w) || w != 0 {
			t.Errorf("features that say nothing have the weight %v", w)
		}
	}
}

// TestPretrainingHelps: with few labels, features of the factors have a lower risk than all
// that is seen.
func TestPretrainingHelps(t *testing.T) {
	w := newWorld(5)
	r := &regression{}
	x, y := w.draw(labelled+test, data.Rand(5, 5))
	rng := data.Rand(5, 6)
	for _, v := range y[:labelled] {
		r.labels = append(r.labels, v+labelBlur*rng.NormFloat64())
	}
	r.x, r.truth = x, y[labelled:]
	c, err := components(x[:500])
	if err != nil {
		t.Fatal(err)
	}
	scores := selection.Table{Scale: 1.0 / 64, Width: hidden, Wide: true}
	for _, v := range x {
		for _, s := range kit.Product(c, v) {
			code := int16(math.Round(64 * s))
			scores.Data = append(scores.Data, byte(code), byte(code>>8))
		}
	}
	encoded, raw := r.risks(&scores, few)
	if encoded > riskMost || raw < ratioFew/2*encoded {
		t.Errorf("risk %v by factors, %v by all that is seen", encoded, raw)
	}
	many, all := r.risks(&scores, labelled)
	if many > encoded+0.02 || all > 2*many+0.05 {
		t.Errorf("with many labels: risk %v by factors, %v by all that is seen", many, all)
	}
}
