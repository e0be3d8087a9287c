package heads

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// drawn are rows of random codes and classes.
func drawn(seed uint64, others int) (*heads, selection.Table) {
	rng := data.Rand(seed, 4)
	r := &heads{}
	var list [][]int
	for range few + others {
		r.truth = append(r.truth, rng.IntN(2))
		list = append(list, []int{rng.IntN(31) - 15, rng.IntN(31) - 15})
	}
	return r, scoretest.Scores(list...)
}

// On samples without labels, by hand: two heads that know nothing differ half the time,
// −log(1/2); two that are sure and differ cost nothing; two that agree cost much. On those
// with labels both heads pay, −2·log(1/2) where they know nothing.
func TestLossByHand(t *testing.T) {
	value := func(label int, a, b float64) (float64, []float64) {
		grad := make([]float64, 2)
		return loss([]int{label}, 1)(0, []float64{a, b}, grad), grad
	}
	for _, c := range []struct {
		name        string
		label       int
		a, b, cost  float64
		first, then float64 // signs of the gradients
	}{
		{"both know nothing", -1, 0, 0, math.Ln2, 0, 0},
		{"both are sure and differ", -1, 30, -30, 0, 0, 0},
		{"both lean to one side", -1, 2, 0.5, -math.Log(0.5 * (1 - math.Tanh(1)*math.Tanh(0.25))), 1, 1},
		{"with a label", 1, 0, 0, 2 * math.Ln2, -1, -1},
		{"with a label, one is wrong", 0, math.Log(3), -math.Log(3), math.Log(4) - math.Log(0.75), 1, 1},
	} {
		cost, grad := value(c.label, c.a, c.b)
		if math.Abs(cost-c.cost) > 1e-5 {
			t.Errorf("%s: loss %v, want %v", c.name, cost, c.cost)
		}
		for j, want := range []float64{c.first, c.then} {
			if want == 0 && math.Abs(grad[j]) > 1e-5 || grad[j]*want < 0 || want != 0 && grad[j] == 0 {
				t.Errorf("%s: gradients %v", c.name, grad)
			}
		}
		turned, other := value(c.label, c.b, c.a)
		if math.Abs(turned-cost) > 1e-12 || math.Abs(other[0]-grad[1]) > 1e-12 || math.Abs(other[1]-grad[0]) > 1e-12 {
			t.Errorf("%s: the heads are not alike", c.name)
		}
	}
	if cost, _ := value(-1, 30, 30); cost < 10 {
		t.Errorf("two heads that agree: loss %v", cost)
	}
}

// The head is the one with more right answers on the rows with labels, counted here; a tie
// goes to the first one.
func TestChosen(t *testing.T) {
	ties := 0
	for seed := range uint64(60) {
		r, table := drawn(seed, 3)
		lead := 0
		for i := range few {
			for h, sign := range []int{-1, 1} {
				if (table.Int(i, h) > 0) == (r.truth[i] == 1) {
					lead += sign
				}
			}
		}
		want := 0
		if lead > 0 {
			want = 1
		}
		if lead == 0 {
			ties++
		}
		if got := r.chosen(&table); got != want {
			t.Errorf("seed %d: head %d, want %d", seed, got, want)
		}
	}
	if ties == 0 {
		t.Error("no tie was tried")
	}
}

// A flip in a row with a label acts on others by the choice of the head alone; one in
// another row acts on that row alone.
func TestFaultsStayInTheirRow(t *testing.T) {
	heads, own := 0, 0
	for seed := range uint64(12) {
		r, table := drawn(seed, 8)
		golden, head := scoretest.Decide(t, r, table), r.chosen(&table)
		for row := range table.Rows() {
			for bit := range 16 {
				out := slices.Clone(table.Row(row))
				out[bit/8] ^= 1 << (bit % 8)
				faulty, err := table.WithRow(row, out)
				if err != nil {
					t.Fatal(err)
				}
				o := scoretest.Decide(t, r, faulty)
				if row < few {
					turned := r.chosen(&faulty) != head
					if turned {
						heads++
					} else if !o.Equal(golden) {
						t.Fatalf("seed %d: row %d with a label changes more than the head", seed, row)
					}
					// Whatever the head, both agree on the same rows.
					if !slices.Equal(o.Items, golden.Items) {
						t.Fatalf("seed %d: row %d with a label changes what is accepted", seed, row)
					}
					continue
				}
				for i := range o.Items {
					differs := o.Items[i] != golden.Items[i] || o.Values[i] != golden.Values[i]
					if differs && i != row-few {
						t.Fatalf("seed %d: row %d changes row %d", seed, row, few+i)
					}
					if differs {
						own++
					}
				}
			}
		}
	}
	if heads == 0 || own == 0 {
		t.Errorf("%d flips change the head, %d their row", heads, own)
	}
}

// TestSilentByDecisions counts what single flips do by deciding anew.
func TestSilentByDecisions(t *testing.T) {
	for seed := range uint64(12) {
		r, table := drawn(100+seed, 10)
		golden := scoretest.Decide(t, r, table)
		wrong, unseen := 0, 0
		for i, ok := range golden.Items {
			for bit := 0; bit < 16 && ok == 1; bit++ {
				out := slices.Clone(table.Row(few + i))
				out[bit/8] ^= 1 << (bit % 8)
				faulty, err := table.WithRow(few+i, out)
				if err != nil {
					t.Fatal(err)
				}
				o := scoretest.Decide(t, r, faulty)
				if o.Values[i] != golden.Values[i] {
					wrong++
					unseen += o.Items[i]
				}
			}
		}
		if a, b := r.silent(&table, golden); a != wrong || b != unseen {
			t.Errorf("seed %d: %d and %d flips, want %d and %d", seed, a, b, wrong, unseen)
		}
	}
}

// Every bound of the check can fail by itself.
func TestCheckBounds(t *testing.T) {
	const n = 100
	r := &heads{truth: make([]int, few+n)}
	scores := func(right int) selection.Table { // both heads are right in so many rows of n
		rows := make([][]int, few+n)
		for i := range rows {
			rows[i] = []int{-3, -3}
			if i >= few+right {
				rows[i] = []int{3, 3}
			}
		}
		return scoretest.Scores(rows...)
	}
	for _, c := range []struct {
		own, alike, bound int
		want              bool
	}{{90, 50, 60, true}, {80, 50, 60, false}, {90, 80, 60, false}, {90, 50, 80, false}} {
		own := scores(c.own)
		run := selection.Run{Workload: scoretest.Workload(r, len(r.truth)), Scores: []selection.Table{own}, Baselines: []selection.Table{scores(c.alike), scores(c.bound)}, Outcome: scoretest.Decide(t, r, own)}
		got, err := check([]selection.Run{run})
		if err != nil || got.Pass != c.want || math.Abs(got.Measured-float64(c.own)/n) > 1e-9 {
			t.Errorf("%+v: %+v, error %v", c, got, err)
		}
	}
}
