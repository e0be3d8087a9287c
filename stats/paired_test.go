package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPairedDifferenceSolvesTheScore(t *testing.T) {
	// At each limit the score with likeliest proportions, found here by golden
	// section on the likelihood, equals ±1.96.
	for _, c := range []struct{ a, b, n int }{{12, 2, 50}, {5, 9, 40}, {3, 0, 30}, {0, 0, 25}, {60, 40, 1000}} {
		low, high, err := PairedDifference(c.a, c.b, c.n, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []float64{low, high} {
			q := likeliest(c.a, c.b, c.n, d)
			z := (float64(c.a-c.b) - float64(c.n)*d) / math.Sqrt(float64(c.n)*(2*q+d-d*d))
			near(t, "score at the limit", math.Abs(z), 1.959964, 2e-3)
		}
		flippedLow, flippedHigh, _ := PairedDifference(c.b, c.a, c.n, 0.95)
		near(t, "mirrored low", -flippedHigh, low, 1e-9)
		near(t, "mirrored high", -flippedLow, high, 1e-9)
	}
	for _, bad := range [][3]int{{-1, 0, 5}, {3, 3, 5}, {0, 0, -1}} {
		if _, _, err := PairedDifference(bad[0], bad[1], bad[2], 0.95); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
	if low, high, err := PairedDifference(0, 0, 0, 0.9); low != -1 || high != 1 || err != nil {
		t.Errorf("no pairs: %v, %v, %v", low, high, err)
	}
	if low, high, _ := PairedDifference(9, 0, 9, 0.9); high != 1 || low < 0.4 {
		t.Errorf("all differ: [%v, %v]", low, high)
	}
}

// likeliest is the share q of pairs that fail in B only, if the share in A only
// is q + d.
func likeliest(a, b, n int, d float64) float64 {
	log := func(k int, p float64) float64 {
		if k == 0 {
			return 0
		}
		return float64(k) * math.Log(math.Max(p, 1e-300))
	}
	value := func(q float64) float64 { return log(a, q+d) + log(b, q) + log(n-a-b, 1-2*q-d) }
	low, high := math.Max(0, -d), (1-d)/2
	for range 200 {
		x, y := low+(high-low)*0.382, low+(high-low)*0.618
		if value(x) < value(y) {
			low = x
		} else {
			high = y
		}
	}
	return (low + high) / 2
}

func TestPairedDifferenceCoverage(t *testing.T) {
	const repeats, n = 4000, 120
	random := rand.New(rand.NewPCG(31, 32))
	for _, c := range []struct{ a, b float64 }{{0.05, 0.05}, {0.10, 0.02}, {0.30, 0.25}} {
		held, narrower := 0, 0
		for range repeats {
			var a, b, both int
			for range n {
				switch u := random.Float64(); {
				case u < c.a:
					a++
				case u < c.a+c.b:
					b++
				case u < c.a+c.b+0.3:
					both++
				}
			}
			low, high, err := PairedDifference(a, b, n, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if low <= c.a-c.b && c.a-c.b <= high {
				held++
			}
			pa, pb := float64(a+both)/n, float64(b+both)/n
			if high-low < 2*1.96*math.Sqrt(pa*(1-pa)/n+pb*(1-pb)/n) {
				narrower++
			}
		}
		if coverage := float64(held) / repeats; coverage < 0.935 || coverage > 0.975 {
			t.Errorf("%+v: coverage %.4f", c, coverage)
		}
		if c.a+c.b < 0.2 && narrower < 0.95*repeats {
			t.Errorf("%+v: narrower than the unpaired interval in %d of %d only", c, narrower, repeats)
		}
	}
}
