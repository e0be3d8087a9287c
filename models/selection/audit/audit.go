package audit

import (
	"fmt"
	"math"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Settings say how an audit is made; see [DefaultSettings].
type Settings struct {
	// Error is the mean square error that counts as generalising, where 1 is the error of
	// the mean.
	Error float64
	// Draws is the number of hypotheses.
	Draws int
	Seed  uint64
}

// DefaultSettings are our choice: nine tenths of the variance explained, and as many
// hypotheses as the tests of known tails take.
func DefaultSettings() Settings { return Settings{Error: 0.1, Draws: 10_000, Seed: 1} }

// mostRows bounds the rows of a pool that are taken, spread over it: the work grows with
// their cube (our choice). leastRows are needed for a split into two halves.
const (
	mostRows  = 240
	leastRows = 24
)

// Result is the audit of one network of a task.
type Result struct {
	Scorer  string
	Rows    int // taken, of which every second one trains
	Inputs  int // numbers of a row
	Outputs int
	// Dimension is the intrinsic dimension of the rows, 0 where it cannot be told.
	Dimension float64
	// Whole is the bits that there are to know of the network's function, Bias those of
	// them that the training rows leave: the inductive bias that it takes.
	Whole, Bias float64
}

// stream keeps the draws of this package apart from others.
const stream = 0x61756469 // "audi"

// Task audits the networks of a task that score a pool, with the networks and the pool of
// a run. Those whose rows or answers do not vary, and those with fewer rows than an audit
// takes, are left out.
func Task(r *selection.Run, cfg isa.Config, s Settings) ([]Result, error) {
	if !(s.Error > 0) || s.Draws < leastErrors {
		return nil, fmt.Errorf("an audit for an error of %v with %d hypotheses: want more than 0 and at least %d", s.Error, s.Draws, leastErrors)
	}
	var list []Result
	for k := range r.Workload.Scorers {
		sc := &r.Workload.Scorers[k]
		if len(sc.Rows) < leastRows {
			continue
		}
		net, err := sc.Open(cfg)
		if err != nil {
			return nil, err
		}
		var rows, targets [][]float64
		for i := range min(len(sc.Rows), mostRows) {
			at := i * len(sc.Rows) / min(len(sc.Rows), mostRows)
			rows, targets = append(rows, codes(net, sc.Rows[at])), append(targets, r.Scores[k].Real(at))
		}
		one, ok, err := pool(rows, targets, s)
		if err != nil {
			return nil, fmt.Errorf("network %s: %w", sc.Name, err)
		}
		if ok {
			one.Scorer = sc.Name
			list = append(list, one)
		}
	}
	return list, nil
}

// pool audits rows and what a network gives for them. It reports false where nothing
// varies.
func pool(rows, targets [][]float64, s Settings) (r Result, ok bool, err error) {
	r = Result{Rows: len(rows), Inputs: len(rows[0]), Outputs: len(targets[0])}
	var half [2][2][][]float64 // training and test: rows and targets
	for i := range rows {
		h := &half[i%2]
		h[0], h[1] = append(h[0], rows[i]), append(h[1], targets[i])
	}
	kernel, err := ChooseKernel(half[0][0], half[0][1])
	if err != nil {
		return r, false, nil
	}
	for _, x := range []struct {
		to   *float64
		some int
	}{{&r.Whole, 0}, {&r.Bias, len(half[0][0])}} {
		space, err := NewSpace(kernel, half[0][0][:x.some], half[1][0], half[0][1][:x.some], half[1][1])
		if err != nil {
			return r, false, err
		}
		tail, err := FitTail(space.Errors(s.Draws, rand.New(rand.NewPCG(s.Seed, stream))))
		if err != nil {
			return r, false, err
		}
		*x.to = tail.Bits(s.Error)
	}
	r.Dimension, _ = Dimension(rows) // 0 where it cannot be told
	if math.IsInf(r.Dimension, 0) {
		r.Dimension = 0
	}
	return r, true, nil
}

// codes are the numbers of an input as the network stores them.
func codes(n *selection.Net, row []byte) (list []float64) {
	for _, b := range n.Program.Inputs {
		part := row[:b.Size]
		row = row[b.Size:]
		if b.Type == tflite.Int16 {
			for i := 0; i+1 < len(part); i += 2 {
				list = append(list, float64(int16(uint16(part[i])|uint16(part[i+1])<<8)))
			}
			continue
		}
		for _, c := range part {
			list = append(list, float64(int8(c)))
		}
	}
	return list
}
