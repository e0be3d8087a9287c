package stats

import (
	"fmt"
	"math"
)

// PairedDifference is the score interval of Tango (Statistics in Medicine
// 1998) for the difference of two proportions, A less B, measured on the same n
// faults, of which onlyA and onlyB violate in one campaign only.
func PairedDifference(onlyA, onlyB, n int, confidence float64) (low, high float64, err error) {
	if err := checkConfidence(confidence); err != nil {
		return -1, 1, err
	}
	if onlyA < 0 || onlyB < 0 || n < 0 || onlyA > n-onlyB {
		return -1, 1, fmt.Errorf("discordant pairs %d and %d of %d: must not be negative nor more than all", onlyA, onlyB, n)
	}
	if n == 0 {
		return -1, 1, nil
	}
	z := twoSidedZ(confidence)
	centre := float64(onlyA-onlyB) / float64(n)
	rejected := func(d float64) bool { return math.Abs(tango(onlyA, onlyB, n, d)) > z }
	return bisect(centre, -1, rejected), bisect(centre, 1, rejected), nil
}

// tango is the score statistic for a difference d, with the likeliest
// proportions under it.
func tango(onlyA, onlyB, n int, d float64) float64 {
	a, b, size := float64(onlyA), float64(onlyB), float64(n)
	gap := a - b - size*d
	if gap == 0 {
		return 0
	}
	linear := -a - b + (2*size-a+b)*d
	constant := -b * d * (1 - d)
	q := (math.Sqrt(math.Max(0, linear*linear-8*size*constant)) - linear) / (4 * size)
	variance := size * (2*q + d*(1-d))
	if variance <= 0 {
		return math.Inf(int(math.Copysign(1, gap)))
	}
	return gap / math.Sqrt(variance)
}

// bisect walks from a value that is kept towards an outer one and returns the
// first that is rejected, from the rejected side. The outer value comes back
// where it is kept too.
func bisect(kept, outer float64, rejected func(float64) bool) float64 {
	if !rejected(outer) {
		return outer
	}
	for range 100 {
		middle := kept + (outer-kept)/2
		if middle == kept || middle == outer {
			break
		}
		if rejected(middle) {
			outer = middle
		} else {
			kept = middle
		}
	}
	return outer
}
