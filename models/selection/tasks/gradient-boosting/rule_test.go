package boosting

import (
	"slices"
	"testing"

	"upset/models/selection"
)

// The sum that a group gives is what the next one adds to; a row stops at its lead, or
// at the last group.
func TestBoostingStopsAtItsLead(t *testing.T) {
	r := &boosting{truth: []int{7, 7}, rows: [][]byte{{6}, {1}}}
	asked := 0
	ask := selection.FromFunction(slices.Repeat([]selection.Table{{Scale: 1, Width: boostClasses}}, boostGroups), nil, func(group int, input []byte) []byte {
		if len(input) != 1+boostClasses {
			t.Fatalf("an input of %d bytes", len(input))
		}
		asked++
		sum := slices.Clone(input[1:])
		sum[7] += input[0] // class 7 gains the pixel with every group
		return sum
	})
	o, err := r.Decide(ask)
	if err != nil {
		t.Fatal(err)
	}
	// Leads of 6, 12 and 18 codes; the second row never leads by so many.
	if !slices.Equal(o.Items, []int{3, boostGroups}) || !slices.Equal(o.Values, []float64{7, 7}) || asked != 3+boostGroups {
		t.Errorf("depths %v, classes %v, %d inferences", o.Items, o.Values, asked)
	}
	later := selection.Outcome{Metric: selection.Depth, Items: []int{4, boostGroups}, Values: o.Values}
	if c := r.Consequence(nil, o, later); c != 0.5 {
		t.Errorf("another depth of one of two rows: %v", c)
	}
	if _, err := r.Decide(selection.FromTables(selection.Table{Width: 1})); err == nil {
		t.Error("one group: no error")
	}
}

// The groups of int8 networks add up to what the learners do in floating point.
func TestSums(t *testing.T) {
	u := unit{weight: make([]float64, boostUnits*64), bias: []float64{0.5, -1, 2}, out: make([]float64, boostClasses*boostUnits), offset: make([]float64, boostClasses)}
	for i := range u.weight {
		u.weight[i] = float64(i%7-3) / 20
	}
	for i := range u.out {
		u.out[i] = float64(i%5-2) / 3
	}
	x := make([]float64, 64)
	for i := range x {
		x[i] = float64(i%17) / 16
	}
	s := sumsOf(slices.Repeat([]unit{u}, boostGroups), [][]float64{x})
	whole := make([]float64, boostClasses)
	for k := range boostGroups {
		g, in := s.network(k, s.quant())
		copy(in[0][64:], whole)
		whole = slices.Clone(g.Forward(in[0]))
	}
	want := make([]float64, boostClasses)
	for range boostGroups {
		u.add(x, want)
	}
	for c, v := range want {
		if d := v - whole[c]; d > 1e-9 || d < -1e-9 {
			t.Errorf("class %d: %v, want %v", c, whole[c], v)
		}
	}
}
