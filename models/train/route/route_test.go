package route

import (
	"math"
	"slices"
	"testing"

	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestRotate(t *testing.T) {
	x := make([]float64, side*side)
	x[0], x[1], x[side] = 1, 2, 3 // top left, right of it, below it
	y := rotate(x, 1)
	// A quarter: the top left corner comes to one side and its neighbours follow.
	if y[side-1] != 1 || y[2*side-1] != 2 || y[side-2] != 3 {
		t.Errorf("a quarter gives %v", y)
	}
	if slices.Equal(rotate(x, 2), x) || !slices.Equal(rotate(x, 4), x) || !slices.Equal(rotate(rotate(x, 3), 1), x) {
		t.Error("four quarters are not a full turn")
	}
}

// TestMixtureGradient compares the gradient with differences of the loss.
func TestMixtureGradient(t *testing.T) {
	const n, step = routerExperts * (1 + classes), 1e-6
	rng := data.Rand(1, 0)
	m := &mixture{}
	output, grad, unused := make([]float64, n), make([]float64, n), make([]float64, n)
	for j := range output {
		output[j] = rng.NormFloat64()
	}
	labels := []int{3}
	m.loss(labels)(0, output, grad)
	for j := range output {
		at := output[j]
		output[j] = at + step
		up := m.loss(labels)(0, output, unused) // a fresh loss, since each call moves the running load
		output[j] = at - step
		down := m.loss(labels)(0, output, unused)
		output[j] = at
		if want := (up - down) / (2 * step); math.Abs(grad[j]-want) > 1e-6 {
			t.Errorf("output %d: gradient %v, difference %v", j, grad[j], want)
		}
	}
}

// TestMixtureBalances: with all rows at one expert, the loss pushes them away.
func TestMixtureBalances(t *testing.T) {
	output, grad := make([]float64, routerExperts*(1+classes)), make([]float64, routerExperts*(1+classes))
	output[2] = 1
	loss := (&mixture{}).loss([]int{0})
	for range 2000 {
		loss(0, output, grad)
	}
	if grad[2] <= 0 || grad[0] >= 0 {
		t.Errorf("gradients of the router %v", grad[:routerExperts])
	}
}

// TestInsert: the network of all functions computes what those of one do.
func TestInsert(t *testing.T) {
	for _, mode := range append(slices.Clone(kanModes), "mlp") {
		rng := data.Rand(2, 0)
		all := newNetwork(mode, len(kanFunctions), rng)
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
	k := newKAN()
	k.edges("chebyshev", 0)
	x := []float64{0.4, -1.1}
	for j, got := range k.g.Forward(x) {
		order, u := 1+j/2, math.Tanh(x[j%2])
		if want := math.Cos(float64(order) * math.Acos(u)); math.Abs(got-want) > 1e-12 {
			t.Errorf("order %d of %v: %v, want %v", order, x[j%2], got, want)
		}
	}
}

// TestLearner follows a stream of two tasks and back: two experts, the second
// one from the change on, and the first one again afterwards.
func TestLearner(t *testing.T) {
	rng := data.Rand(3, 0)
	known, _, err := digits(rng)
	if err != nil {
		t.Fatal(err)
	}
	orders := [][]int{rng.Perm(data.DigitsSize), rng.Perm(data.DigitsSize)}
	l := &learner{rng: rng}
	var used []int
	for _, part := range [][2]int{{0, 250}, {1, 250}, {0, 20}} {
		for range part[1] {
			s := &data.Samples{}
			for range switchLearning {
				i := rng.IntN(len(known.X))
				s.X, s.Labels = append(s.X, permuted(known.X[i], orders[part[0]])), append(s.Labels, known.Labels[i])
			}
			l.follow(s, part[0])
			used = append(used, l.current)
		}
	}
	if len(l.experts) != 2 || l.experts[1].task != 1 {
		t.Fatalf("%d experts", len(l.experts))
	}
	change := slices.Index(used, 1)
	if change < 250 || change > 255 || used[499] != 1 || used[len(used)-1] != 0 {
		t.Errorf("the second expert starts at batch %d; the last batches of the parts use %d and %d", change, used[499], used[len(used)-1])
	}
	for k, e := range l.experts {
		if len(e.kept.X) != switchKept {
			t.Errorf("expert %d keeps %d samples", k, len(e.kept.X))
		}
		zeros, n := 0, 0
		for _, w := range e.g.Params()[0].Value {
			if n++; w == 0 {
				zeros++
			}
		}
		if share := float64(zeros) / float64(n); share < switchPruned-0.02 {
			t.Errorf("expert %d: only %.2f of the weights are pruned", k, share)
		}
	}
}

func TestLayersCopy(t *testing.T) {
	rng := data.Rand(4, 0)
	m := newMixture(rng)
	x := make([]float64, data.DigitsSize)
	for i := range x {
		x[i] = rng.Float64()
	}
	all := slices.Clone(m.g.Forward(x))
	parts := []*nets.Graph{layers(m.g, routerGate, m.scout, m.gate)}
	for e := range routerExperts {
		parts = append(parts, layers(m.g, routerUnits, m.hidden[e], m.output[e]))
	}
	var got []float64
	for _, p := range parts {
		got = append(got, p.Forward(x)...)
	}
	if !slices.Equal(got, all) {
		t.Error("the parts give other numbers than the whole")
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
