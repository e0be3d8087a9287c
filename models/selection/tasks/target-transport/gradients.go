package target

import (
	"math"
	"math/rand/v2"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// equal weights that sum to 1.
func equal(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	return w
}

// project draws a random projection of gradients.
func project(seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := make([][]float64, targetFeature)
	for k := range p {
		for range digits.Hidden * digits.Classes {
			p[k] = append(p[k], rng.NormFloat64())
		}
	}
	return p
}

// gradients are the projected gradients of the last layer's weights.
func (r *target) gradients(t *selection.Table) [][]float64 {
	out := make([][]float64, t.Rows())
	for i := range out {
		hidden, miss := digits.Taps(t, i, r.truth[i])
		out[i] = make([]float64, targetFeature)
		for k, p := range r.projection {
			for c, e := range miss {
				part := 0.0
				for j, h := range hidden {
					part += float64(p[c*digits.Hidden+j] * h)
				}
				out[i][k] += float64(e * part)
			}
		}
	}
	return out
}

// whiten maps features by the covariance of the candidates.
func whiten(features [][]float64) ([][]float64, error) {
	w, err := kit.NewWhitening(features[:len(features)-targetRows], targetRidge)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(features))
	for i, f := range features {
		out[i] = w.Apply(f)
	}
	return out, nil
}

// cosines of all candidates with all targets.
func cosines(features [][]float64) [][]float64 {
	n := len(features) - targetRows
	out := make([][]float64, n)
	for i := range out {
		for _, f := range features[n:] {
			out[i] = append(out[i], kit.Cosine(features[i], f))
		}
	}
	return out
}

// distances on the sphere: √(2 − 2 cos).
func distances(cosines [][]float64) [][]float64 {
	out := make([][]float64, len(cosines))
	for i, row := range cosines {
		for _, c := range row {
			out[i] = append(out[i], math.Sqrt(max(0, 2-2*c)))
		}
	}
	return out
}
