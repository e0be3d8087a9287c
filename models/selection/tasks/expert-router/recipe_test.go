package router

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

// TestMixtureGradient compares the gradient with differences of the loss.
func TestMixtureGradient(t *testing.T) {
	const n, step = routerExperts * (1 + digits.Classes), 1e-6
	rng := data.Rand(1, 0)
	m := &mixture{}
	output, grad, unused := make([]float64, n), make([]float64, n), make([]float64, n)
	for j := range output {
		output[j] = rng.NormFloat64()
	}
	labels := []int{3}
	m.loss(labels)(0, output, grad)
	for j := range output {
		at := output[j]
		output[j] = at + step
		up := m.loss(labels)(0, output, unused) // a fresh loss, since each call moves the running load
		output[j] = at - step
		down := m.loss(labels)(0, output, unused)
		output[j] = at
		if want := (up - down) / (2 * step); math.Abs(grad[j]-want) > 1e-6 {
			t.Errorf("output %d: gradient %v, difference %v", j, grad[j], want)
		}
	}
}

// TestMixtureBalances: with all rows at one expert, the loss pushes them away.
func TestMixtureBalances(t *testing.T) {
	output, grad := make([]float64, routerExperts*(1+digits.Classes)), make([]float64, routerExperts*(1+digits.Classes))
	output[2] = 1
	loss := (&mixture{}).loss([]int{0})
	for range 2000 {
		loss(0, output, grad)
	}
	if grad[2] <= 0 || grad[0] >= 0 {
		t.Errorf("gradients of the router %v", grad[:routerExperts])
	}
}

func TestLayersCopy(t *testing.T) {
	rng := data.Rand(4, 0)
	m := newMixture(rng)
	x := make([]float64, data.DigitsSize)
	for i := range x {
		x[i] = rng.Float64()
	}
	all := slices.Clone(m.g.Forward(x))
	parts := []*nets.Graph{layers(m.g, routerGate, m.scout, m.gate)}
	for e := range routerExperts {
		parts = append(parts, layers(m.g, routerUnits, m.hidden[e], m.output[e]))
	}
	var got []float64
	for _, p := range parts {
		got = append(got, p.Forward(x)...)
	}
	if !slices.Equal(got, all) {
		t.Error("the parts give other numbers than the whole")
	}
}
