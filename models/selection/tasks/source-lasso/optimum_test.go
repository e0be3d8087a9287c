package lasso

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
)

// answers is a rule with labels and a table of random heads of all sources, of which a few
// explain the labels in part.
func answers(seed uint64, noise float64) (*chooser, selection.Table) {
	rng := rand.New(rand.NewPCG(seed, seed))
	r := &chooser{world: newWorld(seed), seed: seed}
	table := selection.Table{Scale: labelMost / 32767.0, Width: sources, Wide: true}
	for range labelled {
		row := make([]float64, sources)
		common := rng.NormFloat64()
		for k := range row {
			row[k] = 0.8*rng.NormFloat64() + 0.6*common // heads are correlated
		}
		r.labels = append(r.labels, 0.7*row[2]-0.4*row[11]+0.2*row[29]+noise*rng.NormFloat64())
		table.Data = append(table.Data, labelForm.Bytes(row...)...)
	}
	return r, table
}

// slopes are the derivatives of ½·mean (label − Σ ν·head)² + ½·ridge·Σν² by each weight.
func slopes(r *chooser, t *selection.Table, nu []float64) []float64 {
	g := make([]float64, sources)
	for i, y := range r.labels {
		x, miss := t.Real(i), -y
		for k, v := range x {
			miss += v * nu[k]
		}
		for k, v := range x {
			g[k] += miss * v / float64(len(r.labels))
		}
	}
	for k, v := range nu {
		g[k] += ridge * v
	}
	return g
}

// The weights are the optimum: the slope is the penalty, against the sign of a weight that
// is not zero, and no steeper where it is zero (the conditions of Karush, Kuhn and Tucker).
func TestWeightsAreOptimal(t *testing.T) {
	for seed := range uint64(3) {
		r, table := answers(seed+1, 0.3)
		before := sources + 1
		for _, p := range []float64{0.005, penalty, 0.2, 10} {
			nu, err := r.weights(&table, p)
			if err != nil {
				t.Fatal(err)
			}
			some := 0
			for k, g := range slopes(r, &table, nu) {
				if nu[k] != 0 {
					some++
					g += math.Copysign(p, nu[k])
				} else {
					g = max(0, math.Abs(g)-p)
				}
				if math.Abs(g) > 1e-6 {
					t.Errorf("seed %d, penalty %v, source %d of weight %v: slope %v beyond the penalty", seed, p, k, nu[k], g)
				}
			}
			if some > before {
				t.Errorf("seed %d, penalty %v: %d sources, fewer before: %d", seed, p, some, before)
			}
			before = some
		}
		if before != 0 {
			t.Errorf("seed %d: a penalty beyond all slopes leaves %d sources", seed, before)
		}
	}
}

// Heads at right angles to each other are shrunk one by one: a correlation c becomes
// (|c| − penalty)/(1 + ridge), and nothing where it is smaller.
func TestWeightsByHand(t *testing.T) {
	r := &chooser{}
	var rows [][]int
	for i := range 64 {
		row := make([]int, sources)
		for b := range 3 { // signs of three bits, which have no correlation
			row[b] = 1 - 2*(i>>b&1)
		}
		rows, r.labels = append(rows, row), append(r.labels, 0.5*float64(row[0])-0.25*float64(row[1])+0.02*float64(row[2]))
	}
	table := scoretest.Scores(rows...)
	nu, err := r.weights(&table, penalty)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{(0.5 - penalty) / (1 + ridge), -(0.25 - penalty) / (1 + ridge), 0, 0} {
		if math.Abs(nu[k]-want) > 1e-7 {
			t.Errorf("source %d: weight %v, want %v", k, nu[k], want)
		}
	}
	sum := 0.5 + 0.25 - 2*penalty
	o := scoretest.Decide(t, r, table)
	if want := math.Round(batches * (0.5 - penalty) / sum); o.Values[0] != want || o.Values[1] != batches-want {
		t.Errorf("batches %v, want %v and the rest for the first two", o.Values[:3], want)
	}
}

