package kit

import (
	"math"
	"math/rand/v2"
)

// TaylorSoftmax returns probabilities proportional to 1 + g + g²/2, which falls
// off less steeply than softmax (de Brébisson and Vincent, ICLR 2016).
func TaylorSoftmax(gains []float64) []float64 {
	p := make([]float64, len(gains))
	sum := 0.0
	for i, g := range gains {
		p[i] = 1 + g + float64(g*g)/2
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// Sample draws k distinct indices with probabilities in proportion to weights, one
// after the other, in ascending order. Indices without weight are drawn last.
func Sample(weights []float64, k int, rng *rand.Rand) []int {
	keys := Gumbel(len(weights), rng)
	for i, w := range weights {
		keys[i] += math.Log(max(0, w))
	}
	return TopK(keys, k)
}
