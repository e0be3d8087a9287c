package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGumbel compares how often each item comes first with its weight, and the
// mean with the Euler–Mascheroni constant.
func TestGumbel(t *testing.T) {
	const draws = 20000
	weights, first, mean := []float64{1, 2, 5}, make([]int, 3), 0.0
	rng := rand.New(rand.NewPCG(1, 2))
	for range draws {
		noise := Gumbel(len(weights), rng)
		mean += noise[0] / draws
		for i, w := range weights {
			noise[i] += math.Log(w)
		}
		first[Argmax(noise)]++
	}
	for i, w := range weights { // four standard errors are below 0.0145
		if share := float64(first[i]) / draws; math.Abs(share-w/8) > 0.0145 {
			t.Errorf("item %d comes first in %.4f of the draws, not %.4f", i, share, w/8)
		}
	}
	if math.Abs(mean-0.5772) > 0.037 { // four standard errors
		t.Errorf("mean %.4f", mean)
	}
	if !slices.Equal(Gumbel(4, rand.New(rand.NewPCG(7, 7))), Gumbel(4, rand.New(rand.NewPCG(7, 7)))) {
		t.Error("the same seed gives other numbers")
	}
}

func TestTopOfGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		groups []int
		share  float64
		want   []int
	}{
		{"half of each group", []float64{9, 8, 7, 6, 1, 2}, []int{0, 0, 0, 0, 1, 1}, 0.5, []int{0, 1, 5}},
		{"a tie goes to the lower index", []float64{3, 3, 3, 3}, []int{0, 0, 0, 0}, 0.5, []int{0, 1}},
		{"a small group gets nothing", []float64{9, 1, 1, 1, 1}, []int{0, 1, 1, 1, 1}, 0.25, []int{1}},
		{"all", []float64{1, 2}, []int{4, 5}, 2, []int{0, 1}},
		{"none", nil, nil, 0.5, nil},
	} {
		if got := TopOfGroups(c.values, c.groups, c.share); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"same order", []float64{1, 2, 30}, []float64{5, 60, 700}, 1},
		{"reverse order", []float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{"one swap", []float64{1, 2, 3, 4}, []float64{1, 3, 2, 4}, 0.8},           // 1 − 6·2/(4·15)
		{"a tie", []float64{1, 1, 2}, []float64{1, 2, 3}, 1.5 / math.Sqrt(2*1.5)}, // ranks 0.5, 0.5, 2 from below
		{"constant", []float64{1, 1}, []float64{1, 2}, 0},
		{"other lengths", []float64{1}, []float64{1, 2}, 0},
	} {
		if got := Spearman(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
