package quick

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

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
	if _, err := r.Decide(selection.FromTables(scoretest.Labels(1))); err == nil {
		t.Error("a table of digits.Classes: no error")
	}
}

// TestSparse: rewiring keeps the number of connections and the largest weights.
func TestSparse(t *testing.T) {
	rng := data.Rand(1, 2)
	l := newSparse(60, 80, rng)
	n := len(l.list)
	if p := float64(n) / (60 * 80); math.Abs(p-13.0*140/4800) > 0.05 {
		t.Errorf("density %.3f", p)
	}
	l.list[5].weight = 9
	kept := l.list[5]
	l.rewire(rng)
	seen, found := map[[2]int]bool{}, false
	for _, c := range l.list {
		seen[[2]int{c.from, c.to}] = true
		found = found || c.from == kept.from && c.to == kept.to && c.weight == 9
	}
	if len(l.list) != n || len(seen) != n || !found {
		t.Errorf("%d connections of %d, %d places, largest kept: %v", len(l.list), n, len(seen), found)
	}
}

// TestLassoStrength: a feature that gives the class away counts most, and one
// that never changes not at all.
func TestLassoStrength(t *testing.T) {
	rng := data.Rand(1, 4)
	s := &data.Samples{}
	for i := range 200 {
		label := i % 2
		s.X = append(s.X, []float64{rng.Float64(), float64(label), 0.5})
		s.Labels = append(s.Labels, label)
	}
	v, err := lassoStrength(s)
	if err != nil || v[2] != 0 || v[1] < 10*v[0] || v[1] == 0 {
		t.Errorf("%v, %v", v, err)
	}
}
