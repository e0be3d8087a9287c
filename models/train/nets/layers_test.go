package nets

import (
	"math"
	"math/rand/v2"
	"testing"
)

// windowed is a network of float64 with one layer under test between two that mix.
func windowed(layer func(g *Graph, rng *rand.Rand) Node, rng *rand.Rand) *Graph {
	g := New(Shape{7, 6, 2})
	g.Conv(0, 1, 1, 2, false, Linear, rng) // so that the gradient by the input of the layer counts
	g.Dense(layer(g, rng), 3, Linear, rng)
	return g
}

// layers are all windows and both precisions' ways through them.
var layers = map[string]func(g *Graph, rng *rand.Rand) Node{
	"conv same":          func(g *Graph, r *rand.Rand) Node { return g.NormConv(1, Window{3, 1, true}, 3, r) },
	"conv valid":         func(g *Graph, r *rand.Rand) Node { return g.NormConv(1, Window{3, 1, false}, 3, r) },
	"conv same by 2":     func(g *Graph, r *rand.Rand) Node { return g.NormConv(1, Window{3, 2, true}, 3, r) },
	"conv valid by 2":    func(g *Graph, r *rand.Rand) Node { return g.NormConv(1, Window{3, 2, false}, 3, r) },
	"pointwise":          func(g *Graph, r *rand.Rand) Node { return g.NormConv(1, Window{1, 1, true}, 4, r) },
	"depthwise":          func(g *Graph, r *rand.Rand) Node { return g.NormDepthwise(1, Window{3, 1, true}, r) },
	"depthwise by 2":     func(g *Graph, r *rand.Rand) Node { return g.NormDepthwise(1, Window{3, 2, true}, r) },
	"conv without norm":  func(g *Graph, r *rand.Rand) Node { return g.Conv(1, 3, 1, 3, true, Linear, r) },
	"depthwise and pool": func(g *Graph, r *rand.Rand) Node { return g.AvgPool(g.Depthwise(1, 2, 1, true, Linear, r), 7, 6) },
	"largest of pools":   func(g *Graph, r *rand.Rand) Node { return g.MaxPool(1, 3, 2) },
}

// batch fills the inputs of a network for several samples, and weights its outputs.
func batch[T Real](g *Net[T], samples int, rng *rand.Rand) (weights []T) {
	g.room(samples)
	for i := range g.nodes[0].value {
		g.nodes[0].value[i] = T(rng.NormFloat64())
	}
	weights = make([]T, len(g.last().value))
	for i := range weights {
		weights[i] = T(rng.NormFloat64())
	}
	return weights
}

// pass runs a batch in training and returns Σ weight·output, with gradients.
func pass[T Real](g *Net[T], weights []T) float64 {
	g.forward(true)
	sum := 0.0
	for i, v := range g.last().value {
		sum += float64(v) * float64(weights[i])
	}
	copy(g.last().grad, weights)
	return sum
}

// TestBatchGradients compares the gradients of a batch with differences, for every kind
// of window, with normalisation. The corner of a rectifier hides in a few of many
// numbers, so that single differences may be off, but not many.
func TestBatchGradients(t *testing.T) {
	for name, layer := range layers {
		rng := generator()
		g := windowed(layer, rng)
		weights := batch(g, 5, rng)
		pass(g, weights)
		g.backward()
		const h = 1e-6
		wrong, all := 0, 0
		for _, p := range g.Params() {
			for i := range p.Value {
				was := p.Value[i]
				p.Value[i] = was + h
				up := pass(g, weights)
				p.Value[i] = was - h
				down := pass(g, weights)
				p.Value[i] = was
				all++
				if want := (up - down) / (2 * h); math.Abs(want-p.Grad[i]) > 1e-4*(1+math.Abs(want)) {
					wrong++
				}
			}
		}
		if wrong > all/50 {
			t.Errorf("%s: %d of %d gradients are not what differences give", name, wrong, all)
		}
	}
}

// tower is a network of all layers with normalisation.
func tower[T Real](g *Net[T]) {
	rng := generator()
	n := g.NormConv(0, Window{3, 2, true}, 4, rng)
	n = g.NormDepthwise(n, Window{3, 1, true}, rng)
	n = g.NormConv(n, Window{1, 1, true}, 6, rng)
	p := g.Shape(n)
	g.Dense(g.AvgPool(n, p.H, p.W), 3, Linear, rng)
}

