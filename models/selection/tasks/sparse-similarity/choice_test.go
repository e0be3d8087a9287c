package sparse

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/fstest"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// coded is a rule with a prototype of the first units and rows that have a unit of a size
// each, with the excess over the prototype, in codes of a tenth.
func coded(units [][]int) (*sparse, selection.Table) {
	r := &sparse{prototype: make([]float64, sparseUnits), truth: make([]int, len(units))}
	for u := range 4 {
		r.prototype[u] = 2
		r.total += 2
	}
	var rows [][]int
	for _, z := range units {
		row := make([]int, 2*sparseUnits)
		for u, v := range z {
			row[u] = v
			row[sparseUnits+u] = max(0, v-int(10*r.prototype[u]))
		}
		rows = append(rows, row)
	}
	return r, scoretest.Table(0.1, 2*sparseUnits, rows...)
}

// The prototype is 2 in four units, 8 in all. By hand: min over max.
func TestSimilarityByHand(t *testing.T) {
	r, table := coded([][]int{
		{20, 20, 20, 20},         // the prototype
		{10, 10},                 // 2 of 8
		{40, 20, 20, 20},         // 8 of 10
		{0, 0, 0, 0, 20},         // 0 of 10
		{},                       // 0 of 8
		{10, 20, 20, 20, 10, 10}, // 7 of 10
	})
	for i, want := range []float64{1, 2.0 / 8, 8.0 / 10, 0, 0, 7.0 / 10} {
		if got := r.similarities(&table)[i]; !near(got, want) {
			t.Errorf("row %d: similarity %v, want %v", i, got, want)
		}
	}
	nothing := &sparse{prototype: make([]float64, sparseUnits)}
	if got := nothing.similarity(make([]float64, 2*sparseUnits)); got != 1 {
		t.Errorf("nothing and nothing: similarity %v", got)
	}
}

// graded rows fall in similarity one after the other.
func graded(n int) (*sparse, selection.Table) {
	var units [][]int
	for i := range n {
		z := []int{20, 20, 20, max(0, 20-i/2), 0, i % 2}
		for u := range 4 { // other active units, all above the next ones
			z = append(z, 30+u)
		}
		units = append(units, z)
	}
	return coded(units)
}

// The most similar rows are selected, in whatever order they come, and the loss of a worse
// one is the loss of similarity.
func TestDecide(t *testing.T) {
	const n = 36
	r, table := graded(n)
	o := scoretest.Decide(t, r, table)
	s := r.similarities(&table)
	least := 1.0
	for _, i := range o.Items {
		least = min(least, s[i])
	}
	for i := range n {
		if !slices.Contains(o.Items, i) && s[i] > least {
			t.Errorf("row %d of %v is left out, one of %v is in", i, s[i], least)
		}
	}
	order := rand.New(rand.NewPCG(1, 1)).Perm(n)
	sum := 0.0
	for _, at := range scoretest.Decide(t, r, scoretest.Permuted(table, order)).Items {
		sum += s[order[at]]
	}
	for _, i := range o.Items {
		sum -= s[i]
	}
	if !near(sum, 0) {
		t.Errorf("in another order the similarities sum to %v more", sum)
	}
	list, mean := []selection.Table{table}, 0.0
	for _, v := range s {
		mean += v / n
	}
	worse := slices.Clone(o.Items)
	worse[0] = n - 1
	golden, faulty := 0.0, 0.0
	for k := range worse {
		golden, faulty = golden+s[o.Items[k]]/sparseBudget, faulty+s[worse[k]]/sparseBudget
	}
	if got, want := r.Consequence(list, o, selection.Outcome{Metric: selection.Set, Items: worse}), (golden-faulty)/(golden-mean); !near(got, want) || want <= 0 {
		t.Errorf("consequence %v, want %v", got, want)
	}
	if got := r.Consequence(list, o, o); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
}

