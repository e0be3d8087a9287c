package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMcNemarMidP(t *testing.T) {
	// By hand: of 8 discordant pairs 1 and 7. P(X ≤ 1) = 9/256, P(X = 1) = 8/256.
	exact, err := McNemar(1, 7)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "exact", exact, 18.0/256, 1e-12)
	mid, err := McNemarMidP(1, 7)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mid-P", mid, 10.0/256, 1e-12)
	swapped, _ := McNemarMidP(7, 1)
	near(t, "swapped", swapped, mid, 1e-15)
	for _, c := range [][2]int{{0, 0}, {4, 4}} {
		if p, err := McNemarMidP(c[0], c[1]); p != 1 || err != nil {
			t.Errorf("%v: %v, %v; want 1", c, p, err)
		}
	}
	if p, err := McNemarMidP(-1, 3); err == nil {
		t.Errorf("negative counts give %v", p)
	}
	// All levels: never above 1, never below half the exact value.
	for a := range 30 {
		for b := range 30 {
			exact, _ := McNemar(a, b)
			mid, _ := McNemarMidP(a, b)
			if mid > exact || mid < exact/2-1e-12 {
				t.Errorf("%d, %d: mid-P %v, exact %v", a, b, mid, exact)
			}
		}
	}
}

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

func TestFiveByTwo(t *testing.T) {
	d := [5][2]float64{{0.1, 0.2}, {0.1, 0}, {0.3, 0.1}, {0.1, 0.1}, {0.2, 0.1}}
	// Squares 0.05+0.01+0.10+0.02+0.05 = 0.23; spreads 0.005+0.005+0.02+0+0.005 = 0.035.
	f, p, err := FiveByTwo(d)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "F", f, 0.23/0.07, 1e-12)
	// Table of F(10, 5): 3.297 at 10 %, 4.735 at 5 %.
	if p < 0.10 || p > 0.101 {
		t.Errorf("P = %v at F = 3.286, just below the 10 %% point 3.297", p)
	}
	if _, p, _ = FiveByTwo([5][2]float64{}); p != 1 {
		t.Errorf("no differences: P = %v", p)
	}
	if f, p, _ = FiveByTwo([5][2]float64{{1, 1}, {1, 1}}); !math.IsInf(f, 1) || p != 0 {
		t.Errorf("no spread: F = %v, P = %v", f, p)
	}
	if _, _, err = FiveByTwo([5][2]float64{{math.NaN(), 0}}); err == nil {
		t.Error("not a number accepted")
	}
}

// TestFiveByTwoLevel cross-validates two equally good classifiers, each a
// threshold on a feature of its own.
func TestFiveByTwoLevel(t *testing.T) {
	const repeats, size = 1000, 100
	random := rand.New(rand.NewPCG(41, 42))
	rejected := 0
	for range repeats {
		var x [size][2]float64
		var y [size]float64
		for i := range size {
			y[i] = float64(random.IntN(2))
			for f := range 2 {
				x[i][f] = 1.5*y[i] + random.NormFloat64()
			}
		}
		var d [5][2]float64
		for r := range d {
			order := random.Perm(size)
			for fold := range 2 {
				train, test := order[:size/2], order[size/2:]
				if fold == 1 {
					train, test = test, train
				}
				for f, sign := range []float64{1, -1} {
					var sum, n [2]float64
					for _, i := range train {
						sum[int(y[i])] += x[i][f]
						n[int(y[i])]++
					}
					threshold := (sum[0]/n[0] + sum[1]/n[1]) / 2
					for _, i := range test {
						if (x[i][f] > threshold) != (y[i] == 1) {
							d[r][fold] += sign / float64(len(test))
						}
					}
				}
			}
		}
		if _, p, err := FiveByTwo(d); err != nil {
			t.Fatal(err)
		} else if p < 0.05 {
			rejected++
		}
	}
	t.Logf("rejected: %d of %d", rejected, repeats)
	if rejected < 30 || rejected > 70 {
		t.Errorf("rejected %d of %d true hypotheses at 5 %%, want 3 to 7 %%", rejected, repeats)
	}
}
