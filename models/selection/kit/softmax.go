package kit

import "math"

// Softmax returns the probabilities that belong to logits.
func Softmax(logits []float64) []float64 {
	p := make([]float64, len(logits))
	top, sum := math.Inf(-1), 0.0
	for _, v := range logits {
		top = max(top, v)
	}
	for j, v := range logits {
		p[j] = math.Exp(v - top)
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return p
}

// Mixture returns (1−share)·a + share·b.
func Mixture(a, b []float64, share float64) []float64 {
	m := make([]float64, len(a))
	for i, v := range a {
		m[i] = float64((1-share)*v) + float64(share*b[i])
	}
	return m
}
