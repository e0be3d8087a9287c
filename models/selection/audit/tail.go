package audit

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
)

// Tail is a scaled non-central χ² distribution: of Scale times the sum of the squares of
// Freedom normal numbers whose means have squares that sum to Shift.
type Tail struct{ Scale, Freedom, Shift float64 }

// leastErrors is the least number of errors that a tail is fitted to (our choice).
const leastErrors = 100

// FitTail fits the distribution to errors by their mean, variance and skewness. A sum of
// squares of normal numbers of any variances has such a distribution nearly (Liu, Tang
// and Zhang, Computational Statistics and Data Analysis 53, 2009). Where the skewness is
// larger than that of any such distribution, the shift is 0; where it is so small that less
// than one degree of freedom were left, there is one. Mean and variance decide then.
func FitTail(list []float64) (Tail, error) {
	if len(list) < leastErrors {
		return Tail{}, fmt.Errorf("%d errors: a tail needs at least %d", len(list), leastErrors)
	}
	mean, variance := stat.MeanVariance(list, nil)
	var cubes float64
	for _, e := range list {
		if !(e >= 0) || math.IsInf(e, 1) {
			return Tail{}, errors.New("an error is below 0 or no number")
		}
		cubes += (e - mean) * (e - mean) * (e - mean)
	}
	return tailOf(mean, variance, cubes/float64(len(list)))
}

// tailOf solves for the parameters: with a = Freedom, b = Shift and the scale c,
// mean = c(a+b), variance = 2c²(a+2b), third central moment = 8c³(a+3b).
func tailOf(mean, variance, third float64) (Tail, error) {
	if !(mean > 0) || !(variance > 0) {
		return Tail{}, errors.New("all hypotheses have the same error")
	}
	plain := Tail{Scale: variance / (2 * mean), Freedom: 2 * mean * mean / variance}
	// third = 8c·variance − 8c²·mean, of which the smaller root is the scale.
	square := variance*variance - mean*third/2
	if square < 0 {
		return plain, nil
	}
	c := (variance - math.Sqrt(square)) / (2 * mean)
	shift := variance/(2*c*c) - mean/c
	freedom := mean/c - shift
	if freedom < 1 && 2*mean*mean >= variance {
		c = mean - math.Sqrt(mean*mean-variance/2)
		shift, freedom = mean/c-1, 1
	}
	if !(c > 0) || !(shift > 0) || !(freedom >= 1) || math.IsInf(shift, 1) {
		return plain, nil
	}
	return Tail{Scale: c, Freedom: freedom, Shift: shift}, nil
}

// Bits is −log2 of the probability of an error of at most most. It is +Inf where that
// cannot be.
func (t Tail) Bits(most float64) float64 {
	if !(most > 0) {
		return math.Inf(1)
	}
	x, half := most/t.Scale/2, t.Shift/2
	// A mixture of central distributions by Poisson weights, summed from the likeliest
	// term on in both directions in logarithms.
	term := func(k float64) float64 {
		weight := 0.0
		switch {
		case half > 0:
			g, _ := math.Lgamma(k + 1)
			weight = k*math.Log(half) - half - g
		case k > 0:
			return math.Inf(-1)
		}
		return weight + logGamma(t.Freedom/2+k, x)
	}
	// Terms rise while half·x/(k(a/2+k)) > 1 about, so that the peak lies near the root.
	a := t.Freedom / 2
	peak := math.Max(0, math.Floor((math.Sqrt(a*a+4*half*math.Min(x, a+half))-a)/2))
	top := term(peak)
	for _, step := range []float64{1, -1} {
		for peak+step >= 0 && term(peak+step) > top {
			peak += step
			top = term(peak)
		}
	}
	sum := 1.0
	for _, step := range []float64{1, -1} {
		for k := peak + step; k >= 0; k += step {
			d := term(k) - top
			sum += math.Exp(d)
			if d < -40 {
				break
			}
		}
	}
	return math.Max(0, -(top+math.Log(sum))/math.Ln2)
}

// logGamma is the logarithm of the regularised lower incomplete gamma function, also
// where that itself is too small to be a number.
func logGamma(a, x float64) float64 {
	if x >= a+1 {
		return math.Log(mathext.GammaIncReg(a, x))
	}
	sum, term := 1.0, 1.0
	for n := 1.0; term > 1e-16*sum; n++ {
		term *= x / (a + n)
		sum += term
	}
	g, _ := math.Lgamma(a + 1)
	return a*math.Log(x) - x - g + math.Log(sum)
}
