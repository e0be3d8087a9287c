package kit

import (
	"math"

	"upset/models/train/nets"
)

// Softmax returns the probabilities that belong to logits.
func Softmax(logits []float64) []float64 {
	p := make([]float64, len(logits))
	if len(p) > 0 {
		nets.Softmax(logits, p)
	}
	return p
}

// Logistic is the probability that belongs to one logit.
func Logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// Mixture returns (1−share)·a + share·b.
func Mixture(a, b []float64, share float64) []float64 {
	m := make([]float64, len(a))
	for i, v := range a {
		m[i] = float64((1-share)*v) + float64(share*b[i])
	}
	return m
}
