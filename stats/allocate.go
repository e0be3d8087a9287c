package stats

import (
	"fmt"
	"math"
	"slices"
)

// Proportional splits total injections in proportion to the weights. Every
// stratum of positive weight receives at least floor. Rounding is by largest
// remainder, ties to the lower index, so the result depends on nothing else.
func Proportional(weights []float64, total, floor int) ([]int, error) {
	counts := make([]int, len(weights))
	var open []int
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("allocation: weight %d is %v, must be finite and not negative", i, w)
		}
		if w > 0 {
			open = append(open, i)
		}
	}
	if total < 0 || floor < 0 {
		return nil, fmt.Errorf("allocation: total %d and floor %d must not be negative", total, floor)
	}
	if len(open) == 0 {
		if total > 0 {
			return nil, fmt.Errorf("allocation: %d injections but no stratum of positive weight", total)
		}
		return counts, nil
	}
	if floor > total/len(open) {
		return nil, fmt.Errorf("allocation: %d strata need at least %d injections each, only %d given: raise the number of injections or merge strata", len(open), floor, total)
	}
	rest := total
	for {
		share := shares(weights, open, rest)
		kept := open[:0:0]
		for j, i := range open {
			if share[j] < float64(floor) {
				counts[i] = floor
				rest -= floor
			} else {
				kept = append(kept, i)
			}
		}
		done := len(kept) == len(open)
		open = kept
		if done || len(open) == 0 {
			break
		}
	}
	if len(open) > 0 {
		largestRemainder(counts, weights, open, rest)
	}
	return counts, nil
}

// shares is the real-valued split of rest over the open strata.
func shares(weights []float64, open []int, rest int) []float64 {
	var largest, sum float64
	for _, i := range open {
		largest = math.Max(largest, weights[i])
	}
	for _, i := range open {
		sum += weights[i] / largest
	}
	out := make([]float64, len(open))
	for j, i := range open {
		out[j] = float64(rest) * (weights[i] / largest / sum)
	}
	return out
}

// largestRemainder writes an integer split of rest into counts.
func largestRemainder(counts []int, weights []float64, open []int, rest int) {
	share := shares(weights, open, rest)
	order := make([]int, len(open))
	left := rest
	for j, i := range open {
		counts[i] = int(share[j])
		left -= counts[i]
		order[j] = j
	}
	slices.SortStableFunc(order, func(a, b int) int {
		ra, rb := share[a]-math.Floor(share[a]), share[b]-math.Floor(share[b])
		switch {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return a - b
	})
	for j := 0; left > 0; j = (j + 1) % len(order) {
		counts[open[order[j]]]++
		left--
	}
}

// Smoothed is the proportion (failures+½)/(n+1), so that a stratum in which
// nothing was seen still receives samples.
func Smoothed(failures, n int) float64 { return (float64(failures) + 0.5) / (float64(n) + 1) }

// Neyman splits total injections in proportion to weight·√(p(1−p))/√cost, the
// split of least variance for a given total cost (Neyman 1934). P is a guess
// per stratum, usually [Smoothed] of earlier rounds; cost may be nil.
// Floors and rounding are those of [Proportional].
func Neyman(weights, p, cost []float64, total, floor int) ([]int, error) {
	if len(p) != len(weights) || cost != nil && len(cost) != len(weights) {
		return nil, fmt.Errorf("allocation: %d weights, %d proportions, %d costs: lengths must agree", len(weights), len(p), len(cost))
	}
	scores := make([]float64, len(weights))
	for i, w := range weights {
		if !(p[i] >= 0 && p[i] <= 1) {
			return nil, fmt.Errorf("allocation: proportion %d is %v, must lie between 0 and 1", i, p[i])
		}
		scores[i] = w * math.Sqrt(p[i]*(1-p[i]))
		if cost != nil {
			if !(cost[i] > 0) {
				return nil, fmt.Errorf("allocation: cost %d is %v, must be positive", i, cost[i])
			}
			scores[i] /= math.Sqrt(cost[i])
		}
		if w > 0 && scores[i] == 0 {
			// A guess of exactly 0 or 1 must not starve a stratum.
			scores[i] = math.SmallestNonzeroFloat32 * w
		}
	}
	return Proportional(scores, total, floor)
}
