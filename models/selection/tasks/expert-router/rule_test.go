package router

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
)

// TestRouter reads a row only from the expert that it is sent to; a tie goes to
// the lowest expert.
func TestRouter(t *testing.T) {
	r := &router{truth: []int{0, 0, 0}}
	scores := []selection.Table{scoretest.Table(0.1, routerExperts, []int{1, 2, 0, 2}, []int{-5, -5, -5, -4}, []int{3, 3, 3, 3})}
	for e := range routerExperts {
		scores = append(scores, scoretest.Table(0.1, digits.Classes, scoretest.Class(e+1, 9), scoretest.Class(e+1, 9), scoretest.Class(e+1, 9)))
	}
	golden := scoretest.Decide(t, r, scores...)
	if !slices.Equal(golden.Items, []int{1, 3, 0}) || !slices.Equal(golden.Values, []float64{2, 4, 1}) {
		t.Fatalf("experts %v, digits.Classes %v", golden.Items, golden.Values)
	}
	for _, c := range []struct {
		name        string
		scorer, row int
		output      []int
		changed     bool
		consequence float64
	}{
		{"an expert that the row does not see", 1, 0, scoretest.Class(7, 100), false, 0},
		{"the expert that it sees", 2, 0, scoretest.Class(7, 100), true, 1},
		{"the same class, less certain", 2, 0, scoretest.Class(2, 1), false, 0},
		{"another expert with another class", 0, 2, []int{0, 9, 0, 0}, true, 1},
	} {
		faulty := slices.Clone(scores)
		one := scoretest.Table(0.1, faulty[c.scorer].Width, c.output)
		faulty[c.scorer], _ = faulty[c.scorer].WithRow(c.row, one.Data)
		o := scoretest.Decide(t, r, faulty...)
		if changed := !o.Equal(golden); changed != c.changed {
			t.Errorf("%s: changed is %v", c.name, changed)
		} else if v := r.Consequence(scores, golden, o); v != c.consequence {
			t.Errorf("%s: consequence %v", c.name, v)
		}
	}
	same := selection.Outcome{Metric: selection.Route, Items: []int{1, 3, 2}, Values: golden.Values}
	if v := r.Consequence(scores, golden, same); math.Abs(v-1.0/3) > 1e-12 {
		t.Errorf("another expert with the same class: consequence %v", v)
	}
}

// TestFlips counts by hand: every logit is 0 but one, whose lead of 1 a flip of
// its lowest bit or of its sign removes.
func TestFlips(t *testing.T) {
	r := &router{truth: []int{0}}
	scores := []selection.Table{scoretest.Table(0.1, routerExperts, []int{0, 1})}
	for range routerExperts {
		scores = append(scores, scoretest.Table(0.1, digits.Classes, scoretest.Class(3, 1)))
	}
	scores[1] = scoretest.Table(0.1, digits.Classes, scoretest.Class(5, 1)) // the first expert disagrees
	f := r.flips(scores, scoretest.Decide(t, r, scores...))
	// Router: the leader loses by bits 0 and 7 to expert 0; another one wins by
	// bits 1 to 6, and expert 0 also by bit 0, which ties with the leader.
	// Experts: as before, with nine others of which three stand before class 3.
	want := flips{route: float64(2+7+6+6) / 32, class: float64(2+7) / 32, expert: float64(2+3*7+6*6) / 80}
	for _, v := range []struct{ got, want float64 }{{f.route, want.route}, {f.class, want.class}, {f.expert, want.expert}} {
		if math.Abs(v.got-v.want) > 1e-12 {
			t.Fatalf("%+v, want %+v", f, want)
		}
	}
	if !bytes.Equal(scores[0].Data, []byte{0, 1, 0, 0}) {
		t.Error("the scores were changed")
	}
}
