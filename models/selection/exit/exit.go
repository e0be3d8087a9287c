// Package exit holds the selection tasks that stop early or accept only some of
// the answers.
package exit

import (
	"math"

	"upset/models/selection"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{windowTask(), conformalTask(), boostingTask()}
}

// confidence returns the class of the largest logit of a row between two
// columns, its probability under softmax, and its lead over the second one in
// codes.
func confidence(t *selection.Table, row, from, to int) (class int, top float64, lead int) {
	best, second := math.MinInt, math.MinInt
	for j := from; j < to; j++ {
		v := t.Int(row, j)
		if v > best {
			class, best, second = j-from, v, best
		} else {
			second = max(second, v)
		}
	}
	sum := 0.0
	for j := from; j < to; j++ {
		sum += math.Exp(t.Scale * float64(t.Int(row, j)-best))
	}
	return class, 1 / sum, best - second
}
