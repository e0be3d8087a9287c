package kit

import "math/rand/v2"

// KMeans groups rows around at most k centres by Lloyd's algorithm (IEEE Trans.
// Inf. Theory 1982) from a k-means++ start (Arthur and Vassilvitskii, SODA 2007).
// It stops when no row moves, or after the given number of rounds. A centre
// without rows stays where it was. Fewer centres come back where there are fewer
// distinct rows.
func KMeans(rows [][]float64, k, rounds int, rng *rand.Rand) (centres [][]float64, cluster []int) {
	centres = seedCentres(rows, k, rng)
	cluster = make([]int, len(rows))
	for i := range cluster {
		cluster[i] = -1
	}
	for range rounds {
		moved := false
		for i, x := range rows {
			if c := Nearest(x, centres); c != cluster[i] {
				cluster[i], moved = c, true
			}
		}
		if !moved {
			break
		}
		for c := range centres {
			if m := mean(rows, cluster, c); m != nil {
				centres[c] = m
			}
		}
	}
	for i, x := range rows {
		cluster[i] = Nearest(x, centres)
	}
	return centres, cluster
}

// seedCentres draws rows with probabilities proportional to the squared distance
// from those already drawn.
func seedCentres(rows [][]float64, k int, rng *rand.Rand) [][]float64 {
	var centres [][]float64
	if len(rows) == 0 || k < 1 {
		return centres
	}
	apart := make([]float64, len(rows))
	next := rng.IntN(len(rows))
	for {
		centres = append(centres, append([]float64(nil), rows[next]...))
		total := 0.0
		for i, x := range rows {
			d := SquaredDistance(x, rows[next])
			if len(centres) == 1 || d < apart[i] {
				apart[i] = d
			}
			total += apart[i]
		}
		if len(centres) == k || total == 0 {
			return centres
		}
		u := float64(rng.Float64() * total)
		for i, d := range apart {
			if d == 0 {
				continue
			}
			next = i // the last one where rounding leaves a rest
			if u -= d; u < 0 {
				break
			}
		}
	}
}

// mean is the mean of the rows of a cluster, nil for none.
func mean(rows [][]float64, cluster []int, c int) []float64 {
	var sum []float64
	n := 0
	for i, x := range rows {
		if cluster[i] != c {
			continue
		}
		if sum == nil {
			sum = make([]float64, len(x))
		}
		for j, v := range x {
			sum[j] += v
		}
		n++
	}
	for j := range sum {
		sum[j] /= float64(n)
	}
	return sum
}
