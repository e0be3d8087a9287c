package graph

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
)

// pool is a rule for rows of random codes.
func pool(rows int) (*influence, selection.Table) {
	rng := rand.New(rand.NewPCG(2, 2))
	at, truth := make([]float64, rows), make([]int, rows)
	var codes [][]int
	for i := range rows {
		at[i], truth[i] = float64(i), i%3
		row := make([]int, 6)
		for k := range row {
			row[k] = rng.IntN(100) - 30
		}
		codes = append(codes, row)
	}
	return &influence{scoretest.Pool(at, truth...), 8, kit.Draws(influenceSamples, rows, influenceNeighbours, rng)}, scoretest.Scores(codes...)
}

// Edges come from the most similar rows, not from the row itself, and their probabilities
// add up to one where any is similar.
func TestGraphOfScores(t *testing.T) {
	_, scores := pool(40)
	similarity := kit.Cosines(scores.Reals())
	for i, edges := range graph(similarity, influenceNeighbours) {
		sum, least := 0.0, math.Inf(1)
		from := map[int]bool{}
		for _, e := range edges {
			if e.From == i || from[e.From] || e.Probability < 0 {
				t.Fatalf("row %d has the edge %+v", i, e)
			}
			from[e.From] = true
			sum += e.Probability
			least = min(least, similarity[i][e.From])
		}
		if len(edges) != influenceNeighbours || math.Abs(sum-1) > 1e-9 {
			t.Fatalf("row %d: %d edges of a probability of %v", i, len(edges), sum)
		}
		for j, v := range similarity[i] {
			if j != i && !from[j] && v > least {
				t.Fatalf("row %d: row %d is more similar than one that has an edge", i, j)
			}
		}
	}
}

// A fault in the codes of one row changes the edges to it, and those of rows to which it
// is similar, but not the draws of the others.
func TestDrawsBelongToRows(t *testing.T) {
	r, scores := pool(40)
	faulty, err := scores.WithRow(7, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80})
	if err != nil {
		t.Fatal(err)
	}
	before, after := graph(kit.Cosines(scores.Reals()), influenceNeighbours), graph(kit.Cosines(faulty.Reals()), influenceNeighbours)
	near := func(edges []kit.Edge) bool {
		return slices.ContainsFunc(edges, func(e kit.Edge) bool { return e.From == 7 })
	}
	same := 0
	for i := range before {
		if i != 7 && !near(before[i]) && !near(after[i]) {
			same++
			if !slices.Equal(before[i], after[i]) {
				t.Errorf("the edges to row %d change", i)
			}
		}
	}
	if same == 0 {
		t.Error("all rows are similar to the faulty one")
	}
	if a, b := r.spread(&scores, 40).Value([]int{1, 2, 3}), r.spread(&scores, 40).Value([]int{1, 2, 3}); a != b {
		t.Errorf("a set spreads by %v, then by %v", a, b)
	}
}

// TestPicks: the picks of the lazy search are those of the plain one, they spread farther
// than most sets, and a set of followers has a consequence.
func TestPicks(t *testing.T) {
	r, scores := pool(40)
	o := scoretest.Decide(t, r, scores)
	plain, _ := kit.Greedy(r.spread(&scores, 40), 40, r.picks)
	if !slices.Equal(o.Items, plain) {
		t.Errorf("picks %v, by the plain search %v", o.Items, plain)
	}
	s := r.spread(&scores, 40)
	best := s.Value(o.Items)
	list := []selection.Table{scores}
	if got := r.Consequence(list, o, o); got != 0 {
		t.Errorf("the same set: consequence %v", got)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		set := rng.Perm(40)[:r.picks]
		if v := s.Value(set); v > best/(1-1/math.E) {
			t.Errorf("a random set spreads by %v, the picks by %v", v, best)
		}
		got, want := r.Consequence(list, o, selection.Outcome{Metric: selection.Set, Items: set}), best-s.Value(set)
		if (got > 0) != (want > 0) {
			t.Errorf("consequence %v of a loss of %v", got, want)
		}
	}
}
