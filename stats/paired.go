package stats

import (
	"fmt"
	"math"
	"slices"
)

// McNemar is the exact two-sided P value of McNemar's test on paired faults:
// onlyA and onlyB count the faults that violate in one campaign only. Under
// equality each is equally likely.
func McNemar(onlyA, onlyB int) (float64, error) {
	if onlyA < 0 || onlyB < 0 {
		return 0, fmt.Errorf("discordant pairs %d and %d: must not be negative", onlyA, onlyB)
	}
	if onlyA == onlyB {
		return 1, nil
	}
	tail, err := BinomialAtMost(min(onlyA, onlyB), onlyA+onlyB, 0.5)
	return math.Min(1, 2*tail), err
}

// Fisher is the exact two-sided P value of Fisher's test that two independent
// samples have the same proportion: the sum over all tables with the same
// margins that are no more likely than the one seen.
func Fisher(failuresA, nA, failuresB, nB int) (float64, error) {
	if err := checkCounts(failuresA, nA); err != nil {
		return 0, err
	}
	if err := checkCounts(failuresB, nB); err != nil {
		return 0, err
	}
	failures := failuresA + failuresB
	low, high := max(0, failures-nB), min(failures, nA)
	whole := logChoose(nA+nB, failures)
	table := func(x int) float64 { return logChoose(nA, x) + logChoose(nB, failures-x) - whole }
	// Equal tables may differ in the last digits; 1e-7 is the tolerance of R's
	// fisher.test.
	seen := table(failuresA) + 1e-7
	var sum float64
	for x := low; x <= high; x++ {
		if l := table(x); l <= seen {
			sum += math.Exp(l)
		}
	}
	return math.Min(1, sum), nil
}

// logChoose is the logarithm of n over k.
func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}

// Holm adjusts P values for testing all of them at once (Holm 1979): compare
// the adjusted values with the family-wise error itself.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted := make([]float64, len(p))
	largest := 0.0
	for rank, i := range order {
		largest = math.Max(largest, math.Min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = largest
	}
	return adjusted
}
