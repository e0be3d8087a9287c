package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Stratum is one binomial sample and the weight with which its proportion
// enters a total.
type Stratum struct {
	// Weight is what the stratum contributes if every injection fails: its
	// share of the sites for an AVF, its raw rate for a FIT.
	Weight   float64
	N        int
	Failures int
	// Exact marks a census: Failures/N is the true proportion, not a sample
	// of it. With N = 0 the proportion is known to be 0.
	Exact bool
}

// Total is a weighted sum of proportions with one-sided joint limits.
type Total struct {
	Estimate float64
	Lower    float64
	Upper    float64
	// Variance is the plug-in variance of the estimate. It is 0 when no
	// failure was seen: never build an interval from it.
	Variance float64
	N        int
	Failures int
	// Unsampled is the weight of strata without any sample. The estimate
	// leaves them out, the upper limit takes them as failing always.
	Unsampled float64
}

// Bound says that nothing was seen, so that only the upper limit may be shown.
func (t Total) Bound() bool { return t.Estimate == 0 && t.Upper > 0 }

// weightedCounts are the sums that the limits need.
type weightedCounts struct {
	sum, variance, largest float64 // Σw·x, Σw²·x, max w with w = Weight/N
}

// add enters x events of weight w.
func (c *weightedCounts) add(w float64, x int) {
	c.sum += w * float64(x)
	c.variance += w * w * float64(x)
	c.largest = math.Max(c.largest, w)
}

// lower is the lower gamma limit of Fay and Feuer (Statistics in Medicine
// 1997) for a weighted sum of Poisson counts.
func (c *weightedCounts) lower(confidence float64) float64 {
	if c.sum == 0 {
		return 0
	}
	shape := c.sum * c.sum / c.variance
	return c.variance / c.sum * GammaQuantile(shape, 1-confidence)
}

// upper is the upper gamma limit of Fay and Feuer: one more event of the
// largest weight is added, so that no counts at all give largest·(−ln α).
func (c *weightedCounts) upper(confidence float64) float64 {
	sum := c.sum + c.largest
	if sum == 0 {
		return 0
	}
	variance := c.variance + c.largest*c.largest
	return variance / sum * GammaQuantile(sum*sum/variance, confidence)
}

// GammaQuantile is the quantile of the gamma distribution of a shape and scale 1. It
// is NaN for what is no shape or no probability: the series behind it would go on
// without end there.
func GammaQuantile(shape, p float64) float64 {
	if !(shape > 0) || math.IsInf(shape, 0) || !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	return mathext.GammaIncRegInv(shape, p)
}

// Weights of strata, so that their squares neither overflow nor vanish (our choice:
// half of the exponents of a float, with room for sums).
const minWeight, maxWeight = 1e-140, 1e140

// checkWeight reports a weight with which no total can be formed.
func checkWeight(w float64) error {
	if w != 0 && !(w >= minWeight && w <= maxWeight) {
		return fmt.Errorf("weight %v must be 0 or lie between %v and %v", w, float64(minWeight), float64(maxWeight))
	}
	return nil
}

// Combine estimates Σ Weight·p over the strata, with one joint lower and one
// joint upper limit, each one-sided at the given confidence.
//
// With one sampled stratum the limits are Clopper–Pearson. With several they
// are the gamma limits of Fay and Feuer; binomial counts are less dispersed
// than the Poisson counts assumed, so the limits stay conservative. Where more
// than half of the sampled weight fails, the limits are those of the
// complement, which are then the tighter ones. They are joint: not a sum of
// limits per stratum. Counts are taken as drawn with replacement.
func Combine(strata []Stratum, confidence float64) (Total, error) {
	return combine(strata, confidence, true)
}

// CombineUpper is [Combine] without the lower limit, which takes most of its time: Lower is no
// limit here.
func CombineUpper(strata []Stratum, confidence float64) (Total, error) {
	return combine(strata, confidence, false)
}

// combine is Combine, on demand without the lower limit.
func combine(strata []Stratum, confidence float64, both bool) (Total, error) {
	if err := checkConfidence(confidence); err != nil {
		return Total{}, err
	}
	var (
		total          Total
		fails, passes  weightedCounts
		exact, sampled float64
		single         Stratum
		drawn          int
	)
	for i, s := range strata {
		if err := checkCounts(s.Failures, s.N); err != nil {
			return Total{}, fmt.Errorf("stratum %d: %w", i, err)
		}
		if err := checkWeight(s.Weight); err != nil {
			return Total{}, fmt.Errorf("stratum %d: %w", i, err)
		}
		total.N += s.N
		total.Failures += s.Failures
		switch {
		case s.Weight == 0:
		case s.N == 0 && !s.Exact:
			total.Unsampled += s.Weight
		case s.Exact:
			if s.N > 0 {
				exact += s.Weight * float64(s.Failures) / float64(s.N)
			}
		default:
			w, p := s.Weight/float64(s.N), float64(s.Failures)/float64(s.N)
			fails.add(w, s.Failures)
			passes.add(w, s.N-s.Failures)
			total.Variance += s.Weight * s.Weight * p * (1 - p) / float64(s.N)
			sampled += s.Weight
			single = s
			drawn++
		}
	}
	var lower, upper float64
	switch {
	case drawn == 0:
	case drawn == 1:
		high, _ := ClopperPearsonUpper(single.Failures, single.N, confidence)
		upper = single.Weight * high
		if both {
			low, _ := ClopperPearsonLower(single.Failures, single.N, confidence)
			lower = single.Weight * low
		}
	case 2*fails.sum <= sampled:
		upper = fails.upper(confidence)
		if both {
			lower = fails.lower(confidence)
		}
	default:
		upper = sampled - passes.lower(confidence)
		if both {
			lower = sampled - passes.upper(confidence)
		}
	}
	total.Estimate = exact + fails.sum
	total.Lower = exact + min(max(lower, 0), fails.sum)
	total.Upper = exact + max(min(upper, sampled), fails.sum) + total.Unsampled
	return total, nil
}

// CombineTwoSided is [Combine] with the two limits of a two-sided interval:
// each is one-sided at (1+confidence)/2.
func CombineTwoSided(strata []Stratum, confidence float64) (Total, error) {
	if err := checkConfidence(confidence); err != nil {
		return Total{}, err
	}
	return Combine(strata, (1+confidence)/2)
}
