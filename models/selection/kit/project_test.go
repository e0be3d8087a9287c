package kit

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestProject(t *testing.T) {
	for name, c := range map[string]struct {
		w    []float64
		k    float64
		want []float64
	}{
		"inside":     {[]float64{0.25, 0.75}, 1, []float64{0.25, 0.75}},
		"shift":      {[]float64{1, 1, 1, 1}, 2, []float64{0.5, 0.5, 0.5, 0.5}},
		"lower":      {[]float64{0.5, 0.75, -3}, 1, []float64{0.375, 0.625, 0}},
		"upper":      {[]float64{9, 0.5, 0.25}, 1.5, []float64{1, 0.375, 0.125}},
		"all":        {[]float64{-5, 7}, 3, []float64{1, 1}},
		"none":       {[]float64{-5, 7}, -1, []float64{0, 0}},
		"of nothing": {nil, 1, nil},
	} {
		got := Project(c.w, c.k)
		if len(got) != len(c.want) {
			t.Fatalf("%s: %v", name, got)
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-12 {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}

// TestProjectIsClosest compares the projection with random points of the set.
func TestProjectIsClosest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	apart := func(a, b []float64) float64 {
		d := 0.0
		for i := range a {
			d += (a[i] - b[i]) * (a[i] - b[i])
		}
		return d
	}
	for range 20 {
		w := make([]float64, 6)
		for i := range w {
			w[i] = 4*rng.Float64() - 2
		}
		got := Project(w, 2)
		for range 200 {
			other := make([]float64, 6)
			for range 2 {
				other[rng.IntN(6)] += 0.5
				other[rng.IntN(6)] += 0.5
			}
			inside := true
			for _, v := range other {
				inside = inside && v <= 1
			}
			if inside && apart(w, other) < apart(w, got)-1e-9 {
				t.Fatalf("%v is closer to %v than %v", other, w, got)
			}
		}
	}
}

func TestUpper(t *testing.T) {
	// 0.5 − 0.5·(loss + 2·0.25·0.5): 0.375, −0.125 and −0.625, which moves by 0.25.
	got := Upper([]float64{0.5, 0.5, 0.5}, []float64{0, 1, 2}, 0.5, 0.25, 0.75)
	for i, want := range []float64{0.625, 0.125, 0} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%v", got)
		}
	}
}
