package stats

import "math"

// Methods of an interval.
const (
	MethodWilson         = "wilson"
	MethodClopperPearson = "clopper-pearson"
	// MethodStratifiedWilson is the score interval at the effective size of a
	// stratified sample.
	MethodStratifiedWilson = "stratified-wilson"
	// MethodGamma are the joint limits of [Combine].
	MethodGamma = "gamma"
)

// ExactBelow is the number of failures, or of passes, below which an interval
// must be exact (the usual rule np ≥ 5 of the normal approximation).
const ExactBelow = 5

// Interval is the two-sided interval of a proportion by the rule: [Wilson]
// where at least [ExactBelow] trials failed and as many passed, otherwise
// [ClopperPearson]. Method says which.
func Interval(failures, n int, confidence float64) (low, high float64, method string, err error) {
	if min(failures, n-failures) >= ExactBelow {
		low, high, err = Wilson(failures, n, confidence)
		return low, high, MethodWilson, err
	}
	low, high, err = ClopperPearson(failures, n, confidence)
	return low, high, MethodClopperPearson, err
}

// CombineChosen is [CombineTwoSided], or a score interval where the counts
// allow it: every sampled stratum has at least [ExactBelow] failures and as
// many passes, and none of positive weight is unsampled. The score interval is
// that of a simple sample with the same variance. Method says which; one single
// sampled stratum follows [Interval].
func CombineChosen(strata []Stratum, confidence float64) (total Total, method string, err error) {
	total, err = CombineTwoSided(strata, confidence)
	if err != nil {
		return total, "", err
	}
	var exact, sampled float64
	drawn, enough := 0, total.Unsampled == 0
	for _, s := range strata {
		switch {
		case s.Weight == 0:
		case s.Exact && s.N > 0:
			exact += s.Weight * float64(s.Failures) / float64(s.N)
		case s.N > 0:
			drawn++
			sampled += s.Weight
			enough = enough && min(s.Failures, s.N-s.Failures) >= ExactBelow
		}
	}
	method = MethodGamma
	if drawn == 1 {
		method = MethodClopperPearson
	}
	if drawn == 0 || !enough {
		return total, method, nil
	}
	p := (total.Estimate - exact) / sampled
	size := p * (1 - p) * sampled * sampled / total.Variance
	centre, half := score(p, size, twoSidedZ(confidence))
	total.Lower = exact + sampled*math.Max(0, centre-half)
	total.Upper = exact + sampled*math.Min(1, centre+half)
	if drawn == 1 {
		return total, MethodWilson, nil
	}
	return total, MethodStratifiedWilson, nil
}

// score is centre and half-width of the interval of Wilson for a proportion
// from size trials, which need not be whole.
func score(p, size, z float64) (centre, half float64) {
	scale := 1 + z*z/size
	centre = (p + z*z/(2*size)) / scale
	half = z * math.Sqrt(p*(1-p)/size+z*z/(4*size*size)) / scale
	return centre, half
}
