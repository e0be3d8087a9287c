package kit

import "math"

// Regret is the part of what a golden choice gains over random ones that a faulty
// choice loses, by an objective that is to be large: 0 for the golden value, 1 for that
// of random choices. Where golden gains nothing, any loss is whole. A value that is no
// number loses everything.
func Regret(golden, faulty, random float64) float64 {
	switch {
	case math.IsNaN(faulty):
		return 1
	case golden > random:
		return (golden - faulty) / (golden - random)
	case faulty < golden:
		return 1
	}
	return 0
}

// Mean of values, 0 for none.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}

// MeanAt is the mean of the values at some places.
func MeanAt(values []float64, places []int) float64 {
	sum := 0.0
	for _, i := range places {
		sum += values[i]
	}
	return sum / float64(max(1, len(places)))
}

// RegretAt is the regret of a faulty set whose objective is the mean of values at its
// places; random choices have the mean of all.
func RegretAt(values []float64, golden, faulty []int) float64 {
	return Regret(MeanAt(values, golden), MeanAt(values, faulty), Mean(values))
}

// Every returns the numbers below n.
func Every(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// Share is the part of some rows for which something holds, 0 for no rows.
func Share(rows []int, holds func(row int) bool) float64 {
	n := 0
	for _, i := range rows {
		if holds(i) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(rows)))
}
