package nets

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestExponential(t *testing.T) {
	for x := 0.0; x > -60; x -= 0.37 {
		if got, want := exponential(x), math.Exp(x); math.Abs(got-want) > 1e-13*want {
			t.Errorf("e^%g = %g, want %g", x, got, want)
		}
	}
	if exponential(-1000) != 0 {
		t.Error("e^-1000 is not 0")
	}
}

func TestRectify(t *testing.T) {
	x := []float32{-1, float32(math.Copysign(0, -1)), 0, 1e-30, 2, float32(math.Inf(-1))}
	single.rectify(x)
	for i, want := range []float32{0, 0, 0, 1e-30, 2, 0} {
		if math.Float32bits(x[i]) != math.Float32bits(want) {
			t.Errorf("element %d: got %v, want %v", i, x[i], want)
		}
	}
	dy := []float32{1, -2, 3, 4, -5, 6}
	single.gradient(x, dy)
	for i, want := range []float32{0, 0, 0, 4, -5, 0} {
		if dy[i] != want {
			t.Errorf("gradient %d: got %v, want %v", i, dy[i], want)
		}
	}
}

func TestSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, chunk, chunk + 1, 3*chunk + 5} {
		x, y := make([]float32, n), make([]float32, n)
		var wantSum, wantDot float64
		for i := range x {
			x[i], y[i] = rng.Float32(), rng.Float32()
			wantSum += float64(x[i])
			wantDot += float64(x[i]) * float64(y[i])
		}
		if got := single.total(0.5, x) - 0.5; math.Abs(got-wantSum) > 1e-6*float64(n+1) {
			t.Errorf("total of %d: got %g, want %g", n, got, wantSum)
		}
		if got := single.dot(0.5, x, y) - 0.5; math.Abs(got-wantDot) > 1e-6*float64(n+1) {
			t.Errorf("dot of %d: got %g, want %g", n, got, wantDot)
		}
	}
}
