package kit

import "math"

// Norm returns the Euclidean length of a vector.
func Norm(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x * x)
	}
	return math.Sqrt(sum)
}

// Distance returns the Euclidean distance of two vectors of one length.
func Distance(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		d := x - b[i]
		sum += float64(d * d)
	}
	return math.Sqrt(sum)
}

// Cosine returns the cosine of the angle between two vectors of one length, 0
// where either is zero.
func Cosine(a, b []float64) float64 {
	dot, size := 0.0, Norm(a)*Norm(b)
	for i, x := range a {
		dot += float64(x * b[i])
	}
	if size == 0 {
		return 0
	}
	return dot / size
}

// Overlap returns the generalised Jaccard similarity of two vectors without
// negative numbers: the sum of their minima over the sum of their maxima, 1 for
// two zero vectors.
func Overlap(a, b []float64) float64 {
	low, high := 0.0, 0.0
	for i, x := range a {
		low += min(x, b[i])
		high += max(x, b[i])
	}
	if high == 0 {
		return 1
	}
	return low / high
}

// RoundRobin lets targets take candidates in turn: each target takes the unused
// candidate that is most similar to it, until k candidates are taken. Row i of
// similarity holds those of candidate i with all targets. The candidates are in
// the order in which they were taken.
func RoundRobin(similarity [][]float64, k int) []int {
	if len(similarity) == 0 || len(similarity[0]) == 0 {
		return nil
	}
	targets, used := len(similarity[0]), make([]bool, len(similarity))
	var taken []int
	for len(taken) < min(k, len(similarity)) {
		t, best := len(taken)%targets, -1
		for i, row := range similarity {
			if !used[i] && (best < 0 || row[t] > similarity[best][t]) {
				best = i
			}
		}
		used[best] = true
		taken = append(taken, best)
	}
	return taken
}

// Product is m·x for a matrix by rows, each as long as x.
func Product(m, x []float64) []float64 {
	y := make([]float64, len(m)/len(x))
	for o := range y {
		for i, v := range x {
			y[o] += float64(m[o*len(x)+i] * v)
		}
	}
	return y
}