// TestSingleFollowsDouble compares the vector loops of float32 with the plain ones.
func TestSingleFollowsDouble(t *testing.T) {
	one, two := NewSingle(Shape{9, 8, 1}), New(Shape{9, 8, 1})
	tower(one)
	tower(two)
	a, b := batch(one, 40, generator()), batch(two, 40, generator())
	if x, y := pass(one, a), pass(two, b); math.Abs(x-y) > 1e-4*(1+math.Abs(y)) {
		t.Errorf("float32 gives %v, float64 %v", x, y)
	}
	one.backward()
	two.backward()
	for k, p := range two.Params() {
		for i, want := range p.Grad {
			if got := float64(one.Params()[k].Grad[i]); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
				t.Fatalf("parameter %d[%d]: gradient %v in float32, %v in float64", k, i, got, want)
			}
		}
	}
}

// TestConvAgainstDefinition compares convolutions with their definition.
func TestConvAgainstDefinition(t *testing.T) {
	rng := generator()
	for _, w := range []Window{{3, 1, true}, {3, 2, true}, {3, 2, false}, {2, 1, true}, {5, 3, true}, {1, 1, true}, {1, 2, true}} {
		g := New(Shape{7, 6, 2})
		n := g.Conv(0, w.K, w.Stride, 3, w.Same, Linear, rng)
		g.Bias(n).Value[1] = 0.5
		x := sample(g.Shape(0).Size(), rng)
		g.Forward(x)
		s, y := g.Shape(n), g.Value(n)
		for i, got := range y {
			c, ox, oy := i%s.C, i/s.C%s.W, i/s.C/s.W
			want := g.Bias(n).Value[c]
			for tap := range w.K * w.K {
				iy, ix := oy*w.Stride+tap/w.K-w.padBefore(7), ox*w.Stride+tap%w.K-w.padBefore(6)
				if iy < 0 || iy >= 7 || ix < 0 || ix >= 6 {
					continue
				}
				for k := range 2 {
					want += g.Weight(n).Value[(c*w.K*w.K+tap)*2+k] * x[(iy*6+ix)*2+k]
				}
			}
			if math.Abs(got-want) > 1e-12 {
				t.Fatalf("window %+v, element %d: got %g, want %g", w, i, got, want)
			}
		}
	}
}

func TestWindowSizes(t *testing.T) {
	// TensorFlow's padding rule: ceil(n/stride) outputs for SAME, the smaller
	// half of the padding first.
	for _, c := range []struct {
		w              Window
		n, out, before int
	}{
		{Window{3, 1, true}, 28, 28, 1},
		{Window{3, 2, true}, 28, 14, 0},
		{Window{3, 2, true}, 7, 4, 1},
		{Window{3, 2, false}, 7, 3, 0},
		{Window{5, 2, true}, 8, 4, 1},
		{Window{1, 2, true}, 5, 3, 0},
	} {
		if out, before := c.w.Output(c.n), c.w.padBefore(c.n); out != c.out || before != c.before {
			t.Errorf("%+v over %d: %d outputs, %d before; want %d, %d", c.w, c.n, out, before, c.out, c.before)
		}
	}
}

// TestNorm: a batch in training has the mean and variance that shift and scale say, and
// so have, after some batches, samples outside training.
func TestNorm(t *testing.T) {
	rng := generator()
	g := NewSingle(Shape{4, 4, 1})
	n := g.NormConv(0, Window{1, 1, true}, 1, rng)
	g.nodes[n].act = Linear
	g.nodes[n].norm.shift.Value[0], g.nodes[n].norm.scale.Value[0] = 10, 2
	g.Weight(n).Value[0] = 3
	for k := range 300 {
		batch(g, 32, rng)
		g.forward(k < 299)
		mean, variance := single.moments(g.nodes[n].value)
		if (k == 0 || k == 299) && (math.Abs(mean-10) > 0.2 || math.Abs(variance-4) > 0.5) {
			t.Errorf("batch %d: mean %g, variance %g", k, mean, variance)
		}
	}
}

// TestFold: weights with the normalisation folded in give the same numbers.
func TestFold(t *testing.T) {
	rng := generator()
	for name, layer := range layers {
		g := New(Shape{7, 6, 2})
		g.Conv(0, 1, 1, 2, false, Linear, rng)
		n := layer(g, rng)
		if g.nodes[n].norm == nil {
			continue
		}
		batch(g, 5, rng)
		g.forward(true)
		x := sample(g.Shape(0).Size(), rng)
		want := append([]float64(nil), g.Forward(x)...)
		l := g.nodes[n].layer(Quant{Scale: 1})
		g.nodes[n].norm, g.nodes[n].bias = nil, &Param{Value: l.Biases}
		g.nodes[n].weight.Value = l.Weights
		g.nodes[n].room(1)
		for i, got := range g.Forward(x) {
			if math.Abs(got-want[i]) > 1e-9 {
				t.Fatalf("%s: folded %g, network %g", name, got, want[i])
			}
		}
	}
}
