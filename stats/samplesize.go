package stats

import (
	"fmt"
	"math"
)

// SampleSize is the number of injections for an absolute half-width (margin)
// of a two-sided interval, after Leveugle et al. (DATE 2009):
//
//	n = N / (1 + margin²·(N−1) / (z²·p·(1−p)))
//
// rounded to the nearest integer as in that paper. Population is the number of
// sites N; 0 means unlimited. P is the expected proportion, 0.5 in the worst
// case. The margin is absolute: it says nothing about a proportion far below it,
// see [SampleSizeRelative].
func SampleSize(population, margin, confidence, p float64) (int, error) {
	if err := checkConfidence(confidence); err != nil {
		return 0, err
	}
	if !(margin > 0 && margin < 1) || !(p > 0 && p < 1) || population < 0 || math.IsInf(population, 0) || math.IsNaN(population) {
		return 0, fmt.Errorf("sample size: margin %v, proportion %v, population %v: margin and proportion must lie between 0 and 1, population must not be negative", margin, p, population)
	}
	z := twoSidedZ(confidence)
	unlimited := z * z * p * (1 - p) / (margin * margin)
	size := unlimited
	if population > 0 {
		size = population / (1 + (population-1)/unlimited)
	}
	return toCount(math.Round(size))
}

// SampleSizeRelative is the number of injections for a relative half-width r
// of a small proportion p: z²·(1−p)/(p·r²), rounded up.
func SampleSizeRelative(p, relative, confidence float64) (int, error) {
	if err := checkConfidence(confidence); err != nil {
		return 0, err
	}
	if !(p > 0 && p < 1) || !(relative > 0) {
		return 0, fmt.Errorf("sample size: proportion %v, relative half-width %v: both must be positive, the proportion below 1", p, relative)
	}
	z := twoSidedZ(confidence)
	return toCount(math.Ceil(z * z * (1 - p) / (p * relative * relative)))
}

// maxCount bounds every computed number of injections (our choice: 10^15 is
// beyond any campaign and still exact in a float64).
const maxCount = 1e15

// toCount converts a computed size, refusing what no campaign can run.
func toCount(size float64) (int, error) {
	if math.IsNaN(size) || size > maxCount {
		return 0, fmt.Errorf("sample size %.3g is out of reach: widen the margin", size)
	}
	return max(1, int(size)), nil
}
