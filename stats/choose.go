package stats

import "math"

// Methods of an interval.
const (
	MethodWilson         = "wilson"
	MethodClopperPearson = "clopper-pearson"
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

// score is centre and half-width of the interval of Wilson for a proportion
// from size trials, which need not be whole.
func score(p, size, z float64) (centre, half float64) {
	scale := 1 + z*z/size
	centre = (p + z*z/(2*size)) / scale
	half = z * math.Sqrt(p*(1-p)/size+z*z/(4*size*size)) / scale
	return centre, half
}
