package edit

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/tflite"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// TestDampen: with ten balanced classes a selection of 10 selects nothing, since
// the information of all data contains a tenth of that of the class (but for the
// rounding of a weight that serves this class alone); one of 5 makes the network
// forget.
func TestDampen(t *testing.T) {
	rng := data.Rand(7, 0)
	all, err := digits(rng)
	if err != nil {
		t.Fatal(err)
	}
	var count [classes]int
	var known, forget []int
	for i, l := range all.Labels {
		if count[l] < 30 {
			count[l]++
			known = append(known, i)
			if l == 3 {
				forget = append(forget, i)
			}
		}
	}
	training, gone := take(all, known), take(all, forget)
	g := classifier(training, dampEpochs, rng)
	right := func() (n int) {
		for _, x := range gone.X {
			out := g.Forward(x)
			if slices.Max(out) == out[3] {
				n++
			}
		}
		return n
	}
	before := slices.Clone(g.Params()[0].Value)
	if n := dampen(g, training, gone, 10*(1+1e-9), 1); n != 0 || !slices.Equal(before, g.Params()[0].Value) {
		t.Errorf("a selection of 10 changes %d weights", n)
	}
	knew := right()
	if n := dampen(g, training, gone, dampSelection, dampStrength); n == 0 || right() > knew/2 {
		t.Errorf("%d weights dampened, %d of 30 right before and %d after", n, knew, right())
	}
}

// TestRequantise: the same parameters give the same file, and a dampened weight
// keeps its scale.
func TestRequantise(t *testing.T) {
	g := nets.New(nets.Shape{H: 1, W: 1, C: 2})
	n := g.Dense(0, 1, nets.Linear, data.Rand(1, 1))
	copy(g.Weight(n).Value, []float64{1, -0.5})
	g.Bias(n).Value[0] = 0.25
	model, err := g.Export([][]float64{{1, 0}, {0, 1}}, nets.Options{Description: "d", Input: &pixel})
	if err != nil {
		t.Fatal(err)
	}
	same, err := requantise(model, g, "d")
	if err != nil || !bytes.Equal(same, model) {
		t.Errorf("the same parameters change the file (%v)", err)
	}
	g.Weight(n).Value[0] = 0.1
	changed, err := requantise(model, g, "d")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tflite.Parse(changed)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, tensor := range m.Subgraphs[0].Tensors {
		if tensor.Name == "node1/weights" {
			found = true
			if want := []byte{13, 0xc0}; !bytes.Equal(tensor.Data, want) || tensor.Quant.Scale[0] != float32(1.0/127) {
				t.Errorf("codes %v with scale %v", tensor.Data, tensor.Quant.Scale)
			}
		}
	}
	if !found {
		t.Error("no weights")
	}
}

// TestSparse: rewiring keeps the number of connections and the largest weights.
func TestSparse(t *testing.T) {
	rng := data.Rand(1, 2)
	l := newSparse(60, 80, rng)
	n := len(l.list)
	if p := float64(n) / (60 * 80); math.Abs(p-13.0*140/4800) > 0.05 {
		t.Errorf("density %.3f", p)
	}
	l.list[5].weight = 9
	kept := l.list[5]
	l.rewire(rng)
	seen, found := map[[2]int]bool{}, false
	for _, c := range l.list {
		seen[[2]int{c.from, c.to}] = true
		found = found || c.from == kept.from && c.to == kept.to && c.weight == 9
	}
	if len(l.list) != n || len(seen) != n || !found {
		t.Errorf("%d connections of %d, %d places, largest kept: %v", len(l.list), n, len(seen), found)
	}
}

// TestMachine compares the gradients of a factorisation machine with differences.
func TestMachine(t *testing.T) {
	m := newMachine(data.Rand(1, 3))
	m.tau = 2
	f := []int{3, 25, 47}
	loss := func() float64 {
		logit, sum, square := m.bias.Value[0], [clickRow]float64{}, 0.0
		for _, v := range f {
			g, _ := m.open(v)
			for d := range clickRow {
				e := g * m.embedding.Value[v*clickRow+d]
				sum[d] += e
				if d < clickLatent {
					square += e * e
				}
			}
		}
		for d := range clickLatent {
			logit += sum[d] * sum[d] / 2
		}
		return -math.Log(logistic(logit + sum[clickLatent] - square/2))
	}
	m.learn(f, 1)
	for name, p := range map[string]struct {
		param *nets.Param
		at    int
	}{
		"latent": {m.embedding, 25 * clickRow}, "linear": {m.embedding, 3*clickRow + clickLatent}, "gate": {m.gate, 47}, "bias": {m.bias, 0},
	} {
		const h = 1e-6
		v := &p.param.Value[p.at]
		*v += h
		up := loss()
		*v -= 2 * h
		down := loss()
		*v += h
		if want := (up - down) / (2 * h); math.Abs(want-p.param.Grad[p.at]) > 1e-7 || want == 0 {
			t.Errorf("%s: %v, want %v", name, p.param.Grad[p.at], want)
		}
	}
}

// TestLassoStrength: a feature that gives the class away counts most, and one
// that never changes not at all.
func TestLassoStrength(t *testing.T) {
	rng := data.Rand(1, 4)
	s := &data.Samples{}
	for i := range 200 {
		label := i % 2
		s.X = append(s.X, []float64{rng.Float64(), float64(label), 0.5})
		s.Labels = append(s.Labels, label)
	}
	v, err := lassoStrength(s)
	if err != nil || v[2] != 0 || v[1] < 10*v[0] || v[1] == 0 {
		t.Errorf("%v, %v", v, err)
	}
}
