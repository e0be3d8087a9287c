package edit

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
)

// logits makes a table in which each row favours a class by 40 codes.
func logits(labels ...int) selection.Table {
	t := selection.Table{Scale: 0.1, Width: classes, Data: make([]byte, classes*len(labels))}
	for i, l := range labels {
		t.Data[i*classes+l] = 40
	}
	return t
}

func TestLabel(t *testing.T) {
	table := selection.Table{Width: 3, Data: []byte{5, 5, 1, 0x80, 0x81, 0x81}}
	if a, b := label(&table, 0), label(&table, 1); a != 0 || b != 1 {
		t.Errorf("labels %d and %d", a, b)
	}
}

func TestDampening(t *testing.T) {
	r := &dampening{truth: []int{1, 1, 2, 3, 4, 5}, forgotten: 1}
	before := logits(1, 1, 2, 3, 4, 6)
	golden, err := r.Decide(selection.FromTables(before, logits(7, 0, 2, 3, 4, 6)))
	if err != nil || golden.Values[0] != 1 {
		t.Fatalf("%v, %v", golden, err)
	}
	for name, c := range map[string]struct {
		labels   []int
		released float64
		harm     float64
	}{
		"none":          {[]int{7, 0, 2, 3, 4, 6}, 1, 0},
		"other wrong":   {[]int{8, 0, 2, 3, 4, 6}, 1, 0},
		"resurrection":  {[]int{1, 0, 2, 3, 4, 6}, 0, 1},
		"retained lost": {[]int{7, 0, 9, 3, 4, 6}, 0, 1}, // 3 of 4 agree: not released
	} {
		o, err := r.Decide(selection.FromTables(before, logits(c.labels...)))
		if err != nil || !slices.Equal(o.Items, c.labels) || o.Values[0] != c.released {
			t.Errorf("%s: %v, %v", name, o, err)
		}
		if harm := r.Consequence(nil, golden, o); harm != c.harm {
			t.Errorf("%s: consequence %v, want %v", name, harm, c.harm)
		}
	}
	lost := selection.Outcome{Metric: selection.Label, Items: []int{7, 0, 9, 3, 4, 6}, Values: []float64{1}}
	if harm := r.Consequence(nil, golden, lost); harm != 0.25 {
		t.Errorf("a right label of four retained rows lost: %v", harm)
	}
	back := selection.Outcome{Metric: selection.Label, Items: []int{7, 1, 2, 3, 4, 6}, Values: []float64{1}}
	if harm := r.Consequence(nil, golden, back); harm != 1 {
		t.Errorf("a forgotten row has its class again: %v", harm)
	}
	if _, err := r.Decide(selection.FromTables(before)); err == nil {
		t.Error("one table: no error")
	}
	if forget, retain := r.accuracy(&before); forget != 1 || retain != 0.75 {
		t.Errorf("accuracy %v and %v", forget, retain)
	}
}

func TestWorst(t *testing.T) {
	n := worstSize + 2
	r := &worst{truth: make([]int, n), weights: make([]float64, n)}
	labels := make([]int, n)
	for i := range r.weights {
		r.weights[i] = float64(worstSize) / float64(n)
	}
	labels[3], labels[7] = 1, 2 // two rows of a large loss
	table := logits(labels...)
	golden, err := r.Decide(selection.FromTables(table))
	if err != nil || len(golden.Items) != worstSize || slices.Contains(golden.Items, 3) || slices.Contains(golden.Items, 7) {
		t.Fatalf("%v, %v", golden.Items, err)
	}
	// A fault makes row 9 a hard one too: the lowest of the three comes in, and its
	// loss is the share 1/25 of the distance to the mean row, times 27/2.
	labels[9] = 5
	faulty, err := r.Decide(selection.FromTables(logits(labels...)))
	if err != nil || slices.Contains(faulty.Items, 9) || !slices.Contains(faulty.Items, 3) {
		t.Fatalf("%v, %v", faulty.Items, err)
	}
	if harm := r.Consequence([]selection.Table{table}, golden, faulty); math.Abs(harm-27.0/50) > 1e-9 {
		t.Errorf("consequence %v", harm)
	}
	if share := r.forgotten(&table, []int{0, 3, 7, 8}); share != 0.5 {
		t.Errorf("forgotten %v", share)
	}
}

func TestQuick(t *testing.T) {
	n := quickSize + 4
	r := &quick{features: n}
	table := selection.Table{Scale: 1, Width: 1, Data: make([]byte, n)}
	for i := range 4 {
		table.Data[n-1-i] = 30 // the last four are strong; the rest tie
	}
	golden, err := r.Decide(selection.FromTables(table))
	if err != nil || golden.Items[quickSize-5] != quickSize-5 || golden.Items[quickSize-1] != n-1 {
		t.Fatalf("%v, %v", golden.Items, err)
	}
	faulty, _ := table.WithRow(n-1, []byte{0x80})
	o, err := r.Decide(selection.FromTables(faulty))
	if err != nil || slices.Contains(o.Items, n-1) {
		t.Fatalf("%v, %v", o.Items, err)
	}
	// Strength of the sets 120 and 90 of 24, of a mean feature 120/28.
	want := (120.0 - 90) / (120 - 24*120.0/28)
	if harm := r.Consequence([]selection.Table{table}, golden, o); math.Abs(harm-want) > 1e-9 {
		t.Errorf("consequence %v, want %v", harm, want)
	}
	if _, err := r.Decide(selection.FromTables(logits(1))); err == nil {
		t.Error("a table of classes: no error")
	}
}

func TestFeatures(t *testing.T) {
	r := &clickModel{}
	table := selection.Table{Scale: 1, Width: 1, Data: make([]byte, clickPool)}
	for i := range 100 {
		table.Data[i] = 2
	}
	golden, err := r.Decide(selection.FromTables(table))
	if err != nil || golden.Items[clickShown-1] != clickShown-1 {
		t.Fatalf("%v, %v", golden.Items, err)
	}
	faulty, _ := table.WithRow(150, []byte{9})
	o, err := r.Decide(selection.FromTables(faulty))
	if err != nil || o.Items[clickShown-1] != 150 {
		t.Fatalf("%v, %v", o.Items, err)
	}
	// One of 40 loses the whole distance between σ(2) and σ(0), and a mean
	// impression half of it.
	if harm := r.Consequence([]selection.Table{table}, golden, o); math.Abs(harm-2.0/clickShown) > 1e-9 {
		t.Errorf("consequence %v", harm)
	}
}

func TestRankingArea(t *testing.T) {
	for _, c := range []struct {
		score   []float64
		clicked []int
		want    float64
	}{
		{[]float64{1, 2, 3, 4}, []int{0, 0, 1, 1}, 1},
		{[]float64{4, 3, 2, 1}, []int{0, 0, 1, 1}, 0},
		{[]float64{5, 5, 5}, []int{1, 0, 0}, 0.5},
		{[]float64{1, 2, 2, 3}, []int{0, 1, 0, 0}, 0.5},
		{[]float64{1}, []int{1}, 0.5},
	} {
		if got := rankingArea(c.score, c.clicked); got != c.want {
			t.Errorf("%v %v: %v, want %v", c.score, c.clicked, got, c.want)
		}
	}
}