// Sources in another order get their batches in that order, and labels of another sign the
// same ones.
func TestDecideIsInvariant(t *testing.T) {
	r, table := answers(5, 0.3)
	golden := scoretest.Decide(t, r, table)
	order := rand.New(rand.NewPCG(1, 2)).Perm(sources)
	other := table
	other.Data = nil
	for i := range labelled {
		row := table.Row(i)
		for _, k := range order {
			other.Data = append(other.Data, row[2*k], row[2*k+1])
		}
	}
	for at, v := range scoretest.Decide(t, r, other).Values {
		if math.Abs(v-golden.Values[order[at]]) > 1 { // a remainder may go to another one
			t.Errorf("source %d gets %v batches, %v before", order[at], v, golden.Values[order[at]])
		}
	}
	for i := range r.labels {
		r.labels[i] = -r.labels[i]
	}
	if o := scoretest.Decide(t, r, table); !o.Equal(golden) {
		t.Errorf("turned labels: %v, not %v", o.Values, golden.Values)
	}
}

// One answer of two hundred that is as wrong as it can be moves batches, and the harm is
// that of the bound on the target's head; a lowest bit moves none.
func TestFaultyAnswer(t *testing.T) {
	r, table := answers(6, 0.3)
	w := scoretest.Workload(r, labelled)
	run := &selection.Run{Workload: w, Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	task := Task()
	row := slices.Clone(table.Row(17))
	row[2*2+1] ^= 0x80 // the sign of the head that explains most
	faulty, err := w.Transient(run.Scores, 0, 17, row)
	if err != nil || faulty.Equal(run.Outcome) {
		t.Fatalf("batches %v, %v", faulty.Values, err)
	}
	bound := func(o selection.Outcome) float64 {
		n := make([]float64, sources)
		for k, v := range o.Values {
			n[k] = 30 + v*36 // explored, and batches of 36
		}
		return r.world.bound(n)
	}
	all := selection.Outcome{Values: slices.Repeat([]float64{100.0 / sources}, sources)}
	golden, got := bound(run.Outcome), bound(faulty)
	e, apart := task.Effect(run, faulty), 0.0
	for k, v := range faulty.Values {
		apart += math.Abs(v-run.Outcome.Values[k]) / batches
	}
	if math.Abs(e.Distance-min(1, apart)) > 1e-12 {
		t.Errorf("distance %v, batches moved %v", e.Distance, apart)
	}
	if mean := bound(all); golden < mean && math.Abs(e.Consequence-min(1, max(0, (got-golden)/(mean-golden)))) > 0.02 { // alike rounds to whole batches
		t.Errorf("%+v: bounds %v golden, %v faulty, %v of all alike", e, golden, got, mean)
	}
	row[2*2+1] ^= 0x80
	row[2*2] ^= 1
	if same, err := w.Transient(run.Scores, 0, 17, row); err != nil || !same.Equal(run.Outcome) {
		t.Errorf("a lowest bit: %v, not %v, %v", same.Values, run.Outcome.Values, err)
	}
	for name, list := range map[string][]selection.Table{"two networks": {table, table}, "one row": {{Scale: 1, Width: 1, Data: []byte{1}}}, "two sources": {{Scale: 1, Width: 2, Data: make([]byte, 2*labelled)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Batches are whole, all of them are dealt, and nobody is off by one or more.
func TestDealIsFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		sizes, sum := make([]float64, 1+rng.IntN(40)), 0.0
		for k := range sizes {
			if rng.IntN(3) > 0 {
				sizes[k] = rng.ExpFloat64()
			}
			sum += sizes[k]
		}
		if sum == 0 {
			continue
		}
		all := 0.0
		for k, v := range deal(sizes) {
			all += v
			if v != math.Trunc(v) || math.Abs(v-batches*sizes[k]/sum) >= 1 {
				t.Fatalf("source of size %v of %v gets %v batches", sizes[k], sum, v)
			}
		}
		if all != batches {
			t.Fatalf("%v batches of %d for %v", all, batches, sizes)
		}
	}
	if got := count([]float64{0, 3, 0, 1}); got != 2 {
		t.Errorf("%d sources get batches", got)
	}
}

// What explains nothing fails the check without any sampling, and so do many sources.
func TestCheckWantsAnExplanation(t *testing.T) {
	r, table := answers(8, 20)
	run := selection.Run{Workload: &selection.Workload{Rule: r}, Scores: []selection.Table{table}, Outcome: selection.Outcome{Metric: selection.Weights, Values: deal([]float64{1, 1})}}
	if c, err := check([]selection.Run{run}); err != nil || c.Pass || c.Measured != 1 {
		t.Errorf("noise: %+v, %v", c, err)
	}
	r, table = answers(8, 0.1)
	run.Workload.Rule, run.Scores, run.Outcome.Values = r, []selection.Table{table}, alike()
	if c, err := check([]selection.Run{run}); err != nil || c.Pass || c.Measured != 1 {
		t.Errorf("all sources: %+v, %v", c, err)
	}
}
