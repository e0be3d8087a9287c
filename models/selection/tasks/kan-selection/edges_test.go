package kan

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/train/data"
)

// Every mode gives as many functions of each input as the others but Chebyshev's, whose
// order counts, and they are finite and differ.
func TestEdges(t *testing.T) {
	for _, mode := range kanModes {
		k := newEdged()
		n := k.edges(mode, 0)
		width := k.g.Shape(n).C
		if width%2 != 0 || width < 8 {
			t.Errorf("%s: %d functions of two inputs", mode, width)
		}
		var before []float64
		for _, x := range [][]float64{{-0.9, 0.2}, {0.1, 0.2}, {0.8, 0.2}} {
			k.g.Forward(x)
			y := slices.Clone(k.g.Value(n))
			for i, v := range y {
				if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 30 {
					t.Fatalf("%s: function %d gives %v", mode, i, v)
				}
			}
			if before != nil && slices.Equal(before, y) {
				t.Errorf("%s: two points have the same functions", mode)
			}
			before = y
		}
	}
}

// Functions of one input do not move with the other.
func TestEdgesAreOfOneInput(t *testing.T) {
	for _, mode := range kanModes {
		k := newEdged()
		n := k.edges(mode, 0)
		k.g.Forward([]float64{0.3, -0.5})
		before := slices.Clone(k.g.Value(n))
		k.g.Forward([]float64{0.3, 0.6})
		after := k.g.Value(n)
		per := len(before) / 2
		for b := range per {
			first, second := place(mode, 0, b, 2), place(mode, 1, b, 2)
			if before[first] != after[first] {
				t.Errorf("%s: function %d of the first input moves with the second", mode, b)
			}
			if b < per-1 && before[second] == after[second] && mode != "spline" && mode != "bump" && mode != "tanh" {
				t.Errorf("%s: function %d of the second input does not move", mode, b)
			}
		}
	}
}

// Every mode and the plain network give a number for each function and have about as many
// trained numbers.
func TestNewNetwork(t *testing.T) {
	const functions = 2
	for _, mode := range append(slices.Clone(kanModes), "mlp") {
		k := newNetwork(mode, functions, data.Rand(1, 0))
		if got := len(k.g.Forward([]float64{0.1, 0.2})); got != functions {
			t.Errorf("%s: %d outputs", mode, got)
		}
		if len(k.trained) < 2 {
			t.Errorf("%s: %d trained layers", mode, len(k.trained))
		}
	}
}

// TestFit: training lowers the error of every mode on a plain function.
func TestFit(t *testing.T) {
	rng := data.Rand(2, 0)
	var x [][]float64
	var y []float64
	for range 80 {
		a, b := 2*rng.Float64()-1, 2*rng.Float64()-1
		x, y = append(x, []float64{a, b}), append(y, 0.6*a-0.3*b)
	}
	k := newNetwork("tanh", 1, rng)
	loss := func() (sum float64) {
		for i, v := range x {
			d := k.g.Forward(v)[0] - y[i]
			sum += d * d / float64(len(x))
		}
		return sum
	}
	before := loss()
	k.fit(x, y, rng)
	if after := loss(); after > 0.2*before || after > 0.02 {
		t.Errorf("error %v after training, %v before", after, before)
	}
}

// Errors are those of every second row: the even ones decide, the odd ones judge.
func TestRootError(t *testing.T) {
	r := &kan{}
	table := selection.Table{Scale: 0.5, Width: kanFunctions}
	for i := range 6 {
		want := make([]float64, kanFunctions)
		want[2] = float64(i % 2)
		r.targets = append(r.targets, want)
		row := make([]byte, kanFunctions)
		row[2] = byte(i % 2 * 6) // 3 where 1 is wanted
		table.Data = append(table.Data, row...)
	}
	if even, odd := r.rootError(&table, 2, 0), r.rootError(&table, 2, 1); even != 0 || odd != 2 {
		t.Errorf("errors %v on the even rows, %v on the odd ones", even, odd)
	}
}
