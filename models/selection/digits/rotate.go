package digits

// Rotate turns a picture by a number of quarters.
func Rotate(x []float64, quarters int) []float64 {
	for range quarters {
		y := make([]float64, len(x))
		for i := range y {
			y[i] = x[(Side-1-i%Side)*Side+i/Side]
		}
		x = y
	}
	return x
}
