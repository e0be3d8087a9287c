package stats

import (
	"fmt"
	"math"
)

// Learner fits a proxy: from features and outcomes (0 or 1) it returns a
// prediction for any features. It must depend on its arguments alone.
type Learner func(features [][]float64, outcomes []float64) func(features []float64) float64

// DoublyRobust is an estimate that a proxy sharpens.
type DoublyRobust struct {
	Estimate float64
	Low      float64
	High     float64
	Variance float64
	// Efficiency is the variance of the plain proportion over that of the
	// estimate, both as estimated before any switch to the plain one.
	Efficiency float64
	// Used is false where the plain proportion was kept; Reason says why.
	Used   bool
	Reason string
	// Even and Odd are the learners chosen for the two halves of the folds.
	Even, Odd int
}

// folds is the number of parts for cross-fitting (usual practice: 5 to 10;
// even, so that the halves are alike).
const folds = 6

// leastSample is the least number of injections for a proxy (our choice).
const leastSample = 10 * folds

// AIPW estimates the proportion of failing sites over the whole population
// from a simple random sample of them: the mean prediction over all sites plus
// the mean residual on the injected ones (augmented inverse probability
// weighting, Robins, Rotnitzky and Zhao, JASA 1994). It stays unbiased however
// bad the proxy is, since no prediction is used on sites that it was fitted on:
// injection i is in fold i mod 6, so the order must say nothing of the outcome.
//
// A prediction enters times the slope that the other folds give, so that a weak
// proxy weighs little. Each half of the folds has its own learner: the pair
// whose estimate changes least, at worst, when one of the two is exchanged
// (minimax perturbation, Cui and Tchetgen Tchetgen 2019). Where the estimated
// efficiency is below 1, or too few sites fail or pass, the plain proportion
// and its interval come back instead.
func AIPW(population [][]float64, injected []int, failed []bool, learners []Learner, confidence float64) (DoublyRobust, error) {
	if err := checkAIPW(population, injected, failed, learners, confidence); err != nil {
		return DoublyRobust{}, err
	}
	n, k := len(injected), 0
	outcomes := make([]float64, n)
	for i, f := range failed {
		if f {
			outcomes[i] = 1
			k++
		}
	}
	plain, err := plainProportion(k, n, confidence)
	if err != nil {
		return DoublyRobust{}, err
	}
	if n < leastSample {
		plain.Reason = fmt.Sprintf("%d injections, a proxy needs at least %d", n, leastSample)
		return plain, nil
	}
	if min(k, n-k) < 2*folds {
		plain.Reason = fmt.Sprintf("%d failures and %d passes, a proxy needs at least %d of each", k, n-k, 2*folds)
		return plain, nil
	}
	fits := make([]crossFit, len(learners))
	for i, l := range learners {
		fits[i] = fitAcross(population, injected, outcomes, l)
	}
	even, odd := minimax(fits)
	estimate, variance := pair(fits[even], fits[odd], n)
	p := float64(k) / float64(n)
	plain.Efficiency = math.Inf(1)
	if variance > 0 {
		plain.Efficiency = p * (1 - p) / float64(n-1) / variance
	}
	plain.Even, plain.Odd = even, odd
	switch {
	case !(plain.Efficiency >= 1):
		plain.Reason = fmt.Sprintf("estimated efficiency %.3f, below 1", plain.Efficiency)
		return plain, nil
	case variance == 0:
		plain.Reason = "no residual is left, so its spread is unknown"
		return plain, nil
	}
	plain.Used = true
	plain.Estimate = math.Min(1, math.Max(0, estimate))
	plain.Variance = variance
	half := twoSidedZ(confidence) * math.Sqrt(variance)
	plain.Low, plain.High = math.Max(0, estimate-half), math.Min(1, estimate+half)
	return plain, nil
}

// checkAIPW reports arguments that do not fit together.
func checkAIPW(population [][]float64, injected []int, failed []bool, learners []Learner, confidence float64) error {
	if err := checkConfidence(confidence); err != nil {
		return err
	}
	if len(injected) != len(failed) || len(injected) == 0 {
		return fmt.Errorf("%d injected sites and %d outcomes: need as many, and at least one", len(injected), len(failed))
	}
	if len(learners) == 0 {
		return fmt.Errorf("no learner: a proxy needs at least one")
	}
	for i, site := range injected {
		if site < 0 || site >= len(population) {
			return fmt.Errorf("injection %d: site %d of %d", i, site, len(population))
		}
	}
	return nil
}

