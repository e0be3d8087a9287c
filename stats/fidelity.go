package stats

// FlopCategory is one row of the FIdelity equation.
type FlopCategory struct {
	Name string
	// Size is the number of flops, in the unit that the raw rate is per.
	Size float64
	// Active is the share of cycles in which the flops matter, 1 − P(inactive).
	Active float64
	// Unmasked is 1 − P(masked by software).
	Unmasked float64
}

// FIdelityFIT is the equation of FIdelity (He, Balaprakash and Li, MICRO 2020):
// raw rate × Σ size · activeness · (1 − P(masked)).
func FIdelityFIT(raw float64, categories []FlopCategory) float64 {
	var sum float64
	for _, c := range categories {
		sum += c.Size * c.Active * c.Unmasked
	}
	return raw * sum
}
