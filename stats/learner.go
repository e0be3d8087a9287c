package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
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

// LeastSquares is a linear learner over all features, with a ridge penalty per
// injection to stay defined where features depend on each other. Predictions
// are cut off at 0 and 1.
func LeastSquares(ridge float64) Learner {
	return func(features [][]float64, outcomes []float64) func([]float64) float64 {
		width := 0
		for _, x := range features {
			width = max(width, len(x))
		}
		var mean float64
		for _, y := range outcomes {
			mean += y / float64(len(outcomes))
		}
		constant := func([]float64) float64 { return mean }
		if width == 0 {
			return constant
		}
		gram, right := mat.NewSymDense(width+1, nil), mat.NewVecDense(width+1, nil)
		row := func(x []float64, j int) float64 {
			if j == width {
				return 1
			}
			return at(x, j)
		}
		for i, x := range features {
			for a := 0; a <= width; a++ {
				right.SetVec(a, right.AtVec(a)+row(x, a)*outcomes[i])
				for b := a; b <= width; b++ {
					gram.SetSym(a, b, gram.At(a, b)+row(x, a)*row(x, b))
				}
			}
		}
		for a := range width { // the mean is not penalised
			gram.SetSym(a, a, gram.At(a, a)+ridge*float64(len(features)))
		}
		var chol mat.Cholesky
		var weights mat.VecDense
		if !chol.Factorize(gram) || chol.SolveVecTo(&weights, right) != nil {
			return constant
		}
		return func(x []float64) float64 {
			var sum float64
			for j := 0; j <= width; j++ {
				sum += weights.AtVec(j) * row(x, j)
			}
			return math.Min(1, math.Max(0, sum))
		}
	}
}
