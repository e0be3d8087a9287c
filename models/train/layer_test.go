package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// noise returns a tensor of uniform numbers from −1 to 1.
func noise(s Shape, n int, rng *rand.Rand) *Tensor {
	t := NewTensor(s.C, s.H, s.W, n)
	for i := range t.Data {
		t.Data[i] = 2*rng.Float32() - 1
	}
	return t
}

func clone(t *Tensor) *Tensor {
	c := NewTensor(t.C, t.H, t.W, t.N)
	copy(c.Data, t.Data)
	return c
}

// checkGradients compares Backward with central differences of the loss
// Σ weight·output, for the input and every parameter. The bound allows for
// single precision in the forward pass.
func checkGradients(t *testing.T, l Layer, x *Tensor, rng *rand.Rand) {
	t.Helper()
	y := l.Forward(x, true)
	weights := noise(Shape{y.C, y.H, y.W}, y.N, rng)
	loss := func() float64 {
		var sum float64
		for i, v := range l.Forward(x, true).Data {
			sum += float64(v) * float64(weights.Data[i])
		}
		return sum
	}
	loss()
	dx := clone(l.Backward(clone(weights)))
	const step, bound = 1e-3, 2e-2
	compare := func(name string, value, grad []float32) {
		for i := range value {
			kept := value[i]
			value[i] = kept + step
			up := loss()
			value[i] = kept - step
			down := loss()
			value[i] = kept
			numeric := (up - down) / (2 * step)
			if math.Abs(numeric-float64(grad[i])) > bound*(1+math.Abs(numeric)) {
				t.Errorf("%s %d: gradient %g, differences give %g", name, i, grad[i], numeric)
			}
		}
	}
	compare("input", x.Data, dx.Data)
	for k, p := range l.Params() {
		compare(fmt.Sprintf("parameter %d", k), p.Value, p.Grad)
	}
}

func TestGradients(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    Shape
		layer func(Shape, *rand.Rand) Layer
	}{
		{"conv same", Shape{2, 5, 4}, func(s Shape, r *rand.Rand) Layer { return NewConv(s, 3, Window{3, 1, true}, r) }},
		{"conv valid stride 2", Shape{2, 7, 6}, func(s Shape, r *rand.Rand) Layer { return NewConv(s, 2, Window{3, 2, false}, r) }},
		{"conv same stride 2", Shape{1, 6, 5}, func(s Shape, r *rand.Rand) Layer { return NewConv(s, 2, Window{3, 2, true}, r) }},
		{"pointwise", Shape{3, 4, 3}, func(s Shape, r *rand.Rand) Layer { return NewConv(s, 4, Window{1, 1, true}, r) }},
		{"depthwise", Shape{3, 5, 4}, func(s Shape, r *rand.Rand) Layer { return NewDepthwise(s, Window{3, 1, true}, r) }},
		{"depthwise stride 2", Shape{2, 6, 7}, func(s Shape, r *rand.Rand) Layer { return NewDepthwise(s, Window{3, 2, true}, r) }},
		{"dense", Shape{2, 3, 2}, func(s Shape, r *rand.Rand) Layer { return NewDense(s, 4, r) }},
		{"pool", Shape{3, 3, 2}, func(s Shape, r *rand.Rand) Layer { return NewGlobalPool(s) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			l := c.layer(c.in, rng)
			checkGradients(t, l, noise(c.in, 5, rng), rng)
		})
	}
}

// The rectifier has a corner, so its scale and shift are set such that no
// output is near zero: one channel all positive, one all cut off, and for the
// mixed case inputs far from the corner.
func TestNormReluGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	s := Shape{3, 2, 2}
	l := NewNormRelu(s)
	copy(l.Scale.Value, []float32{0.3, 0.3, 1.5})
	copy(l.Shift.Value, []float32{2, -2, 0})
	x := noise(s, 6, rng)
	for i, v := range x.Channel(2) {
		x.Channel(2)[i] = float32(math.Copysign(1, float64(v))) + 0.3*v
	}
	checkGradients(t, l, x, rng)
	for _, v := range l.y.Channel(1) {
		if v != 0 {
			t.Fatal("second channel should be cut off")
		}
	}
}

