package loss

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/npu/isa"
)

// table makes a table of rows; numbers left out are 0.
func table(width int, rows ...[]int) selection.Table {
	t := selection.Table{Scale: 0.1, Width: width, Data: make([]byte, width*len(rows))}
	for i, row := range rows {
		for j, v := range row {
			t.Data[i*width+j] = byte(int8(v))
		}
	}
	return t
}

func decide(t *testing.T, r selection.Rule, scores []selection.Table) selection.Outcome {
	t.Helper()
	o, err := r.Decide(selection.FromTables(scores...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestEntropy(t *testing.T) {
	s := table(2, []int{10, 0}, []int{127, -128}, []int{3, 3})
	for _, c := range []struct {
		row, class int
		want       float64
	}{
		{0, 0, math.Log(1 + math.Exp(-1))}, {0, 1, math.Log(1 + math.E)}, {1, 1, 25.5}, {2, 0, math.Ln2}, {2, 1, math.Ln2},
	} {
		if got := entropy(&s, c.row, c.class); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("row %d, class %d: %v, want %v", c.row, c.class, got, c.want)
		}
	}
}

func TestRegret(t *testing.T) {
	value := []float64{4, 3, 1, 0} // mean 2
	for _, c := range []struct {
		faulty []int
		want   float64
	}{
		{[]int{0, 1}, 0}, {[]int{1, 0}, 0}, {[]int{0, 2}, 2.0 / 3}, {[]int{0, 3}, 1}, {[]int{2, 3}, 2},
	} {
		if got := regret(value, []int{0, 1}, c.faulty); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.faulty, got, c.want)
		}
	}
	if got := regret([]float64{1, 1}, []int{0}, []int{1}); got != 0 {
		t.Errorf("equal values: %v", got)
	}
}

// TestFilter keeps the rows whose loss falls most. The label of a row has logit 0
// against ten of v before and w after, so its loss falls where v exceeds w.
func TestFilter(t *testing.T) {
	others := func(values ...int) selection.Table {
		var rows [][]int
		for _, v := range values {
			row := slices.Repeat([]int{v}, classes)
			row[2] = 0
			rows = append(rows, row)
		}
		return table(classes, rows...)
	}
	r := &filter{given: []int{2, 2, 2, 2}, kept: 2}
	scores := []selection.Table{others(0, 20, 20, 10), others(0, 20, 0, 0)}
	golden := decide(t, r, scores)
	if !slices.Equal(golden.Items, []int{2, 3}) {
		t.Fatalf("kept %v", golden.Items)
	}
	// Rows 0 and 1 tie at no change: the lower one replaces a row that is lost.
	faulty := slices.Clone(scores)
	faulty[1] = others(0, 20, 0, 30)
	o := decide(t, r, faulty)
	if !slices.Equal(o.Items, []int{0, 2}) {
		t.Fatalf("kept %v", o.Items)
	}
	v := r.reduction(scores)
	want := v[3] / 2 / ((v[2]+v[3])/2 - (v[2]+v[3])/4)
	if got := r.Consequence(scores, golden, o); math.Abs(got-want) > 1e-9 || want <= 0 {
		t.Errorf("consequence %v, want %v", got, want)
	}
	if got := r.Consequence(scores, golden, golden); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
}

// TestFilterVotes: the vote of the nearest five follows the given labels.
func TestFilterVotes(t *testing.T) {
	r := &filter{
		given:    []int{1, 1, 1, 4, 4, 4, 4, 4},
		pictures: [][]byte{{0}, {1}, {2}, {3}, {4}, {100}, {101}, {102}},
		test:     [][]byte{{1}, {101}, {0xff}}, testTruth: []int{1, 4, 4}, // the last picture is −1
	}
	if got := r.accuracy(every(8)); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("accuracy %v", got)
	}
	if got := r.accuracy([]int{5}); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("one row votes alone: accuracy %v", got)
	}
}

// TestInfluence draws the largest sums of prediction and noise of each label.
func TestInfluence(t *testing.T) {
	r := &influence{given: []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, noise: make([]float64, 10)}
	scores := []selection.Table{table(1, [][]int{{1}, {9}, {2}, {9}, {0}, {-5}, {-5}, {-4}, {-9}, {-7}}...)}
	golden := decide(t, r, scores)
	if !slices.Equal(golden.Items, []int{1, 7}) {
		t.Fatalf("drawn %v", golden.Items)
	}
	r.noise[3] = 0.01 // decides the tie
	r.noise[9] = 0.7  // worth more than 0.3/τ
	o := decide(t, r, scores)
	if !slices.Equal(o.Items, []int{3, 9}) {
		t.Fatalf("drawn %v", o.Items)
	}
	if got := r.Consequence(scores, o, golden); got <= 0 {
		t.Errorf("the set without the noise: consequence %v", got)
	}
}

func TestRulesRefuseOtherTables(t *testing.T) {
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		short := table(classes, nil)
		for _, scores := range [][]selection.Table{nil, {short}, {short, short}} {
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

// TestSingleFlips flips bits of scores at random: some change the outcome, and
// every consequence is a share that only a changed outcome has.
func TestSingleFlips(t *testing.T) {
	cfg, err := isa.ParseConfig("u55-128")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range Tasks() {
		w, err := task.Build(1)
		if err != nil {
			t.Fatal(err)
		}
		run := &selection.Run{Seed: 1, Workload: w}
		if run.Scores, err = w.Functional(cfg); err != nil {
			t.Fatal(err)
		}
		run.Outcome = decide(t, w.Rule, run.Scores)
		rng := rand.New(rand.NewPCG(1, 0))
		changed, harmful := 0, 0
		const flips = 400
		for range flips {
			k := rng.IntN(len(w.Scorers))
			row := rng.IntN(run.Scores[k].Rows())
			output := slices.Clone(run.Scores[k].Row(row))
			output[rng.IntN(len(output))] ^= 1 << rng.IntN(8)
			faulty, err := w.Transient(run.Scores, k, row, output)
			if err != nil {
				t.Fatal(err)
			}
			if v := w.Rule.Consequence(run.Scores, run.Outcome, faulty); !(v >= -1e-9) || faulty.Equal(run.Outcome) && v > 1e-9 {
				t.Fatalf("task %s: consequence %v", task.Name, v)
			}
			e := task.Effect(run, faulty)
			if e.Changed {
				changed++
			}
			if e.Consequential {
				harmful++
			}
		}
		t.Logf("task %s: of %d flipped bits of scores %d change the outcome, %d with a consequence", task.Name, flips, changed, harmful)
		if changed == 0 || changed == flips {
			t.Errorf("task %s: %d of %d flips change the outcome", task.Name, changed, flips)
		}
	}
}
