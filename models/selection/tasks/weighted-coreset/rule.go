package coreset

import (
	"fmt"
	"math"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// Task is the coreset by three criteria of Zhang et al., "D3: Diversity, Difficulty, and
// Dependability-Aware Data Selection for Sample-Efficient LLM Instruction Tuning" (2025).
func Task() selection.Task {
	return selection.Task{
		Name: "weighted-coreset", Title: "D3: Diversity, Difficulty, and Dependability-Aware Data Selection for Sample-Efficient LLM Instruction Tuning",
		Family: "cover", Kind: selection.OnNPU, Utility: "diversity", Mechanism: "greedy",
		Metric: selection.Set, Epsilon: 0.01, Build: build, Check: check,
	}
}

// The scorers.
const (
	student = iota
	judge
	scorers
)

// chosen is the number of rows that are chosen (a tenth of the pool, as in the paper).
const chosen = pool / 10

// coreset picks rows that are far from all picked before, times how hard they are for the
// student, times how far the judge trusts their label.
type coreset struct {
	digits.Pool
	given []int // labels, some of them wrong
}

func build(seed uint64) (*selection.Workload, error) {
	w, p, err := digits.Open(&Files, "student", seed)
	if err != nil {
		return nil, err
	}
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	r := &coreset{Pool: *p}
	if r.given, err = f.Labels("given.bin"); err != nil {
		return nil, err
	}
	s, err := f.Scorer("judge", "rows.bin")
	if err != nil {
		return nil, err
	}
	w.Scorers, w.Rule = append(w.Scorers, s), r
	return w, nil
}

// weights are the difficulty of every row, its loss less what the student's doubt takes
// (ℓ·(1 − H/Hmax)), and its dependability, the judge's probability of its label.
func (r *coreset) weights(scores []selection.Table) (difficulty, dependability []float64) {
	for i, label := range r.given {
		p, doubt := kit.Softmax(scores[student].Real(i)), 0.0
		for _, v := range p {
			if v > 0 {
				doubt -= float64(v * math.Log(v))
			}
		}
		difficulty = append(difficulty, scores[student].Entropy(i, label)*max(0, 1-doubt/math.Log(digits.Classes)))
		dependability = append(dependability, kit.Softmax(scores[judge].Real(i))[label])
	}
	return difficulty, dependability
}

// pick is the weighted k-centre: each time the row with the largest weight times its
// distance from all picked so far, which at first is the same for all.
func (r *coreset) pick(weight func(i int) float64) []int {
	apart := make([]float64, len(r.Rows))
	for i := range apart {
		apart[i] = 1
	}
	taken := make([]bool, len(r.Rows))
	var picks []int
	for range chosen {
		best, most := -1, math.Inf(-1)
		for i, d := range apart {
			if v := weight(i) * d; !taken[i] && v > most {
				best, most = i, v
			}
		}
		taken[best] = true
		for i, x := range r.Rows {
			if d := kit.Distance(x, r.Rows[best]); len(picks) == 0 || d < apart[i] {
				apart[i] = d
			}
		}
		picks = append(picks, best)
	}
	return picks
}

// Decide picks by all three criteria.
func (r *coreset) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if !ask.Fits(scorers, len(r.Rows)) {
		return o, fmt.Errorf("weighted coreset: it needs a student and a judge for %d rows", len(r.Rows))
	}
	scores, err := ask.Tables()
	if err != nil {
		return o, err
	}
	for _, t := range scores {
		if t.Width != digits.Classes {
			return o, fmt.Errorf("weighted coreset: a network gives %d numbers, not %d", t.Width, digits.Classes)
		}
	}
	difficulty, dependability := r.weights(scores)
	o.Items = r.pick(func(i int) float64 { return difficulty[i] * dependability[i] })
	return o, nil
}

// wrong is the share of rows whose label is not the true one.
func (r *coreset) wrong(rows []int) float64 { return 1 - digits.Clean(rows, r.given, r.Truth) }

// Consequence is the growth of the share of wrong labels, or what the set loses of the
// mean weight that it gains over drawn rows, whichever is larger.
func (r *coreset) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	difficulty, dependability := r.weights(scores)
	worth := make([]float64, len(difficulty))
	for i := range worth {
		worth[i] = difficulty[i] * dependability[i]
	}
	return max(0, r.wrong(faulty.Items)-r.wrong(golden.Items), kit.RegretAt(worth, golden.Items, faulty.Items))
}

// Bounds of the check, with one label in five wrong: difficulty alone collects them, the
// judge keeps them out, and all criteria together have few, and teach more than drawn rows.
const (
	gain      = 0.08
	hardLeast = 0.5
	trustMost = 0.05
	allMost   = 0.08
)

func check(runs []selection.Run) (selection.Check, error) {
	var all, hard, trust, drawn, own, random float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*coreset)
		if !ok {
			return selection.Check{}, fmt.Errorf("weighted coreset: a run of another task")
		}
		n := float64(len(runs))
		difficulty, dependability := r.weights(run.Scores)
		all += r.wrong(run.Outcome.Items) / n
		hard += r.wrong(r.pick(func(i int) float64 { return difficulty[i] })) / n
		trust += r.wrong(r.pick(func(i int) float64 { return dependability[i] })) / n
		drawn += r.wrong(kit.Every(len(r.Rows))) / n
	}
	pass := all <= allMost && hard >= hardLeast && trust <= trustMost
	if pass { // else there is nothing to learn from
		for _, run := range runs {
			r, n := run.Workload.Rule.(*coreset), float64(len(runs))
			own += r.accuracy(run.Outcome.Items) / n
			random += digits.MeanOf(r.Random(chosen), r.accuracy) / n
		}
	}
	return selection.Check{
		Metric: "share of wrong labels among the chosen rows", Threshold: allMost, Measured: all,
		Baseline: drawn, Against: "rows drawn at random",
		Pass: pass && own >= random+gain,
		Note: fmt.Sprintf("diversity with difficulty alone %.3f, with dependability alone %.3f; accuracy of the nearest neighbour among the chosen rows, with the labels as given, %.3f, of drawn ones %.3f", hard, trust, own, random),
	}, nil
}

// accuracy is that of the nearest neighbour among some rows with their labels as given.
func (r *coreset) accuracy(rows []int) float64 {
	p := r.Pool
	p.Truth = r.given
	return p.Accuracy(rows)
}
