package kit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Whitening is a linear map after which the vectors that it was made from have
// no correlations and unit variances.
type Whitening struct {
	lower mat.TriDense // Cholesky factor of the covariance
}

// NewWhitening makes the map from the covariance of vectors, to whose diagonal
// the share ridge of its mean is added.
func NewWhitening(vectors [][]float64, ridge float64) (*Whitening, error) {
	if len(vectors) == 0 || !(ridge > 0) {
		return nil, fmt.Errorf("whitening: %d vectors, ridge %v; it needs vectors and a positive ridge", len(vectors), ridge)
	}
	n, count := len(vectors[0]), float64(len(vectors))
	rows := mat.NewDense(len(vectors), n, nil)
	for i, v := range vectors {
		if len(v) != n {
			return nil, fmt.Errorf("whitening: vectors of %d and %d numbers", n, len(v))
		}
		if norm := floats.Norm(v, 1); math.IsNaN(norm) || math.IsInf(norm, 0) {
			return nil, fmt.Errorf("whitening: vector %d is not finite", i)
		}
		rows.SetRow(i, v)
	}
	covariance := mat.NewSymDense(n, nil)
	if count > 1 {
		stat.CovarianceMatrix(covariance, rows, nil)
		covariance.ScaleSym((count-1)/count, covariance) // of the vectors themselves, not of what they were drawn from
	}
	trace := mat.Trace(covariance)
	if trace == 0 {
		trace = float64(n)
	}
	for i := range n {
		covariance.SetSym(i, i, covariance.At(i, i)+ridge*trace/float64(n))
	}
	w := &Whitening{}
	var c mat.Cholesky
	if !c.Factorize(covariance) {
		return nil, fmt.Errorf("whitening: the covariance is not positive; use a larger ridge")
	}
	c.LTo(&w.lower)
	return w, nil
}

// Apply maps a vector. The mean is not taken off, since a gradient of zero means
// no influence.
func (w *Whitening) Apply(v []float64) []float64 {
	out := mat.NewVecDense(len(v), nil)
	// The diagonal of the factor is positive, so that there is a solution.
	_ = out.SolveVec(&w.lower, mat.NewVecDense(len(v), v))
	return out.RawVector().Data
}
