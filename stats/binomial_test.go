package stats

import (
	"math"
	"testing"
)

// Tails are sums of the probabilities, and a limit of Clopper and Pearson is the share
// at which the tail equals its error.
func TestBinomialTails(t *testing.T) {
	for _, c := range []struct {
		n int
		p float64
	}{{1, 0.3}, {12, 0.01}, {40, 0.5}, {25, 0}, {25, 1}} {
		var below float64
		for k := range c.n + 1 {
			at := math.Exp(logChoose(c.n, k)) * math.Pow(c.p, float64(k)) * math.Pow(1-c.p, float64(c.n-k))
			upper, err := BinomialAtLeast(k, c.n, c.p)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "at least", upper, 1-below, 1e-9)
			below += at
			lower, err := BinomialAtMost(k, c.n, c.p)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "at most", lower, below, 1e-9)
		}
	}
	limit, err := ClopperPearsonUpper(7, 500, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	p, err := BinomialAtMost(7, 500, limit)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "error at the limit", p, 0.05, 1e-9)
	for _, bad := range []struct {
		k, n int
		p    float64
	}{{-1, 3, 0.5}, {4, 3, 0.5}, {1, 3, -0.1}, {1, 3, math.NaN()}} {
		if _, err := BinomialAtMost(bad.k, bad.n, bad.p); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
		if _, err := BinomialAtLeast(bad.k, bad.n, bad.p); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}
