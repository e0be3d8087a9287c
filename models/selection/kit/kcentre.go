package kit

import "math"

// KCentre picks k rows, each time the one that is farthest from all picked so far
// and from the rows to start with (Gonzalez, Theor. Comput. Sci. 1985). Without
// rows to start with, the first pick is row 0. Rows that are already taken are
// not picked again.
func KCentre(rows [][]float64, start []int, k int) []int {
	taken := make([]bool, len(rows))
	apart := make([]float64, len(rows))
	for i := range apart {
		apart[i] = math.Inf(1)
	}
	take := func(c int) {
		taken[c] = true
		for i, x := range rows {
			apart[i] = min(apart[i], SquaredDistance(x, rows[c]))
		}
	}
	for _, c := range start {
		take(c)
	}
	var picks []int
	for len(picks) < k {
		far := -1
		for i, d := range apart {
			if !taken[i] && (far < 0 || d > apart[far]) {
				far = i
			}
		}
		if far < 0 {
			break
		}
		take(far)
		picks = append(picks, far)
	}
	return picks
}

// Radius is the largest distance of a row from the closest of the centres.
func Radius(rows [][]float64, centres []int) float64 {
	radius := 0.0
	for _, x := range rows {
		least := math.Inf(1)
		for _, c := range centres {
			least = min(least, SquaredDistance(x, rows[c]))
		}
		radius = max(radius, least)
	}
	return math.Sqrt(radius)
}
