package stats

import (
	"fmt"

	"gonum.org/v1/gonum/mathext"
)

// BinomialAtMost is the probability of at most k failures of n where each has
// probability p: the exact P value of the hypothesis that the share is at least p.
func BinomialAtMost(k, n int, p float64) (float64, error) {
	if err := checkBinomialTest(k, n, p); err != nil {
		return 1, err
	}
	if k == n {
		return 1, nil
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p), nil
}

// BinomialAtLeast is the probability of at least k failures: the exact P value of the
// hypothesis that the share is at most p.
func BinomialAtLeast(k, n int, p float64) (float64, error) {
	if err := checkBinomialTest(k, n, p); err != nil {
		return 1, err
	}
	if k == 0 {
		return 1, nil
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p), nil
}

func checkBinomialTest(k, n int, p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("share %v: must lie between 0 and 1", p)
	}
	return checkCounts(k, n)
}
