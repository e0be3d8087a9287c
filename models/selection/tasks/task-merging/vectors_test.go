package merging

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// By the definition: sorted by size, the part from low on and below 1 − high stays. Neither
// sign nor unit of a vector matters.
func TestMaskByRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		vector := make([]float64, 20+rng.IntN(50))
		for i := range vector {
			vector[i] = rng.NormFloat64()
		}
		m := mask{low: 0.9 * rng.Float64(), high: 0.1 * rng.Float64()}
		n := len(vector)
		from, to := int(m.low*float64(n)), n-int(m.high*float64(n))
		out, turned := slices.Clone(vector), slices.Clone(vector)
		for i := range turned {
			turned[i] *= -3
		}
		if kept := m.apply(out); kept != to-from {
			t.Fatalf("%+v keeps %d of %d, want %d", m, kept, n, to-from)
		}
		m.apply(turned)
		for i, v := range vector {
			rank := 0
			for _, other := range vector {
				if math.Abs(other) < math.Abs(v) {
					rank++
				}
			}
			want := v
			if rank < from || rank >= to {
				want = 0
			}
			if out[i] != want || turned[i] != -3*want {
				t.Fatalf("%+v, number %d of rank %d of %d: %v and %v, want %v", m, i, rank, n, out[i], turned[i], want)
			}
		}
	}
	same := []float64{1, -1, 1, -1}
	if (mask{low: 0.5}).apply(same); !slices.Equal(same, []float64{0, 0, 1, -1}) {
		t.Errorf("of equal sizes the first ones go: %v", same)
	}
	if kept := (mask{}).apply(nil); kept != 0 {
		t.Errorf("%d of nothing", kept)
	}
}

// The merged network is base + scale·Σ masked (tuned − base), layer by layer, in whatever
// order the tuned ones come, and none of them changes.
func TestMergeByHand(t *testing.T) {
	rng := data.Rand(2, 0)
	base, one, two := network(rng), network(rng), network(rng)
	before := slices.Clone(one.Params()[0].Value)
	c := candidate{mask{0.85, 0.01}, 0.4}
	got, other := c.merge(base, []*nets.Graph{one, two}), c.merge(base, []*nets.Graph{two, one})
	for k, p := range got.Params() {
		from := base.Params()[k].Value
		sum := slices.Clone(from)
		for _, g := range []*nets.Graph{one, two} {
			vector := make([]float64, len(from))
			var sizes []float64
			for i := range vector {
				vector[i] = g.Params()[k].Value[i] - from[i]
				sizes = append(sizes, math.Abs(vector[i]))
			}
			slices.Sort(sizes)
			n := len(sizes)
			for i, v := range vector {
				at, _ := slices.BinarySearch(sizes, math.Abs(v))
				if at >= int(0.85*float64(n)) && at < n-int(0.01*float64(n)) {
					sum[i] += 0.4 * v
				}
			}
		}
		// Biases start at zero in all networks and tie, so that the layers' weights are
		// what there is to compare.
		for i, v := range p.Value {
			if math.Abs(v-sum[i]) > 1e-9 || math.Abs(other.Params()[k].Value[i]-v) > 1e-12 {
				t.Fatalf("parameter %d, %d: %v and %v, want %v", k, i, v, other.Params()[k].Value[i], sum[i])
			}
		}
	}
	if !slices.Equal(before, one.Params()[0].Value) {
		t.Error("a tuned network has changed")
	}
}

// Domains are turned pictures with the same labels; the first one is not turned.
func TestTurned(t *testing.T) {
	x := make([]float64, data.DigitsSize)
	x[0], x[5], x[20] = 1, 2, 3
	s := &data.Samples{X: [][]float64{x}, Labels: []int{7}}
	half := turned(turned(s, 1), 1)
	if got := turned(s, 0); !slices.Equal(got.X[0], x) || got.Labels[0] != 7 {
		t.Error("the first domain is turned")
	}
	if got := turned(s, 2); !slices.Equal(got.X[0], half.X[0]) || slices.Equal(got.X[0], x) || got.X[0][len(x)-1] != 1 {
		t.Errorf("a half turn: %v", got.X[0])
	}
}

