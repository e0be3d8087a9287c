package dampening

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
	"upset/npu/isa"
)

// trained is a rule for a network of two hidden layers that tells ten classes apart by ten
// of its inputs, with six known rows and four rows of the pool of each class.
func trained(t *testing.T) (*dampening, *selection.Workload) {
	t.Helper()
	rng := data.Rand(2, 0)
	sample := func(c int) []float64 {
		x := make([]float64, 12)
		for i := range x {
			x[i] = 0.2 * rng.Float64()
		}
		x[c] = 1
		return x
	}
	var x [][]float64
	var labels []int
	for i := range 600 {
		x, labels = append(x, sample(i%10)), append(labels, i%10)
	}
	g := nets.New(nets.Shape{H: 1, W: 1, C: 12})
	a := g.Dense(0, 24, nets.Relu, rng)
	b := g.Dense(a, 16, nets.Relu, rng)
	c := g.Dense(b, 10, nets.Linear, rng)
	g.Fit(x, nets.CrossEntropy(labels), nets.Schedule{Epochs: 12, Batch: 10, Rate: 1e-2}, rng)
	model, err := g.Export(x, nets.Options{Input: &digits.Fine, Outputs: []nets.Node{c, a, b}})
	if err != nil {
		t.Fatal(err)
	}
	r := &dampening{forgotten: 3, original: selection.Scorer{Name: "original", Model: model}}
	if r.layers, r.input, err = parse(model); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		r.original.Rows = append(r.original.Rows, nets.Row(sample(i%10), digits.Fine))
		if i < 60 {
			r.known = append(r.known, i%10)
		} else {
			r.truth = append(r.truth, i%10)
		}
	}
	return r, &selection.Workload{Scorers: []selection.Scorer{r.original}, Rule: r}
}

