package recruitment

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// pools of people of two groups in turn, whose scores rise.
func people(n int) *recruitment {
	r := &recruitment{}
	for i := range n {
		r.groups, r.scores = append(r.groups, i%2), append(r.scores, float64(i))
	}
	return r
}

// column is a table of one number a row.
func column(n int, code func(i int) int) selection.Table {
	var rows [][]int
	for i := range n {
		rows = append(rows, []int{code(i)})
	}
	return scoretest.Scores(rows...)
}

func TestHires(t *testing.T) {
	const n = 2 * hired
	r := people(n)
	// The first network hires group 0 alone, the second one the last half.
	faces := column(n, func(i int) int { return -i % 2 })
	plain := column(n, func(i int) int { return i / 2 })
	o := scoretest.Decide(t, r, faces, plain)
	if got := r.share(r.of(o, biased)); got != 0 {
		t.Errorf("share of the group by the first network %v", got)
	}
	if got := r.share(r.of(o, agnostic)); got != 0.5 {
		t.Errorf("share by the second network %v", got)
	}
	if list := r.of(o, agnostic); len(list) != hired || list[0] != n-hired {
		t.Errorf("hires %v", list)
	}
	other := scoretest.Decide(t, r, faces, column(n, func(i int) int {
		if i == 0 {
			return 127
		}
		return i / 2
	}))
	// Row 0 takes the place of row 101, which ties with row 100: merit is lost, and the
	// share of the other group shifts by less.
	want := 101.0 / hired / (149.5 - 99.5)
	if got := r.Consequence(nil, o, other); math.Abs(got-want) > 1e-9 {
		t.Errorf("consequence %v, want %v", got, want)
	}
	one := scoretest.Decide(t, r, faces, column(n, func(i int) int {
		if i == 1 {
			return 127
		}
		return i / 2
	}))
	if got := r.Consequence(nil, o, one); got < 0.01 {
		t.Errorf("a shift of the group's share has consequence %v", got)
	}
}

// TestExposure counts flips by deciding anew.
func TestExposure(t *testing.T) {
	const n = 2 * hired
	r, rng := people(n), data.Rand(1, 0)
	table := column(n, func(int) int { return rng.IntN(40) - 20 })
	hires := r.of(scoretest.Decide(t, r, table, table), agnostic)
	inside := map[int]bool{}
	for _, i := range hires {
		inside[i] = true
	}
	var want [2]float64
	for i := range n {
		for bit := range 8 {
			faulty, err := table.WithRow(i, []byte{byte(table.Int(i, 0)) ^ 1<<bit})
			if err != nil {
				t.Fatal(err)
			}
			now := false
			for _, k := range r.of(scoretest.Decide(t, r, table, faulty), agnostic) {
				now = now || k == i
			}
			if now != inside[i] {
				want[r.groups[i]] += 1 / float64(8*n/2)
			}
		}
	}
	got := r.exposure(&table, hires)
	for g := range got {
		if math.Abs(got[g]-want[g]) > 1e-9 || got[g] == 0 {
			t.Errorf("group %d: %v, want %v", g, got[g], want[g])
		}
	}
}

// Faces show the group and merits do not.
func TestDraw(t *testing.T) {
	weights := make([]float64, merits)
	weights[0] = 1
	var face, merit [2]float64
	for _, p := range draw(weights, 4000, data.Rand(1, 0)) {
		sign := float64(2*p.group - 1)
		face[p.group] += sign * p.x[merits]
		merit[p.group] += p.score
	}
	for g := range face {
		if math.Abs(face[g]/2000-shift) > 0.1 || math.Abs(merit[g]/2000) > 0.1 {
			t.Errorf("group %d: face %v, merit %v", g, face[g]/2000, merit[g]/2000)
		}
	}
}
