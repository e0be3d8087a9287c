package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCombineByHand(t *testing.T) {
	// Weights per count: 2/10 and 1/20. Counts 3 and 4.
	strata := []Stratum{{Weight: 2, N: 10, Failures: 3}, {Weight: 1, N: 20, Failures: 4}}
	got, err := Combine(strata, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "estimate", got.Estimate, 0.6+0.2, 1e-12)
	near(t, "variance", got.Variance, 4*0.3*0.7/10+0.2*0.8/20, 1e-12)
	// y = 0.8, v = 0.04·3 + 0.0025·4 = 0.13, largest weight 0.2.
	// Lower: v/(2y)·χ²(0.05; 2y²/v), upper: 0.17/2·χ²(0.95; 2·1/0.17), with
	// χ² by numerical integration of the density, not by the code under test.
	near(t, "lower", got.Lower, 0.13/(2*0.8)*chiSquare(0.05, 2*0.64/0.13), 1e-5)
	near(t, "upper", got.Upper, 0.17/2*chiSquare(0.95, 2/0.17), 1e-5)
	if got.N != 30 || got.Failures != 7 || got.Unsampled != 0 {
		t.Errorf("counts %+v", got)
	}
}

// chiSquare is a quantile by the trapezoidal rule on the density.
func chiSquare(p, degrees float64) float64 {
	const step = 2e-5
	lg, _ := math.Lgamma(degrees / 2)
	density := func(x float64) float64 {
		return math.Exp((degrees/2-1)*math.Log(x) - x/2 - degrees/2*math.Ln2 - lg)
	}
	sum, x := 0.0, step/2
	for ; sum < p; x += step {
		sum += density(x) * step
	}
	return x - step/2
}

