package exhaustive

import (
	"math"
	"strings"
	"testing"
)

// TestExamine is the study with fewer repeats.
func TestExamine(t *testing.T) {
	e, table := testEngine(t, Inputs), shipped(t)
	strata := table.Strata(e)
	s, err := Examine(strata, 2000, 400, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Coverages {
		if c.Repeats != 400 {
			t.Errorf("%s, %s: %d repeats", c.What, c.Method, c.Repeats)
		}
		if !c.Holds() {
			t.Errorf("%s, %s: covers %.2f %%", c.What, c.Method, 100*c.Share())
		}
	}
	for _, b := range s.Biases {
		if !b.Holds() {
			t.Errorf("%s: bias of %v standard errors", b.What, b.Errors)
		}
	}
	for i, a := range s.Allocations {
		// With 2,000 injections the best split is out of reach; learning from strata of
		// a kind comes nearer.
		if a.Reported {
			if with := s.Allocations[i-1]; with.Reported || with.MedianOracle >= a.MedianOracle {
				t.Errorf("allocation: %+v, without kinds %+v", with, a)
			}
			continue
		}
		if a.MedianOracle < 0.999 || a.MedianOracle > 1.5 || a.MedianOracle > a.WorstOracle || a.MedianProportional >= 0.85 || a.WorstOfThese > mostProportional {
			t.Errorf("allocation: %+v", a)
		}
	}
	page := Page(table, strata, nil, []*Study{s}, nil)
	if !strings.Contains(page, "0 lines fail") || !strings.Contains(page, "violating, stratified total") {
		t.Error("the page does not tell the result")
	}
}

// TestJudgement: the joint test finds an interval that covers too little, and only it.
func TestJudgement(t *testing.T) {
	s := Study{Coverages: []Coverage{
		{Repeats: 10000, Covered: 9450, Target: atLeast},
		{Repeats: 10000, Covered: 9380, Target: atLeast},
		{Repeats: 10000, Covered: 5000},
		{Repeats: 10000, Covered: 9990, Target: atLeast},
	}}
	s.test()
	for i, want := range []bool{true, false, true, true} {
		if got := s.Coverages[i].Holds(); got != want {
			t.Errorf("line %d: holds %v, want %v", i, got, want)
		}
	}
}

// TestVariance: no split is better than that of Neyman with the true shares.
func TestVariance(t *testing.T) {
	c := campaigns{weights: []float64{0.7, 0.2, 0.1}, p: []float64{0.01, 0.5, 0}, total: 1000}
	want := 0.49*0.0099/700 + 0.04*0.25/200
	if got := c.variance([]int{700, 200, 100}); math.Abs(got-want) > 1e-12 {
		t.Errorf("variance %v, want %v", got, want)
	}
}
