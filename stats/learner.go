package stats

import (
	"math"
	"slices"

	"upset/stats/descent"
)

// Binned is a learner that averages the outcomes within quantile bins of one
// feature. Each bin is shrunk towards the mean with the strength of one
// injection.
func Binned(feature, bins int) Learner {
	return func(features [][]float64, outcomes []float64) func([]float64) float64 {
		values := make([]float64, len(features))
		var mean float64
		for i, x := range features {
			values[i] = at(x, feature)
			mean += outcomes[i] / float64(len(outcomes))
		}
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		var edges []float64
		for b := 1; b < bins && len(sorted) > 0; b++ {
			edges = append(edges, sorted[b*len(sorted)/bins])
		}
		edges = slices.Compact(edges)
		bin := func(v float64) int {
			i, found := slices.BinarySearch(edges, v)
			if found {
				i++
			}
			return i
		}
		sum, n := make([]float64, len(edges)+1), make([]float64, len(edges)+1)
		for i, v := range values {
			sum[bin(v)] += outcomes[i]
			n[bin(v)]++
		}
		return func(x []float64) float64 {
			b := bin(at(x, feature))
			return (sum[b] + mean) / (n[b] + 1)
		}
	}
}

// at is one feature, 0 where the site has none.
func at(x []float64, feature int) float64 {
	if feature < 0 || feature >= len(x) || math.IsNaN(x[feature]) {
		return 0
	}
	return x[feature]
}

// Of [Sparse] (our choice): the largest slope left, in standard deviations of the outcomes,
// and the steps for each feature. A proxy needs no more; features that depend on each
// other end at the bound.
const (
	sparseTolerance = 1e-6
	sparseSteps     = 200
)

// Sparse is a linear learner over all features with an L1 penalty, so that of many
// features few count (Tibshirani, JRSS B 1996). Features are scaled to the same spread, and
// the penalty is the universal one, √(2·ln features ÷ injections) standard deviations of the
// outcomes, which noise alone hardly exceeds. Predictions are cut off at 0 and 1.
func Sparse() Learner { return sparse }

func sparse(features [][]float64, outcomes []float64) func([]float64) float64 {
	n, width := float64(len(features)), 0
	for _, x := range features {
		width = max(width, len(x))
	}
	centre, scale := moments(features, width)
	var used []int
	for j, s := range scale {
		if s > 0 {
			used = append(used, j)
		}
	}
	outcome := make([][]float64, len(outcomes))
	for i, y := range outcomes {
		outcome[i] = []float64{y}
	}
	mean, spread := moments(outcome, 1)
	constant := func([]float64) float64 { return mean[0] }
	if len(used) == 0 || spread[0] == 0 {
		return constant
	}
	row := func(x []float64) []float64 {
		out := make([]float64, len(used))
		for k, j := range used {
			out[k] = (at(x, j) - centre[j]) / scale[j]
		}
		return out
	}
	rows, targets := make([][]float64, len(features)), make([]float64, len(features))
	for i, x := range features {
		rows[i], targets[i] = row(x), outcomes[i]-mean[0]
	}
	penalty := spread[0] * math.Sqrt(2*math.Log(float64(max(2, len(used))))/n)
	problem, err := descent.LeastSquares(rows, targets, penalty)
	if err != nil {
		return constant
	}
	best, err := problem.Minimise(sparseTolerance*spread[0], sparseSteps*len(used))
	if err != nil {
		return constant
	}
	return func(x []float64) float64 {
		sum := mean[0]
		for k, v := range row(x) {
			sum += best.X[k] * v
		}
		return math.Min(1, math.Max(0, sum))
	}
}

// moments are mean and standard deviation of each feature.
func moments(features [][]float64, width int) (centre, scale []float64) {
	centre, scale = make([]float64, width), make([]float64, width)
	n := float64(len(features))
	for _, x := range features {
		for j := range centre {
			centre[j] += at(x, j) / n
		}
	}
	for _, x := range features {
		for j := range scale {
			scale[j] += (at(x, j) - centre[j]) * (at(x, j) - centre[j]) / n
		}
	}
	for j, v := range scale {
		scale[j] = math.Sqrt(v)
	}
	return centre, scale
}
