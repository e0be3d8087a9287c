package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Alike compares the inputs of a campaign with what they would show if an upset had the
// same consequence under every one of them.
type Alike struct {
	Observed []int     // failures by input
	Expected []float64 // by input, if they were alike
	// P is the probability of differences at least as large among inputs that are alike
	// (score test over strata, chi-squared with inputs−1 degrees of freedom), and 1
	// where no failure or nothing but failures was seen.
	P float64
}

// InputsAlike compares inputs. Strata hold one cluster for each input, in the same
// order; strata known by proof are empty. Within a stratum every input is expected to
// fail at the rate of the stratum; failures and expectations are then added up over
// strata, since a single one has too few failures for a test.
func InputsAlike(strata [][]Cluster) Alike {
	var a Alike
	for _, list := range strata {
		if a.Observed == nil && len(list) > 0 {
			a.Observed, a.Expected = make([]int, len(list)), make([]float64, len(list))
		}
	}
	variance := make([]float64, len(a.Observed))
	for _, list := range strata {
		n, failures := 0, 0
		for _, c := range list {
			n, failures = n+c.N, failures+c.Failures
		}
		if n == 0 {
			continue
		}
		p := float64(failures) / float64(n)
		for i, c := range list {
			a.Observed[i] += c.Failures
			a.Expected[i] += float64(c.N) * p
			variance[i] += float64(c.N) * p * (1 - p)
		}
	}
	a.P = 1
	// With equal shares of the injections, the sum of squares over the variances is a
	// chi-squared with one degree less: the deviations add up to nothing.
	x, seen := 0.0, 0
	for i := range a.Observed {
		if variance[i] > 0 {
			d := float64(a.Observed[i]) - a.Expected[i]
			x += d * d / variance[i]
			seen++
		}
	}
	if seen > 1 && !math.IsNaN(x) {
		a.P = distuv.ChiSquared{K: float64(seen - 1)}.Survival(x)
	}
	return a
}