// decided is a run without faults.
func decided(t *testing.T, w *selection.Workload) *selection.Run {
	t.Helper()
	run, err := selection.NewRun(w, 1, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A class is forgotten, the others stay, the host releases the network, and values list
// what was dampened.
func TestForgets(t *testing.T) {
	r, w := trained(t)
	run := decided(t, w)
	forget, retain := r.accuracy(run.Outcome.Items)
	if forget > 0.25 || retain < 0.9 || len(run.Outcome.Items) != 40 {
		t.Errorf("accuracy %v on the forgotten class, %v on the others", forget, retain)
	}
	if n := len(run.Calls); n != 60+2*40 {
		t.Errorf("%d inferences", n)
	}
	ask := selection.NewAsk(w, run.Source)
	whole, part, err := r.information(ask)
	if err != nil {
		t.Fatal(err)
	}
	by, n := factors(whole, part, dampSelection)
	var want []float64
	for i, f := range by {
		if f < 1 {
			want = append(want, float64(i)+f)
		}
	}
	if n == 0 || n < len(want) || !slices.Equal(run.Outcome.Values[1:], want) {
		t.Errorf("%d weights selected, %d below one, %d values", n, len(want), len(run.Outcome.Values)-1)
	}
	// The information of all rows holds that of the class in its share, so that no weight
	// matters more than ten times as much for the class (the published selection of ten
	// therefore selects none here).
	for i := range whole {
		if part[i] > 10*whole[i]*(1+1e-9) {
			t.Fatalf("weight %d: information %v of the class, %v of all", i, part[i], whole[i])
		}
	}
	if _, n := factors(whole, part, 10*(1+1e-9)); n != 0 {
		t.Errorf("a selection of ten selects %d weights", n)
	}
	before := len(whole)
	for _, choice := range []float64{1, 2, 4, 8} {
		if _, n := factors(whole, part, choice); n > before {
			t.Errorf("a selection of %v selects %d weights, a smaller one %d", choice, n, before)
		} else {
			before = n
		}
	}
}

// Information is a mean over rows: that of all is made of those of its parts, and a class
// that no row has leaves nothing to select.
func TestInformationAddsUp(t *testing.T) {
	r, w := trained(t)
	source := selection.NewFunctional(w.Scorers, isa.U55x128)
	of := func(known []int, forgotten int) (whole, part []float64) {
		one := *r
		one.known, one.forgotten = known, forgotten
		whole, part, err := one.information(selection.NewAsk(w, source))
		if err != nil {
			t.Fatal(err)
		}
		return whole, part
	}
	all, class := of(r.known[:20], 3)
	some, _ := of(r.known[:5], 3)
	sum := make([]float64, len(all))
	for i := range 20 {
		one := *r
		one.known = r.known[i : i+1]
		rows := w.Scorers[0].Rows
		// The rule reads its known rows from the first one on: move row i there.
		moved := selection.Scorer{Name: "original", Model: r.original.Model, Rows: rows[i : i+1]}
		one.original = moved
		whole, part, err := one.information(selection.NewAsk(&selection.Workload{Scorers: []selection.Scorer{moved}}, sourceOf(moved)))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range whole {
			sum[k] += v / 20
		}
		if same := slices.Equal(whole, part); same != (r.known[i] == 3) {
			t.Errorf("row %d of class %d alone: the class has all of it: %v", i, r.known[i], same)
		}
		if i == 4 {
			for k, v := range sum {
				if math.Abs(4*v-some[k]) > 1e-12+1e-9*some[k] {
					t.Fatalf("weight %d of five rows: %v, by single rows %v", k, some[k], 4*v)
				}
			}
		}
	}
	for k, v := range sum {
		if math.Abs(v-all[k]) > 1e-12+1e-9*all[k] {
			t.Fatalf("weight %d: %v, by single rows %v", k, all[k], v)
		}
	}
	if slices.Max(class) == 0 {
		t.Error("no weight matters for the class")
	}
	if whole, none := of(r.known[:3], 9); slices.Max(none) != 0 || slices.Max(whole) == 0 {
		t.Error("a class without rows has information")
	}
}

// sourceOf answers for one scorer.
func sourceOf(s selection.Scorer) selection.Source {
	return selection.NewFunctional([]selection.Scorer{s}, isa.U55x128)
}

// A fault in an answer to a known row edits other weights and so changes what runs later; a
// fault in the original's answer to a row of the pool can change the release alone; one in
// the unlearned network's answer changes that label.
func TestWhereFaultsReach(t *testing.T) {
	r, w := trained(t)
	run := decided(t, w)
	answer := func(k int) []byte {
		c := run.Calls[k]
		out, err := run.Source.Infer(c.Scorer, c.Row, c.Input)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(out)
	}
	struck := func(k int, change func(out []byte)) selection.Outcome {
		out := answer(k)
		change(out)
		o, err := run.Struck(k, out)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	sure := func(class int) func(out []byte) {
		return func(out []byte) {
			for c := range 10 {
				out[c] = 0x80
			}
			out[class] = 127
		}
	}
	if o := struck(3, sure(8)); slices.Equal(o.Values, run.Outcome.Values) { // a known row of the class
		t.Error("a wrong known row of the class dampens the same weights")
	}
	// Calls come in pairs after the known rows: the original's answer, then the other's.
	for i := range r.truth {
		original, unlearned := 60+2*i, 61+2*i
		if run.Calls[original].Scorer != 0 || run.Calls[unlearned].Scorer == 0 {
			t.Fatalf("inference %d is of network %d, the next one of %d", original, run.Calls[original].Scorer, run.Calls[unlearned].Scorer)
		}
		if o := struck(original, sure(1)); !slices.Equal(o.Items, run.Outcome.Items) || !slices.Equal(o.Values[1:], run.Outcome.Values[1:]) {
			t.Errorf("row %d: a wrong answer of the original changes labels or weights", i)
		}
		o := struck(unlearned, sure((run.Outcome.Items[i]+1)%10))
		for k, label := range o.Items {
			if want := run.Outcome.Items[k]; (k == i) == (label == want) {
				t.Errorf("a wrong answer to row %d: row %d has label %d, was %d", i, k, label, want)
			}
		}
	}
	// A row of the forgotten class that gets it again is a resurrection.
	k := slices.Index(r.truth, r.forgotten)
	o := struck(61+2*k, sure(r.forgotten))
	if got := r.Consequence(nil, run.Outcome, o); run.Outcome.Items[k] != r.forgotten && got != 1 {
		t.Errorf("a resurrection: consequence %v", got)
	}
}

// What a row adds is the square of what each layer reads times what comes back to it. By
// hand for two layers of two units.
func TestSquaresByHand(t *testing.T) {
	list := []layer{
		{in: 2, out: 2, weights: []float64{1, 0, 0, 1}, bias: []float64{0, 0}},
		{in: 2, out: 2, weights: []float64{2, 3, -1, 4}, bias: []float64{0, 0}},
	}
	sum := make([]float64, numbers(list))
	sum[0] = 100 // what was there stays
	// The second hidden unit is off; gradient 0.5 by the first logit, −0.5 by the other.
	squares(list, [][]float64{{3, 7}, {2, 0}}, []float64{0.5, -0.5}, sum)
	// Back comes 0.5·2 + 0.5·1 = 1.5 to the first unit, and none through the second.
	want := []float64{
		100 + 4.5*4.5, 10.5 * 10.5, 0, 0, 1.5 * 1.5, 0,
		1, 0, 1, 0, 0.25, 0.25,
	}
	for i, v := range want {
		if math.Abs(sum[i]-v) > 1e-12 {
			t.Errorf("number %d: %v, want %v", i, sum[i], v)
		}
	}
}

// Factors of zero silence a network; what is no network is refused.
func TestEditToNothing(t *testing.T) {
	model, x, _ := small(t)
	list, _, err := parse(model)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := edit(model, make([]float64, numbers(list)))
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := parse(silent)
	if err != nil || len(after) != 3 {
		t.Fatalf("%d layers, %v", len(after), err)
	}
	for k, l := range after {
		if slices.Max(l.weights) != 0 || slices.Min(l.weights) != 0 || slices.Max(l.bias) != 0 {
			t.Errorf("layer %d has weights %v", k, l.weights)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	by := make([]float64, numbers(list))
	for i := range by {
		by[i] = rng.Float64()
	}
	if part, err := edit(model, by); err != nil || bytes.Equal(part, model) || len(part) != len(model) {
		t.Errorf("%d bytes, were %d: %v", len(part), len(model), err)
	}
	for _, bad := range [][]byte{nil, model[:len(model)/2], []byte("TFL3")} {
		if _, err := edit(bad, by); err == nil {
			t.Errorf("%d bytes that are no network: no error", len(bad))
		}
	}
	if len(x) != list[0].in {
		t.Errorf("%d inputs, %d numbers", list[0].in, len(x))
	}
}

func TestRefusals(t *testing.T) {
	r, w := trained(t)
	w.Scorers[0].Rows = w.Scorers[0].Rows[:50]
	if _, err := r.Decide(selection.NewAsk(w, sourceOf(w.Scorers[0]))); err == nil {
		t.Error("too few rows: no error")
	}
	empty := &dampening{truth: []int{3}, forgotten: 3}
	same := selection.Outcome{Values: []float64{1}, Items: []int{4}}
	if got := empty.Consequence(nil, same, same); got != 0 {
		t.Errorf("no rows to retain: consequence %v", got)
	}
	if _, _, err := parse(nil); err == nil {
		t.Error("no network: no error")
	}
}
