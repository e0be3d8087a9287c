package filter

import (
	"fmt"
	"math"
	"slices"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Task is the selective query filter of Rosenthal et al., "CaBaGe: Data-Free Model
// Extraction using ClAss BAlanced Generator Ensemble" (2024).
func Task() selection.Task {
	return selection.Task{
		Name: "query-filter", Title: "CaBaGe: Data-Free Model Extraction using ClAss BAlanced Generator Ensemble",
		Family: "loss", Kind: selection.OnNPU, Utility: "uncertainty", Mechanism: "top-k",
		Metric: selection.Set, Epsilon: 0.02, Build: build, Check: check,
		StandIn: "the query filter alone, for samples of a fixed generator: no generators are trained against the clones",
	}
}

// The scorers: two clones, and the victim that few samples are sent to.
const (
	clones = 2
	victim = clones
)

// filter asks the victim for samples that the clones dispute, the same number of each
// class as far as there are any.
type filter struct {
	rows, seeds, test [][]float64
	seedLabels        []int // by the victim
	testLabels        []int
	drawn             float64 // agreement of clones of random queries, mean
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	w := &selection.Workload{}
	if w.Scorers, err = f.Scorers("rows.bin", "clone0", "clone1", "victim"); err != nil {
		return nil, err
	}
	r := &filter{rows: digits.Reals(w.Scorers[0].Rows, digits.Fine)}
	for name, x := range map[string]*[][]float64{"seeds": &r.seeds, "test": &r.test} {
		s, err := f.Scorer("victim", name+".bin")
		if err != nil {
			return nil, err
		}
		*x = digits.Reals(s.Rows, digits.Fine)
	}
	if r.seedLabels, err = f.Labels("seed-labels.bin"); err != nil {
		return nil, err
	}
	if r.testLabels, err = f.Labels("test-labels.bin"); err != nil {
		return nil, err
	}
	counts, err := f.Labels("drawn.bin")
	for _, v := range counts {
		r.drawn += float64(v) / float64(test*len(counts))
	}
	w.Rule = r
	return w, err
}

// wanted picks samples by the clones' scores: of each class that the clones together
// give, the ones that they dispute most; places that a class leaves go to the most
// disputed ones of all.
func (r *filter) wanted(scores []selection.Table) []int {
	class, dispute := make([]int, len(r.rows)), make([]float64, len(r.rows))
	for i := range r.rows {
		p, q := kit.Softmax(scores[0].Real(i)), kit.Softmax(scores[1].Real(i))
		both := make([]float64, len(p))
		for k := range p {
			both[k] = p[k] + q[k]
			dispute[i] += math.Abs(p[k] - q[k])
		}
		class[i] = kit.Argmax(both)
	}
	order := kit.Order(dispute)
	var left, picks []int
	count := make([]int, digits.Classes)
	for _, i := range order {
		if count[class[i]] < queries/digits.Classes {
			count[class[i]]++
			picks = append(picks, i)
		} else {
			left = append(left, i)
		}
	}
	picks = append(picks, left[:queries-len(picks)]...)
	slices.Sort(picks)
	return picks
}

// Decide picks queries and asks the victim, for those alone: items are the queries and
// values its labels.
func (r *filter) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Set}
	if !ask.Fits(clones+1, len(r.rows)) {
		return o, fmt.Errorf("query filter: it needs two clones and a victim for %d samples", len(r.rows))
	}
	var scores []selection.Table
	for k := range clones {
		t, err := ask.Table(k)
		if err != nil {
			return o, err
		}
		if t.Width != digits.Classes {
			return o, fmt.Errorf("query filter: a clone gives %d numbers, not %d", t.Width, digits.Classes)
		}
		scores = append(scores, t)
	}
	o.Items = r.wanted(scores)
	for _, i := range o.Items {
		t, err := ask.Scores(victim, i, digits.Classes)
		if err != nil {
			return o, err
		}
		o.Values = append(o.Values, float64(t.Top(0)))
	}
	return o, nil
}

// Consequence is the share of queries whose label is not the victim's without a fault,
// which poisons the clone, and of the queries that are others.
func (r *filter) Consequence(scores []selection.Table, golden, faulty selection.Outcome) float64 {
	n := 0
	for k, i := range faulty.Items {
		if int(faulty.Values[k]) != scores[victim].Top(i) || !slices.Contains(golden.Items, i) {
			n++
		}
	}
	return float64(n) / queries
}

// agreement is that of a clone that learns the queries beside what it knew; a number of
// clones differ in what they begin with.
func (r *filter) agreement(o selection.Outcome, seed, number uint64) float64 {
	x, labels := append([][]float64{}, r.seeds...), append([]int{}, r.seedLabels...)
	for k, i := range o.Items {
		x, labels = append(x, r.rows[i]), append(labels, int(o.Values[k]))
	}
	return agreement(cloned(x, labels, data.Rand(seed, cloneStream+number*100)), r.test, r.testLabels)
}

// Bounds of the check: clones of filtered queries agree with the victim more often than
// those of as many random ones.
const (
	least   = 0.45
	gain    = 0.01 // on three seeds; over eight it is 0.045
	repeats = 8    // clones, since one is a matter of luck
)

func check(runs []selection.Run) (selection.Check, error) {
	n := float64(len(runs))
	var first, own, random float64
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*filter)
		if !ok {
			return selection.Check{}, fmt.Errorf("query filter: a run of another task")
		}
		first += r.agreement(run.Outcome, run.Seed, 0) / n
		random += r.drawn / n
	}
	if own = first; first >= least { // else more clones do not help
		own /= repeats
		for _, run := range runs {
			for k := uint64(1); k < repeats; k++ {
				own += run.Workload.Rule.(*filter).agreement(run.Outcome, run.Seed, k) / (n * repeats)
			}
		}
	}
	return selection.Check{
		Metric: "agreement of a clone of filtered queries with the victim", Threshold: least, Measured: own,
		Baseline: random, Against: "clones of as many random queries",
		Pass: own >= least && own >= random+gain,
		Note: fmt.Sprintf("%d queries beside %d from the start; no sample is a digit", queries, begin),
	}, nil
}
