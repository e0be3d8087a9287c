package kit

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Gumbel draws n numbers of the standard Gumbel law. Added to the logarithms of
// weights, the k largest sums are a sample of size k without replacement with
// these weights (Kool et al., "Stochastic Beams and Where to Find Them", ICML 2019).
func Gumbel(n int, rng *rand.Rand) []float64 {
	list := make([]float64, n)
	for i := range list {
		u := (float64(rng.Uint64N(1<<52)) + 0.5) * 0x1p-52 // strictly between 0 and 1
		list[i] = -math.Log(-math.Log(u))
	}
	return list
}

// TopOfGroups returns the indices of the largest values of every group, of each
// the given share rounded to the nearest number, in ascending order.
func TopOfGroups(values []float64, groups []int, share float64) []int {
	size := map[int]int{}
	for _, g := range groups {
		size[g]++
	}
	for g, n := range size {
		size[g] = max(0, min(n, int(math.Round(share*float64(n)))))
	}
	var top []int
	for _, i := range Order(values) {
		if g := groups[i]; size[g] > 0 {
			size[g]--
			top = append(top, i)
		}
	}
	slices.Sort(top)
	return top
}

// Spearman is the rank correlation of two lists of equal length; equal values
// share the mean of their ranks. It is 0 where either list is constant.
func Spearman(a, b []float64) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return 0
	}
	x, y := ranks(a), ranks(b)
	if r := stat.Correlation(x, y, nil); !math.IsNaN(r) {
		return r
	}
	return 0 // one side has no order
}

// ranks counts from 0 for the largest value.
func ranks(values []float64) []float64 {
	order, out := Order(values), make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}
