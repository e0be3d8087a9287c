package kit

import "math"

// projectSteps halve the range of the multiplier until float64 cannot tell its
// ends apart (our choice).
const projectSteps = 200

// Project returns the point closest to w whose elements lie between 0 and 1 and
// sum to k, by bisection on the number to be subtracted from every element (Wang
// and Carreira-Perpiñán, "Projection onto the probability simplex", 2013, with an
// upper bound). A sum outside 0 to len(w) is moved to the nearest one possible.
func Project(w []float64, k float64) []float64 {
	out := make([]float64, len(w))
	if len(w) == 0 {
		return out
	}
	k = max(0, min(float64(len(w)), k))
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range w {
		low, high = min(low, v-1), max(high, v)
	}
	for range projectSteps {
		middle := low + (high-low)/2
		if middle <= low || middle >= high {
			break
		}
		if clipped(w, middle, out) > k {
			low = middle
		} else {
			high = middle
		}
	}
	clipped(w, high, out)
	return out
}

// clipped writes w less a number, clipped to 0 and 1, and returns the sum.
func clipped(w []float64, less float64, out []float64) float64 {
	sum := 0.0
	for i, v := range w {
		out[i] = max(0, min(1, v-less))
		sum += out[i]
	}
	return sum
}

// Upper is one step of projected gradient descent on the weights of a set of k
// rows of low loss: the gradient is the loss of every row plus 2·damping times its
// weight.
func Upper(w, loss []float64, rate, damping, k float64) []float64 {
	next := make([]float64, len(w))
	for i, v := range w {
		next[i] = v - rate*(loss[i]+2*damping*v)
	}
	return Project(next, k)
}
