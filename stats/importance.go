package stats

import (
	"fmt"
	"math"
)

// LeastTargetShare is the least share of the target distribution in a
// proposal, so that no weight exceeds its inverse (usual practice).
const LeastTargetShare = 0.1

// MixProposal is share·target + (1−share)·proposal, both scaled to sum to 1.
func MixProposal(target, proposal []float64, share float64) ([]float64, error) {
	if !(share >= LeastTargetShare && share <= 1) {
		return nil, fmt.Errorf("share %v of the target distribution: must be at least %v and at most 1", share, LeastTargetShare)
	}
	if len(target) != len(proposal) {
		return nil, fmt.Errorf("target of %d and proposal of %d: lengths must agree", len(target), len(proposal))
	}
	p, err := normalised("target", target)
	if err != nil {
		return nil, err
	}
	q, err := normalised("proposal", proposal)
	if err != nil {
		return nil, err
	}
	for i := range q {
		q[i] = share*p[i] + (1-share)*q[i]
	}
	return q, nil
}

// normalised scales a distribution to sum to 1.
func normalised(name string, weights []float64) ([]float64, error) {
	var sum float64
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("%s: weight %d is %v, must be finite and not negative", name, i, w)
		}
		sum += w
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("%s: weights sum to %v: the sum must be positive and finite", name, sum)
	}
	out := make([]float64, len(weights))
	for i, w := range weights {
		out[i] = w / sum
	}
	return out, nil
}

// Draw is one injection drawn from a proposal.
type Draw struct {
	// Target and Proposal are the probabilities of its site under the two
	// distributions, each summing to 1 over all sites.
	Target   float64
	Proposal float64
	Failed   bool
}

// Weighted is an estimate from weighted draws.
type Weighted struct {
	Estimate float64
	// Variance is the plug-in variance; 0 without a failure, then use High.
	Variance float64
	Low      float64
	High     float64
	// Effective is the effective number of draws, see [EffectiveSize].
	Effective float64
	Failures  int
}

// HorvitzThompson estimates the proportion under the target distribution as
// the mean of weight × outcome (Horvitz and Thompson, JASA 1952). It is
// unbiased. Its limits are the gamma limits of [Combine] with the greatest
// weight that the mixture allows, so that no failure still gives a bound.
func HorvitzThompson(draws []Draw, confidence float64) (Weighted, error) {
	weights, out, err := weigh(draws, confidence)
	if err != nil {
		return Weighted{}, err
	}
	n := float64(len(draws))
	var counts weightedCounts
	var squares float64
	for i, d := range draws {
		if d.Failed {
			counts.add(weights[i]/n, 1)
			squares += weights[i] * weights[i]
		}
	}
	counts.largest = 1 / (LeastTargetShare * n)
	out.Estimate = counts.sum
	if n > 1 {
		out.Variance = math.Max(0, squares-n*out.Estimate*out.Estimate) / (n * (n - 1))
	}
	out.Low = counts.lower((1 + confidence) / 2)
	out.High = math.Min(1, math.Max(out.Estimate, counts.upper((1+confidence)/2)))
	return out, nil
}

// SelfNormalised estimates the proportion under the target distribution as
// Σ weight × outcome ÷ Σ weight. It is biased by the order of 1/n. Its interval
// is the score interval of a simple sample with the variance of the linearised
// ratio; where fewer than [ExactBelow] draws fail, or fewer pass, it is that of
// [HorvitzThompson]. It may cover a few per cent less than it says where rare
// failures of great weight matter; verdicts use [HorvitzThompson].
func SelfNormalised(draws []Draw, confidence float64) (Weighted, error) {
	weights, out, err := weigh(draws, confidence)
	if err != nil {
		return Weighted{}, err
	}
	var sum, hit float64
	for i, d := range draws {
		sum += weights[i]
		if d.Failed {
			hit += weights[i]
		}
	}
	out.Estimate = hit / sum
	for i, d := range draws {
		residual := -out.Estimate
		if d.Failed {
			residual++
		}
		residual *= weights[i] / sum
		out.Variance += residual * residual
	}
	if min(out.Failures, len(draws)-out.Failures) < ExactBelow {
		plain, err := HorvitzThompson(draws, confidence)
		if err != nil {
			return Weighted{}, err
		}
		out.Low, out.High = math.Min(plain.Low, out.Estimate), math.Max(plain.High, out.Estimate)
		return out, nil
	}
	p := out.Estimate
	centre, half := score(p, p*(1-p)/out.Variance, twoSidedZ(confidence))
	out.Low, out.High = math.Max(0, centre-half), math.Min(1, centre+half)
	return out, nil
}

// weigh checks the draws and returns their weights.
func weigh(draws []Draw, confidence float64) ([]float64, Weighted, error) {
	if err := checkConfidence(confidence); err != nil {
		return nil, Weighted{}, err
	}
	if len(draws) == 0 {
		return nil, Weighted{}, fmt.Errorf("no draw: importance sampling needs at least one")
	}
	const slack = 1e-9 // rounding of the mixture
	weights := make([]float64, len(draws))
	var out Weighted
	for i, d := range draws {
		if !(d.Target > 0 && d.Target <= 1+slack) || !(d.Proposal > 0 && d.Proposal <= 1+slack) {
			return nil, Weighted{}, fmt.Errorf("draw %d: probabilities %v under the target and %v under the proposal: must be above 0 and at most 1", i, d.Target, d.Proposal)
		}
		weights[i] = d.Target / d.Proposal
		if weights[i] > (1+slack)/LeastTargetShare {
			return nil, Weighted{}, fmt.Errorf("draw %d: weight %.4g: mix at least %v of the target distribution into the proposal", i, weights[i], LeastTargetShare)
		}
		if d.Failed {
			out.Failures++
		}
	}
	out.Effective = EffectiveSize(weights)
	return weights, out, nil
}
