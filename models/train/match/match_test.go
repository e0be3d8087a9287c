package match

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestTokens(t *testing.T) {
	x := make([]float64, data.DigitsSize)
	x[2*8+7] = 0.5 // row 2, column 7: token 1, 3 and there the upper right pixel
	out := tokens(x)
	token := out[(1*tokenSide+3)*tokenDepth:][:tokenDepth]
	if !slices.Equal(token, []float64{0, 0.5, 0, 0, 0, 1, 1, 1}) {
		t.Errorf("token %v", token)
	}
	sum := 0.0
	for i, v := range out {
		if i%tokenDepth < 4 {
			sum += v
		}
	}
	if sum != 0.5 {
		t.Errorf("pixels sum to %v", sum)
	}
}

// TestWeightedMean checks that the pooling is a mean that weighs later tokens
// more, and that training leaves it alone.
func TestWeightedMean(t *testing.T) {
	rng := data.Rand(1, 0)
	e := newEncoder(rng)
	head := e.g.Dense(e.mean, classes, nets.Linear, rng)
	before := slices.Clone(e.g.Weight(e.mean).Value)
	x := make([]float64, tokenSide*tokenSide*tokenDepth)
	for i := range x {
		x[i] = rng.Float64()
	}
	e.fit(&data.Samples{X: [][]float64{x, x}, Labels: []int{1, 2}}, head, rng)
	if !slices.Equal(before, e.g.Weight(e.mean).Value) {
		t.Error("training changed the mean")
	}
	e.g.Forward(x)
	states := e.g.Value(e.layer[1])
	for c, got := range e.g.Value(e.mean) {
		want := 0.0
		for i := range tokenSide * tokenSide {
			want += float64(i+1) / 136 * states[i*tokenOut+c]
		}
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("channel %d: %v, want %v", c, got, want)
		}
	}
}

// TestLevel checks that scales of hidden units do not change the logits.
func TestLevel(t *testing.T) {
	rng := data.Rand(2, 0)
	g := nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize})
	tap := g.Dense(0, hidden, nets.Relu, rng)
	logits := g.Dense(tap, classes, nets.Linear, rng)
	var samples [][]float64
	for range 20 {
		x := make([]float64, data.DigitsSize)
		for i := range x {
			x[i] = rng.Float64()
		}
		samples = append(samples, x)
	}
	before := slices.Clone(g.Forward(samples[0]))
	ratio := g.Value(tap)[0] / g.Value(tap)[1]
	factors := slices.Repeat([]float64{3, 0.5}, hidden/2)
	level(g, tap, logits, samples, factors)
	for c, v := range g.Forward(samples[0]) {
		if math.Abs(v-before[c]) > 1e-9 {
			t.Errorf("logit %d: %v, was %v", c, v, before[c])
		}
	}
	if got := g.Value(tap)[0] / g.Value(tap)[1]; ratio > 0 && math.Abs(got-6*ratio) > 1e-9*got {
		t.Errorf("units at %v, were at %v", got, ratio)
	}
	top := [2]float64{}
	for _, x := range samples {
		for _, v := range g.Forward(x) {
			top[0] = max(top[0], math.Abs(v))
		}
		top[1] = max(top[1], slices.Max(g.Value(tap)))
	}
	if math.Abs(top[0]-top[1]) > 1e-9 {
		t.Errorf("largest logit %v, largest unit %v", top[0], top[1])
	}
}

// noise draws features without structure.
func noise(rng *rand.Rand) [][]float64 {
	var features [][]float64
	for range 50 {
		h := make([]float64, hidden)
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
				guess += x * a.wd.Value[u*hidden+j]
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
	tap := from.Dense(0, hidden, nets.Relu, rng)
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

func TestOfClass(t *testing.T) {
	s := &data.Samples{X: [][]float64{{1}, {2}, {3}, {4}}, Labels: []int{7, 5, 7, 7}}
	if got := ofClass(s, 7, 1, 1); len(got.X) != 1 || got.X[0][0] != 3 {
		t.Errorf("%v", got.X)
	}
	if got := ofClass(s, 7, 0, 9); len(got.X) != 3 {
		t.Errorf("%v", got.X)
	}
}
