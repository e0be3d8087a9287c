package quick

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection/digits"
	"upset/models/train/data"
)

// A probe holds the values of its pixel, in another order of the samples.
func TestProbed(t *testing.T) {
	rng := data.Rand(1, 0)
	s := &data.Samples{}
	for i := range 50 {
		x := make([]float64, data.DigitsSize)
		for k := range x {
			x[k] = float64(i*100 + k)
		}
		s.X, s.Labels = append(s.X, x), append(s.Labels, i%10)
	}
	out := probed(s, rng)
	moved := 0
	for j := range data.DigitsSize {
		var pixel, probe []float64
		for i := range s.X {
			if out.X[i][j] != s.X[i][j] || out.Labels[i] != s.Labels[i] {
				t.Fatal("a sample has changed")
			}
			if out.X[i][data.DigitsSize+j] != s.X[i][j] {
				moved++
			}
			pixel, probe = append(pixel, out.X[i][j]), append(probe, out.X[i][data.DigitsSize+j])
		}
		slices.Sort(pixel)
		slices.Sort(probe)
		if !slices.Equal(pixel, probe) {
			t.Fatalf("the probe of pixel %d has other values", j)
		}
	}
	if moved < 45*data.DigitsSize {
		t.Errorf("%d values are not where they were", moved)
	}
}

// The integer network adds up the sizes of a row's weights, of either sign.
func TestStrengthNetwork(t *testing.T) {
	rng := data.Rand(2, 0)
	var weights [][]float64
	var want []float64
	for i := range 20 {
		row, sum := make([]float64, quickHidden), 0.0
		for k := range row {
			if rng.IntN(20) < i {
				row[k] = rng.NormFloat64()
			}
			sum += math.Abs(row[k])
		}
		weights, want = append(weights, row), append(want, sum)
	}
	g, q := strengthNetwork(weights, rng)
	for i, row := range weights {
		if got := g.Forward(row)[0]; math.Abs(got-want[i]) > 1e-9 {
			t.Errorf("row %d: strength %v, want %v", i, got, want[i])
		}
	}
	rows := digits.Rows(weights, q)
	if low := int8(slices.MinFunc(rows, func(a, b byte) int { return int(int8(a)) - int(int8(b)) })); low < -127 {
		t.Errorf("a weight has the code %d", low)
	}
}

func TestColumns(t *testing.T) {
	rows := [][]float64{{1, 2, 3}, {4, 5, 6}}
	if got := column(rows, 1); !slices.Equal(got, []float64{2, 5}) {
		t.Errorf("column %v", got)
	}
	got := columns(rows, []int{2, 0})
	if !slices.Equal(got[0], []float64{3, 1}) || !slices.Equal(got[1], []float64{6, 4}) {
		t.Errorf("columns %v", got)
	}
	if v := variances([][]float64{{1, 7}, {3, 7}}); v[0] != 1 || v[1] != 0 {
		t.Errorf("variances %v", v)
	}
}

// TestSparseGradients compares the gradients of a sparse layer with differences of half
// the squared distance to a target.
func TestSparseGradients(t *testing.T) {
	rng := data.Rand(3, 0)
	l := newSparse(6, 4, rng)
	x, target := make([]float64, 6), []float64{1, -1, 0.5, 0}
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	y := make([]float64, 4)
	loss := func() (sum float64) {
		l.forward(x, y)
		for o, v := range y {
			sum += (v - target[o]) * (v - target[o]) / 2
		}
		return sum
	}
	loss()
	dy, dx := make([]float64, 4), make([]float64, 6)
	for o, v := range y {
		dy[o] = v - target[o]
	}
	l.backward(x, dy, dx)
	compare := func(name string, v *float64, got float64) {
		const h = 1e-6
		was := *v
		*v = was + h
		up := loss()
		*v = was - h
		down := loss()
		*v = was
		if want := (up - down) / (2 * h); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: gradient %v, difference %v", name, got, want)
		}
	}
	for k := range l.list {
		compare("weight", &l.list[k].weight, l.list[k].grad)
	}
	for o := range l.bias {
		compare("bias", &l.bias[o], l.biasGrad[o])
	}
	for i := range x {
		compare("input", &x[i], dx[i])
	}
}

// A step goes against the gradient, goes on by its momentum, and forgets the gradient.
func TestSparseStep(t *testing.T) {
	l := &sparseLayer{in: 1, out: 1, list: []connection{{grad: 4}}, bias: make([]float64, 1), motion: make([]float64, 1), biasGrad: []float64{2}}
	l.step(2)
	if w, b := l.list[0].weight, l.bias[0]; math.Abs(w+2*sparseRate) > 1e-12 || math.Abs(b+sparseRate) > 1e-12 {
		t.Errorf("first step: weight %v, bias %v", w, b)
	}
	before := l.list[0].weight
	l.step(2)
	if got, want := l.list[0].weight-before, -2*sparseRate*sparseMomentum-sparseRate*sparseDecay*before; math.Abs(got-want) > 1e-12 {
		t.Errorf("second step moves by %v, want %v", got, want)
	}
	if m := l.matrix(); len(m) != 1 || m[0][0] != l.list[0].weight {
		t.Errorf("matrix %v", m)
	}
}

// TestAutoencoderStaysSparse: training moves connections, but their number is the one that
// was drawn, and one generator trains the same weights twice.
func TestAutoencoderStaysSparse(t *testing.T) {
	rng := data.Rand(4, 0)
	var x [][]float64
	for range 40 {
		row := make([]float64, 60)
		z := rng.NormFloat64()
		for k := range 30 {
			row[k] = z * float64(1+k%2)
		}
		x = append(x, row)
	}
	drawn := newSparse(60, 50, data.Rand(5, 0))
	m, again := sparseAutoencoder(x, 50, 4, 10, data.Rand(5, 0)), sparseAutoencoder(x, 50, 4, 10, data.Rand(5, 0))
	connected, moved, start := 0, 0, drawn.matrix()
	for i, row := range m {
		if !slices.Equal(row, again[i]) {
			t.Fatal("a second training gives other weights")
		}
		for o, w := range row {
			if w != 0 {
				connected++
				if start[i][o] == 0 {
					moved++
				}
			}
		}
	}
	if connected != len(drawn.list) || moved < connected/10 {
		t.Errorf("%d connections, of which %d are new; %d were drawn", connected, moved, len(drawn.list))
	}
}