// plainProportion is the estimate without a proxy.
func plainProportion(k, n int, confidence float64) (DoublyRobust, error) {
	low, high, _, err := Interval(k, n, confidence)
	if err != nil {
		return DoublyRobust{}, err
	}
	p := float64(k) / float64(n)
	return DoublyRobust{Estimate: p, Low: low, High: high, Variance: p * (1 - p) / float64(n), Efficiency: 1}, nil
}

// crossFit is a learner fitted without each fold in turn.
type crossFit struct {
	// mean prediction over the population, sum and sum of squares of the
	// residuals, and number of injections, per fold.
	mean, sum, squares, n [folds]float64
}

// fitAcross fits one learner for every fold on the others.
func fitAcross(population [][]float64, injected []int, outcomes []float64, l Learner) crossFit {
	var out crossFit
	predicted := make([]float64, len(injected))
	for f := range folds {
		var x [][]float64
		var y []float64
		for i, site := range injected {
			if i%folds != f {
				x, y = append(x, population[site]), append(y, outcomes[i])
			}
		}
		predict := l(x, y)
		for _, features := range population {
			out.mean[f] += predict(features)
		}
		out.mean[f] /= float64(len(population))
		for i := f; i < len(injected); i += folds {
			predicted[i] = predict(population[injected[i]])
		}
	}
	for f := range folds {
		slope := slopeWithout(f, predicted, outcomes)
		out.mean[f] *= slope
		for i := f; i < len(injected); i += folds {
			residual := outcomes[i] - slope*predicted[i]
			out.sum[f] += residual
			out.squares[f] += residual * residual
			out.n[f]++
		}
	}
	return out
}

// slopeWithout regresses outcomes on predictions over all folds but one. It
// lies between 0 and 1: a proxy is shrunk, never turned round or blown up.
func slopeWithout(fold int, predicted, outcomes []float64) float64 {
	var n, mx, my float64
	for i, x := range predicted {
		if i%folds != fold {
			n, mx, my = n+1, mx+x, my+outcomes[i]
		}
	}
	mx, my = mx/n, my/n
	var xx, xy float64
	for i, x := range predicted {
		if i%folds != fold {
			xx += (x - mx) * (x - mx)
			xy += (x - mx) * (outcomes[i] - my)
		}
	}
	if !(xx > 0) {
		return 0
	}
	return math.Min(1, math.Max(0, xy/xx))
}

// pair is estimate and variance with one learner in the even folds and one in
// the odd ones. Residuals vary about the mean of their own fold.
func pair(even, odd crossFit, n int) (estimate, variance float64) {
	for f := range folds {
		c := even
		if f%2 == 1 {
			c = odd
		}
		share := c.n[f] / float64(n)
		mean := c.sum[f] / c.n[f]
		estimate += share * (c.mean[f] + mean)
		variance += share * share * (c.squares[f] - c.n[f]*mean*mean) / (c.n[f] * (c.n[f] - 1))
	}
	return estimate, math.Max(0, variance)
}

// minimax is the pair of learners of least worst change, ties to the smaller
// variance and then to the earlier.
func minimax(fits []crossFit) (even, odd int) {
	n := 0
	for _, x := range fits[0].n {
		n += int(x)
	}
	k := len(fits)
	psi, spread := make([][]float64, k), make([][]float64, k)
	for a := range fits {
		psi[a], spread[a] = make([]float64, k), make([]float64, k)
		for b := range fits {
			psi[a][b], spread[a][b] = pair(fits[a], fits[b], n)
		}
	}
	least, narrow := math.Inf(1), math.Inf(1)
	for a := range fits {
		for b := range fits {
			worst := 0.0
			for c := range fits {
				worst = math.Max(worst, math.Abs(psi[c][b]-psi[a][b]))
				worst = math.Max(worst, math.Abs(psi[a][c]-psi[a][b]))
			}
			if worst < least || worst == least && spread[a][b] < narrow {
				least, narrow, even, odd = worst, spread[a][b], a, b
			}
		}
	}
	return even, odd
}
