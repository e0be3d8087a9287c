package kit

import "math"

// Cosines is the matrix of the cosines between all rows.
func Cosines(rows [][]float64) [][]float64 {
	m := make([][]float64, len(rows))
	for i := range m {
		m[i] = make([]float64, len(rows))
		for j := range i + 1 {
			m[i][j] = Cosine(rows[i], rows[j])
			m[j][i] = m[i][j]
		}
	}
	return m
}

// Neighbours returns for every row of a matrix of similarities the k other rows
// that are most similar, from the most similar to the least.
func Neighbours(similarity [][]float64, k int) [][]int {
	out := make([][]int, len(similarity))
	for i, row := range similarity {
		for _, j := range Order(row) {
			if j != i && len(out[i]) < k {
				out[i] = append(out[i], j)
			}
		}
	}
	return out
}

// SquaredDistance is the squared Euclidean distance.
func SquaredDistance(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		d := v - b[i]
		sum += float64(d * d)
	}
	return sum
}

// Nearest returns the index of the vector that is closest to x, −1 for none.
func Nearest(x []float64, list [][]float64) int {
	best, least := -1, math.Inf(1)
	for i, v := range list {
		if d := SquaredDistance(x, v); best < 0 || d < least {
			best, least = i, d
		}
	}
	return best
}
