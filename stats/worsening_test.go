package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// gatePopulation is shaped like a campaign on a small network: 24 strata with few
// violations, raw rates about in proportion to the injections.
func gatePopulation(src rand.Source) (weights, shares []float64) {
	r := rand.New(src)
	for range 24 {
		weights = append(weights, 0.02+0.2*r.Float64())
		shares = append(shares, 0.028*r.Float64())
	}
	return weights, shares
}

// sampleOf draws a campaign of n injections in all, spread in proportion to weight.
func sampleOf(weights, shares []float64, factor float64, n int, src rand.Source) (list []Stratum) {
	var whole float64
	for _, w := range weights {
		whole += w
	}
	for i, w := range weights {
		size := int(math.Round(float64(n) * w / whole))
		list = append(list, Stratum{Weight: w, N: size, Failures: binomialDraw(size, shares[i]*factor, src)})
	}
	return list
}

// typical is the campaign of n injections whose counts are as expected; what
// rounding leaves over is carried to the next stratum.
func typical(weights, shares []float64, n int, src rand.Source) []Stratum {
	list, carried := sampleOf(weights, shares, 1, n, src), 0.0
	for i := range list {
		carried += float64(list[i].N) * shares[i]
		list[i].Failures = int(math.Round(carried))
		carried -= float64(list[i].Failures)
	}
	return list
}

// rateOf is the true rate of a population.
func rateOf(weights, shares []float64) (sum float64) {
	for i, w := range weights {
		sum += w * shares[i]
	}
	return sum
}

// TestWorseningKeepsItsErrors draws pairs of campaigns. A worsening of exactly the
// margin must pass at most as often as the confidence allows, whatever the margin
// and the size, and equal campaigns of the size that Needed asks for must pass.
func TestWorseningKeepsItsErrors(t *testing.T) {
	src := rand.NewPCG(71, 72)
	weights, shares := gatePopulation(src)
	rate := rateOf(weights, shares)
	const repeats = 2000
	for _, c := range []struct {
		n                  int
		relative, absolute float64
	}{{10_000, 0.5, 0}, {2_000, 0.5, 0}, {400, 1, 0}, {10_000, 0, 0.5 * rate}, {5_000, 0.5, 0.5 * rate}, {3_000, 0.3, 0.6 * rate}} {
		factor := 1 + max(c.relative, c.absolute/rate)
		wrong := 0
		for range repeats {
			w := Worsening{Now: sampleOf(weights, shares, factor, c.n, src), Base: sampleOf(weights, shares, 1, c.n, src), Relative: c.relative, Absolute: c.absolute}
			ok, err := within(&w, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				wrong++
			}
		}
		t.Logf("%+v: a worsening of the margin passes %d of %d times", c, wrong, repeats)
		// 100 at most are expected; 3 standard errors above.
		if wrong > 130 {
			t.Errorf("%+v: a worsening of the margin passes %d of %d times at 95 %%", c, wrong, repeats)
		}
		first := Worsening{Base: typical(weights, shares, c.n, src), Relative: c.relative, Absolute: c.absolute}
		grow, err := first.Needed(first.Base, 0.95, 0.99)
		if err != nil {
			t.Fatal(err)
		}
		n, passed := int(math.Ceil(grow*float64(c.n))), 0
		for range repeats {
			w := Worsening{Now: sampleOf(weights, shares, 1, n, src), Base: sampleOf(weights, shares, 1, n, src), Relative: c.relative, Absolute: c.absolute}
			if ok, _ := within(&w, 0.95); ok {
				passed++
			}
		}
		t.Logf("%+v: needs %d injections; then %d of %d equal pairs pass", c, n, passed, repeats)
		if passed < repeats*985/1000 || passed == repeats {
			t.Errorf("%+v: %d injections are said to pass 99 %% of equal pairs, %d of %d did", c, n, passed, repeats)
		}
	}
}

