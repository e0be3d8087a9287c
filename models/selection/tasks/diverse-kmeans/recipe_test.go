package kmeans

import (
	"slices"
	"testing"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestSpoil(t *testing.T) {
	s := &data.Samples{}
	for i := range 10 {
		s.X, s.Labels = append(s.X, []float64{1, 2, 3}), append(s.Labels, 20+i)
	}
	marks := spoil(s, []int{2, 0, 1}, data.Rand(1, 0))
	if !slices.Equal(marks, []int{1, 0, 0, 0, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("marks %v", marks)
	}
	for i, m := range marks {
		want := []float64{1, 2, 3}
		if m == 1 {
			want = []float64{3, 1, 2}
		}
		if !slices.Equal(s.X[i], want) || (m == 1) != (s.Labels[i] < 10) {
			t.Errorf("sample %d: %v of class %d", i, s.X[i], s.Labels[i])
		}
	}
}

// TestAssigner finds the nearest centre by the largest output.
func TestAssigner(t *testing.T) {
	rng := data.Rand(3, 0)
	auto := nets.New(nets.Shape{H: 1, W: 1, C: 4})
	code := auto.Dense(0, 5, nets.Relu, rng)
	auto.Dense(code, 4, nets.Linear, rng)
	var centres [][]float64
	for range 3 {
		c := make([]float64, 5)
		for j := range c {
			c[j] = rng.Float64()
		}
		centres = append(centres, c)
	}
	g := assigner(auto, code, centres, rng)
	for range 50 {
		x := []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		auto.Forward(x)
		if got, want := kit.Argmax(g.Forward(x)), kit.Nearest(auto.Value(code), centres); got != want {
			t.Errorf("%v: cluster %d, nearest centre %d", x, got, want)
		}
	}
}

// TestRecipe runs the recipe twice and compares the bytes.
func TestRecipe(t *testing.T) {
	a, err := recipe(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := recipe(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 6 {
		t.Errorf("%d files", len(a))
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			t.Errorf("%s differs from one run to the next", name)
		}
	}
}
