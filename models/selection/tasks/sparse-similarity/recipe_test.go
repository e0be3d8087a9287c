package sparse

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// noise draws features without structure.
func noise(rng *rand.Rand) [][]float64 {
	var features [][]float64
	for range 50 {
		h := make([]float64, digits.Hidden)
		for j := range h {
			h[j] = max(0, rng.NormFloat64())
		}
		features = append(features, h)
	}
	return features
}

// TestAutoencoder compares the gradients with differences of the loss, which
// training lowers.
func TestAutoencoder(t *testing.T) {
	rng := data.Rand(3, 0)
	features := noise(rng)
	a := newAutoencoder(features, rng)
	a.we.Value[5] += 0.1 // the two halves are not the same
	h := features[7]
	loss := func() float64 {
		sum, z := 0.0, a.encode(h)
		for j, v := range h {
			guess := a.b.Value[j]
			for u, x := range z {
				guess += x * a.wd.Value[u*digits.Hidden+j]
			}
			sum += (guess - v) * (guess - v) / 2
		}
		return sum
	}
	a.backward(h)
	checked := 0
	for k, p := range []*nets.Param{a.we, a.be, a.wd, a.b} {
		for i := range p.Value {
			if p.Grad[i] == 0 {
				continue
			}
			const step = 1e-6
			v := p.Value[i]
			p.Value[i] = v + step
			up := loss()
			p.Value[i] = v - step
			down := loss()
			p.Value[i] = v
			if want := (up - down) / (2 * step); math.Abs(p.Grad[i]-want) > 1e-5*max(1, math.Abs(want)) {
				t.Fatalf("parameter %d, %d: %v, want %v", k, i, p.Grad[i], want)
			}
			checked++
		}
	}
	if checked < 500 {
		t.Errorf("only %d gradients", checked)
	}
	active := 0
	for _, v := range a.encode(h) {
		if v > 0 {
			active++
		}
	}
	if active == 0 || active > sparseActive {
		t.Errorf("%d active units", active)
	}
	first := loss()
	a.fit(features, rng)
	if last := loss(); last > first/2 {
		t.Errorf("loss %v after training, %v before", last, first)
	}
}

// TestSparseNetwork compares the exported network with the autoencoder.
func TestSparseNetwork(t *testing.T) {
	rng := data.Rand(4, 0)
	features := noise(rng)
	a := newAutoencoder(features, rng)
	a.fit(features, rng)
	prototype := slices.Repeat([]float64{0.3}, sparseUnits)
	from := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	tap := from.Dense(0, digits.Hidden, nets.Relu, rng)
	g := a.network(from, tap, prototype, rng)
	x := make([]float64, data.DigitsSize)
	for i := range x {
		x[i] = rng.Float64()
	}
	from.Forward(x)
	out, codes := g.Forward(x), a.encode(from.Value(tap))
	for u, want := range codes {
		if want > 0 && math.Abs(out[u]-want) > 1e-9 || math.Abs(out[sparseUnits+u]-max(0, out[u]-0.3)) > 1e-9 {
			t.Fatalf("unit %d: %v and %v, want %v", u, out[u], out[sparseUnits+u], want)
		}
	}
}
