package cover

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
)

// scores is a table of unit scale.
func scores(rows ...[]int) selection.Table {
	t := selection.Table{Scale: 1, Width: len(rows[0])}
	for _, row := range rows {
		for _, v := range row {
			t.Data = append(t.Data, byte(v))
		}
	}
	return t
}

// small is a pool of rows on a line with their classes.
func small(at []float64, truth ...int) *pool {
	p := &pool{seed: 1, truth: truth}
	for _, v := range at {
		p.rows = append(p.rows, []float64{v})
	}
	return p
}

// workload wraps a rule in a workload of one scorer.
func workload(r selection.Rule, rows int) *selection.Workload {
	return &selection.Workload{Scorers: []selection.Scorer{{Rows: make([][]byte, rows)}}, Rule: r}
}

func TestFacilityPicks(t *testing.T) {
	p := small(make([]float64, 5), 0, 0, 0, 0, 0)
	for _, c := range []struct {
		name  string
		table selection.Table
		picks int
		want  []int
	}{
		// Three rows in one direction, two in another: the larger group first.
		{"larger group first", scores([]int{0, 5}, []int{3, 0}, []int{9, 0}, []int{0, 7}, []int{1, 0}), 2, []int{1, 0}},
		{"equal rows to the lowest index", scores([]int{1, 1}, []int{1, 1}, []int{2, 2}, []int{1, 1}, []int{1, 1}), 2, []int{0, 1}},
		{"the row between two groups", scores([]int{4, 0}, []int{0, 4}, []int{4, 4}, []int{4, 0}, []int{0, 4}), 1, []int{2}},
		{"a zero row is like nothing", scores([]int{0, 0}, []int{1, 0}, []int{1, 0}, []int{0, 0}, []int{0, 0}), 1, []int{1}},
	} {
		o, err := (&facility{p, c.picks}).Decide(selection.FromTables(c.table))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Items, c.want) {
			t.Errorf("%s: %v, want %v", c.name, o.Items, c.want)
		}
	}
}

// TestFacilityEffect replaces a row by one of the same direction, which changes
// nothing, and by a zero, so that its equal takes its place without harm. To lose
// a whole group of rows is a harm.
func TestFacilityEffect(t *testing.T) {
	golden := []selection.Table{scores([]int{0, 5}, []int{3, 0}, []int{9, 0}, []int{0, 7}, []int{1, 0})}
	w := workload(&facility{small(make([]float64, 5), 0, 0, 0, 0, 0), 2}, 5)
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	task := facilityTask()
	run := &selection.Run{Workload: w, Scores: golden, Outcome: o}
	for _, c := range []struct {
		name    string
		output  []byte // of row 1
		changed bool
	}{{"same direction", []byte{100, 0}, false}, {"zero", []byte{0, 0}, true}} {
		faulty, err := w.Transient(golden, 0, 1, c.output)
		if err != nil {
			t.Fatal(err)
		}
		if e := task.Effect(run, faulty); e.Changed != c.changed || e.Consequential {
			t.Errorf("%s: picks %v, %+v", c.name, faulty.Items, e)
		}
	}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{1, 2}}); !e.Consequential {
		t.Errorf("a group is lost: %+v", e)
	}
}

func TestGraph(t *testing.T) {
	g := graph([][]float64{{1, 0.6, 0.2, -0.5}, {0.6, 1, -1, -1}, {0.2, -1, 1, 0}, {-0.5, -1, 0, 1}}, 2)
	want := [][]kit.Edge{
		{{From: 1, Probability: 0.75}, {From: 2, Probability: 0.25}},
		{{From: 0, Probability: 1}, {From: 2, Probability: 0}},
		{{From: 0, Probability: 1}, {From: 3, Probability: 0}},
		{{From: 2, Probability: 0}, {From: 0, Probability: 0}},
	}
	for i := range want {
		for k, e := range want[i] {
			if len(g[i]) != 2 || g[i][k].From != e.From || math.Abs(g[i][k].Probability-e.Probability) > 1e-12 {
				t.Errorf("edges to %d: %v, want %v", i, g[i], want[i])
				break
			}
		}
	}
}

