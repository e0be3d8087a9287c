// Package match holds the selection tasks that choose the items of a pool that
// resemble a target.
package match

import (
	"fmt"

	"upset/models/selection"
	"upset/models/selection/artefacts"
	"upset/models/selection/kit"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{poolingTask(), targetTask(), swapTask(), sparseTask()}
}

// family of all these tasks: choices of items that represent or cover others.
const family = "cover"

// open reads the scorer, its rows and their classes.
func open(task, scorer string, seed uint64) (artefacts.Folder, selection.Scorer, []int, error) {
	f, err := artefacts.Open(task, seed)
	if err != nil {
		return f, selection.Scorer{}, nil, err
	}
	truth, err := f.Labels("truth.bin")
	if err != nil {
		return f, selection.Scorer{}, nil, err
	}
	s, err := f.Scorer(scorer, "rows.bin")
	if err == nil && len(s.Rows) != len(truth) {
		err = fmt.Errorf("task %s: %d rows but %d classes; build the artefacts anew", task, len(s.Rows), len(truth))
	}
	return f, s, truth, err
}

// loss is the part of what a golden choice gains over a random one that a faulty
// choice loses: 0 for the golden value, 1 for that of random choices.
func loss(golden, faulty, random float64) float64 {
	if golden == random {
		return 0
	}
	return (golden - faulty) / (golden - random)
}

// share is the part of some rows that belongs to a class.
func share(rows, truth []int, class int) float64 {
	n := 0
	for _, i := range rows {
		if truth[i] == class {
			n++
		}
	}
	return float64(n) / float64(max(1, len(rows)))
}

// mean of some values.
func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}

// apart are the distances of all candidates from all targets by their pictures, which
// owe nothing to the scores. The targets are the last rows.
func apart(rows [][]byte, targets int) [][]float64 {
	x := kit.Pictures(rows)
	n := len(x) - targets
	out := make([][]float64, n)
	for i := range out {
		for _, f := range x[n:] {
			out[i] = append(out[i], kit.Distance(x[i], f))
		}
	}
	return out
}

// pictureDraws are the random choices that a choice is judged against by its pictures,
// and pictureStream keeps them apart (our choice).
const (
	pictureDraws  = 50
	pictureStream = 7
)

// epsilon is the loss above which a changed set counts as a hazard (our choice):
// single items of a set are no decisions by themselves.
const epsilon = 0.01
