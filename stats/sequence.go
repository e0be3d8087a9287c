package stats

import (
	"fmt"
	"math"
)

// ConfidenceSequence is a two-sided interval for a proportion that holds at
// every number of trials at once: one may look after each trial and stop
// whenever one likes. It inverts the mixture martingale of the binomial
// likelihood under a Beta(½, ½) prior (Robbins 1970; Ville's inequality), so it
// is wider than [Wilson] at any single look.
func ConfidenceSequence(failures, n int, confidence float64) (low, high float64, err error) {
	if err := checkBinomial(failures, n, confidence); err != nil {
		return 0, 1, err
	}
	if n == 0 {
		return 0, 1, nil
	}
	k, size := float64(failures), float64(n)
	threshold := -math.Log1p(-confidence)
	mixed := logBeta(k+0.5, size-k+0.5) - logBeta(0.5, 0.5)
	rejected := func(p float64) bool {
		return mixed-logLikelihood(k, size, p) >= threshold
	}
	centre := k / size
	low = bisect(centre, 0, rejected)
	high = bisect(centre, 1, rejected)
	return low, high, nil
}

// logBeta is the logarithm of the beta function.
func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// logLikelihood is k·ln p + (n−k)·ln(1−p), with 0·ln 0 = 0.
func logLikelihood(k, n, p float64) float64 {
	var sum float64
	if k > 0 {
		sum += k * math.Log(p)
	}
	if n > k {
		sum += (n - k) * math.Log1p(-p)
	}
	return sum
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

// TotalSequence is an interval for Σ Weight·p over strata that holds after
// every round at once, however the rounds were allocated from the outcomes of
// earlier ones.
//
// Round r allocates n_b injections to stratum b, out of n. Each failure there
// counts Weight·n/n_b, whose mean over the round is the total. Two bettors, for
// and against, stake fixed fractions on every count (Waudby-Smith and Ramdas,
// JRSS B 2024); within a round the product of the expected factors is at most
// that of their mean (arithmetic and geometric mean), hence both capitals are
// supermartingales and Ville's inequality gives the limits. Each side has half
// the error.
type TotalSequence struct {
	confidence float64
	weights    []float64
	sum        float64
	rounds     []totalRound
}

// totalRound is a completed round in the form in which the bets use it.
type totalRound struct {
	n, passes float64
	failures  []float64 // per stratum
	value     []float64 // of one failure, per stratum
	largest   float64   // of value
}

// bets is the number of stakes between which a bettor spreads: stake j is the
// greatest one over 2^j and gets 1/((j+1)(j+2)) of the capital (our choice; 24
// stakes reach beyond 10^13 injections).
const bets = 24

// stakeLimit keeps every factor positive (our choice).
const stakeLimit = 0.99

// NewTotalSequence starts a sequence without a round. All weights must be
// positive; a census belongs outside, as a constant.
func NewTotalSequence(weights []float64, confidence float64) (*TotalSequence, error) {
	if err := checkConfidence(confidence); err != nil {
		return nil, err
	}
	s := &TotalSequence{confidence: confidence, weights: append([]float64(nil), weights...)}
	for i, w := range weights {
		if !(w > 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("stratum %d: weight %v must be finite and positive: leave strata without weight out", i, w)
		}
		s.sum += w
	}
	if len(weights) == 0 || math.IsInf(s.sum, 0) {
		return nil, fmt.Errorf("%d strata of total weight %v: need at least one and a finite total", len(weights), s.sum)
	}
	return s, nil
}

// Add enters a round. Every stratum needs at least one injection in it: a
// round without some stratum says nothing about the total.
func (s *TotalSequence) Add(n, failures []int) error {
	if len(n) != len(s.weights) || len(failures) != len(s.weights) {
		return fmt.Errorf("round: %d sizes and %d counts for %d strata: lengths must agree", len(n), len(failures), len(s.weights))
	}
	var r totalRound
	for b := range n {
		if err := checkCounts(failures[b], n[b]); err != nil {
			return fmt.Errorf("round, stratum %d: %w", b, err)
		}
		if n[b] == 0 {
			return fmt.Errorf("round, stratum %d: no injection: allocate at least one to every stratum in every round", b)
		}
		r.n += float64(n[b])
		r.passes += float64(n[b] - failures[b])
	}
	for b, w := range s.weights {
		r.failures = append(r.failures, float64(failures[b]))
		r.value = append(r.value, w*r.n/float64(n[b]))
		r.largest = math.Max(r.largest, r.value[b])
	}
	s.rounds = append(s.rounds, r)
	return nil
}

// Estimate is the mean of the rounds' estimates, weighted by their sizes.
func (s *TotalSequence) Estimate() float64 {
	var sum, n float64
	for _, r := range s.rounds {
		for b, k := range r.failures {
			sum += k * r.value[b]
		}
		n += r.n
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// Rejects says that the given total is outside the interval.
func (s *TotalSequence) Rejects(total float64) bool {
	return s.rejects(total, true) || s.rejects(total, false)
}

// rejects says that the bettor who holds the truth to be above, or below, has
// multiplied the capital by 2/α.
func (s *TotalSequence) rejects(total float64, above bool) bool {
	threshold := math.Ln2 - math.Log1p(-s.confidence)
	var logs [bets]float64
	largest := math.Inf(-1)
	for j := range logs {
		logs[j] = -math.Log(float64((j + 1) * (j + 2)))
		for _, r := range s.rounds {
			logs[j] += r.growth(math.Ldexp(r.stake(s.sum, above), -j), total)
		}
		largest = math.Max(largest, logs[j])
	}
	var capital float64
	for _, l := range logs {
		capital += math.Exp(l - largest)
	}
	return largest+math.Log(capital) >= threshold
}

// stake is the greatest bet of one side that leaves every factor positive.
func (r *totalRound) stake(sum float64, above bool) float64 {
	if above {
		return stakeLimit / sum
	}
	return -stakeLimit / r.largest
}

// growth is the logarithm by which a bet multiplies its capital in the round.
func (r *totalRound) growth(stake, total float64) float64 {
	log := r.passes * math.Log1p(-stake*total)
	for b, k := range r.failures {
		if k > 0 {
			log += k * math.Log1p(stake*(r.value[b]-total))
		}
	}
	return log
}

// Interval holds the total with the sequence's confidence, now and at all
// other rounds.
func (s *TotalSequence) Interval() (low, high float64) {
	if len(s.rounds) == 0 {
		return 0, s.sum
	}
	centre := math.Min(s.Estimate(), s.sum)
	low = bisect(centre, 0, func(m float64) bool { return s.rejects(m, true) })
	high = bisect(centre, s.sum, func(m float64) bool { return s.rejects(m, false) })
	return low, high
}
