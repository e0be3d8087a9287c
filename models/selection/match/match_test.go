package match

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestRulesRefuseOtherTables(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		short := selection.Table{Scale: 1, Width: 42, Data: make([]byte, 42)}
		for _, scores := range [][]selection.Table{nil, {short}, {short, short}, {{}}} {
			if _, err := w.Rule.Decide(selection.FromTables(scores...)); err == nil {
				t.Errorf("task %s, %d tables: no error", task.Name, len(scores))
			}
		}
		if _, err := task.Build(99); err == nil {
			t.Errorf("task %s: no error for a seed without artefacts", task.Name)
		}
		if _, err := task.Check([]selection.Run{{Workload: &selection.Workload{}}}); err == nil {
			t.Errorf("task %s: no error for a run of another task", task.Name)
		}
	}
}

// TestEqualScores gives every rule a table without any difference.
func TestEqualScores(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := w.Reference()
		if err != nil {
			t.Fatal(err)
		}
		clear(tables[0].Data)
		for _, zero := range []int{0, 100} { // all scores 0, and all alike but not 0
			tables[0].ZeroPoint = zero
			o, err := w.Decide(tables)
			if err != nil {
				t.Errorf("task %s: %v", task.Name, err)
				continue
			}
			again, err := w.Decide(tables)
			if err != nil || !o.Equal(again) || !slices.IsSorted(o.Items) || zero == 0 && o.Items[0] != 0 {
				t.Errorf("task %s: %v, then %v, error %v", task.Name, o.Items, again.Items, err)
			}
			if c := w.Rule.Consequence(tables, o, o); c != 0 {
				t.Errorf("task %s: consequence %v of no change", task.Name, c)
			}
		}
	}
}

func TestLoss(t *testing.T) {
	if !near(loss(10, 9, 8), 0.5) || !near(loss(-2, -3, -4), 0.5) || loss(1, 1, 0) != 0 || loss(1, 3, 1) != 0 {
		t.Error("loss")
	}
}

// TestPooling normalises by the length of the embedding and lets the targets
// take turns.
func TestPooling(t *testing.T) {
	const width = poolingDepth + 2
	table := selection.Table{Scale: 1, Width: width, Data: make([]byte, 4*width)}
	for i, row := range []struct{ length, first, second byte }{{10, 8, 0}, {5, 5, 1}, {4, 0, 4}, {20, 12, 12}} {
		table.Data[i*width], table.Data[i*width+poolingDepth], table.Data[i*width+poolingDepth+1] = row.length, row.first, row.second
	}
	// Cosines: 0.8 0, 1 0.2, 0 1, 0.6 0.6.
	r := &pooling{truth: []int{1, 1, 0, 0}, class: 1, budget: 3}
	o, err := r.Decide(selection.FromTables(table))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{0, 1, 2}) {
		t.Errorf("selected %v", o.Items)
	}
	other := selection.Outcome{Metric: selection.Set, Items: []int{1, 2, 3}}
	// Mean best cosines: 2.8/3 golden, 2.6/3 faulty, 3.4/4 of all.
	if got, want := r.Consequence([]selection.Table{table}, o, other), (0.2/3)/(2.8/3-0.85); !near(got, want) {
		t.Errorf("consequence %v, want %v", got, want)
	}
	c := r.cosines(&table)
	if covered(c, []int{0}) != 0.5 || covered(c, []int{3}) != 1 {
		t.Errorf("covered %v and %v", covered(c, []int{0}), covered(c, []int{3}))
	}
}

func TestByTarget(t *testing.T) {
	// Row 1 is nearest to both targets, then row 0 to the first, row 3 to the second.
	d := [][]float64{{0.3, 0.9}, {0.1, 0.1}, {0.5, 0.8}, {0.7, 0.2}}
	for budget, want := range map[int][]int{1: {1}, 2: {1, 3}, 3: {0, 1, 3}, 4: {0, 1, 2, 3}, 9: {0, 1, 2, 3}} {
		got, err := byTarget(d, budget)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("budget %d: %v, want %v, error %v", budget, got, want, err)
		}
	}
	// Equal distances: the lowest rows.
	got, err := byTarget([][]float64{{1, 1}, {1, 1}, {1, 1}}, 2)
	if err != nil || !slices.Equal(got, []int{0, 1}) {
		t.Errorf("ties: %v, error %v", got, err)
	}
	// Rows 0 and 1 serve a target each, but a crossing costs row 1 more.
	if got := transportCost(d, []int{0, 3}); !near(got, 0.25) {
		t.Errorf("cost %v", got)
	}
}

