package kan

import (
	"math"
	"slices"
	"testing"
	"upset/models/train/data"
)

// TestInsert: the network of all functions computes what those of one do.
func TestInsert(t *testing.T) {
	for _, mode := range append(slices.Clone(kanModes), "mlp") {
		rng := data.Rand(2, 0)
		all := newNetwork(mode, kanFunctions, rng)
		for _, n := range all.trained {
			clear(all.g.Weight(n).Value)
		}
		x := []float64{0.3, -0.7}
		var want []float64
		numbers := 0
		for f := range kanFunctions {
			one := newNetwork(mode, 1, rng)
			for _, n := range one.trained {
				for i := range one.g.Bias(n).Value {
					one.g.Bias(n).Value[i] = rng.NormFloat64()
				}
				if f == 0 {
					numbers += len(one.g.Weight(n).Value) + len(one.g.Bias(n).Value)
				}
			}
			all.insert(one, mode, f)
			want = append(want, one.g.Forward(x)[0])
		}
		for f, got := range all.g.Forward(x) {
			if math.Abs(got-want[f]) > 1e-12 {
				t.Errorf("%s, function %d: %v, want %v", mode, f, got, want[f])
			}
		}
		if numbers < 75 || numbers > 79 {
			t.Errorf("%s: %d trained numbers; all networks should have about as many", mode, numbers)
		}
	}
}

// TestChebyshev compares the polynomials with cos(n·arccos).
func TestChebyshev(t *testing.T) {
	k := newEdged()
	k.edges("chebyshev", 0)
	x := []float64{0.4, -1.1}
	for j, got := range k.g.Forward(x) {
		order, u := 1+j/2, math.Tanh(x[j%2])
		if want := math.Cos(float64(order) * math.Acos(u)); math.Abs(got-want) > 1e-12 {
			t.Errorf("order %d of %v: %v, want %v", order, x[j%2], got, want)
		}
	}
}

// TestGate: the mode that fits gets the weight, wherever it stands.
func TestGate(t *testing.T) {
	y := []float64{1, -1, 0.5, 0.2}
	shifted := func(d ...float64) []float64 {
		z := slices.Clone(y)
		for i := range z {
			z[i] += d[i]
		}
		return z
	}
	exact, near, far := slices.Clone(y), shifted(0.1, 0, -0.1, 0), shifted(1, 1, -1, 1)
	for want, z := range [][][]float64{{exact, near, far}, {near, exact, far}, {far, near, exact}} {
		if got := gate(z, y); got != want {
			t.Errorf("gate %d, want %d", got, want)
		}
	}
	if got := gate([][]float64{near, near}, y); got != 0 {
		t.Errorf("a tie gives %d", got)
	}
}
