// Package route holds the selection tasks that send every row to one of several
// experts or one of several activation functions.
package route

import (
	"fmt"
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

// matches reports whether there are so many scorers, each with so many rows.
func matches(ask *selection.Ask, scorers, rows int) bool {
	if ask.Scorers() != scorers {
		return false
	}
	for k := range scorers {
		if ask.Rows(k) != rows {
			return false
		}
	}
	return true
}

// run runs a row and refuses an answer of another width.
func run(ask *selection.Ask, scorer, row, width int) (*selection.Table, error) {
	answer, err := ask.Row(scorer, row)
	if err != nil {
		return nil, err
	}
	if t := answer.First(); t.Width == width {
		return t, nil
	}
	return nil, fmt.Errorf("scorer %d gives %d numbers, not %d", scorer, answer.First().Width, width)
}

// top runs a row and returns the index of the largest number.
func top(ask *selection.Ask, scorer, row, width int) (int, error) {
	t, err := run(ask, scorer, row, width)
	if err != nil {
		return 0, err
	}
	return first(t, 0, width), nil
}