// TestSplit compares the gradient by the logits with differences of the loss.
func TestSplit(t *testing.T) {
	table := selection.Table{Scale: 0.25, Width: tapUnits + tapClasses, Data: make([]byte, tapUnits+tapClasses)}
	table.Data[3] = 8
	for c := range tapClasses {
		table.Data[tapUnits+c] = byte(3 * c % 7)
	}
	hidden, miss := split(&table, 0, 4)
	if len(hidden) != tapUnits || hidden[3] != 2 {
		t.Errorf("hidden %v", hidden)
	}
	entropy := func(z []float64) float64 {
		sum := 0.0
		for _, v := range z {
			sum += math.Exp(v)
		}
		return math.Log(sum) - z[4]
	}
	for c := range tapClasses {
		const step = 1e-5
		up, down := table.Real(0)[tapUnits:], table.Real(0)[tapUnits:]
		up[c] += step
		down[c] -= step
		if want := (entropy(up) - entropy(down)) / (2 * step); math.Abs(miss[c]-want) > 1e-8 {
			t.Errorf("class %d: %v, want %v", c, miss[c], want)
		}
	}
}

// line has candidates and targets on a line.
func line(candidates, targets []float64) [][]float64 {
	cost := make([][]float64, len(candidates))
	for i, c := range candidates {
		for _, v := range targets {
			cost[i] = append(cost[i], math.Abs(c-v))
		}
	}
	return cost
}

func TestSwapsByHand(t *testing.T) {
	cost := line([]float64{5, 0.5, 9.5, 20}, []float64{0, 1, 9, 10})
	first := nearest(cost, 2) // the middle first, then a tie of both ends
	if !slices.Equal(first, []int{0, 1}) || !near(fit(cost, first), 10.0/4) {
		t.Errorf("greedy %v, cost %v", first, fit(cost, first))
	}
	got, err := refine(cost, first)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 2}) || !near(fit(cost, got), 0.5) {
		t.Errorf("after swaps %v, cost %v", got, fit(cost, got))
	}
	// The middle serves no target once both ends are there, and row 3 none at all.
	if got := nearest(cost, 3); !slices.Equal(got, []int{1, 2, 0}) {
		t.Errorf("three rows: %v", got)
	}
	if !math.IsInf(fit(cost, nil), 1) || !math.IsInf(fit(cost, []int{0, 1, 2}), 1) {
		t.Error("selections that do not divide the targets have a cost")
	}
}

// TestSwapsImprove compares with all selections and with a search for a better
// neighbour that does not skip any swap.
func TestSwapsImprove(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	const rows, picks, columns = 9, 3, 6
	for round := range 30 {
		var candidates, targets []float64
		for range rows {
			candidates = append(candidates, 10*rng.Float64())
		}
		for range columns {
			targets = append(targets, 10*rng.Float64())
		}
		cost := line(candidates, targets)
		first := nearest(cost, picks)
		last, err := refine(cost, first)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		for set := range uint(1 << rows) {
			if bits.OnesCount(set) != picks {
				continue
			}
			var items []int
			for i := range rows {
				if set>>i&1 == 1 {
					items = append(items, i)
				}
			}
			best = min(best, fit(cost, items))
		}
		reached := fit(cost, last)
		if reached > fit(cost, first)+1e-9 || reached < best-1e-9 {
			t.Errorf("round %d: %v after %v, best %v", round, reached, fit(cost, first), best)
		}
		for k := range last {
			for i := range rows {
				if slices.Contains(last, i) {
					continue
				}
				trial := slices.Clone(last)
				if trial[k] = i; fit(cost, trial) < reached-1e-6 {
					t.Errorf("round %d: swap of %d for %d was missed", round, last[k], i)
				}
			}
		}
	}
}

