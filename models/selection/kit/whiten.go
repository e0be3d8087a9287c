package kit

import (
	"fmt"
	"math"
)

// Whitening is a linear map after which the vectors that it was made from have
// no correlations and unit variances.
type Whitening struct {
	lower [][]float64 // Cholesky factor of the covariance
}

// NewWhitening makes the map from the covariance of vectors, to whose diagonal
// the share ridge of its mean is added.
func NewWhitening(vectors [][]float64, ridge float64) (*Whitening, error) {
	if len(vectors) == 0 || !(ridge > 0) {
		return nil, fmt.Errorf("whitening: %d vectors, ridge %v; it needs vectors and a positive ridge", len(vectors), ridge)
	}
	n, count := len(vectors[0]), float64(len(vectors))
	mean, lower := make([]float64, n), make([][]float64, n)
	for _, v := range vectors {
		if len(v) != n {
			return nil, fmt.Errorf("whitening: vectors of %d and %d numbers", n, len(v))
		}
		for i, x := range v {
			mean[i] += x / count
		}
	}
	trace := 0.0
	for i := range lower {
		lower[i] = make([]float64, n)
		for _, v := range vectors {
			for j := range i + 1 {
				lower[i][j] += float64((v[i]-mean[i])*(v[j]-mean[j])) / count
			}
		}
		trace += lower[i][i]
	}
	if trace == 0 {
		trace = float64(n)
	}
	for i := range lower {
		lower[i][i] += ridge * trace / float64(n)
		for j := range i + 1 {
			sum := lower[i][j]
			for k := range j {
				sum -= float64(lower[i][k] * lower[j][k])
			}
			if i != j {
				lower[i][j] = sum / lower[j][j]
				continue
			}
			if !(sum > 0) {
				return nil, fmt.Errorf("whitening: the covariance is not positive at number %d; use finite vectors", i)
			}
			lower[i][i] = math.Sqrt(sum)
		}
	}
	return &Whitening{lower}, nil
}

// Apply maps a vector. The mean is not taken off, since a gradient of zero means
// no influence.
func (w *Whitening) Apply(v []float64) []float64 {
	out := make([]float64, len(w.lower))
	for i, row := range w.lower {
		sum := v[i]
		for k, x := range out[:i] {
			sum -= float64(row[k] * x)
		}
		out[i] = sum / row[i]
	}
	return out
}
