package swaps

import (
	"math"
	"slices"

	"upset/models/selection/kit"
)

// nearest adds the row that lowers the sum of every column's cheapest cost most,
// until n rows are the cheapest of some column. Rows that became the cheapest of
// none are dropped; where no row helps any more, the first unused ones fill up.
func nearest(cost [][]float64, n int) []int {
	columns := len(cost[0])
	low, by, added := make([]float64, columns), make([]int, columns), make([]bool, len(cost))
	for j := range low {
		low[j], by[j] = math.Inf(1), -1
	}
	used := func() []int {
		s := slices.Clone(by)
		slices.Sort(s)
		return slices.Compact(s)
	}
	for by[0] < 0 || len(used()) < n {
		best, least := -1, math.Inf(1)
		for i, row := range cost {
			sum := 0.0
			for j, c := range row {
				sum += min(c, low[j])
			}
			if !added[i] && sum < least {
				best, least = i, sum
			}
		}
		if best < 0 {
			break
		}
		added[best] = true
		for j, c := range cost[best] {
			if c < low[j] {
				low[j], by[j] = c, best
			}
		}
	}
	items := used()
	for i := 0; len(items) < n && i < len(cost); i++ {
		if !slices.Contains(items, i) {
			items = append(items, i)
		}
	}
	return items[:n]
}

// plan is the exact transport between selected rows and all columns, of equal
// weight on either side. The columns are a multiple of the rows.
func plan(cost [][]float64, items []int) (*kit.Assignment, error) {
	part, capacity := make([][]float64, len(items)), make([]int, len(items))
	for k, i := range items {
		part[k], capacity[k] = cost[i], len(cost[0])/len(items)
	}
	return kit.Assign(part, capacity)
}

// refine swaps a selected row for another as long as the transport gets cheaper.
func refine(cost [][]float64, items []int) ([]int, error) {
	items = slices.Clone(items)
	for range swapIterations {
		current, err := plan(cost, items)
		if err != nil {
			return nil, err
		}
		better, err := improve(cost, items, current)
		if err != nil {
			return nil, err
		}
		if better == nil {
			break
		}
		items = better
	}
	return items, nil
}

// improve returns the first selection of one swap that is cheaper, nil for none.
// Rows leave in the order of their price, the dearest first. With the columns'
// prices V, a row that enters with room for R columns adds at least the R
// smallest differences of its costs and V to what the others pay, by linear
// programming duality; the rows of the smallest sum enter first, and a swap that
// cannot help by that bound is not tried.
func improve(cost [][]float64, items []int, current *kit.Assignment) ([]int, error) {
	const least = 1e-9 // gain that counts (our choice)
	room := len(cost[0]) / len(items)
	entry := make([]float64, len(cost)) // negative, so that the largest come first
	for i, row := range cost {
		if slices.Contains(items, i) {
			entry[i] = math.Inf(-1)
			continue
		}
		reduced := make([]float64, len(row))
		for j, c := range row {
			reduced[j] = c - current.V[j]
		}
		slices.Sort(reduced)
		for _, v := range reduced[:room] {
			entry[i] -= v
		}
	}
	inside, outside := kit.Order(current.U), kit.Order(entry)[:len(cost)-len(items)]
	for _, k := range inside[:min(swapCandidates, len(inside))] {
		for _, i := range outside[:min(swapCandidates, len(outside))] {
			if -entry[i] >= float64(room)*current.U[k]-least {
				break
			}
			trial := slices.Clone(items)
			trial[k] = i
			a, err := plan(cost, trial)
			if err != nil {
				return nil, err
			}
			if a.Cost < current.Cost-least {
				return trial, nil
			}
		}
	}
	return nil, nil
}

// fit is the mean cost of a selection; infinite for a wrong number of rows.
func fit(cost [][]float64, items []int) float64 {
	if len(items) == 0 {
		return math.Inf(1)
	}
	a, err := plan(cost, items)
	if err != nil {
		return math.Inf(1)
	}
	return a.Cost / float64(len(cost[0]))
}
