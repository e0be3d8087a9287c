package kit

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The rows span what they did: what they leave of each old row is nothing.
func TestOrthonormal(t *testing.T) {
	m := mat.NewDense(2, 3, []float64{3, 4, 0, 1, 1, 1})
	q := Orthonormal(m)
	var gram, back, again mat.Dense
	gram.Mul(q, q.T())
	if math.Abs(gram.At(0, 0)-1) > 1e-12 || math.Abs(gram.At(1, 1)-1) > 1e-12 || math.Abs(gram.At(0, 1)) > 1e-12 {
		t.Errorf("products of the rows %v", mat.Formatted(&gram))
	}
	back.Mul(m, q.T())
	again.Mul(&back, q)
	if !mat.EqualApprox(&again, m, 1e-12) {
		t.Errorf("the span is another one: %v", mat.Formatted(&again))
	}
}
