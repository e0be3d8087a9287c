package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Numbers of neighbours and of samples of the cascade as in the paper; the
// others are our choice.
const (
	influenceNeighbours = 10
	influenceSamples    = 10
	influencePicks      = 40
	cascadeStream       = 1
)

// Task is IDEAL (Zhang et al., ICLR 2024): rows are annotated that
// together influence most of the pool, when influence spreads along the edges
// to every row from its most similar ones by the independent cascade model.
func Task() selection.Task {
	return selection.Task{
		Name:   "influence-graph",
		Title:  "IDEAL: Influence-Driven Selective Annotations Empower In-Context Learners in Large Language Models",
		Family: "cover", Kind: selection.OnNPU, Utility: "influence", Mechanism: "greedy",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// influence picks rows by their spread. The draws of the cascade belong to a row
// and the rank of its neighbour, so that one faulty row does not change those of
// others.
type influence struct {
	*digits.Pool
	picks int
	draws [][][]float64
}

func build(seed uint64) (*selection.Workload, error) {
	w, p, err := digits.Open(&Files, "encoder", seed)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, cascadeStream))
	w.Rule = &influence{p, influencePicks, kit.Draws(influenceSamples, len(p.Rows), influenceNeighbours, rng)}
	return w, nil
}

// graph lists for every row the edges from its neighbours. Their probabilities are
// proportional to the similarities and add up to one.
func graph(similarity [][]float64, neighbours int) [][]kit.Edge {
	out := make([][]kit.Edge, len(similarity))
	for i, near := range kit.Neighbours(similarity, neighbours) {
		sum := 0.0
		for _, j := range near {
			sum += max(0, similarity[i][j])
		}
		for _, j := range near {
			e := kit.Edge{From: j}
			if sum > 0 {
				e.Probability = max(0, similarity[i][j]) / sum
			}
			out[i] = append(out[i], e)
		}
	}
	return out
}

// spread is the objective for the scores of the pool, or of its first rows.
func (r *influence) spread(t *selection.Table, rows int) *kit.Spread {
	return kit.NewSpread(graph(kit.Cosines(t.Reals()[:rows]), influenceNeighbours), r.draws)
}

// Decide picks rows.
func (r *influence) Decide(ask *selection.Ask) (selection.Outcome, error) {
	t, err := r.Table("influence graph", ask)
	if err != nil {
		return selection.Outcome{}, err
	}
	picks, _ := kit.LazyGreedy(r.spread(t, t.Rows()), t.Rows(), r.picks)
	return selection.Outcome{Metric: selection.Set, Items: picks}, nil
}

// Consequence is the regret: how much less the faulty set influences.
func (r *influence) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	s := r.spread(&scores[0], scores[0].Rows())
	return kit.Regret(s.Value(golden.Items), s.Value(faulty.Items), digits.MeanOf(r.Random(len(golden.Items)), s.Value))
}

// Bounds of the check.
const (
	influenceAhead = 1.15 // times the spread of random sets
	influenceSeen  = 1.12 // the same in the graph of the pictures, which the scores do not make
	influenceFew   = 60   // rows on which lazy and plain greedy are compared
	freshSamples   = 200  // of a cascade that the search has not seen
	freshStream    = 2
)

func check(runs []selection.Run) (selection.Check, error) {
	var ratio, seen, accuracy, random float64
	exact := true
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*influence)
		if !ok {
			return selection.Check{}, fmt.Errorf("influence graph: a run of another task")
		}
		t, sets := &run.Scores[0], r.Random(influencePicks)
		rng := rand.New(rand.NewPCG(run.Seed, freshStream))
		fresh := &influence{r.Pool, r.picks, kit.Draws(freshSamples, len(r.Rows), influenceNeighbours, rng)}
		s := fresh.spread(t, t.Rows())
		ratio += s.Value(run.Outcome.Items) / digits.MeanOf(sets, s.Value) / float64(len(runs))
		pictures := kit.NewSpread(graph(kit.Cosines(r.Rows), influenceNeighbours), fresh.draws)
		seen += pictures.Value(run.Outcome.Items) / digits.MeanOf(sets, pictures.Value) / float64(len(runs))
		accuracy += r.Accuracy(run.Outcome.Items) / float64(len(runs))
		random += digits.MeanOf(sets, r.Accuracy) / float64(len(runs))
		naive, _ := kit.Greedy(r.spread(t, influenceFew), influenceFew, influencePicks)
		lazy, _ := kit.LazyGreedy(r.spread(t, influenceFew), influenceFew, influencePicks)
		exact = exact && slices.Equal(naive, lazy)
	}
	return selection.Check{
		Metric: "spread relative to that of random sets, by cascades that the search has not seen", Threshold: influenceAhead, Measured: ratio,
		Baseline: 1, Against: "random sets", Pass: ratio >= influenceAhead && seen >= influenceSeen && accuracy > random && exact,
		Note: fmt.Sprintf("in the graph of the pictures %.3f; accuracy of the nearest neighbour among %d picks %.4f, among random ones %.4f; lazy and plain greedy agree on %d rows: %v", seen, influencePicks, accuracy, random, influenceFew, exact),
	}, nil
}
