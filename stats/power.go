package stats

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// ProofPlan is the size of an independent campaign that is to show a residual
// below a budget.
type ProofPlan struct {
	Injections int
	// MaxFailures is the largest number of violations with which it still holds.
	MaxFailures int
	// Power is the probability that it holds if the design is as expected.
	Power float64
}

const (
	// maxProofFailures ends the search of PlanProof (our choice: at 20,000
	// allowed failures the upper limit lies 1.2 % above the count, so the
	// design is within about 2 % of its budget).
	maxProofFailures = 20000
	// proofReserve enlarges a plan (our choice, 2 %), because rounding an
	// allocation to whole injections raises the largest weight a little.
	proofReserve = 1.02
)

// PlanProof finds the fewest injections with which the joint upper limit of a
// design of the given expected residual falls below the budget with at least
// the given power. Raw is the total raw rate of the sampled sites, all three
// in FIT (for SPFM: residual share, 1 − target, 1). Injections are allocated in
// proportion to raw rate, so that every violation weighs raw/n:
//
//	holds  ⇔ raw/n · χ²(confidence; 2(x+1))/2 ≤ budget,  x ~ Poisson(n·residual/raw)
//
// Counts are binomial, less dispersed than that, so the power is at least this.
func PlanProof(residual, budget, raw, confidence, power float64) (ProofPlan, error) {
	if err := checkConfidence(confidence); err != nil {
		return ProofPlan{}, err
	}
	if err := checkConfidence(power); err != nil {
		return ProofPlan{}, fmt.Errorf("power: %w", err)
	}
	if !(residual >= 0) || !(budget > 0) || !(raw > 0) || math.IsInf(raw, 0) || math.IsInf(budget, 0) {
		return ProofPlan{}, fmt.Errorf("proof plan: residual %v, budget %v, raw rate %v FIT: the residual must not be negative, the others must be positive", residual, budget, raw)
	}
	if residual >= budget {
		return ProofPlan{}, fmt.Errorf("proof plan: expected residual %.4g FIT is not below the budget of %.4g FIT: no number of injections can show it; choose a stronger design", residual, budget)
	}
	reached := func(allowed int) (size, achieved float64) {
		size = math.Ceil(proofReserve * raw * poissonUpper(allowed, confidence) / budget)
		mean := size * residual / raw
		if mean == 0 {
			return size, 1
		}
		return size, distuv.Poisson{Lambda: mean}.CDF(float64(allowed))
	}
	// Power rises with the failures allowed, but for a small saw tooth; find
	// the first that reaches it by doubling, then by bisection.
	high := 0
	for {
		if _, achieved := reached(high); achieved >= power {
			break
		}
		if high >= maxProofFailures {
			return ProofPlan{}, fmt.Errorf("proof plan: expected residual %.4g FIT is too close to the budget of %.4g FIT: choose a design with more reserve", residual, budget)
		}
		high = min(2*high+1, maxProofFailures)
	}
	low := high / 2
	for low < high {
		middle := (low + high) / 2
		if _, achieved := reached(middle); achieved >= power {
			high = middle
		} else {
			low = middle + 1
		}
	}
	size, achieved := reached(high)
	injections, err := toCount(size)
	if err != nil {
		return ProofPlan{}, err
	}
	return ProofPlan{Injections: injections, MaxFailures: high, Power: achieved}, nil
}

// poissonUpper is the exact one-sided upper limit of a Poisson mean after x
// events (Garwood 1936).
func poissonUpper(x int, confidence float64) float64 {
	return GammaQuantile(float64(x)+1, confidence)
}

// ProofStratum is one stratum of a planned proof.
type ProofStratum struct {
	// Weight is the raw rate in FIT, P the expected share of violations, N the
	// planned injections.
	Weight float64
	P      float64
	N      int
}

// ProofPower estimates by simulation the probability that the joint upper
// limit of a planned campaign falls to the budget or below. It serves any
// allocation, where [PlanProof] assumes a proportional one.
func ProofPower(strata []ProofStratum, budget, confidence float64, repeats int, src rand.Source) (float64, error) {
	if repeats < 1 || !(budget > 0) {
		return 0, fmt.Errorf("proof power: %d repeats, budget %v: both must be positive", repeats, budget)
	}
	sample := make([]Stratum, len(strata))
	holds := 0
	for range repeats {
		for i, s := range strata {
			if s.N < 0 || !(s.P >= 0 && s.P <= 1) {
				return 0, fmt.Errorf("proof power: stratum %d: %d injections, share %v: need a count and a share between 0 and 1", i, s.N, s.P)
			}
			sample[i] = Stratum{Weight: s.Weight, N: s.N, Failures: binomialDraw(s.N, s.P, src)}
		}
		total, err := CombineUpper(sample, confidence)
		if err != nil {
			return 0, err
		}
		if total.Upper <= budget {
			holds++
		}
	}
	return float64(holds) / float64(repeats), nil
}

// binomialDraw draws one binomial count.
func binomialDraw(n int, p float64, src rand.Source) int {
	switch {
	case n == 0 || p == 0:
		return 0
	case p == 1:
		return n
	}
	return int(distuv.Binomial{N: float64(n), P: p, Src: src}.Rand())
}

// ProofAttempts is the most designs that one question puts to a proof; ProofNumbers is
// the most proofs that may share an error (our choice: beyond, no proof of a size that
// anybody runs can hold).
const (
	ProofAttempts = 3
	ProofNumbers  = 24
)

// AttemptConfidence is the confidence of proof k = 1 … ProofNumbers when others may
// follow: the error 1−confidence is spent as a half, a quarter, an eighth and so on, so
// that all proofs together keep it, however many there are. Our choice among the valid
// ways to spend it.
func AttemptConfidence(confidence float64, attempt int) (float64, error) {
	if err := checkConfidence(confidence); err != nil {
		return 0, err
	}
	if attempt < 1 || attempt > ProofNumbers {
		return 0, fmt.Errorf("proof %d: at most %d share an error; run a campaign with another seed in another folder", attempt, ProofNumbers)
	}
	return 1 - math.Ldexp(1-confidence, -attempt), nil
}