func TestZeroCountsGiveOneJointLimit(t *testing.T) {
	// 60 equal strata, 5,000 injections, no failure: the joint limit is 0.06 %
	// of the total, the sum of limits per stratum 3.5 %.
	weights := make([]float64, 60)
	for i := range weights {
		weights[i] = 1.0 / 60
	}
	counts, err := Proportional(weights, 5000, 30)
	if err != nil {
		t.Fatal(err)
	}
	var strata []Stratum
	var summed float64
	for i, n := range counts {
		strata = append(strata, Stratum{Weight: weights[i], N: n})
		high, _ := ClopperPearsonUpper(0, n, 0.95)
		summed += weights[i] * high
	}
	got, err := Combine(strata, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "joint limit", got.Upper, 0.0006, 1e-5)
	near(t, "sum of limits", summed, 0.035, 0.001)
	if got.Estimate != 0 || got.Lower != 0 || !got.Bound() {
		t.Errorf("no failure gives %+v, want a bound", got)
	}
	// With unequal weights the largest weight per count sets the limit.
	got, err = Combine([]Stratum{{Weight: 1, N: 1000}, {Weight: 5, N: 100}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "unequal limit", got.Upper, 0.05*-math.Log(0.05), 1e-9)
}

func TestCombineSpecialStrata(t *testing.T) {
	plain := []Stratum{{Weight: 1, N: 1000, Failures: 10}}
	got, err := Combine(append(plain, Stratum{Weight: 3, Exact: true}, Stratum{Weight: 2, N: 4, Failures: 1, Exact: true}), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	low, _ := ClopperPearsonLower(10, 1000, 0.95)
	high, _ := ClopperPearsonUpper(10, 1000, 0.95)
	near(t, "estimate", got.Estimate, 0.51, 1e-12)
	near(t, "lower", got.Lower, 0.5+low, 1e-12)
	near(t, "upper", got.Upper, 0.5+high, 1e-12)

	got, err = Combine(append(plain, Stratum{Weight: 0.25}, Stratum{Weight: 0, N: 7, Failures: 7}), 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "unsampled", got.Unsampled, 0.25, 0)
	near(t, "upper with unsampled", got.Upper, high+0.25, 1e-12)
	near(t, "lower with unsampled", got.Lower, low, 1e-12)

	if got, err = Combine(nil, 0.95); err != nil || got != (Total{}) {
		t.Errorf("nothing combines to %+v, %v", got, err)
	}
	for _, bad := range [][]Stratum{
		{{Weight: -1, N: 1}},
		{{Weight: math.NaN(), N: 1}},
		{{Weight: math.Inf(1), N: 1}},
		{{Weight: 1, N: 1, Failures: 2}},
		{{Weight: 1, N: -1}},
	} {
		if got, err := Combine(bad, 0.95); err == nil {
			t.Errorf("%+v combines to %+v, want an error", bad, got)
		}
	}
	if _, err := Combine(plain, 1); err == nil {
		t.Error("confidence 1 accepted")
	}
}

// TestJointLimitCoverage draws strata of known truth and counts how often each
// one-sided 95 % limit holds it. With 4,000 repeats the standard error is
// 0.35 %, so 94 % is about three of them below.
func TestJointLimitCoverage(t *testing.T) {
	const repeats, confidence = 4000, 0.95
	for name, truth := range map[string][]struct {
		weight, p float64
		n         int
	}{
		"one stratum, rare":     {{1, 0.003, 500}},
		"equal weights":         {{1, 0.01, 200}, {1, 0.02, 200}, {1, 0.05, 200}},
		"unequal weights, rare": {{10, 0.001, 300}, {1, 0.2, 300}, {0.1, 0.5, 30}},
		"one heavy thin":        {{5, 0.01, 30}, {1, 0.01, 1000}, {1, 0.03, 1000}},
		"near one half":         {{1, 0.45, 100}, {2, 0.55, 100}},
		"mostly failing":        {{1, 0.9, 100}, {2, 0.99, 100}, {1, 0.7, 50}},
		"many thin":             {{1, .02, 30}, {1, 0, 30}, {1, .1, 30}, {1, 0, 30}, {1, .01, 30}, {1, 0, 30}, {1, .3, 30}, {1, 0, 30}},
	} {
		t.Run(name, func(t *testing.T) {
			src := rand.NewPCG(7, 11)
			var mean, total float64
			for _, s := range truth {
				mean += s.weight * s.p
				total += s.weight
			}
			var below, above int
			var sum float64
			strata := make([]Stratum, len(truth))
			for range repeats {
				for i, s := range truth {
					strata[i] = Stratum{Weight: s.weight, N: s.n, Failures: binomialDraw(s.n, s.p, src)}
				}
				got, err := Combine(strata, confidence)
				if err != nil {
					t.Fatal(err)
				}
				if got.Lower < 0 || got.Lower > got.Estimate || got.Estimate > got.Upper || got.Upper > total*(1+1e-12) {
					t.Fatalf("%+v is out of order for %+v", got, strata)
				}
				sum += got.Estimate
				if got.Lower <= mean {
					below++
				}
				if got.Upper >= mean {
					above++
				}
			}
			near(t, "mean estimate", sum/repeats, mean, 0.05*mean+0.002)
			for side, count := range map[string]int{"lower": below, "upper": above} {
				if c := float64(count) / repeats; c < 0.94 {
					t.Errorf("%s limit covers %.4f, want 0.95", side, c)
				}
			}
		})
	}
}

func TestUpperLimitIsMonotone(t *testing.T) {
	// More confidence never lowers the limit, below and above one half.
	for failures := range 50 {
		var last float64
		for _, confidence := range []float64{0.5, 0.8, 0.9, 0.95, 0.99, 0.999} {
			got, err := Combine([]Stratum{{Weight: 1, N: 60, Failures: failures}, {Weight: 3, N: 200, Failures: 5}}, confidence)
			if err != nil {
				t.Fatal(err)
			}
			if got.Upper < last {
				t.Errorf("%d failures: limit %v at %v below %v", failures, got.Upper, confidence, last)
			}
			last = got.Upper
		}
	}
}

func TestTwoSidedIsTwoOneSided(t *testing.T) {
	strata := []Stratum{{Weight: 1, N: 60, Failures: 3}, {Weight: 3, N: 200, Failures: 5}}
	two, err := CombineTwoSided(strata, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Combine(strata, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "lower", two.Lower, one.Lower, 1e-12)
	near(t, "upper", two.Upper, one.Upper, 1e-12)
}
