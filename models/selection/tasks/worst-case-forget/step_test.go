package worst

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// drawn is a rule with weights of a step before, and random scores.
func drawn(n int, seed uint64) (*worst, selection.Table) {
	rng := rand.New(rand.NewPCG(seed, seed))
	r := &worst{}
	var rows [][]int
	for range n {
		r.truth = append(r.truth, rng.IntN(digits.Classes))
		r.weights = append(r.weights, 0.3+0.4*rng.Float64())
		row := make([]int, digits.Classes)
		for c := range row {
			row[c] = rng.IntN(40)
		}
		rows = append(rows, row)
	}
	return r, scoretest.Table(0.1, digits.Classes, rows...)
}

// loss is −log p of a row's class by the definition.
func loss(r *worst, t *selection.Table, i int) float64 {
	sum := 0.0
	for c := range digits.Classes {
		sum += math.Exp(t.At(i, c) - t.At(i, r.truth[i]))
	}
	return math.Log(sum)
}

// The step goes against the loss and the damping; what the projection takes off is the same
// for all, so that those are selected who have most before it.
func TestStepSelects(t *testing.T) {
	for seed := range uint64(4) {
		r, table := drawn(60, seed+1)
		o := scoretest.Decide(t, r, table)
		moved := func(i int) float64 {
			return r.weights[i] - 0.1*(loss(r, &table, i)+2*0.05*r.weights[i])
		}
		least, most := math.Inf(1), math.Inf(-1)
		for i := range r.truth {
			if slices.Contains(o.Items, i) {
				least = min(least, moved(i))
			} else {
				most = max(most, moved(i))
			}
		}
		if len(o.Items) != worstSize || most > least+1e-9 {
			t.Errorf("seed %d: %d rows; one of %v is left out, one of %v selected", seed, len(o.Items), most, least)
		}
		order := rand.New(rand.NewPCG(seed, 9)).Perm(60)
		other := &worst{}
		for _, i := range order {
			other.truth, other.weights = append(other.truth, r.truth[i]), append(other.weights, r.weights[i])
		}
		var back []int
		for _, at := range scoretest.Decide(t, other, scoretest.Permuted(table, order)).Items {
			back = append(back, order[at])
		}
		if slices.Sort(back); !slices.Equal(back, o.Items) {
			t.Errorf("seed %d: in another order %v are selected, not %v", seed, back, o.Items)
		}
	}
}

// A fault that makes a selected row hard to recall takes it out, one that makes another row
// certain brings that in, and the harm is the loss that the set has more, on the scale of a
// mean row. Both by the golden scores, in which nothing of the fault is.
func TestFaultyLoss(t *testing.T) {
	r, table := drawn(60, 7)
	w := scoretest.Workload(r, 60)
	run := &selection.Run{Workload: w, Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	task := Task()
	mean := func(items []int) (sum float64) {
		for _, i := range items {
			sum += loss(r, &table, i) / float64(len(items))
		}
		return sum
	}
	var all []int
	out := -1
	for i := range 60 {
		all = append(all, i)
		if !slices.Contains(run.Outcome.Items, i) {
			out = i
		}
	}
	in := run.Outcome.Items[4]
	hard, sure := make([]byte, digits.Classes), make([]byte, digits.Classes)
	hard[(r.truth[in]+1)%digits.Classes], sure[r.truth[out]] = 127, 127
	for name, c := range map[string]struct {
		row     int
		scores  []byte
		present bool
	}{"a hard row": {in, hard, false}, "a certain row": {out, sure, true}} {
		faulty, err := w.Transient(run.Scores, 0, c.row, c.scores)
		if err != nil || slices.Contains(faulty.Items, c.row) != c.present {
			t.Errorf("%s: row %d of %v, %v", name, c.row, faulty.Items, err)
		}
		want := (mean(faulty.Items) - mean(run.Outcome.Items)) / (mean(all) - mean(run.Outcome.Items))
		if e := task.Effect(run, faulty); !e.Changed || math.Abs(e.Consequence-min(1, max(0, want))) > 1e-9 {
			t.Errorf("%s: %+v, want a consequence of %v", name, e, want)
		}
	}
	for name, list := range map[string][]selection.Table{"two networks": {table, table}, "one row": {scoretest.Labels(1)}, "two classes": {{Scale: 1, Width: 2, Data: make([]byte, 120)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Weights of one are plain training, and a class that is left out is not known afterwards.
func TestLeftOutIsNotKnown(t *testing.T) {
	s := &data.Samples{}
	rng := data.Rand(3, 0)
	var set []int
	for i := range 90 {
		x := make([]float64, data.DigitsSize)
		for k := range x {
			x[k] = 0.1 * rng.Float64()
		}
		x[i%3] = 1
		s.X, s.Labels = append(s.X, x), append(s.Labels, i%3)
		if i%3 == 2 {
			set = append(set, i)
		}
	}
	whole, part := weighted(s, without(90, nil), data.Rand(4, 0)), weighted(s, without(90, set), data.Rand(4, 0))
	for i := range 9 {
		best := func(logits []float64) int { return slices.Index(logits, slices.Max(logits)) }
		if got := best(whole.Forward(s.X[i])); got != i%3 {
			t.Errorf("row %d: class %d after training with all", i, got)
		}
		if got := best(part.Forward(s.X[i])); (got == i%3) != (i%3 < 2) {
			t.Errorf("row %d of class %d: class %d after training without class 2", i, i%3, got)
		}
	}
}
