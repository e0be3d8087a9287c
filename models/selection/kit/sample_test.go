package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTaylorSoftmax(t *testing.T) {
	// 1+0+0 = 1, 1+1+½ = 2.5, 1+3+4.5 = 8.5.
	p := TaylorSoftmax([]float64{0, 1, 3})
	for i, want := range []float64{1.0 / 12, 2.5 / 12, 8.5 / 12} {
		if math.Abs(p[i]-want) > 1e-12 {
			t.Errorf("probability %d: %v, want %v", i, p[i], want)
		}
	}
}

// TestSample compares the shares of first draws with the weights, and of two
// draws with the product rule.
func TestSample(t *testing.T) {
	const n = 20000
	rng := rand.New(rand.NewPCG(1, 2))
	weights := []float64{5, 0, 3, 2}
	var one, two [4]float64
	for range n {
		for _, i := range Sample(weights, 1, rng) {
			one[i] += 1.0 / n
		}
		for _, i := range Sample(weights, 2, rng) {
			two[i] += 1.0 / n
		}
	}
	pair := 0.5 + 0.3*5/7 + 0.2*5/8
	if math.Abs(one[0]-0.5) > 0.02 || one[1] != 0 || math.Abs(one[3]-0.2) > 0.02 || math.Abs(two[0]-pair) > 0.02 || two[1] != 0 {
		t.Errorf("shares %v and %v, of item 0 in pairs %v wanted", one, two, pair)
	}
	if s := Sample(weights, 9, rng); !slices.Equal(s, []int{0, 1, 2, 3}) {
		t.Errorf("all: %v", s)
	}
}
