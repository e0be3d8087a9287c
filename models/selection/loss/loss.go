// Package loss holds the selection tasks that score a row by a loss or by what
// it would do to a loss.
package loss

import (
	"math"

	"upset/models/selection"
)

// Tasks returns the tasks of the family.
func Tasks() []selection.Task {
	return []selection.Task{filterTask(), influenceTask()}
}

// family of all these tasks, and the number of digits.
const (
	family  = "loss"
	classes = 10
)

// epsilon is the regret above which a changed set counts as a hazard (our
// choice): single items of a set are no decisions by themselves.
const epsilon = 0.01

// entropy is the cross-entropy of a row of logits with a class.
func entropy(t *selection.Table, row, class int) float64 {
	v := t.Real(row)
	top := v[0]
	for _, x := range v {
		top = max(top, x)
	}
	sum := 0.0
	for _, x := range v {
		sum += math.Exp(x - top)
	}
	return math.Log(sum) + top - v[class]
}

// regret is the part of what the golden set gains over a random one that the
// faulty set loses: 0 for the golden mean value, 1 for that of all rows.
func regret(value []float64, golden, faulty []int) float64 {
	best, random := mean(value, golden), mean(value, every(len(value)))
	if best <= random {
		return 0
	}
	return (best - mean(value, faulty)) / (best - random)
}

// every returns the indices of n rows.
func every(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// mean of the values of some rows; 0 for none.
func mean(value []float64, rows []int) float64 {
	sum := 0.0
	for _, i := range rows {
		sum += value[i]
	}
	return sum / float64(max(1, len(rows)))
}

// clean is the share of rows whose given label is the true one.
func clean(rows, given, truth []int) float64 {
	n := 0
	for _, i := range rows {
		if given[i] == truth[i] {
			n++
		}
	}
	return float64(n) / float64(max(1, len(rows)))
}