func TestNormReluNormalises(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	l := NewNormRelu(Shape{1, 4, 4})
	l.Shift.Value[0] = 10
	x := noise(l.Shape, 32, rng)
	for i := range x.Data {
		x.Data[i] = 3*x.Data[i] + 5
	}
	mean, variance := moments(l.Forward(x, true).Data)
	if math.Abs(mean-10) > 1e-4 || math.Abs(variance-1) > 1e-2 {
		t.Errorf("in training: mean %g, variance %g", mean, variance)
	}
	for i := 0; i < 300; i++ {
		l.Forward(x, true)
	}
	mean, variance = moments(l.Forward(x, false).Data)
	if math.Abs(mean-10) > 1e-3 || math.Abs(variance-1) > 1e-2 {
		t.Errorf("from running statistics: mean %g, variance %g", mean, variance)
	}
}

func TestConvAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, w := range []Window{{3, 1, true}, {3, 2, true}, {3, 2, false}, {2, 1, true}, {5, 3, true}, {1, 1, true}, {1, 2, true}} {
		in := Shape{2, 7, 6}
		l := NewConv(in, 3, w, rng)
		x := noise(in, 2, rng)
		y := l.Forward(x, false)
		for oc := 0; oc < y.C; oc++ {
			for oy := 0; oy < y.H; oy++ {
				for ox := 0; ox < y.W; ox++ {
					want := convAt(l, x, oc, oy, ox)
					if got := float64(y.Lane(oc, oy, ox)[1]); math.Abs(got-want) > 1e-5 {
						t.Fatalf("window %+v at %d,%d,%d: got %g, want %g", w, oc, oy, ox, got, want)
					}
				}
			}
		}
	}
}

// convAt is one output of a convolution for sample 1, by definition.
func convAt(l *Conv, x *Tensor, oc, oy, ox int) float64 {
	w := l.Window
	var sum float64
	for ky := 0; ky < w.K; ky++ {
		for kx := 0; kx < w.K; kx++ {
			iy, ix := oy*w.Stride+ky-w.padBefore(x.H), ox*w.Stride+kx-w.padBefore(x.W)
			if iy < 0 || iy >= x.H || ix < 0 || ix >= x.W {
				continue
			}
			for ic := 0; ic < x.C; ic++ {
				sum += float64(l.Weight.Value[((oc*w.K+ky)*w.K+kx)*x.C+ic]) * float64(x.Lane(ic, iy, ix)[1])
			}
		}
	}
	return sum
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
		if out, before := c.w.output(c.n), c.w.padBefore(c.n); out != c.out || before != c.before {
			t.Errorf("%+v over %d: %d outputs, %d before; want %d, %d", c.w, c.n, out, before, c.out, c.before)
		}
	}
}

func TestCrossEntropy(t *testing.T) {
	logits := NewTensor(3, 1, 1, 2)
	copy(logits.Data, []float32{1, 0, 2, 0, -1, 0}) // sample 0: 1, 2, −1; sample 1: 0, 0, 0
	labels := []uint8{1, 2}
	for _, smoothing := range []float64{0, 0.1} {
		grad := NewTensor(3, 1, 1, 2)
		loss := CrossEntropy(logits, labels, smoothing, grad)
		if smoothing == 0 {
			want := (math.Log(math.E+math.Exp(2)+math.Exp(-1)) - 2 + math.Log(3)) / 2
			if math.Abs(loss-want) > 1e-12 {
				t.Errorf("loss %g, want %g", loss, want)
			}
		}
		scratch := NewTensor(3, 1, 1, 2)
		for i := range logits.Data {
			kept := logits.Data[i]
			logits.Data[i] = kept + 0.0078125
			up := CrossEntropy(logits, labels, smoothing, scratch)
			logits.Data[i] = kept - 0.0078125
			down := CrossEntropy(logits, labels, smoothing, scratch)
			logits.Data[i] = kept
			if numeric := (up - down) / 0.015625; math.Abs(numeric-float64(grad.Data[i])) > 1e-4 {
				t.Errorf("smoothing %g, logit %d: gradient %g, differences give %g", smoothing, i, grad.Data[i], numeric)
			}
		}
	}
	if Argmax(logits, 0) != 1 || Argmax(logits, 1) != 0 {
		t.Error("argmax: want class 1, and class 0 on a tie")
	}
}
