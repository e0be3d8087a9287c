package pooling

import (
	"math"
	"slices"
	"testing"
	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/train/data"
	"upset/models/train/nets"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestPooling normalises by the length of the embedding and lets the targets
// take turns.
func TestPooling(t *testing.T) {
	const width = poolingDepth + 2
	table := selection.Table{Scale: 1, Width: width, Data: make([]byte, 4*width)}
	for i, row := range []struct{ length, first, second byte }{{10, 8, 0}, {5, 5, 1}, {4, 0, 4}, {20, 12, 12}} {
		table.Data[i*width], table.Data[i*width+poolingDepth], table.Data[i*width+poolingDepth+1] = row.length, row.first, row.second
	}
	// Cosines: 0.8 0, 1 0.2, 0 1, 0.6 0.6.
	r := &pooling{truth: []int{1, 1, 0, 0}, class: 1, budget: 3}
	o, err := r.Decide(selection.FromTables(table))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.Items, []int{0, 1, 2}) {
		t.Errorf("selected %v", o.Items)
	}
	other := selection.Outcome{Metric: selection.Set, Items: []int{1, 2, 3}}
	// Mean best cosines: 2.8/3 golden, 2.6/3 faulty, 3.4/4 of all.
	if got, want := r.Consequence([]selection.Table{table}, o, other), (0.2/3)/(2.8/3-0.85); !near(got, want) {
		t.Errorf("consequence %v, want %v", got, want)
	}
	c := r.cosines(&table)
	if covered(c, []int{0}) != 0.5 || covered(c, []int{3}) != 1 {
		t.Errorf("covered %v and %v", covered(c, []int{0}), covered(c, []int{3}))
	}
}

func TestTokens(t *testing.T) {
	x := make([]float64, data.DigitsSize)
	x[2*8+7] = 0.5 // row 2, column 7: token 1, 3 and there the upper right pixel
	out := tokens(x)
	token := out[(1*tokenSide+3)*tokenDepth:][:tokenDepth]
	if !slices.Equal(token, []float64{0, 0.5, 0, 0, 0, 1, 1, 1}) {
		t.Errorf("token %v", token)
	}
	sum := 0.0
	for i, v := range out {
		if i%tokenDepth < 4 {
			sum += v
		}
	}
	if sum != 0.5 {
		t.Errorf("pixels sum to %v", sum)
	}
}

// TestWeightedMean checks that the pooling is a mean that weighs later tokens
// more, and that training leaves it alone.
func TestWeightedMean(t *testing.T) {
	rng := data.Rand(1, 0)
	e := newEncoder(rng)
	head := e.g.Dense(e.mean, digits.Classes, nets.Linear, rng)
	before := slices.Clone(e.g.Weight(e.mean).Value)
	x := make([]float64, tokenSide*tokenSide*tokenDepth)
	for i := range x {
		x[i] = rng.Float64()
	}
	e.fit(&data.Samples{X: [][]float64{x, x}, Labels: []int{1, 2}}, head, rng)
	if !slices.Equal(before, e.g.Weight(e.mean).Value) {
		t.Error("training changed the mean")
	}
	e.g.Forward(x)
	states := e.g.Value(e.layer[1])
	for c, got := range e.g.Value(e.mean) {
		want := 0.0
		for i := range tokenSide * tokenSide {
			want += float64(i+1) / 136 * states[i*poolingDepth+c]
		}
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("channel %d: %v, want %v", c, got, want)
		}
	}
}
