package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestIntervalRule(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		method string
	}{{4, 1000, MethodClopperPearson}, {5, 1000, MethodWilson}, {995, 1000, MethodWilson}, {996, 1000, MethodClopperPearson}, {0, 0, MethodClopperPearson}, {5, 9, MethodClopperPearson}} {
		low, high, method, err := Interval(c.k, c.n, 0.95)
		if err != nil || method != c.method {
			t.Errorf("%d/%d: %s, %v; want %s", c.k, c.n, method, err, c.method)
		}
		f := Wilson
		if method == MethodClopperPearson {
			f = ClopperPearson
		}
		if a, b, _ := f(c.k, c.n, 0.95); a != low || b != high {
			t.Errorf("%d/%d: [%v, %v], want [%v, %v]", c.k, c.n, low, high, a, b)
		}
	}
	if _, _, _, err := Interval(3, 2, 0.95); err == nil {
		t.Error("3 of 2 accepted")
	}
}

func TestCombineChosenRule(t *testing.T) {
	for name, c := range map[string]struct {
		strata []Stratum
		method string
	}{
		"common":    {[]Stratum{{1, 100, 20, false}, {2, 100, 30, false}}, MethodStratifiedWilson},
		"one rare":  {[]Stratum{{1, 100, 4, false}, {2, 100, 30, false}}, MethodGamma},
		"unsampled": {[]Stratum{{1, 0, 0, false}, {2, 100, 30, false}, {2, 100, 30, false}}, MethodGamma},
		"one":       {[]Stratum{{2, 100, 30, false}}, MethodWilson},
		"one, rare": {[]Stratum{{2, 100, 3, false}}, MethodClopperPearson},
		"no weight": {[]Stratum{{0, 100, 0, false}, {1, 100, 20, false}, {2, 100, 30, false}}, MethodStratifiedWilson},
		"census":    {[]Stratum{{3, 10, 5, true}}, MethodGamma},
	} {
		total, method, err := CombineChosen(c.strata, 0.95)
		if err != nil || method != c.method {
			t.Errorf("%s: %s, %v; want %s", name, method, err, c.method)
		}
		if total.Lower > total.Estimate || total.Estimate > total.Upper {
			t.Errorf("%s: %+v out of order", name, total)
		}
	}
	// One stratum of weight 2 next to a census of 3·½ is Wilson's interval.
	total, _, err := CombineChosen([]Stratum{{2, 100, 30, false}, {3, 10, 5, true}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	low, high, _ := Wilson(30, 100, 0.95)
	near(t, "lower", total.Lower, 1.5+2*low, 1e-12)
	near(t, "upper", total.Upper, 1.5+2*high, 1e-12)
	// Equal strata of equal proportions are one sample of both.
	total, _, _ = CombineChosen([]Stratum{{1, 100, 30, false}, {1, 100, 30, false}}, 0.95)
	low, high, _ = Wilson(60, 200, 0.95)
	near(t, "pooled lower", total.Lower, 2*low, 1e-12)
	near(t, "pooled upper", total.Upper, 2*high, 1e-12)
	if _, _, err := CombineChosen(nil, 2); err == nil {
		t.Error("confidence 2 accepted")
	}
}

func TestCombineChosenCoverage(t *testing.T) {
	const repeats = 5000
	s := planted{weights: []float64{3, 1, 0.5}, p: []float64{0.05, 0.2, 0.5}}
	n := []int{300, 150, 60}
	src := rand.NewPCG(51, 52)
	held, score := 0, 0
	var width, gamma float64
	for range repeats {
		k := s.draw(n, src)
		var strata []Stratum
		for i, w := range s.weights {
			strata = append(strata, Stratum{Weight: w, N: n[i], Failures: k[i]})
		}
		got, method, err := CombineChosen(strata, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		joint, _ := CombineTwoSided(strata, 0.95)
		if method == MethodStratifiedWilson {
			score++
			width, gamma = width+got.Upper-got.Lower, gamma+joint.Upper-joint.Lower
		}
		if got.Lower <= s.total() && s.total() <= got.Upper {
			held++
		}
	}
	t.Logf("coverage %.4f, width against the joint limits %.3f", float64(held)/repeats, width/gamma)
	// 0.95 ± 3.5 standard errors of 0.31 %.
	if c := float64(held) / repeats; math.Abs(c-0.95) > 0.011 {
		t.Errorf("coverage %.4f", c)
	}
	if score < 0.99*repeats || width >= gamma {
		t.Errorf("score intervals in %d of %d, width ratio %v", score, repeats, width/gamma)
	}
}
