package kit

import "math"

// surely is how many standard errors a mean may be off: 99 of 100 normal numbers do not
// fall short by more (our choice of the 99).
const surely = 2.33

// Floor is what the mean of n measurements keeps in 99 of 100 cases, where a single one has
// the given mean and standard deviation.
func Floor(mean, deviation float64, n int) float64 {
	return mean - surely*deviation/math.Sqrt(float64(max(1, n)))
}

// Ceiling is what it does not exceed in 99 of 100 cases.
func Ceiling(mean, deviation float64, n int) float64 { return Floor(mean, -deviation, n) }