// TestInfluencePicks has a hub that all others are most similar to. Every edge is
// live, since its draw is zero and its probability is not.
func TestInfluencePicks(t *testing.T) {
	zero := [][][]float64{make([][]float64, 4)}
	for i := range zero[0] {
		zero[0][i] = make([]float64, influenceNeighbours)
	}
	r := &influence{small(make([]float64, 4), 0, 0, 0, 0), 2, zero}
	// Rows 1 and 3 are alike; rows 0 and 2 are similar to nothing.
	o, err := r.Decide(selection.FromTables(scores([]int{1, 0, 0}, []int{0, 1, 0}, []int{0, 0, 1}, []int{0, 2, 0})))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{1, 0}) {
		t.Errorf("picks %v", o.Items)
	}
}

// twoHeads is a row of logits that both heads give to one class.
func twoHeads(class, logit int) []int {
	row := make([]int, 2*coresetClasses)
	row[class], row[coresetClasses+class] = logit, logit
	return row
}

func TestCoreset(t *testing.T) {
	// Row 0 is labelled. Row 3 is certain of another class, row 2 less so, row 1
	// agrees with row 0, row 4 repeats row 3.
	table := scores(twoHeads(0, 20), twoHeads(0, 20), twoHeads(1, 1), twoHeads(1, 20), twoHeads(1, 20))
	r := &coreset{pool: small(make([]float64, 5), 0, 0, 0, 0, 0), picks: 2, before: []int{0}}
	w := workload(r, 5)
	golden := []selection.Table{table}
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{3, 2}) {
		t.Errorf("picks %v", o.Items)
	}
	if p := probabilities(&table)[2]; math.Abs(p[1]-math.E/(math.E+9)) > 1e-12 || math.Abs(p[0]-1/(math.E+9)) > 1e-12 {
		t.Errorf("probabilities %v", p)
	}
	// A row that repeats a picked one takes its place without harm; to leave out
	// the other class is one.
	task, run := coresetTask(), &selection.Run{Workload: w, Scores: golden, Outcome: o}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{4, 2}}); !e.Changed || e.Consequential {
		t.Errorf("the same prediction: %+v", e)
	}
	if e := task.Effect(run, selection.Outcome{Metric: selection.Set, Items: []int{0, 1}}); !e.Consequential {
		t.Errorf("the other class is left out: %+v", e)
	}
	if _, err := r.Decide(selection.FromTables(scores([]int{1}, []int{1}, []int{1}, []int{1}, []int{1}))); err == nil {
		t.Error("one score of a row: no error")
	}
}

func TestApportion(t *testing.T) {
	for _, c := range []struct {
		weights []float64
		room    []int
		budget  int
		want    []int
	}{
		{[]float64{0.5, 0.25, 0.25}, []int{9, 9, 9}, 4, []int{2, 1, 1}},
		{[]float64{0.5, 0.5}, []int{9, 9}, 3, []int{2, 1}},
		{[]float64{1, 0}, []int{2, 9}, 3, []int{2, 1}},
		{[]float64{0.9, 0.1}, []int{1, 1}, 5, []int{1, 1}},
		{[]float64{0.2, 0.8}, []int{0, 9}, 2, []int{0, 2}},
	} {
		if got := apportion(c.weights, c.room, c.budget); !slices.Equal(got, c.want) {
			t.Errorf("%v with room %v: %v, want %v", c.weights, c.room, got, c.want)
		}
	}
}

func TestQuality(t *testing.T) {
	// Picks 0, 1, 2 share a class and a cluster; picks 3, 4, 5 have three classes.
	r := &diverse{pool: small([]float64{0, 1, 2, 100, 101, 102}, 0, 0, 0, 1, 2, 3)}
	got := r.quality([]int{0, 1, 2, 3, 4, 5}, []int{0, 0, 0, 1, 1, 1}, 3)
	// Each of the first three has two right among its three nearest.
	for j, want := range []float64{(3*2.0/3 + 0.5) / 4, 0.5 / 4, 0.5} {
		if math.Abs(got[j]-want) > 1e-12 {
			t.Errorf("cluster %d: %v, want %v", j, got[j], want)
		}
	}
}