// TestWorseningIsSeenFromTheSizeStated plants the worsening that Detectable names.
// It must be found about as often as the stated power, and equal campaigns called
// worse no more often than the error allows.
func TestWorseningIsSeenFromTheSizeStated(t *testing.T) {
	src := rand.NewPCG(73, 74)
	weights, shares := gatePopulation(src)
	rate := rateOf(weights, shares)
	const repeats, confidence = 1000, 0.99
	for _, c := range []struct {
		n         int
		tolerance float64
	}{{20_000, 0}, {2_000, 0}, {5_000, 0.2}, {500, 0}} {
		mean := typical(weights, shares, c.n, src)
		d, err := (&Worsening{Now: mean, Base: mean}).Detectable(confidence, 0.9, c.tolerance)
		if err != nil {
			t.Fatal(err)
		}
		seen, alarms := 0, 0
		for range repeats {
			base := sampleOf(weights, shares, 1, c.n, src)
			p, err := (&Worsening{Now: sampleOf(weights, shares, 1+d/rate, c.n, src), Base: base}).P(c.tolerance)
			if err != nil {
				t.Fatal(err)
			}
			if p <= 1-confidence {
				seen++
			}
			if p, _ = (&Worsening{Now: sampleOf(weights, shares, 1+c.tolerance, c.n, src), Base: base}).P(c.tolerance); p <= 1-confidence {
				alarms++
			}
		}
		t.Logf("%+v: a worsening by %.0f %% is seen %d of %d times, %d false alarms", c, 100*d/rate, seen, repeats, alarms)
		if seen < repeats*87/100 || seen > repeats*96/100 {
			t.Errorf("%+v: a worsening by %.0f %% should be seen 90 %% of the times, it is %d of %d", c, 100*d/rate, seen, repeats)
		}
		if alarms > 21 { // 10 expected at most; 3.5 standard errors above
			t.Errorf("%+v: %d of %d false alarms at 99 %%", c, alarms, repeats)
		}
	}
}

// TestWorseningByHand checks limits against their formulas, and that nothing is
// shown by nothing.
func TestWorseningByHand(t *testing.T) {
	one := func(n, k int) []Stratum { return []Stratum{{Weight: 1, N: n, Failures: k}} }
	low, _ := ClopperPearsonLower(30, 1000, 0.95)
	up, _ := ClopperPearsonUpper(36, 1000, 0.95)
	w := Worsening{Now: one(1000, 36), Base: one(1000, 30), Relative: 0.5}
	upper, err := w.Upper(0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "upper", upper, 0.006+math.Hypot(up-0.036, 0.03-low), 1e-12)
	ratio, _ := w.Ratio(0.95)
	near(t, "at the ratio's limit", 0.036-(1+ratio)*0.03+math.Hypot(up-0.036, (1+ratio)*(0.03-low)), 0, 1e-6)
	w.Relative = ratio * 1.001
	if ok, _ := within(&w, 0.95); !ok {
		t.Error("a margin beyond the limit of the ratio is not shown")
	}
	w.Relative = ratio * 0.999
	if ok, _ := within(&w, 0.95); ok {
		t.Error("a margin below the limit of the ratio is shown")
	}
	// The same faults with the same outcomes: no difference in 1,000 of them.
	w = Worsening{Now: one(1000, 30), Base: one(1000, 30), Paired: true, NowOnly: one(1000, 0), BaseOnly: one(1000, 0), Relative: 0.5}
	zero, _ := ClopperPearsonUpper(0, 1000, 0.95)
	upper, _ = w.Upper(0.95)
	near(t, "paired", upper, zero, 1e-12)
	if ok, _ := within(&w, 0.95); !ok {
		t.Error("the same campaign is not within the margin")
	}
	if p, _ := w.P(0); p != 1 {
		t.Errorf("the same campaign is worse with P = %v", p)
	}
	for name, w := range map[string]Worsening{
		"one injection":    {Now: one(1, 0), Base: one(20_000, 280), Relative: 0.5},
		"one paired":       {Now: one(1, 0), Base: one(1, 0), Paired: true, NowOnly: one(1, 0), BaseOnly: one(1, 0), Relative: 0.5},
		"no injection":     {Now: one(0, 0), Base: one(20_000, 280), Relative: 0.5},
		"empty baseline":   {Now: one(20_000, 280), Base: one(0, 0), Relative: 0.5},
		"no margin":        {Now: one(20_000, 280), Base: one(20_000, 280)},
		"nothing was seen": {Now: one(20_000, 0), Base: one(20_000, 0), Relative: 0.5},
	} {
		if ok, err := within(&w, 0.95); ok || err != nil {
			t.Errorf("%s: shown to be within the margin (%v)", name, err)
		}
		if p, err := w.P(0); p < 0.5 || err != nil {
			t.Errorf("%s: worse with P = %v, %v", name, p, err)
		}
	}
	if d, _ := (&Worsening{Now: one(1, 0), Base: one(20_000, 280)}).Detectable(0.995, 0.95, 0); !math.IsInf(d, 1) {
		t.Errorf("one injection could have seen a worsening by %v", d)
	}
	if p, _ := (&Worsening{Now: one(10_000, 400), Base: one(10_000, 280)}).P(0); p > 1e-5 {
		t.Errorf("400 against 280 of 10,000: P = %v", p)
	}
}

// within reports that a worsening is shown to be smaller than the margin.
func within(w *Worsening, confidence float64) (bool, error) {
	share, err := w.MarginUsed(confidence)
	return share < 1, err
}
