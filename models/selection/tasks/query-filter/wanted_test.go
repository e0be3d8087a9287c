package filter

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

// shuffled are random scores of two clones, and a victim that labels rows by their number.
func shuffled(seed uint64) (*filter, []selection.Table) {
	rng := rand.New(rand.NewPCG(seed, seed))
	list := make([]selection.Table, clones)
	for k := range list {
		var rows [][]int
		for i := range pool {
			row := make([]int, digits.Classes)
			for c := range row {
				row[c] = rng.IntN(40)
			}
			row[rng.IntN(3)] += 20 // three classes are frequent
			if i%25 == 0 {
				row = scoretest.Class(9, 90) // and one is never disputed
			}
			rows = append(rows, row)
		}
		list[k] = scoretest.Table(0.1, digits.Classes, rows...)
	}
	labels := make([]int, pool)
	for i := range labels {
		labels[i] = i % digits.Classes
	}
	return &filter{rows: make([][]float64, pool)}, append(list, scoretest.Labels(labels...))
}

// judged is the class that both clones give a sample together and how far they dispute it,
// by the definition: the sum of the differences of their probabilities.
func judged(scores []selection.Table, i int) (class int, dispute float64) {
	var p [clones][]float64
	for k := range p {
		sum := 0.0
		for c := range digits.Classes {
			p[k] = append(p[k], math.Exp(scores[k].At(i, c)))
			sum += p[k][c]
		}
		for c := range p[k] {
			p[k][c] /= sum
		}
	}
	for c := range digits.Classes {
		dispute += math.Abs(p[0][c] - p[1][c])
		if p[0][c]+p[1][c] > p[0][class]+p[1][class] {
			class = c
		}
	}
	return class, dispute
}

// Each class gets its eight places first, by dispute; whoever is left out is disputed less
// than all of the class that are in, or than all that fill up.
func TestWantedByDefinition(t *testing.T) {
	for seed := range uint64(3) {
		r, scores := shuffled(seed + 1)
		picks := r.wanted(scores)
		in := map[int]bool{}
		for _, i := range picks {
			in[i] = true
		}
		var count, all [digits.Classes]int
		least, most := [digits.Classes]float64{}, [digits.Classes]float64{}
		for c := range least {
			least[c] = math.Inf(1)
		}
		for i := range pool {
			c, d := judged(scores, i)
			all[c]++
			if in[i] {
				count[c], least[c] = count[c]+1, min(least[c], d)
			} else {
				most[c] = max(most[c], d)
			}
		}
		filled := math.Inf(1) // of the classes that have more than their places
		for c := range count {
			if count[c] < min(all[c], queries/digits.Classes) {
				t.Errorf("seed %d: class %d has %d of %d samples", seed, c, count[c], all[c])
			}
			if most[c] > least[c]+1e-12 {
				t.Errorf("seed %d: class %d leaves out a sample of %v and has one of %v", seed, c, most[c], least[c])
			}
			if count[c] > queries/digits.Classes {
				filled = min(filled, least[c])
			}
		}
		for c := range count {
			if most[c] > filled+1e-12 {
				t.Errorf("seed %d: class %d leaves out a sample of %v, others fill up with %v", seed, c, most[c], filled)
			}
		}
	}
}

// Which clone is which does not matter, nor what is added to all of its scores.
func TestWantedIsSymmetric(t *testing.T) {
	r, scores := shuffled(7)
	want := r.wanted(scores)
	if got := r.wanted([]selection.Table{scores[1], scores[0]}); !slices.Equal(got, want) {
		t.Error("the order of the clones matters")
	}
	moved := scores[0]
	moved.Data = nil
	for _, b := range scores[0].Data {
		moved.Data = append(moved.Data, b+9)
	}
	if got := r.wanted([]selection.Table{moved, scores[1]}); !slices.Equal(got, want) {
		t.Error("a constant matters")
	}
	// Clones that agree on everything leave the first samples.
	same := make([]int, pool)
	table := scoretest.Labels(same...)
	for k, i := range r.wanted([]selection.Table{table, table}) {
		if i != k {
			t.Fatalf("pick %d is sample %d", k, i)
		}
	}
}