// TestDiverse draws first the row that leads most in every cluster, and then less
// from the cluster whose classes are random.
func TestDiverse(t *testing.T) {
	at := []float64{0, 1, 2, 3, 100, 101, 102, 103}
	table := scores([]int{5, 0}, []int{9, 0}, []int{9, 0}, []int{4, 0}, []int{0, 3}, []int{0, 1}, []int{0, 8}, []int{0, 2})
	r := &diverse{pool: small(at, 0, 0, 0, 0, 1, 2, 3, 4), budget: 2, rounds: 1}
	for rounds, want := range map[int][]int{1: {1, 6}, 2: {1, 6, 2, 4}} {
		r.rounds = rounds
		o, err := r.Decide(selection.FromTables(table))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.Items, want) {
			t.Errorf("%d rounds: %v, want %v", rounds, o.Items, want)
		}
	}
	cluster, lead := clusters(&table)
	if !slices.Equal(cluster, []int{0, 0, 0, 0, 1, 1, 1, 1}) || lead[6] != 8 {
		t.Errorf("clusters %v, leads %v", cluster, lead)
	}
	r.rounds, r.spoiled = 3, []int{0, 0, 0, 0, 1, 1, 1, 1}
	_, weights := r.refine(cluster, lead, 2, true)
	if s := r.spoiledWeight(cluster, weights); s >= 0.5 || math.Abs(s-2*weights[1]) > 1e-12 || math.Abs(weights[0]+weights[1]-1) > 1e-12 {
		t.Errorf("weights %v, of spoiled clusters %v", weights, s)
	}
	if _, err := r.Decide(selection.FromTables(scores([]int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}))); err == nil {
		t.Error("one cluster: no error")
	}
}

// TestUtility has two sets of four points, of which two are chosen.
func TestUtility(t *testing.T) {
	// The mean of the first set is (0, 0): points 1 and 2 are closest. That of the
	// second is (10, 0).
	sets := [][]byte{{200, 0, 255, 0, 1, 0, 56, 0}, {10, 0, 10, 1, 10, 40, 10, 215}}
	r := &utility{picks: 2, sets: sets}
	w := workload(r, 2)
	golden := []selection.Table{scores([]int{1, 5, 6, 2}, []int{9, 7, 7, 7})}
	o, err := w.Decide(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{1, 2, 4, 5}) || r.overlap(o.Items) != 1 {
		t.Errorf("points %v, overlap %v", o.Items, r.overlap(o.Items))
	}
	if v := r.overlap([]int{0, 2, 6, 7}); math.Abs(v-(1.0/3)/2) > 1e-12 {
		t.Errorf("overlap %v", v)
	}
	task, run := utilityTask(), &selection.Run{Workload: w, Scores: golden, Outcome: o}
	faulty, err := w.Transient(golden, 0, 0, []byte{0, 5, 250, 6})
	if err != nil {
		t.Fatal(err)
	}
	// Points 1 and 3 of the first set now: distances 1 and 56, the mean of all four.
	if e := task.Effect(run, faulty); !slices.Equal(faulty.Items, []int{1, 3, 4, 5}) || math.Abs(e.Consequence-1) > 1e-9 || e.Distance != 1-3.0/5 {
		t.Errorf("points %v: %+v", faulty.Items, e)
	}
}

func TestAccuracy(t *testing.T) {
	p := small([]float64{0, 10, 4}, 1, 2, 3)
	p.test, p.want = [][]float64{{1}, {9}, {5}, {2}}, []int{1, 2, 1, 3}
	// Of 5 the nearest of rows 0 and 1 is 0 by index, since both are as close.
	for _, c := range []struct {
		picks []int
		want  float64
	}{{[]int{0, 1}, 0.75}, {[]int{1}, 0.25}, {nil, 0}, {[]int{2, 0}, 0.5}} {
		if got := p.accuracy(c.picks); got != c.want {
			t.Errorf("picks %v: %v, want %v", c.picks, got, c.want)
		}
	}
}

func TestRegret(t *testing.T) {
	for _, c := range []struct{ golden, faulty, random, want float64 }{
		{3, 3, 1, 0}, {3, 2, 1, 0.5}, {3, 1, 1, 1}, {3, 4, 1, -0.5}, {1, 3, 1, 1}, {3, math.NaN(), 1, 1},
	} {
		if got := regret(c.golden, c.faulty, c.random); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestRulesRefuse(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		for _, tables := range [][]selection.Table{nil, {{}}, {scores([]int{1})}, {scores([]int{1}), scores([]int{1})}} {
			if _, err := w.Rule.Decide(selection.FromTables(tables...)); err == nil {
				t.Errorf("%s, %d tables: no error", task.Name, len(tables))
			}
		}
		if _, err := task.Build(99); err == nil {
			t.Errorf("%s: no error for a seed without artefacts", task.Name)
		}
		if _, err := task.Check([]selection.Run{{Workload: &selection.Workload{}}}); err == nil {
			t.Errorf("%s: no error for a run of another task", task.Name)
		}
	}
}
