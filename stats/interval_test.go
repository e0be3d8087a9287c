package stats

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// near fails unless got is within tolerance of want.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.9g, want %.9g ± %g", what, got, want, tolerance)
	}
}

func TestWilsonKnownValues(t *testing.T) {
	// Published 95 % Wilson intervals; rounded to the digits compared.
	for _, c := range []struct {
		failures, n int
		low, high   float64
	}{
		{0, 1000, 0, 0.00383},
		{10, 1000, 0.00544, 0.01830},
		{50, 1000, 0.0381, 0.0653},
	} {
		low, high, err := Wilson(c.failures, c.n, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "low", low, c.low, 6e-5)
		near(t, "high", high, c.high, 6e-5)
	}
}

func TestClopperPearsonKnownValues(t *testing.T) {
	for _, c := range []struct {
		failures, n           int
		confidence, low, high float64
	}{
		// R: binom.test(10, 1000)$conf.int, binom.test(3, 10)$conf.int.
		{10, 1000, 0.95, 0.004805511, 0.018313243},
		{3, 10, 0.95, 0.06673951, 0.65245285},
		{0, 10, 0.95, 0, 0.3084971},
		{10, 10, 0.95, 0.6915029, 1},
	} {
		low, high, err := ClopperPearson(c.failures, c.n, c.confidence)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "low", low, c.low, 1e-7)
		near(t, "high", high, c.high, 1e-7)
	}
}

func TestRuleOfThree(t *testing.T) {
	for _, c := range []struct{ confidence, numerator float64 }{{0.95, 2.9957}, {0.99, 4.6052}} {
		for _, n := range []int{1000, 1000000, 1000000000} {
			high, err := ClopperPearsonUpper(0, n, c.confidence)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "upper·n", high*float64(n), c.numerator, 0.02)
		}
	}
}

func TestIntervalEdges(t *testing.T) {
	type bounds func(int, int, float64) (float64, float64, error)
	for name, f := range map[string]bounds{"wilson": Wilson, "clopper-pearson": ClopperPearson} {
		if low, high, err := f(0, 0, 0.95); low != 0 || high != 1 || err != nil {
			t.Errorf("%s without trials = %v, %v, %v; want 0, 1", name, low, high, err)
		}
		if low, high, err := f(7, 7, 0.95); low <= 0.5 || high != 1 || err != nil {
			t.Errorf("%s of 7/7 = %v, %v, %v; want high 1", name, low, high, err)
		}
		for _, bad := range []struct {
			failures, n int
			confidence  float64
		}{{-1, 5, 0.95}, {6, 5, 0.95}, {0, -1, 0.95}, {1, 5, 0}, {1, 5, 1}, {1, 5, math.NaN()}} {
			if _, _, err := f(bad.failures, bad.n, bad.confidence); err == nil {
				t.Errorf("%s accepted %+v", name, bad)
			}
		}
	}
}

// TestExactCoverage sums the binomial probabilities of all counts whose
// interval holds the truth: no simulation, no noise.
func TestExactCoverage(t *testing.T) {
	type bounds func(int, int, float64) (float64, float64, error)
	coverage := func(f bounds, n int, p float64) float64 {
		law := distuv.Binomial{N: float64(n), P: p}
		var sum float64
		for k := 0; k <= n; k++ {
			low, high, err := f(k, n, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if low <= p && p <= high {
				sum += law.Prob(float64(k))
			}
		}
		return sum
	}
	for _, n := range []int{100, 300, 1000} {
		for _, p := range []float64{0.001, 0.003, 0.01, 0.05, 0.1, 0.5} {
			if c := coverage(ClopperPearson, n, p); c < 0.95 || c > 0.9999 {
				t.Errorf("Clopper–Pearson n=%d p=%v covers %.4f, want at least 0.95", n, p, c)
			}
			if c := coverage(Wilson, n, p); c < 0.90 {
				t.Errorf("Wilson n=%d p=%v covers %.4f, want at least 0.90", n, p, c)
			}
		}
	}
	// The published low point of Wilson's interval.
	near(t, "Wilson n=100 p=0.001", coverage(Wilson, 100, 0.001), 0.905, 0.001)
}

func TestSampleSizes(t *testing.T) {
	// Leveugle et al., DATE 2009, unlimited population unless given.
	for _, c := range []struct {
		population, margin, confidence float64
		want                           int
	}{
		{0, 0.05, 0.95, 384},
		{0, 0.03, 0.95, 1067},
		{0, 0.01, 0.95, 9604},
		{0, 0.01, 0.99, 16587},
		{0, 0.001, 0.95, 960365},
		{0, 0.001, 0.99, 1658724},
		{1e12, 0.05, 0.95, 384},
		// By hand: 1000 / (1 + 999/384.146).
		{1000, 0.05, 0.95, 278},
		{1, 0.05, 0.95, 1},
	} {
		got, err := SampleSize(c.population, c.margin, c.confidence, 0.5)
		if err != nil || got != c.want {
			t.Errorf("SampleSize(%v, %v, %v) = %d, %v; want %d", c.population, c.margin, c.confidence, got, err, c.want)
		}
	}
	if got, err := SampleSizeRelative(1e-3, 0.1, 0.95); err != nil || math.Abs(float64(got)-3.84e5) > 500 {
		t.Errorf("relative size = %d, %v; want about 3.84e5", got, err)
	}
	for _, bad := range [][4]float64{{0, 0, 0.95, 0.5}, {0, 0.1, 1, 0.5}, {-1, 0.1, 0.95, 0.5}, {0, 0.1, 0.95, 0}, {0, 1e-12, 0.95, 0.5}} {
		if n, err := SampleSize(bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("SampleSize(%v) = %d, want an error", bad, n)
		}
	}
}