// The victim is asked for the picks alone, in their order: a fault in a sample that is not
// sent changes nothing, one in a clone sends another one.
func TestVictimSeesPicksAlone(t *testing.T) {
	r, scores := shuffled(8)
	scorers := make([]selection.Scorer, clones+1)
	for k := range scorers {
		for i := range pool {
			scorers[k].Rows = append(scorers[k].Rows, []byte{byte(i), byte(i >> 8)})
		}
	}
	var sent []int
	ask := selection.FromFunction([]selection.Table{{Scale: 0.1, Width: 10}, {Scale: 0.1, Width: 10}, {Scale: 0.1, Width: 10}}, scorers, func(k int, input []byte) []byte {
		i := int(input[0]) | int(input[1])<<8
		if k == victim {
			sent = append(sent, i)
		}
		return scores[k].Row(i)
	})
	o, err := r.Decide(ask)
	if err != nil || !slices.Equal(sent, o.Items) || len(sent) != queries {
		t.Fatalf("%d samples sent for %d picks: %v", len(sent), len(o.Items), err)
	}
	w := &selection.Workload{Scorers: scorers, Rule: r}
	run := &selection.Run{Workload: w, Scores: scores, Outcome: o}
	out := -1
	for i := range pool {
		if !slices.Contains(o.Items, i) {
			out = i
		}
	}
	task := Task()
	faulty, err := w.Transient(scores, victim, out, row((out+1)%10))
	if e := task.Effect(run, faulty); err != nil || e.Changed {
		t.Errorf("a sample that is not sent: %+v, %v", e, err)
	}
	if faulty, err = w.Transient(scores, victim, o.Items[3], row((o.Items[3]+1)%10)); err != nil || int(faulty.Values[3]) == o.Items[3]%10 {
		t.Errorf("a wrong answer of the victim has label %v, %v", faulty.Values[3], err)
	}
	if e := task.Effect(run, faulty); e.Consequence != 1.0/queries || e.Distance != 0 || !e.Changed {
		t.Errorf("a wrong answer of the victim: %+v", e)
	}
	// One clone that is sure of the class that the other one finds least likely.
	low := 0
	for c := range digits.Classes {
		if scores[1].Int(out, c) < scores[1].Int(out, low) {
			low = c
		}
	}
	wrong := make([]byte, digits.Classes)
	wrong[low] = 127
	if faulty, err = w.Transient(scores, 0, out, wrong); err != nil || !slices.Contains(faulty.Items, out) {
		t.Errorf("sample %d is not sent though a clone is sure of class %d: %v", out, low, err)
	}
	if e := task.Effect(run, faulty); e.Consequence != 1.0/queries {
		t.Errorf("another sample: %+v", e)
	}
	if _, err := r.Decide(selection.FromTables(scores[0], scores[1])); err == nil {
		t.Error("no victim: no error")
	}
	narrow := selection.Table{Scale: 1, Width: 2, Data: make([]byte, 2*pool)}
	if _, err := r.Decide(selection.FromTables(scores[0], narrow, scores[2])); err == nil {
		t.Error("a clone of two classes: no error")
	}
}

// row are scores that favour a class.
func row(class int) []byte {
	t := scoretest.Labels(class)
	return t.Data
}

// A clone learns what the victim says of the queries beside what it knew, also where that is
// wrong.
func TestPoisonedClone(t *testing.T) {
	rng := data.Rand(3, 0)
	r := &filter{}
	sample := func(c int) []float64 {
		x := make([]float64, data.DigitsSize)
		for i := range x {
			x[i] = 0.1 * rng.Float64()
		}
		x[c] = 1
		return x
	}
	var right, wrong selection.Outcome
	for i := range 60 {
		c := i % 3
		r.rows = append(r.rows, sample(c))
		right.Items, right.Values = append(right.Items, i), append(right.Values, float64(c))
		wrong.Items, wrong.Values = append(wrong.Items, i), append(wrong.Values, float64((c+1)%3))
		r.test, r.testLabels = append(r.test, sample(c)), append(r.testLabels, c)
	}
	if got := r.agreement(right, 1, 0); got < 0.95 {
		t.Errorf("agreement %v", got)
	}
	if got := r.agreement(wrong, 1, 0); got > 0.05 {
		t.Errorf("agreement after wrong answers %v", got)
	}
}
