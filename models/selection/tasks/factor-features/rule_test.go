package factors

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/train/data"
)

// TestFit recovers weights of labels without noise.
func TestFit(t *testing.T) {
	rng := data.Rand(1, 0)
	want := []float64{1, -2, 0.5}
	var x [][]float64
	for range 20 {
		x = append(x, []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()})
	}
	for k, w := range fit(x, predictions(x, want)) {
		if math.Abs(w-want[k]) > 1e-6 {
			t.Errorf("weight %d: %v, want %v", k, w, want[k])
		}
	}
	for _, w := range fit(make20(0), predictions(x, want)) {
		if w != 0 {
			t.Errorf("features of zero have weight %v", w)
		}
	}
}

func make20(v float64) [][]float64 {
	x := make([][]float64, 20)
	for i := range x {
		x[i] = []float64{v, v, v}
	}
	return x
}

// The components span the factors: what they leave of a column of U is small.
func TestComponents(t *testing.T) {
	w := newWorld(3)
	x, _ := w.draw(unlabeled, data.Rand(3, ofUnlabeled))
	c, err := components(x)
	if err != nil {
		t.Fatal(err)
	}
	for k := range hidden {
		size, inside := 0.0, 0.0
		for j := range hidden {
			along := 0.0
			for i := range seen {
				along += c[j*seen+i] * w.mix[i*hidden+k]
			}
			inside += along * along
		}
		for i := range seen {
			size += w.mix[i*hidden+k] * w.mix[i*hidden+k]
		}
		if inside < 0.97*size || inside > size*(1+1e-9) {
			t.Errorf("factor %d: %v of %v in the span", k, inside, size)
		}
	}
}

func TestConsequence(t *testing.T) {
	r := &regression{truth: []float64{4, 0, 2, 2}} // of mean 2
	golden := selection.Outcome{Items: []int{0}}
	for item, want := range []float64{0, 2, 1, 1} {
		if got := r.Consequence(nil, golden, selection.Outcome{Items: []int{item}}); math.Abs(got-want) > 1e-12 {
			t.Errorf("sample %d: consequence %v, want %v", item, got, want)
		}
	}
}

// What the encoder gives back is the projection on the components.
func TestTransposed(t *testing.T) {
	c := make([]float64, hidden*seen)
	c[0], c[seen+1], c[2*seen+2] = 1, 1, 1
	for i, v := range transposed(c) {
		if want := i == 0 || i == hidden+1 || i == 2*hidden+2; want != (v == 1) {
			t.Errorf("number %d: %v", i, v)
		}
	}
}

// Labels without noise have the variance that the check speaks of.
func TestDraw(t *testing.T) {
	_, y := newWorld(2).draw(4000, data.Rand(2, ofPool))
	sum := 0.0
	for _, v := range y {
		sum += v * v / 4000
	}
	if math.Abs(sum-hidden) > 0.3 {
		t.Errorf("variance %v", sum)
	}
}
