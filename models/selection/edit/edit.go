// Package edit holds the selection tasks that change a finished network or
// choose its features.
package edit

import (
	"upset/models/selection"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{dampeningTask(), worstTask(), quickTask(), featureTask()}
}

// classes is the number of classes of all data sets used here.
const classes = 10

// label returns the class of the largest logit of a row, the lowest one of ties.
func label(t *selection.Table, row int) int {
	best := 0
	for j := 1; j < t.Width; j++ {
		if t.Int(row, j) > t.Int(row, best) {
			best = j
		}
	}
	return best
}
