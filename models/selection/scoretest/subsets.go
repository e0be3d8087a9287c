package scoretest

import (
	"math/bits"

	"upset/models/selection"
)

// Subsets are all sets of k of the first n numbers, each in ascending order: with them a
// test tries everything that a rule might have chosen. n is small.
func Subsets(n, k int) (list [][]int) {
	for set := range uint(1) << n {
		if bits.OnesCount(set) != k {
			continue
		}
		var items []int
		for i := range n {
			if set>>i&1 == 1 {
				items = append(items, i)
			}
		}
		list = append(list, items)
	}
	return list
}

// Permuted is a table whose row i is row order[i] of another one.
func Permuted(t selection.Table, order []int) selection.Table {
	rows := t
	rows.Data = nil
	for _, i := range order {
		rows.Data = append(rows.Data, t.Row(i)...)
	}
	return rows
}