// labelled are scores of all candidates: candidate k is right on the rows of right(k).
func labelled(r *merging, right func(k, row int) bool) []selection.Table {
	var scores []selection.Table
	for k := range candidates {
		labels := slices.Clone(r.truth)
		for i := range labels {
			if !right(k, i) {
				labels[i] = (labels[i] + 1) % 10
			}
		}
		scores = append(scores, scoretest.Labels(labels...))
	}
	return scores
}

// Odd rows are not run: a fault cannot strike them. One in an even row changes the count of
// its candidate, and the choice where it was close; of equal counts the first one wins.
func TestFaultyCount(t *testing.T) {
	r := &merging{truth: slices.Repeat([]int{3, 4}, 5*domains)}
	scores := labelled(r, func(k, row int) bool { return k == 1 || k == 4 })
	scorers := make([]selection.Scorer, len(candidates))
	for k := range scorers {
		scorers[k].Rows = make([][]byte, len(r.truth))
	}
	w := &selection.Workload{Scorers: scorers, Rule: r}
	run := &selection.Run{Workload: w, Scores: scores, Outcome: scoretest.Decide(t, r, scores...)}
	n := float64(len(r.truth) / 2)
	if !slices.Equal(run.Outcome.Items, []int{1}) || !slices.Equal(run.Outcome.Values, []float64{0, n, 0, 0, n, 0}) {
		t.Fatalf("chosen %v by %v", run.Outcome.Items, run.Outcome.Values)
	}
	task := Task()
	wrong := scores[0].Row(0) // of another class than row 0 has
	for _, c := range []struct {
		name      string
		k, row    int
		changed   bool
		candidate int
	}{
		{"an odd row of the chosen one", 1, 5, false, 1},
		{"an even row of the chosen one", 1, 4, true, 4},
		{"an even row of the other good one", 4, 4, true, 1}, // another count, the same choice
		{"an even row of a bad one", 0, 4, false, 1},
	} {
		faulty, err := w.Transient(scores, c.k, c.row, wrong)
		if e := task.Effect(run, faulty); err != nil || e.Changed != c.changed || faulty.Items[0] != c.candidate || e.Consequence != 0 {
			t.Errorf("%s: chosen %v by %v, %+v, %v", c.name, faulty.Items, faulty.Values, e, err)
		}
	}
	if _, err := r.Decide(selection.FromTables(scores[:5]...)); err == nil {
		t.Error("five networks: no error")
	}
	narrow := slices.Clone(scores)
	narrow[2] = selection.Table{Scale: 1, Width: 2, Data: make([]byte, 2*len(r.truth))}
	if _, err := r.Decide(selection.FromTables(narrow...)); err == nil {
		t.Error("two classes: no error")
	}
}

// Accuracies are those of a domain's odd rows.
func TestRightByDomain(t *testing.T) {
	r := &merging{truth: slices.Repeat([]int{3}, 8*domains)}
	scores := labelled(r, func(k, row int) bool { return row/8 == 1 || row == 1 || row == 17 || row == 19 })
	for d, want := range []float64{0.25, 1, 0.5} {
		if got := r.right(&scores[0], d); got != want {
			t.Errorf("domain %d: %v, want %v", d, got, want)
		}
	}
	if got := r.mean(&scores[0]); math.Abs(got-1.75/3) > 1e-12 {
		t.Errorf("mean %v", got)
	}
}

// The check wants masks to keep more of the base than plain sums and a choice that works.
func TestCheck(t *testing.T) {
	r := &merging{truth: slices.Repeat([]int{3}, 40*domains)}
	of := func(choice int, base func(k int) int) selection.Run {
		scores := labelled(r, func(k, row int) bool { return row/40 > 0 && row%4 > 1 || row/40 == 0 && row < base(k) })
		return selection.Run{Workload: &selection.Workload{Rule: r}, Scores: scores, Outcome: selection.Outcome{Metric: selection.Route, Items: []int{choice}}}
	}
	masked := func(k int) int { return 30 + 6*(k/plain) }
	for name, c := range map[string]struct {
		run  selection.Run
		pass bool
	}{
		"masks keep more":         {of(3, masked), true},
		"masks keep as much":      {of(3, func(int) int { return 36 }), false},
		"masks keep less":         {of(3, func(k int) int { return 36 - 6*(k/plain) }), false},
		"the base is mostly lost": {of(3, func(k int) int { return 10 + 6*(k/plain) }), false},
	} {
		if got, err := check([]selection.Run{c.run}); err != nil || got.Pass != c.pass {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
