package kit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWhitening checks that mapped vectors have no correlations.
func TestWhitening(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	var vectors [][]float64
	for range 500 {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		vectors = append(vectors, []float64{10*a + 2, a + 0.1*b, 3*b - 1})
	}
	w, err := NewWhitening(vectors, 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	var mapped [][]float64
	for _, v := range vectors {
		mapped = append(mapped, w.Apply(v))
	}
	for i := range 2 { // the third number depends on the other two
		for j := range 2 {
			var x, y, xy float64
			for _, v := range mapped {
				x, y, xy = x+v[i]/500, y+v[j]/500, xy+v[i]*v[j]/500
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if got := xy - x*y; math.Abs(got-want) > 1e-3 {
				t.Errorf("covariance %d, %d: %v", i, j, got)
			}
		}
	}
}

func TestWhiteningByHand(t *testing.T) {
	// Variances 4 and 1: the first number is halved.
	w, err := NewWhitening([][]float64{{2, 1}, {-2, 1}, {2, -1}, {-2, -1}}, 1e-12)
	if err != nil {
		t.Fatal(err)
	}
	if v := w.Apply([]float64{6, 5}); math.Abs(v[0]-3) > 1e-6 || math.Abs(v[1]-5) > 1e-6 {
		t.Errorf("%v", v)
	}
	if w, err = NewWhitening([][]float64{{1, 2}}, 0.5); err != nil || w.Apply([]float64{0, 0})[1] != 0 {
		t.Errorf("a single vector: %v", err)
	}
}

func TestWhiteningRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		vectors [][]float64
		ridge   float64
	}{"nothing": {nil, 1}, "ragged": {[][]float64{{1}, {1, 2}}, 1}, "ridge": {[][]float64{{1}}, 0}, "no number": {[][]float64{{math.NaN()}}, 1}} {
		if _, err := NewWhitening(c.vectors, c.ridge); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
