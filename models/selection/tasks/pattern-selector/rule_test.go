package pattern

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// people are users in turn with rising chances.
func people(n int) *offers {
	r := &offers{}
	for i := range n {
		u := user{chance: [tasks]float64{1, float64(i) / float64(n)}}
		u.taken = [tasks]bool{i%2 == 0, i >= n/2}
		r.users = append(r.users, u)
	}
	return r
}

func TestOffers(t *testing.T) {
	const n = 2 * offered
	r := people(n)
	var rows [][]int
	for i := range n {
		rows = append(rows, []int{0, i})
	}
	table := scoretest.Table(0.05, tasks, rows...)
	o := scoretest.Decide(t, r, table)
	if len(o.Items) != offered || o.Items[0] != n-offered {
		t.Fatalf("offers %v", o.Items)
	}
	// A chance of a click counts like one of a purchase.
	rows[0] = []int{127, n}
	other := scoretest.Decide(t, r, scoretest.Table(0.05, tasks, rows...))
	if other.Items[0] != 0 || other.Items[1] != n-offered+1 {
		t.Errorf("offers %v", other.Items[:3])
	}
	// The offer has gone from a chance of a half to none.
	want := 0.5 / offered / 0.25
	if got := r.Consequence(nil, o, other); math.Abs(got-want) > 1e-9 {
		t.Errorf("consequence %v, want %v", got, want)
	}
	if got := r.area(&table, 1); got != 1 {
		t.Errorf("area of purchases %v", got)
	}
	if got := r.area(&table, 0); math.Abs(got-0.5) > 0.02 {
		t.Errorf("area of clicks %v", got)
	}
	if got := r.Consequence(nil, o, selection.Outcome{Items: o.Items}); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
}

// Shares add up to one, and the sign of the pattern decides.
func TestShares(t *testing.T) {
	x := make([]float64, fields*width)
	for b := range signs {
		for k := range width / signs {
			x[(b*width/signs+k)*fields] = float64(2 - 4*(b%2))
		}
	}
	list, sum := shares(x), 0.0
	for _, v := range list {
		sum += v
	}
	if math.Abs(sum-1) > 1e-12 || list[1] < 0.9 {
		t.Errorf("shares %v", list)
	}
}

// Only those who click teach about purchases.
func TestConversions(t *testing.T) {
	users := []user{{taken: [tasks]bool{false, true}}, {taken: [tasks]bool{true, true}}}
	loss, grad := conversions(users), make([]float64, tasks)
	if got := loss(0, []float64{0, 0}, grad); math.Abs(got-math.Ln2) > 1e-12 || grad[0] != 0.5 || grad[1] != 0 {
		t.Errorf("no click: loss %v, gradient %v", got, grad)
	}
	if got := loss(1, []float64{0, 0}, grad); math.Abs(got-2*math.Ln2) > 1e-12 || grad[0] != -0.5 || grad[1] != -0.5 {
		t.Errorf("click: loss %v, gradient %v", got, grad)
	}
}

// What counts for clicks and purchases is in conflict: their weights oppose one another.
func TestWorld(t *testing.T) {
	w := newWorld(data.Rand(1, 0))
	for side := range sides {
		dot := 0.0
		for i, v := range w[0][side] {
			dot += v * w[1][side][i]
		}
		if dot >= 0 {
			t.Errorf("side %d: product %v", side, dot)
		}
	}
}
