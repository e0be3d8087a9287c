// Package cover holds the selection tasks that pick items to represent a pool.
package cover

import (
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{facilityTask(), influenceTask(), coresetTask(), diverseTask(), utilityTask()}
}

// Sizes of the comparison with random sets (our choice).
const (
	randomSets   = 40
	randomStream = 100
)

// pool is what the tasks on digits know besides the scores: the pictures, which
// are the inputs of the scorer, and held-out ones, with their classes.
type pool struct {
	seed        uint64
	rows, test  [][]float64
	truth, want []int
}

// open loads the scorer of a task and its pool.
func open(task, scorer string, seed uint64) (*selection.Workload, *pool, error) {
	f, err := artefacts.Open(task, seed)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.Scorer(scorer, "rows.bin")
	if err != nil {
		return nil, nil, err
	}
	held, err := f.Scorer(scorer, "test.bin")
	if err != nil {
		return nil, nil, err
	}
	p := &pool{seed: seed, rows: kit.Pictures(s.Rows), test: kit.Pictures(held.Rows)}
	if p.truth, err = f.Labels("truth.bin"); err != nil {
		return nil, nil, err
	}
	if p.want, err = f.Labels("test-truth.bin"); err != nil {
		return nil, nil, err
	}
	if len(p.truth) != len(p.rows) || len(p.want) != len(p.test) {
		return nil, nil, fmt.Errorf("task %s: as many classes as rows are needed; rebuild the artefacts", task)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}}, p, nil
}

// accuracy is that of the nearest-neighbour classifier of the held-out pictures
// that knows the classes of the picked rows alone.
func (p *pool) accuracy(picks []int) float64 {
	var known [][]float64
	for _, i := range picks {
		known = append(known, p.rows[i])
	}
	right := 0
	for k, x := range p.test {
		if near := kit.Nearest(x, known); near >= 0 && p.truth[picks[near]] == p.want[k] {
			right++
		}
	}
	return float64(right) / float64(max(1, len(p.test)))
}

// random draws sets of k rows, the same ones for every decision.
func (p *pool) random(k int) [][]int {
	rng := rand.New(rand.NewPCG(p.seed, randomStream))
	sets := make([][]int, randomSets)
	for i := range sets {
		sets[i] = rng.Perm(len(p.rows))[:min(k, len(p.rows))]
	}
	return sets
}

// meanOf is the mean of a figure over sets.
func meanOf(sets [][]int, figure func(set []int) float64) float64 {
	sum := 0.0
	for _, s := range sets {
		sum += figure(s)
	}
	return sum / float64(max(1, len(sets)))
}

// table refuses scores that do not belong to the pool.
func (p *pool) table(task string, scores []selection.Table) (*selection.Table, error) {
	if len(scores) != 1 || scores[0].Width < 1 || scores[0].Rows() != len(p.rows) {
		return nil, fmt.Errorf("%s: it needs the scores of %d rows by one network", task, len(p.rows))
	}
	return &scores[0], nil
}

// reals returns the real values of all rows.
func reals(t *selection.Table) [][]float64 {
	rows := make([][]float64, t.Rows())
	for i := range rows {
		rows[i] = t.Real(i)
	}
	return rows
}

// regret is what a faulty set loses of an objective, on the scale on which the
// golden set has 0 and random sets have 1 on average.
func regret(golden, faulty, random float64) float64 {
	if golden <= random || math.IsNaN(faulty) {
		return 1
	}
	return (golden - faulty) / (golden - random)
}
