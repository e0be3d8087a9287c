package kit

import (
	"fmt"
	"math"
)

// Transport is an approximate optimal transport between two weighted sets.
type Transport struct {
	F, G  []float64 // potentials of the two sides
	Cost  float64   // mean cost under the plan
	Error float64   // L1 distance of the plan's first marginal from its weights
}

// Sinkhorn finds the transport between weights a and b that costs least, blurred
// by an entropy of the given weight (Cuturi, NeurIPS 2013), with potentials in
// the log domain. It stops after the given number of rounds or once the plan's
// marginals are exact to 1e-9 (our choice).
func Sinkhorn(cost [][]float64, a, b []float64, blur float64, rounds int) (*Transport, error) {
	if len(cost) == 0 || len(cost) != len(a) || len(b) == 0 || !(blur > 0) || rounds < 1 {
		return nil, fmt.Errorf("transport: %d rows of costs for %d and %d weights, blur %v, %d rounds; it needs a row for every first weight and a positive blur", len(cost), len(a), len(b), blur, rounds)
	}
	for i, row := range cost {
		if len(row) != len(b) {
			return nil, fmt.Errorf("transport: row %d has %d costs for %d weights", i, len(row), len(b))
		}
	}
	t := &Transport{F: make([]float64, len(a)), G: make([]float64, len(b))}
	terms := make([]float64, max(len(a), len(b)))
	logs := func(weights []float64) []float64 {
		list := make([]float64, len(weights))
		for i, w := range weights {
			list[i] = math.Log(w)
		}
		return list
	}
	logA, logB := logs(a), logs(b)
	for range rounds {
		for i := range a {
			for j, w := range logB {
				terms[j] = w + (t.G[j]-cost[i][j])/blur
			}
			t.F[i] = -blur * logSum(terms[:len(b)])
		}
		for j := range b {
			for i, w := range logA {
				terms[i] = w + (t.F[i]-cost[i][j])/blur
			}
			t.G[j] = -blur * logSum(terms[:len(a)])
		}
		if t.measure(cost, a, b, blur); t.Error < 1e-9 {
			break
		}
	}
	return t, nil
}

// measure finds the cost of the plan that belongs to the potentials and how far
// its first marginal is off. The second one is exact.
func (t *Transport) measure(cost [][]float64, a, b []float64, blur float64) {
	t.Cost, t.Error = 0, 0
	for i := range a {
		mass := 0.0
		for j := range b {
			p := a[i] * b[j] * math.Exp((t.F[i]+t.G[j]-cost[i][j])/blur)
			mass += p
			t.Cost += float64(p * cost[i][j])
		}
		t.Error += math.Abs(mass - a[i])
	}
}

// logSum is the logarithm of a sum of exponentials.
func logSum(v []float64) float64 {
	top := math.Inf(-1)
	for _, x := range v {
		top = max(top, x)
	}
	if math.IsInf(top, -1) {
		return top
	}
	sum := 0.0
	for _, x := range v {
		sum += math.Exp(x - top)
	}
	return top + math.Log(sum)
}
