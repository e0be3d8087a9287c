package kit

// Pictures turns rows of int8 bytes into vectors of their numbers.
func Pictures(rows [][]byte) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		out[i] = make([]float64, len(row))
		for k, b := range row {
			out[i][k] = float64(int8(b))
		}
	}
	return out
}
