package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// The prior of [Guess]: the mean proportion of a group and the shape of its spread are
// unknown, and every pair of these values is as likely as another (our choice). Means lie
// a factor of about two apart. Less than the least would starve a group in which the
// first few dozen injections saw nothing.
var (
	priorMeans  = [...]float64{0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.06, 0.12, 0.25, 0.5}
	priorShapes = [...]float64{0.25, 0.5, 1, 2}
)

// Guess is the expected proportion of failures in each stratum, where strata of equal
// group resemble each other: their proportions come from one Beta distribution, whose
// mean and shape are averaged over what the counts leave likely (hierarchical Bayes with
// a Beta-binomial model; Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.3).
// A stratum of few injections thereby learns from its group. The guess steers
// an allocation and is no estimate. Lengths must agree, and failures lie between 0 and n.
func Guess(n, failures, groups []int) []float64 {
	out := make([]float64, len(n))
	done := make([]bool, len(n))
	for i := range n {
		if done[i] {
			continue
		}
		var members []int
		for j := i; j < len(n); j++ {
			if groups[j] == groups[i] {
				members = append(members, j)
				done[j] = true
			}
		}
		guessGroup(n, failures, members, out)
	}
	return out
}

// guessGroup fills in the guesses of one group.
func guessGroup(n, failures, members []int, out []float64) {
	var logs [len(priorMeans) * len(priorShapes)]float64
	best := math.Inf(-1)
	for k := range logs {
		a, b := priorBeta(k)
		none := mathext.Lbeta(a, b)
		for _, i := range members {
			if n[i] > 0 {
				logs[k] += mathext.Lbeta(a+float64(failures[i]), b+float64(n[i]-failures[i])) - none
			}
		}
		best = math.Max(best, logs[k])
	}
	var sum float64
	for k, l := range logs {
		w := math.Exp(l - best)
		a, b := priorBeta(k)
		sum += w
		for _, i := range members {
			out[i] += w * (a + float64(failures[i])) / (a + b + float64(n[i]))
		}
	}
	for _, i := range members {
		out[i] /= sum
	}
}

// priorBeta are the parameters of point k of the prior.
func priorBeta(k int) (a, b float64) {
	a = priorShapes[k%len(priorShapes)]
	mean := priorMeans[k/len(priorShapes)]
	return a, a * (1 - mean) / mean
}
