package conformal

import (
	"math/rand/v2"
	"slices"
	"testing"
	"upset/models/selection"
)

// pvalues are written down from the definition, for comparison.
func pvalues(t *selection.Table, truth, calibration, test []int, k int) []float64 {
	p := make([]float64, len(test))
	for j, row := range test {
		n := 1
		for _, i := range calibration {
			if truth[i] == 0 && -t.Int(i, k) <= -t.Int(row, k) {
				n++
			}
		}
		p[j] = float64(n) / float64(len(calibration)+1)
	}
	return p
}

// bh is Benjamini and Hochberg's procedure as published.
func bh(p []float64, q float64) []int {
	s := slices.Clone(p)
	slices.Sort(s)
	limit := -1.0
	for i, v := range s {
		if v*float64(len(p)) <= q*float64(i+1)+1e-12 {
			limit = v
		}
	}
	var list []int
	for i, v := range p {
		if v <= limit {
			list = append(list, i)
		}
	}
	return list
}

// drawn is a pool of coarse scores, so that many tie.
func drawn(rng *rand.Rand) (t selection.Table, truth, calibration, test []int) {
	t = selection.Table{Scale: 1, Width: 3, Data: make([]byte, 3*40)}
	truth = make([]int, 40)
	for i := range truth {
		truth[i] = rng.IntN(2)
		for k := range 3 {
			t.Data[3*i+k] = byte(4*truth[i] + rng.IntN(6))
		}
	}
	rows := rng.Perm(40)
	return t, truth, rows[:20], rows[20:]
}

// TestPlainSelection compares the counting form with p-values from the
// definition.
func TestPlainSelection(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	some := 0
	for range 50 {
		table, truth, calibration, test := drawn(rng)
		c := newCounts(&table, truth, calibration, test)
		for k := range 3 {
			want := bh(pvalues(&table, truth, calibration, test, k), 0.3)
			if got := c.plain(k, 0.3); !slices.Equal(got, want) {
				t.Fatalf("model %d selects %v, want %v", k, got, want)
			}
			some += len(want)
		}
	}
	if some == 0 {
		t.Error("nothing was ever selected")
	}
}

// TestAuxiliary compares the size of the auxiliary selection with its
// definition.
func TestAuxiliary(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 20 {
		table, truth, calibration, test := drawn(rng)
		c := newCounts(&table, truth, calibration, test)
		for j, own := range test {
			p := pvalues(&table, truth, calibration, test, 1)
			for l, other := range test {
				p[l] -= 1 / float64(len(calibration)+1)
				if -table.Int(own, 1) <= -table.Int(other, 1) {
					p[l] += 1 / float64(len(calibration)+1)
				}
			}
			p[j] = 0
			if got, want := c.auxiliary(1, j, 0.3), len(bh(p, 0.3)); got != want {
				t.Fatalf("candidate %d: auxiliary selection of %d, want %d", j, got, want)
			}
		}
	}
}
