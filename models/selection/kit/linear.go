package kit

import "gonum.org/v1/gonum/mat"

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
