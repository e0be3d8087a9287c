package kit

import "math"

// Band is the mean and standard deviation of a figure in its usual state.
type Band struct{ Mean, Deviation float64 }

// NewBand measures values; the deviation is that of the population. No values
// give a band that everything is above.
func NewBand(values []float64) Band {
	if len(values) == 0 {
		return Band{Mean: math.Inf(-1)}
	}
	n := float64(len(values))
	var b Band
	for _, v := range values {
		b.Mean += v / n
	}
	for _, v := range values {
		b.Deviation += float64((v-b.Mean)*(v-b.Mean)) / n
	}
	b.Deviation = math.Sqrt(b.Deviation)
	return b
}

// Above reports whether a value lies above the mean by more than factor
// deviations, of which at least floor counts. A value that is not a number does.
func (b Band) Above(value, factor, floor float64) bool {
	return !(value <= b.Mean+float64(factor*max(b.Deviation, floor)))
}
