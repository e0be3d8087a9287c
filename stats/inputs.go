package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Estimands: what an estimate over inputs is about.
const (
	// InputsFixed: these inputs.
	InputsFixed = "fixed"
	// InputsSample: the population that the inputs were drawn from at random.
	InputsSample = "sample"
)

// MinClusters is the least number of clusters for an interval (our choice: at
// five degrees of freedom the t quantile is 2.57, below that the width of the
// interval is itself mostly chance).
const MinClusters = 6

// Cluster are the injections under one input.
type Cluster struct {
	N        int
	Failures int
}

// OverInputs widens a weighted total from these inputs to the population that they
// were drawn from. Clusters has a row for every stratum with its injections by input.
// Inputs are clusters (ratio estimator with a t interval, Cochran, Sampling
// Techniques, 1977, corrected for skewness): the deviation of input i is the weighted
// sum over strata of its failures less those that the stratum's share expects. Where nothing fails,
// each input is one trial of [ClopperPearson]. A limit is never tighter than the one
// for these inputs, since few clusters may look more alike than chance allows.
// Confidence is that of each one-sided limit.
//
// The design effect is the variance over that of as many independent injections.
// Fewer than [MinClusters] inputs are an error; where there are enough, but fewer have
// injections, nothing is known and the limits are the widest.
func OverInputs(strata []Stratum, clusters [][]Cluster, confidence float64) (t Total, designEffect float64, err error) {
	if t, err = Combine(strata, confidence); err != nil {
		return t, 0, err
	}
	if len(clusters) != len(strata) {
		return t, 0, fmt.Errorf("injections by input for %d strata, not %d", len(clusters), len(strata))
	}
	e, m, failing, err := perInput(strata, clusters)
	if err != nil {
		return t, 0, err
	}
	inputs, weight := 0, 0.0
	for _, x := range m {
		if x > 0 {
			inputs++
		}
		weight += x
	}
	if inputs < MinClusters && len(m) >= MinClusters {
		// There are enough inputs, but few of them were injected into here.
		t.Lower, t.Upper = min(t.Lower, 0), max(t.Upper, weight+t.Unsampled)
		return t, 1, nil
	}
	if inputs < MinClusters {
		return t, 0, fmt.Errorf("%d inputs: an interval for the population they come from needs at least %d; run more inputs, or ask for these inputs only", inputs, MinClusters)
	}
	if failing == 0 || failing >= weight {
		// All inputs agree: how many might not is a matter of their number.
		_, high, err := ClopperPearson(0, inputs, 2*confidence-1)
		if err != nil {
			return t, 0, err
		}
		if failing == 0 {
			t.Upper = max(t.Upper, weight*high)
		} else {
			t.Lower = min(t.Lower, weight*(1-high))
		}
		return t, 1, nil
	}
	squares, cubes := 0.0, 0.0
	for _, x := range e {
		squares += x * x
		cubes += x * x * x
	}
	k := float64(inputs)
	variance := k / (k - 1) * squares
	q := distuv.StudentsT{Sigma: 1, Nu: k - 1}.Quantile(confidence)
	below, above := skewed(k, variance, cubes, q)
	t.Lower, t.Upper = min(t.Lower, max(0, failing-below)), max(t.Upper, failing+above)
	t.Upper = min(t.Upper, max(weight+t.Unsampled, t.Estimate))
	designEffect = 1
	if t.Variance > 0 {
		designEffect = variance / t.Variance
	}
	return t, designEffect, nil
}

// skewed are the distances of the limits from the estimate: those of the t interval,
// and on the side of the longer tail those of Johnson (Journal of the American
// Statistical Association, 1978), which correct for the third moment, where they are
// wider. Few inputs that fail much more than the others are the rule.
func skewed(k, variance, cubes, q float64) (below, above float64) {
	half := q * math.Sqrt(variance)
	below, above = half, half
	if variance == 0 {
		return below, above
	}
	// Of the mean of k values z with z = k·e: s² = k·variance, third moment k²·Σe³.
	s2 := k * variance
	third := math.Abs(k * k * cubes)
	a, b := third/(6*s2*k), third/(3*s2*s2)
	far := 2 * (half + a) // where the series no longer converges
	if d := 1 - 4*b*(half+a); d > 0 && b > 0 {
		far = min(far, (1-math.Sqrt(d))/(2*b))
	}
	if cubes > 0 {
		above = max(half, far)
	} else if cubes < 0 {
		below = max(half, far)
	}
	return below, above
}

// perInput are the weighted deviations and the weighted injections of every input, and
// the weighted failures of all.
func perInput(strata []Stratum, clusters [][]Cluster) (e, m []float64, failing float64, err error) {
	for h, s := range strata {
		for i, c := range clusters[h] {
			if err := checkCounts(c.Failures, c.N); err != nil {
				return nil, nil, 0, fmt.Errorf("stratum %d, input %d: %w", h, i, err)
			}
			for len(e) <= i {
				e, m = append(e, 0), append(m, 0)
			}
			if s.N == 0 || s.Weight == 0 {
				continue
			}
			w, p := s.Weight/float64(s.N), float64(s.Failures)/float64(s.N)
			e[i] += w * (float64(c.Failures) - p*float64(c.N))
			m[i] += w * float64(c.N)
			failing += w * float64(c.Failures)
		}
	}
	return e, m, failing, nil
}
