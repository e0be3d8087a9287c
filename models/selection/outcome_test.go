package selection

import (
	"math"
	"testing"
)

func TestOutcomeDistance(t *testing.T) {
	set := func(v ...int) Outcome { return Outcome{Metric: Set, Items: v} }
	route := func(v ...int) Outcome { return Outcome{Metric: Route, Items: v} }
	weights := func(v ...float64) Outcome { return Outcome{Metric: Weights, Values: v} }
	for _, c := range []struct {
		name     string
		a, b     Outcome
		distance float64
		equal    bool
	}{
		{"order of a set", set(3, 1, 2), set(1, 2, 3), 0, true},
		{"one of three swapped", set(1, 2, 4), set(1, 2, 3), 0.5, false},
		{"empty sets", set(), set(), 0, true},
		{"disjoint", set(1), set(2), 1, false},
		{"order of routes", route(1, 2), route(2, 1), 1, false},
		{"one of four", route(1, 2, 3, 4), route(1, 2, 3, 0), 0.25, false},
		{"a row lost", route(1), route(1, 2), 0.5, false},
		{"weights", weights(1, 1), weights(1, 3), 0.5, false},
		{"no weights before", weights(1), weights(0), 1, false},
		{"not a number", weights(math.NaN()), weights(1), 1, false},
		{"another kind", set(1), route(1), 1, false},
	} {
		if d := c.a.Distance(c.b); d != c.distance {
			t.Errorf("%s: distance %v, want %v", c.name, d, c.distance)
		}
		if c.a.Equal(c.b) != c.equal {
			t.Errorf("%s: equal is %v", c.name, !c.equal)
		}
	}
}

// TestHarm: a value that differs is a harm of one, however few items do.
func TestHarm(t *testing.T) {
	golden := Outcome{Metric: Route, Items: []int{0, 1, 2, 3}, Values: []float64{7, 8, 9, 9}}
	for _, c := range []struct {
		items  []int
		values []float64
		want   float64
	}{
		{[]int{0, 1, 2, 3}, golden.Values, 0}, {[]int{0, 1, 2, 0}, golden.Values, 0.25}, {[]int{3, 2, 1, 0}, golden.Values, 1},
		{[]int{0, 1, 2, 3}, []float64{7, 8, 9, 8}, 1}, {[]int{0, 1, 2}, golden.Values, 0.25}, {[]int{0, 1, 2, 3}, nil, 1},
	} {
		if got := Harm(golden, Outcome{Metric: Route, Items: c.items, Values: c.values}); got != c.want {
			t.Errorf("%v and %v: harm %v, want %v", c.items, c.values, got, c.want)
		}
	}
}

func TestWithRow(t *testing.T) {
	golden := Table{Scale: 0.5, ZeroPoint: -1, Width: 2, Data: []byte{0xff, 1, 2, 3}}
	patched, err := golden.WithRow(1, []byte{0x80, 7})
	if err != nil {
		t.Fatal(err)
	}
	if golden.Int(1, 0) != 2 || patched.Int(1, 0) != -128 || patched.At(1, 1) != 4 || patched.At(0, 0) != 0 {
		t.Errorf("golden %v, patched %v", golden.Data, patched.Data)
	}
	for _, bad := range []struct {
		row int
		out []byte
	}{{-1, []byte{1, 2}}, {2, []byte{1, 2}}, {0, []byte{1}}} {
		if _, err := golden.WithRow(bad.row, bad.out); err == nil {
			t.Errorf("row %d, %d bytes: no error", bad.row, len(bad.out))
		}
	}
}

func TestRegistryRefuses(t *testing.T) {
	good := ProductTasks()
	if r, err := NewRegistry(good); err != nil || len(r) != len(good) {
		t.Fatalf("%d tasks, error %v", len(r), err)
	}
	if _, err := NewRegistry(good, good[:1]); err == nil {
		t.Error("a task twice: no error")
	}
	lacking := good[0]
	lacking.Where = ""
	if _, err := NewRegistry([]Task{lacking}); err == nil {
		t.Error("a product without its package: no error")
	}
	lacking = good[0]
	lacking.Kind = OnNPU
	if _, err := NewRegistry([]Task{lacking}); err == nil {
		t.Error("an NPU task without Build: no error")
	}
}