// A unit below the largest eight may have any value, and so may its excess: the rule does
// not look at it. One that a fault brings above them takes a place and lowers the similarity.
func TestMaskedUnits(t *testing.T) {
	const n = 36
	r, table := graded(n)
	w := scoretest.Workload(r, n)
	run := &selection.Run{Workload: w, Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	task := Task()
	row := slices.Clone(table.Row(3))
	row[50], row[sparseUnits+50], row[sparseUnits+70] = 16, 0x7f, 0x7f // 1.6 is below 1.9
	if got, want := r.similarity(real(table, row)), r.similarities(&table)[3]; got != want {
		t.Errorf("masked units change the similarity from %v to %v", want, got)
	}
	faulty, err := w.Transient(run.Scores, 0, 3, row)
	if e := task.Effect(run, faulty); err != nil || e.Changed {
		t.Errorf("masked units: %+v, %v", e, err)
	}
	row[50], row[sparseUnits+50] = 127, 127 // no prototype there: all of it is excess
	if faulty, err = w.Transient(run.Scores, 0, 3, row); err != nil || slices.Contains(faulty.Items, 3) {
		t.Errorf("a unit that should be silent: %v, %v", faulty.Items, err)
	}
	if e := task.Effect(run, faulty); !e.Changed || !near(e.Distance, 1-15.0/17) {
		t.Errorf("a unit that should be silent: %+v", e)
	}
	for name, list := range map[string][]selection.Table{"two networks": {table, table}, "one row": {scoretest.Permuted(table, []int{0})}, "no excesses": {{Scale: 1, Width: sparseUnits, Data: make([]byte, n*sparseUnits)}}} {
		if _, err := r.Decide(selection.FromTables(list...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// real are the values of a row of bytes.
func real(t selection.Table, row []byte) []float64 {
	t.Data = row
	return t.Real(0)
}

// Hidden units that are the offset and the directions of the active units are explained
// whole; without directions nothing beyond the mean is.
func TestExplained(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	r := &sparse{offset: make([]float64, digits.Hidden)}
	for u := range sparseUnits {
		d := make([]float64, digits.Hidden)
		d[u%digits.Hidden] = float64(1 + u/digits.Hidden)
		r.direction = append(r.direction, d)
	}
	var units, hidden [][]int
	for range 20 {
		z, h := make([]int, 2*sparseUnits), make([]int, digits.Hidden)
		for j := range h {
			h[j] = 3
		}
		for _, u := range rng.Perm(sparseUnits)[:sparseActive] {
			z[u] = 1 + rng.IntN(9)
			h[u%digits.Hidden] += z[u] * (1 + u/digits.Hidden)
		}
		units, hidden = append(units, z), append(hidden, h)
	}
	for j := range r.offset {
		r.offset[j] = 3
	}
	a, b := scoretest.Scores(units...), scoretest.Scores(hidden...)
	if got := r.explained(&a, &b); !near(got, 1) {
		t.Errorf("explained %v", got)
	}
	for u := range r.direction {
		clear(r.direction[u])
	}
	for j := range r.offset {
		sum := 0.0
		for i := range hidden {
			sum += float64(hidden[i][j]) / 20
		}
		r.offset[j] = sum
	}
	if got := r.explained(&a, &b); !near(got, 0) {
		t.Errorf("by the mean alone %v", got)
	}
}

// Units that tell the class find all rows of it, hidden units that do not find few.
func TestByClass(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	r := &sparse{}
	var units, hidden [][]int
	for i := range 200 {
		class := i % digits.Classes
		r.truth = append(r.truth, class)
		z, h := make([]int, 2*sparseUnits), make([]int, digits.Hidden)
		z[9*class], z[9*class+1] = 40+rng.IntN(20), 30
		for j := range h {
			h[j] = rng.IntN(50)
		}
		units, hidden = append(units, z), append(hidden, h)
	}
	a, b := scoretest.Scores(units...), scoretest.Scores(hidden...)
	bySparse, byCosine := r.byClass(&a, &b, 10) // ten of each class are left
	if !near(bySparse, 1) || byCosine > 0.4 {
		t.Errorf("precision %v by units, %v by hidden ones", bySparse, byCosine)
	}
	if bySparse, _ = r.byClass(&a, &b, 20); !near(bySparse, 0.5) {
		t.Errorf("twice as many rows as there are: precision %v", bySparse)
	}
}

// The decoder's file is the offset and then the directions; one of another size is refused.
func TestDecoderFile(t *testing.T) {
	var values []float64
	for i := range digits.Hidden * (sparseUnits + 1) {
		values = append(values, float64(i))
	}
	b := data.Singles(values...)
	open := func(b []byte) artefacts.Folder {
		s := artefacts.Store{Task: "x", Stored: fstest.MapFS{"data/1/decoder.bin": {Data: b}}}
		f, err := s.Open(1)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	r := &sparse{}
	if err := r.decoder(open(b)); err != nil || len(r.direction) != sparseUnits || r.offset[1] != 1 || r.direction[2][5] != 3*digits.Hidden+5 {
		t.Errorf("%d directions, %v", len(r.direction), err)
	}
	for _, n := range []int{0, 4, len(b) - 4} {
		if err := new(sparse).decoder(open(b[:n])); err == nil {
			t.Errorf("%d bytes: no error", n)
		}
	}
}
