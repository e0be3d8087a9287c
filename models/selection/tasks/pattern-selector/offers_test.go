package pattern

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// world of users with their true logits as scores, in codes.
func known(n int, seed uint64) (*offers, selection.Table) {
	r := &offers{users: newWorld(data.Rand(seed, 0)).draw(n, data.Rand(seed, 1))}
	var rows [][]int
	for _, u := range r.users {
		var row []int
		for _, p := range u.chance {
			row = append(row, int(max(-127, min(127, math.Round(10*math.Log(p/(1-p)))))))
		}
		rows = append(rows, row)
	}
	return r, scoretest.Table(0.1, tasks, rows...)
}

// The area is the share of pairs of one who takes a step and one who does not in which the
// first scores higher; a tie is half a pair.
func TestAreaCountsPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 10 {
		r := &offers{}
		var rows [][]int
		for range 40 {
			r.users = append(r.users, user{taken: [tasks]bool{rng.IntN(2) == 0, rng.IntN(3) == 0}})
			rows = append(rows, []int{rng.IntN(6), rng.IntN(4)}) // many ties
		}
		table := scoretest.Table(0.3, tasks, rows...)
		for task := range tasks {
			won, pairs := 0.0, 0.0
			for i, a := range r.users {
				for j, b := range r.users {
					if !a.taken[task] || b.taken[task] {
						continue
					}
					pairs++
					if rows[i][task] > rows[j][task] {
						won++
					} else if rows[i][task] == rows[j][task] {
						won += 0.5
					}
				}
			}
			if got := r.area(&table, task); math.Abs(got-won/pairs) > 1e-9 {
				t.Errorf("round %d, task %d: area %v, by pairs %v", round, task, got, won/pairs)
			}
		}
	}
}

// Offers go to the largest products of the two chances, in whatever order users come.
func TestOffersByProduct(t *testing.T) {
	r, table := known(150, 5)
	product := func(i int) float64 { return σ(table.At(i, 0)) * σ(table.At(i, 1)) }
	o := scoretest.Decide(t, r, table)
	least := math.Inf(1)
	for _, i := range o.Items {
		least = min(least, product(i))
	}
	for i := range r.users {
		if !slices.Contains(o.Items, i) && product(i) > least {
			t.Fatalf("user %d of %v gets no offer, one of %v does", i, product(i), least)
		}
	}
	order := rand.New(rand.NewPCG(2, 2)).Perm(len(r.users))
	sum, same := 0.0, 0.0
	for _, at := range scoretest.Decide(t, r, scoretest.Permuted(table, order)).Items {
		sum += product(order[at])
	}
	for _, i := range o.Items {
		same += product(i)
	}
	if math.Abs(sum-same) > 1e-12 {
		t.Errorf("in another order offers are worth %v, not %v", sum, same)
	}
}

// A flipped sign of one logit takes an offer from its user or gives one; the harm is what
// that user's true chances say.
func TestFaultyGate(t *testing.T) {
	r, table := known(150, 6)
	w := scoretest.Workload(r, len(r.users))
	run := &selection.Run{Workload: w, Scores: []selection.Table{table}, Outcome: scoretest.Decide(t, r, table)}
	chances, mean, golden := r.conversions(), 0.0, 0.0
	for _, v := range chances {
		mean += v / float64(len(chances))
	}
	for _, i := range run.Outcome.Items {
		golden += chances[i] / offered
	}
	first := run.Outcome.Items[0]
	faulty, err := w.Transient(run.Scores, 0, first, []byte{0x81, 0x81})
	if err != nil || slices.Contains(faulty.Items, first) || len(faulty.Items) != offered {
		t.Fatalf("user %d keeps the offer: %v", first, err)
	}
	got := 0.0
	for _, i := range faulty.Items {
		got += chances[i] / offered
	}
	task := Task()
	if e, want := task.Effect(run, faulty), min(1, max(0, (golden-got)/(golden-mean))); !e.Changed || math.Abs(e.Consequence-want) > 1e-9 {
		t.Errorf("%+v, want a consequence of %v", e, want)
	}
	// The lowest bit of somebody far from an offer changes nothing.
	low := 0
	for i := range r.users {
		if table.Int(i, 0)+table.Int(i, 1) < table.Int(low, 0)+table.Int(low, 1) {
			low = i
		}
	}
	row := slices.Clone(table.Row(low))
	row[0] ^= 1
	if same, err := w.Transient(run.Scores, 0, low, row); err != nil || !same.Equal(run.Outcome) {
		t.Errorf("a low bit of a hopeless user changes the offers: %v", err)
	}
	for name, scores := range map[string][]selection.Table{"two networks": {table, table}, "no rows": {{}}, "another width": {{Scale: 1, Width: 3, Data: make([]byte, 450)}}} {
		if _, err := r.Decide(selection.FromTables(scores...)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Scores that are the truth pass the check; the same scores for other users do not.
func TestCheck(t *testing.T) {
	r, table := known(300, 7)
	of := func(scores selection.Table) selection.Run {
		return selection.Run{Workload: scoretest.Workload(r, 300), Scores: []selection.Table{scores}, Baselines: []selection.Table{table}, Outcome: scoretest.Decide(t, r, scores)}
	}
	c, err := check([]selection.Run{of(table)})
	if err != nil || !c.Pass || c.Measured != c.Baseline {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = check([]selection.Run{of(scoretest.Permuted(table, rand.New(rand.NewPCG(3, 3)).Perm(300)))}); err != nil || c.Pass || c.Measured > 0.65 {
		t.Errorf("scores of others: %+v, %v", c, err)
	}
	// Wrong clicks alone fail it too.
	clicks := table
	clicks.Data = slices.Clone(table.Data)
	for i := range 300 {
		clicks.Data[2*i] = byte(i % 7)
	}
	if c, err = check([]selection.Run{of(clicks)}); err != nil || c.Pass {
		t.Errorf("clicks by lot: %+v, %v", c, err)
	}
}
