package stats

import (
	"math"
	"testing"
	"time"
)

// Limits end, and are finite or refused, whatever the weights: no size of a rate may
// send the series of the gamma distribution round for ever.
func TestLimitsEndForEveryWeight(t *testing.T) {
	done := make(chan bool)
	go func() {
		defer close(done)
		for e := -324; e <= 308; e++ {
			w := math.Pow(10, float64(e))
			for _, strata := range [][]Stratum{
				{{Weight: w, N: 10, Failures: 3}, {Weight: w, N: 20, Failures: 4}},
				{{Weight: w, N: 10}, {Weight: w / 3, N: 20}},
				{{Weight: w, N: 10, Failures: 10}, {Weight: w, N: 20, Failures: 20}},
				{{Weight: w, N: 20_000_000, Failures: 1}, {Weight: 1, N: 20_000_000}},
			} {
				got, err := Combine(strata, 0.95)
				if err == nil && !(got.Lower <= got.Estimate && got.Estimate <= got.Upper && !math.IsInf(got.Upper, 0) && !math.IsNaN(got.Variance) && !math.IsInf(got.Variance, 0)) {
					t.Errorf("weight 1e%d: %+v", e, got)
				}
				if err != nil && w >= minWeight*10 && w <= maxWeight/10 {
					t.Errorf("weight 1e%d: %v", e, err)
				}
			}
		}
		for _, x := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
			if q := GammaQuantile(x, 0.5); !math.IsNaN(q) {
				t.Errorf("shape %v has the quantile %v", x, q)
			}
			if q := GammaQuantile(1, x); x != 0 && !math.IsNaN(q) {
				t.Errorf("probability %v has the quantile %v", x, q)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the limits do not end")
	}
}
