package lasso

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"upset/models/train/data"
)

// The basis has rows of length one at right angles, heads and target have length one, and
// the target is a sum of three heads.
func TestNewWorld(t *testing.T) {
	w := newWorld(11)
	var unit mat.Dense
	unit.Mul(w.basis, w.basis.T())
	for i := range hidden {
		for j := range hidden {
			if want := map[bool]float64{true: 1}[i == j]; math.Abs(unit.At(i, j)-want) > 1e-9 {
				t.Errorf("rows %d and %d of the basis: product %v", i, j, unit.At(i, j))
			}
		}
	}
	for k := range sources {
		if n := mat.Norm(w.heads.RowView(k), 2); math.Abs(n-1) > 1e-9 {
			t.Errorf("head %d has length %v", k, n)
		}
	}
	if n := mat.Norm(w.target, 2); math.Abs(n-1) > 1e-9 {
		t.Errorf("the target has length %v", n)
	}
}

// A label is what a head says of a sample plus noise: over many samples its covariance with
// the sample is the head in the sample's numbers, and its variance 1 + ¼.
func TestDraw(t *testing.T) {
	w, rng := newWorld(12), data.Rand(12, 9)
	const n = 20000
	var theta mat.VecDense
	theta.MulVec(w.basis.T(), w.target)
	cross, square := make([]float64, seen), 0.0
	for range n {
		x, y := w.draw(w.target, rng)
		for i, v := range x {
			cross[i] += v * y / n
		}
		square += y * y / n
	}
	// Deviations of means of n are about √(1.25/n) and √(2·1.25²/n).
	for i, v := range cross {
		if math.Abs(v-theta.AtVec(i)) > 5*math.Sqrt(1.25/n) {
			t.Errorf("number %d: covariance %v, want %v", i, v, theta.AtVec(i))
		}
	}
	if math.Abs(square-1.25) > 5*1.25*math.Sqrt(2.0/n) {
		t.Errorf("variance %v", square)
	}
}

// Moments are sums over samples; sources without any have none, and heads of zero.
func TestSampleOfNone(t *testing.T) {
	w := newWorld(13)
	n := make([]int, sources)
	n[4] = 50
	m := w.sample(n, data.Rand(13, 1))
	heads := m.heads(w.basis)
	for k := range sources {
		norm := mat.Norm(heads.RowView(k), 2)
		if k == 4 {
			var apart mat.VecDense
			apart.SubVec(heads.RowView(k), w.heads.RowView(k))
			// Least squares in four numbers from fifty samples of noise ½.
			if mat.Norm(&apart, 2) > 0.5 {
				t.Errorf("the head is off by %v", mat.Norm(&apart, 2))
			}
		} else if norm != 0 || mat.Norm(m.gram[k], 2) != 0 {
			t.Errorf("source %d without samples has a head of length %v", k, norm)
		}
	}
}

// Heads are least squares: the miss of every sample's label has no covariance with what the
// basis shows.
func TestHeadsAreLeastSquares(t *testing.T) {
	w := newWorld(14)
	m := w.sample(slices.Repeat([]int{40}, sources), data.Rand(14, 1))
	heads := m.heads(w.basis)
	for k := range 5 {
		var inside, said, left mat.VecDense
		inside.MulVec(w.basis.T(), heads.RowView(k))
		said.MulVec(m.gram[k], &inside)
		said.SubVec(m.cross[k], &said)
		left.MulVec(w.basis, &said)
		if mat.Norm(&left, 2) > 1e-2 { // of forty samples, with the tiny ridge
			t.Errorf("source %d: %v is left", k, mat.Norm(&left, 2))
		}
	}
}

// What a basis misses depends on its span alone, and twice the samples leave half as much
// open of the target's head.
func TestMissedAndBound(t *testing.T) {
	w := newWorld(15)
	m := w.sample(slices.Repeat([]int{20}, sources), data.Rand(15, 1))
	basis, _ := m.fit()
	before := w.missed(basis)
	c, s := math.Cos(0.7), math.Sin(0.7)
	turn := mat.NewDense(hidden, hidden, []float64{c, s, 0, 0, -s, c, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0})
	var turned mat.Dense
	turned.Mul(turn, basis)
	if got := w.missed(&turned); math.Abs(got-before) > 1e-9 || before <= 0 || before > 1 {
		t.Errorf("missed %v, %v after a turn", before, got)
	}
	n := make([]float64, sources)
	for k := range n {
		n[k] = 1 + float64(k%5)
	}
	one := w.bound(n)
	for k := range n {
		n[k] *= 2
	}
	if got := w.bound(n); math.Abs(got-one/2) > 1e-9 {
		t.Errorf("bound %v, %v of twice the samples", one, got)
	}
	n[7] += 10
	if got := w.bound(n); got > one/2+1e-12 {
		t.Errorf("more samples leave more open: %v after %v", got, one/2)
	}
}

// A matrix without an inverse gives zeros, another one the solution.
func TestSolve(t *testing.T) {
	b := mat.NewVecDense(2, []float64{3, 5})
	if got := solve(mat.NewSymDense(2, []float64{1, 1, 1, 1}), b); !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("no inverse: %v", got)
	}
	// 2x + y = 3, x + 3y = 5.
	got := solve(symmetric(mat.NewDense(2, 2, []float64{1.5, 1, 99, 2.5}), 0.5), b)
	if math.Abs(got[0]-0.8) > 1e-12 || math.Abs(got[1]-1.4) > 1e-12 {
		t.Errorf("solution %v", got)
	}
}
