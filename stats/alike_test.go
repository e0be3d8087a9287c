package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// draws is a campaign over inputs whose rates are those of the strata times a factor.
func draws(r *rand.Rand, factor []float64) [][]Cluster {
	var strata [][]Cluster
	for _, s := range []struct {
		n int
		p float64
	}{{400, 0.002}, {120, 0.05}, {60, 0.3}, {900, 0.01}} {
		var list []Cluster
		for _, f := range factor {
			c := Cluster{N: s.n / len(factor)}
			for range c.N {
				if r.Float64() < s.p*f {
					c.Failures++
				}
			}
			list = append(list, c)
		}
		strata = append(strata, list)
	}
	return append(strata, nil)
}

func TestInputsAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const repeats = 4000
	rejected := func(factor ...float64) (share float64) {
		for range repeats {
			if InputsAlike(draws(r, factor)).P < 0.05 {
				share += 1.0 / repeats
			}
		}
		return share
	}
	// Three standard errors of the share are 1 %.
	if s := rejected(1, 1, 1, 1, 1, 1); s < 0.035 || s > 0.06 {
		t.Errorf("inputs that are alike are told apart in %.3f of the cases, want 0.05", s)
	}
	if s := rejected(3, 1, 1, 1, 1, 1); s < 0.8 {
		t.Errorf("a vulnerable input is found in %.3f of the cases", s)
	}
}

func TestInputsAlikeByHand(t *testing.T) {
	// One stratum, rates 1/10 and 3/10: expected 2 each, variance 10·0.2·0.8 = 1.6.
	a := InputsAlike([][]Cluster{nil, {{N: 10, Failures: 1}, {N: 10, Failures: 3}}})
	if a.Observed[0] != 1 || math.Abs(a.Expected[1]-2) > 1e-12 {
		t.Errorf("%+v", a)
	}
	// χ² = 2·1/1.6 = 1.25 with one degree: P = erfc(√(1.25/2)).
	if want := math.Erfc(math.Sqrt(1.25 / 2)); math.Abs(a.P-want) > 1e-9 {
		t.Errorf("P %v, want %v", a.P, want)
	}
	for _, none := range [][][]Cluster{nil, {nil}, {{{N: 5}, {N: 5}}}, {{{N: 5, Failures: 5}, {N: 5, Failures: 5}}}} {
		if a := InputsAlike(none); a.P != 1 {
			t.Errorf("%v: P %v", none, a.P)
		}
	}
}
