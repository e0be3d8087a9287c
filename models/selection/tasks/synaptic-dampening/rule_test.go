package dampening

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/train/data"
	"upset/models/train/nets"
	"upset/npu/isa"
)

func TestConsequence(t *testing.T) {
	r := &dampening{truth: []int{1, 1, 2, 3, 4, 5}, forgotten: 1}
	outcome := func(released float64, labels ...int) selection.Outcome {
		return selection.Outcome{Metric: selection.Label, Items: labels, Values: []float64{released}}
	}
	golden := outcome(1, 7, 0, 2, 3, 4, 6)
	for name, c := range map[string]struct {
		faulty selection.Outcome
		want   float64
	}{
		"none":          {golden, 0},
		"other wrong":   {outcome(1, 8, 0, 2, 3, 4, 6), 0},
		"resurrection":  {outcome(1, 7, 1, 2, 3, 4, 6), 1},
		"retained lost": {outcome(1, 7, 0, 9, 3, 4, 6), 0.25},
		"not released":  {outcome(0, 7, 0, 2, 3, 4, 6), 1},
	} {
		if got := r.Consequence(nil, golden, c.faulty); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if forget, retain := r.accuracy([]int{1, 1, 2, 3, 4, 6}); forget != 1 || retain != 0.75 {
		t.Errorf("accuracy %v and %v", forget, retain)
	}
}

// small is a network of two hidden layers with its values for one input.
func small(t *testing.T) (model []byte, x []float64, g *nets.Graph) {
	t.Helper()
	rng := data.Rand(3, 0)
	g = nets.New(nets.Shape{H: 1, W: 1, C: 5})
	a := g.Dense(0, 4, nets.Relu, rng)
	b := g.Dense(a, 3, nets.Relu, rng)
	c := g.Dense(b, 10, nets.Linear, rng)
	for _, n := range []nets.Node{a, b, c} {
		for i := range g.Bias(n).Value {
			g.Bias(n).Value[i] = 0.1 * float64(i+1)
		}
	}
	x = []float64{1, -0.5, 0.25, 2, -1}
	model, err := g.Export([][]float64{x}, nets.Options{Outputs: []nets.Node{c, a, b}})
	if err != nil {
		t.Fatal(err)
	}
	return model, x, g
}

// The squared gradient from the values of the layers is that of training in floating
// point, but for the rounding of weights.
func TestSquares(t *testing.T) {
	model, x, g := small(t)
	list, _, err := parse(model)
	if err != nil || len(list) != 3 || list[1].in != 4 || list[1].out != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	logits := slices.Clone(g.Forward(x))
	values := [][]float64{x, slices.Clone(g.Value(1)), slices.Clone(g.Value(2))}
	miss := make([]float64, 10)
	nets.Softmax(logits, miss)
	miss[6]--
	sum := make([]float64, numbers(list))
	squares(list, values, miss, sum)
	grad := make([]float64, 10)
	nets.CrossEntropy([]int{6})(0, g.Forward(x), grad)
	for _, p := range g.Params() {
		clear(p.Grad)
	}
	g.Backward(grad)
	at := 0
	for k, p := range g.Params() {
		want := p.Grad
		for i, d := range want {
			w := float64(d * d)
			if got := sum[at+i]; math.Abs(got-w) > 0.05*w+1e-3 {
				t.Errorf("parameter %d, %d: %v, want %v", k, i, got, w)
			}
		}
		at += len(want)
	}
	if at != len(sum) || slices.Max(sum) == 0 {
		t.Errorf("%d numbers of %d", at, len(sum))
	}
}

// Factors of 1 leave the file as it is; half a weight is half its code.
func TestEdit(t *testing.T) {
	model, _, _ := small(t)
	list, _, err := parse(model)
	if err != nil {
		t.Fatal(err)
	}
	by := slices.Repeat([]float64{1}, numbers(list))
	if same, err := edit(model, by); err != nil || !bytes.Equal(same, model) {
		t.Errorf("factors of 1 change the file: %v", err)
	}
	by[2] = 0.5
	changed, err := edit(model, by)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := parse(changed)
	if err != nil || math.Abs(after[0].weights[2]-list[0].weights[2]/2) > math.Abs(list[0].weights[2]/20) || after[0].weights[3] != list[0].weights[3] {
		t.Errorf("weight %v, was %v: %v", after[0].weights[2], list[0].weights[2], err)
	}
	for _, n := range []int{1, numbers(list) + 1} {
		if _, err := edit(model, slices.Repeat([]float64{1}, n)); err == nil {
			t.Errorf("%d factors: no error", n)
		}
	}
}

func TestFactors(t *testing.T) {
	by, n := factors([]float64{1, 1, 0, 2}, []float64{8, 3, 0, 8}, 4)
	if n != 1 || !slices.Equal(by, []float64{1.0 / 8, 1, 1, 1}) {
		t.Errorf("%v, %d selected", by, n)
	}
}

// A wrong answer on a known row of the forgotten class changes what is dampened, and so
// the network that runs afterwards.
func TestFaultsReachTheSelection(t *testing.T) {
	w, err := build(1)
	if err != nil {
		t.Fatal(err)
	}
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Rule.(*dampening)
	k := slices.Index(r.known, r.forgotten)
	golden, err := run.Source.Infer(0, k, run.Calls[k].Input)
	if err != nil {
		t.Fatal(err)
	}
	output := slices.Clone(golden)
	for i := range 10 {
		output[i] = 0x80
	}
	output[(r.forgotten+1)%10] = 127 // very sure of another class: a large gradient
	faulty, err := run.Struck(k, output)
	if err != nil || slices.Equal(faulty.Values, run.Outcome.Values) {
		t.Errorf("the selection is the same: %v", err)
	}
}
