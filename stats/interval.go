// Package stats turns counts into rates with honest limits: binomial
// intervals, stratified totals, sample sizes, allocation, FIT, the metrics of
// ISO 26262 and verdicts. Numbers in, numbers out: it knows nothing of the
// machine, and every random draw takes its source from the caller.
//
// Every confidence argument is a fraction, for example 0.95. Limits called
// lower or upper are one-sided; intervals called low and high are two-sided,
// made of two one-sided limits at (1+confidence)/2.
package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// checkCounts reports counts that cannot be those of a binomial sample.
func checkCounts(failures, n int) error {
	if n < 0 || failures < 0 || failures > n {
		return fmt.Errorf("%d failures of %d trials: need 0 <= failures <= trials", failures, n)
	}
	return nil
}

// checkConfidence reports a confidence outside (0, 1).
func checkConfidence(confidence float64) error {
	if !(confidence > 0 && confidence < 1) {
		return fmt.Errorf("confidence %v: must lie between 0 and 1, for example 0.95", confidence)
	}
	return nil
}

// NormalQuantile is the standard normal quantile: 1.96 for p = 0.975.
func NormalQuantile(p float64) float64 { return mathext.NormalQuantile(p) }

// twoSidedZ is the standard normal quantile of a two-sided interval.
func twoSidedZ(confidence float64) float64 { return NormalQuantile((1 + confidence) / 2) }

// Wilson is the two-sided score interval of Wilson (1927) for failures of n.
// Its coverage swings about the nominal value, so it serves tables and plots;
// verdicts use [ClopperPearson] or [Combine].
func Wilson(failures, n int, confidence float64) (low, high float64, err error) {
	if err = checkBinomial(failures, n, confidence); err != nil {
		return 0, 1, err
	}
	if low, err = WilsonLower(failures, n, (1+confidence)/2); err != nil {
		return 0, 1, err
	}
	high, err = WilsonUpper(failures, n, (1+confidence)/2)
	return low, high, err
}

// WilsonLower is the one-sided lower score limit.
func WilsonLower(failures, n int, confidence float64) (float64, error) {
	if err := checkBinomial(failures, n, confidence); err != nil || n == 0 || failures == 0 {
		return 0, err
	}
	centre, half := wilson(failures, n, NormalQuantile(confidence))
	return math.Max(0, centre-half), nil
}

// WilsonUpper is the one-sided upper score limit.
func WilsonUpper(failures, n int, confidence float64) (float64, error) {
	if err := checkBinomial(failures, n, confidence); err != nil || n == 0 || failures == n {
		return 1, err
	}
	centre, half := wilson(failures, n, NormalQuantile(confidence))
	return math.Min(1, centre+half), nil
}

// wilson is centre and half-width of the score interval for normal quantile z.
func wilson(failures, n int, z float64) (centre, half float64) {
	return score(float64(failures)/float64(n), float64(n), z)
}

// UpperLimit is Clopper and Pearson's upper limit of a proportion, one-sided at the
// confidence.
func UpperLimit(x, n int, confidence float64) (float64, error) {
	_, high, err := ClopperPearson(x, n, 2*confidence-1)
	return high, err
}

// ClopperPearson is the exact two-sided interval of Clopper and Pearson
// (Biometrika 1934). It never covers less than its confidence.
func ClopperPearson(failures, n int, confidence float64) (low, high float64, err error) {
	if err = checkBinomial(failures, n, confidence); err != nil {
		return 0, 1, err
	}
	if low, err = ClopperPearsonLower(failures, n, (1+confidence)/2); err != nil {
		return 0, 1, err
	}
	high, err = ClopperPearsonUpper(failures, n, (1+confidence)/2)
	return low, high, err
}

// ClopperPearsonLower is the exact one-sided lower limit.
func ClopperPearsonLower(failures, n int, confidence float64) (float64, error) {
	if err := checkBinomial(failures, n, confidence); err != nil || n == 0 || failures == 0 {
		return 0, err
	}
	k, size := float64(failures), float64(n)
	if failures == n {
		return math.Pow(1-confidence, 1/size), nil
	}
	return distuv.Beta{Alpha: k, Beta: size - k + 1}.Quantile(1 - confidence), nil
}

// ClopperPearsonUpper is the exact one-sided upper limit. Without a failure it
// is 1 − (1−confidence)^(1/n), the rule of three.
func ClopperPearsonUpper(failures, n int, confidence float64) (float64, error) {
	if err := checkBinomial(failures, n, confidence); err != nil || n == 0 || failures == n {
		return 1, err
	}
	k, size := float64(failures), float64(n)
	if failures == 0 {
		return -math.Expm1(math.Log1p(-confidence) / size), nil
	}
	return distuv.Beta{Alpha: k + 1, Beta: size - k}.Quantile(confidence), nil
}

// checkBinomial checks counts and confidence together.
func checkBinomial(failures, n int, confidence float64) error {
	if err := checkCounts(failures, n); err != nil {
		return err
	}
	return checkConfidence(confidence)
}
