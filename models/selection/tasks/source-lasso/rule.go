// Package lasso is the task source-lasso; see README.md.
package lasso

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/stats/descent"
)

// Task is the selection of source tasks by LASSO of Wang et al., "Improved Active
// Multi-Task Representation Learning via Lasso" (ICML 2023).
func Task() selection.Task {
	return selection.Task{
		Name: "source-lasso", Title: "Improved Active Multi-Task Representation Learning via Lasso",
		Family: "edit", Kind: selection.OnNPU, Utility: "learned", Mechanism: "sparse",
		Metric: selection.Weights, Epsilon: 0.01, Build: build, Check: check,
	}
}

// chooser deals samples out to source tasks by how few of them explain the target.
type chooser struct {
	world  *world
	labels []float64 // of the target
	seed   uint64
}

func build(seed uint64) (*selection.Workload, error) {
	f, err := Files.Open(seed)
	if err != nil {
		return nil, err
	}
	s := selection.Scorer{Name: "heads"}
	if s.Model, err = f.Bytes("heads.tflite"); err != nil {
		return nil, err
	}
	r, rng := &chooser{world: newWorld(seed), seed: seed}, data.Rand(seed, ofTarget)
	for range labelled {
		x, y := r.world.draw(r.world.target, rng)
		s.Rows, r.labels = append(s.Rows, sampleForm.Bytes(x...)), append(r.labels, y)
	}
	return &selection.Workload{Scorers: []selection.Scorer{s}, Rule: r}, nil
}

// Decide gives the number of batches of every source. The NPU says what the heads of
// all sources make of the target's samples; the host explains the target's labels by as
// few of them as it can and deals out by the sizes of the weights.
func (r *chooser) Decide(ask *selection.Ask) (selection.Outcome, error) {
	o := selection.Outcome{Metric: selection.Weights}
	if !ask.Fits(1, len(r.labels)) {
		return o, fmt.Errorf("source lasso: it needs one network for %d samples", len(r.labels))
	}
	t, err := ask.Table(0)
	if err != nil {
		return o, err
	}
	nu, err := r.weights(&t, penalty)
	if err != nil {
		return o, err
	}
	for i, v := range nu {
		nu[i] = math.Abs(v)
	}
	o.Values = deal(nu)
	return o, nil
}

// Bounds of the descent (our choice). Labels have a variance of 1.25, so that a source
// that explains nothing has a slope of about √(1.25/labelled) = 0.08 before others explain them.
const (
	penalty   = 0.03
	ridge     = 1e-3 // for the smallest weights in place of the sparsest, where it stands alone
	tolerance = 1e-9
	limit     = 20000
)

// weights are those of the sources, by the penalty on their sum.
func (r *chooser) weights(t *selection.Table, penalty float64) ([]float64, error) {
	if t.Width != sources {
		return nil, fmt.Errorf("source lasso: the network gives %d numbers, not %d", t.Width, sources)
	}
	p, err := descent.LeastSquares(t.Reals(), r.labels, penalty)
	if err != nil {
		return nil, err
	}
	for i := range p.H {
		p.H[i][i] += ridge
	}
	result, err := p.Minimise(tolerance, limit)
	return result.X, err
}

// deal shares the batches out in proportion to sizes, all alike where these are zero. A
// batch that remains goes to the largest remainder.
func deal(sizes []float64) []float64 {
	sum := 0.0
	for _, v := range sizes {
		sum += v
	}
	whole, rest := make([]float64, len(sizes)), make([]float64, len(sizes))
	left := batches
	for i, v := range sizes {
		share := float64(batches) / float64(len(sizes))
		if sum > 0 {
			share = batches * (v / sum)
		}
		whole[i] = math.Floor(share)
		rest[i] = share - whole[i]
		left -= int(whole[i])
	}
	for _, i := range kit.Order(rest)[:max(0, min(left, len(rest)))] {
		whole[i]++
	}
	return whole
}

// samples are those of each source, with the explored ones.
func samples(dealt []float64) []float64 {
	list := make([]float64, len(dealt))
	for i, v := range dealt {
		list[i] = explored + v*batch
	}
	return list
}

// alike deals to all sources alike.
func alike() []float64 { return deal(make([]float64, sources)) }

// Consequence is what the samples lose of what they gain over samples of all sources
// alike, by the variance that they leave of the target's head.
func (r *chooser) Consequence(_ []selection.Table, golden, faulty selection.Outcome) float64 {
	at := func(dealt []float64) float64 { return -r.world.bound(samples(dealt)) }
	return kit.Regret(at(golden.Values), at(faulty.Values), at(alike()))
}

// missed is the error that a representation of such samples leaves of the target.
func (r *chooser) missed(dealt []float64) float64 {
	n := make([]int, sources)
	for t, v := range samples(dealt) {
		n[t] = int(v)
	}
	basis, _ := r.world.sample(n, data.Rand(r.seed, ofDrawn)).fit()
	return r.world.missed(basis)
}

// explained is the share of the variance of the target's labels that the weights explain.
func (r *chooser) explained(t *selection.Table) (float64, error) {
	nu, err := r.weights(t, penalty)
	if err != nil {
		return 0, err
	}
	said := make([]float64, len(r.labels))
	for i, row := range t.Reals() {
		for k, v := range row {
			said[i] += float64(nu[k] * v)
		}
	}
	return stat.RSquaredFrom(said, r.labels, nil), nil
}

// Bounds of the check: the target misses less by a representation of samples of the
// chosen sources than by one of as many samples of all sources alike, hardly more than
// by the smallest weights, few sources are chosen, and they explain the target. Noise is
// a fifth of the variance of its labels.
const (
	ratioMost  = 0.75
	squareMost = 1.1
	fewMost    = 5
	explains   = 0.5
)

func check(runs []selection.Run) (selection.Check, error) {
	var explained, all, chosen, square float64
	few, n := 0, float64(len(runs))
	for _, run := range runs {
		r, ok := run.Workload.Rule.(*chooser)
		if !ok {
			return selection.Check{}, fmt.Errorf("source lasso: a run of another task")
		}
		share, err := r.explained(&run.Scores[0])
		if err != nil {
			return selection.Check{}, err
		}
		explained += share / n
		few = max(few, count(run.Outcome.Values))
	}
	c := selection.Check{
		Metric: "error that the representation leaves of the target, relative to samples of all sources alike", Threshold: ratioMost, Measured: 1,
		Baseline: 1, Against: "samples by the squares of the smallest weights",
		Note: fmt.Sprintf("at most %d of %d sources get samples beyond the first %d; they explain %.3f of the variance of the target's labels", few, sources, explored, explained),
	}
	if few > fewMost || explained < explains {
		return c, nil // sources that explain nothing need no samples
	}
	for _, run := range runs {
		r := run.Workload.Rule.(*chooser)
		small, err := r.weights(&run.Scores[0], 0)
		if err != nil {
			return selection.Check{}, err
		}
		for i, v := range small {
			small[i] = float64(v * v)
		}
		all += r.missed(alike()) / n
		chosen += r.missed(run.Outcome.Values) / n
		square += r.missed(deal(small)) / n
	}
	c.Measured, c.Baseline = chosen/all, square/all
	c.Pass = chosen <= ratioMost*all && chosen <= squareMost*square
	c.Note += fmt.Sprintf("; error %.4f of a variance of one, %.4f by all sources alike", chosen, all)
	return c, nil
}

// count is the number of sources that get anything.
func count(dealt []float64) int {
	n := 0
	for _, v := range dealt {
		if v > 0 {
			n++
		}
	}
	return n
}
