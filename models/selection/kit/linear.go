package kit

import "gonum.org/v1/gonum/mat"

// Times is m·x for a matrix by rows.
func Times(m, x []float64) []float64 {
	y := make([]float64, len(m)/len(x))
	for o := range y {
		for i, v := range x {
			y[o] += float64(m[o*len(x)+i] * v)
		}
	}
	return y
}

// Orthonormal returns rows of length one at right angles with the span of the rows of m,
// which has no more rows than columns.
func Orthonormal(m mat.Matrix) *mat.Dense {
	var qr mat.QR
	qr.Factorize(m.T())
	var q mat.Dense
	qr.QTo(&q)
	rows, columns := m.Dims()
	return mat.DenseCopyOf(q.Slice(0, columns, 0, rows).T())
}
