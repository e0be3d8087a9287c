// Package kit holds the small algorithms that selection rules share. Ties always
// go to the lowest index, so that coarse int8 scores give one answer.
package kit

import (
	"math"
	"slices"
)

// Argmax returns the index of the largest value, −1 for none.
func Argmax(values []float64) int {
	best := -1
	for i, v := range values {
		if best < 0 || v > values[best] {
			best = i
		}
	}
	return best
}

// Order returns the indices of values from the largest to the smallest.
func Order(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case values[a] > values[b]:
			return -1
		case values[a] < values[b]:
			return 1
		}
		return 0
	})
	return order
}

// TopK returns the indices of the k largest values in ascending order.
func TopK(values []float64, k int) []int {
	top := Order(values)[:max(0, min(k, len(values)))]
	slices.Sort(top)
	return top
}

// Quantile returns the smallest value that at least the share q of all values do
// not exceed; NaN for no values.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Clone(values)
	slices.Sort(s)
	i := int(math.Ceil(q*float64(len(s)))) - 1
	return s[max(0, min(len(s)-1, i))]
}
