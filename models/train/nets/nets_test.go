package nets

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"upset/models/tflite"
)

func generator() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// everything joins all kinds of nodes; its last node has three values.
func everything(rng *rand.Rand) *Graph {
	g := New(Shape{6, 4, 3})
	c := g.Conv(0, 3, 1, 4, true, Relu, rng)
	d := g.Depthwise(c, 3, 2, true, Linear, rng)
	s := g.Sigmoid(d)
	m := g.MaxPool(c, 2, 2)
	a := g.AvgPool(c, 2, 2)
	p := g.Mul(s, m)
	b := g.Add(p, g.AvgPool(a, 3, 2)) // repeats a single item
	g.Dense(g.Tanh(g.Dense(g.Concat(b, a), 5, Linear, rng)), 3, Linear, rng)
	return g
}

func sample(n int, rng *rand.Rand) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// TestGradients compares every kind of node with differences of the loss.
func TestGradients(t *testing.T) {
	rng := generator()
	g := everything(rng)
	x := sample(g.Shape(0).Size(), rng)
	target := SquaredError([][]float64{{1, -2, 0.5}})
	grad := make([]float64, 3)
	loss := func() float64 { return target(0, g.Forward(x), grad) }
	loss()
	g.Backward(grad)
	const h = 1e-6
	for k, p := range g.Params() {
		for i := range p.Value {
			was := p.Value[i]
			p.Value[i] = was + h
			up := loss()
			p.Value[i] = was - h
			down := loss()
			p.Value[i] = was
			if want := (up - down) / (2 * h); math.Abs(want-p.Grad[i]) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("parameter %d[%d]: gradient %v, difference quotient %v", k, i, p.Grad[i], want)
			}
		}
	}
}

func TestFitSeparates(t *testing.T) {
	rng := generator()
	var x [][]float64
	var labels []int
	for range 200 {
		p := sample(2, rng)
		label := 0
		if p[0]*p[1] > 0 {
			label = 1
		}
		x, labels = append(x, p), append(labels, label)
	}
	g := New(Shape{1, 1, 2})
	g.Dense(g.Dense(0, 16, Relu, rng), 2, Linear, rng)
	if loss := g.Fit(x, CrossEntropy(labels), Schedule{Epochs: 60, Batch: 10, Rate: 1e-2}, rng); loss > 0.15 {
		t.Errorf("loss %v after training on four quadrants", loss)
	}
}

// TestExport compares the integer graph's file with what was asked for, and that
// the same graph gives the same bytes.
func TestExport(t *testing.T) {
	rng := generator()
	g := everything(rng)
	var x [][]float64
	for range 20 {
		x = append(x, sample(g.Shape(0).Size(), rng))
	}
	a, err := g.Export(x, Options{Input: &Quant{Scale: 1.0 / 32, ZeroPoint: 3}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Export(x, Options{Input: &Quant{Scale: 1.0 / 32, ZeroPoint: 3}})
	if err != nil || !bytes.Equal(a, b) {
		t.Fatal("a second export differs", err)
	}
	m, err := tflite.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	in := m.Subgraphs[0].Tensors[m.Subgraphs[0].Inputs[0]]
	if in.Quant.Scale[0] != 1.0/32 || in.Quant.ZeroPoint[0] != 3 {
		t.Errorf("the input has quantisation %v", in.Quant)
	}
	if _, err := g.Export(nil, Options{}); err == nil {
		t.Error("no samples: no error")
	}
	if _, err := g.Export(x, Options{Chain: true}); err == nil {
		t.Error("a chain whose dense layer is not the last: no error")
	}
	g.Params()[0].Value[0] = math.NaN()
	if _, err := g.Export(x, Options{}); err == nil {
		t.Error("a weight that is no number: no error")
	}
}

func TestConcatOfFixedScales(t *testing.T) {
	g := New(Shape{1, 1, 2})
	g.Concat(g.Tanh(0), g.Sigmoid(0))
	if _, err := g.Export([][]float64{{1, 2}}, Options{}); err == nil {
		t.Error("tanh and sigmoid have different scales: no error")
	}
}
