// Package route holds the selection tasks that send every row to one of several
// experts or one of several activation functions.
package route

import (
	"math"

	"upset/models/selection"
	"upset/models/selection/artefacts"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{routerTask(), switchingTask(), kanTask()}
}

// family of all these tasks.
const family = "route"

// classes is the number of digits.
const classes = 10

// epsilon is the share of changed decisions above which an outcome that keeps
// all classes counts as a hazard (our choice).
const epsilon = 0.01

// open reads several scorers of one pool.
func open(task string, seed uint64, scorers ...string) (artefacts.Folder, []selection.Scorer, error) {
	f, err := artefacts.Open(task, seed)
	if err != nil {
		return f, nil, err
	}
	var list []selection.Scorer
	for _, name := range scorers {
		s, err := f.Scorer(name, "rows.bin")
		if err != nil {
			return f, nil, err
		}
		list = append(list, s)
	}
	return f, list, nil
}

// first returns the index of the largest number among the first of a row.
func first(t *selection.Table, row, columns int) int {
	best := 0
	for j := 1; j < columns; j++ {
		if t.Int(row, j) > t.Int(row, best) {
			best = j
		}
	}
	return best
}

// entropy is the cross-entropy of a row of logits with a class.
func entropy(t *selection.Table, row, class int) float64 {
	top := t.At(row, first(t, row, t.Width))
	sum := 0.0
	for j := range t.Width {
		sum += math.Exp(t.At(row, j) - top)
	}
	return math.Log(sum) + top - t.At(row, class)
}

// fits reports whether every table has the given width and number of rows.
func fits(scores []selection.Table, rows int, widths ...int) bool {
	if len(scores) != len(widths) {
		return false
	}
	for i := range scores {
		if scores[i].Width != widths[i] || scores[i].Rows() != rows {
			return false
		}
	}
	return true
}