// TestSparseSimilarity takes minima and maxima apart as the network does and
// compares with the index itself.
func TestSparseSimilarity(t *testing.T) {
	r := &sparse{prototype: make([]float64, sparseUnits)}
	row, masked := make([]float64, 2*sparseUnits), make([]float64, sparseUnits)
	for u := range sparseUnits {
		r.prototype[u] = float64(u%5) / 4
		r.total += r.prototype[u]
		row[u] = float64(u*7%31) / 10
		row[sparseUnits+u] = max(0, row[u]-r.prototype[u])
	}
	for _, u := range kit.TopK(row[:sparseUnits], sparseActive) {
		masked[u] = row[u]
	}
	if got, want := r.similarity(row), kit.Overlap(masked, r.prototype); !near(got, want) || want == 0 {
		t.Errorf("similarity %v, want %v", got, want)
	}
}

// TestSparseFragility finds that every bit matters where all rows but the
// selected ones tie with them, and none where the similarity is constant.
func TestSparseFragility(t *testing.T) {
	table := selection.Table{Scale: 1, Width: 1, Data: make([]byte, 2*sparseBudget)}
	rng := rand.New(rand.NewPCG(5, 0))
	got, err := fragility(&table, func(row []float64) float64 { return 1 }, rng)
	if err != nil || got != 0 {
		t.Errorf("constant: %v, error %v", got, err)
	}
	// Bits 0 to 6 raise the score, which matters in the lower half; the sign bit
	// lowers it, which matters in the upper half.
	got, err = fragility(&table, func(row []float64) float64 { return row[0] }, rng)
	if err != nil || math.Abs(got-0.5) > 0.05 {
		t.Errorf("identity: %v, error %v", got, err)
	}
}

// TestAutoBudget stops after the eight closest rows, since the next eight are a
// little farther from the targets that were held back.
func TestAutoBudget(t *testing.T) {
	var distance [][]float64
	for i := range 40 {
		row := make([]float64, targetRows)
		for j := range row {
			row[j] = 1 + float64((i*7+j*3)%11)/100
			if i < 16 {
				row[j] = 0.2 - 0.01*float64(i/8) // the second eight are a little closer
			}
		}
		distance = append(distance, row)
	}
	got, err := autoBudget(distance)
	if err != nil || got != 8 {
		t.Errorf("size %v, error %v", got, err)
	}
}

// TestEffects replaces single rows by noise and by the row of another item.
func TestEffects(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(2)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := w.Reference()
		if err != nil {
			t.Fatal(err)
		}
		golden, err := w.Decide(tables)
		if err != nil {
			t.Fatal(err)
		}
		run := &selection.Run{Seed: 2, Workload: w, Scores: tables, Outcome: golden}
		outside := 0
		for slices.Contains(golden.Items, outside) {
			outside++
		}
		// A selected row gets the scores of one that is not.
		faulty, err := w.Transient(tables, 0, golden.Items[0], tables[0].Row(outside))
		if err != nil {
			t.Fatal(err)
		}
		if e := task.Effect(run, faulty); !e.Changed || e.Distance <= 0 || e.Distance > 1 {
			t.Errorf("task %s: %+v", task.Name, e)
		}
		rng, noise := rand.New(rand.NewPCG(6, 0)), make([]byte, tables[0].Width)
		for range 5 {
			for j := range noise {
				noise[j] = byte(rng.UintN(256))
			}
			faulty, err := w.Transient(tables, 0, rng.IntN(tables[0].Rows()), noise)
			if err != nil {
				t.Fatal(err)
			}
			e := task.Effect(run, faulty)
			if len(faulty.Items) != len(golden.Items) || math.IsNaN(e.Consequence) || e.Consequence < 0 || e.Consequence > 1 {
				t.Errorf("task %s: %d rows, %+v", task.Name, len(faulty.Items), e)
			}
		}
	}
}
