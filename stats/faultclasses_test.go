package stats

import (
	"io"
	"math"
	"strings"
	"testing"
)

func TestSplitByHand(t *testing.T) {
	parts := []PartRates{
		{Name: "mac", Raw: 60, Safe: Limits{50, 48, 52}, Unprotected: Limits{10, 8, 12}},
		{Name: "sram", Raw: 40, Safe: Limits{20, 19, 21}, Missed: Limits{2, 1, 3}, Detected: Limits{14, 13, 15}, Latent: Limits{4, 3, 5}},
	}
	got, err := Split(parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := FaultClasses{
		Raw: 100, Safe: Limits{70, 67, 73}, SinglePoint: Limits{10, 8, 12}, Residual: Limits{2, 1, 3},
		MultiPointDetected: Limits{14, 13, 15}, MultiPointLatent: Limits{4, 3, 5},
		SPFM: Limits{0.88, 0.85, 0.91}, PMHF: Limits{12, 9, 15},
	}
	if got != want {
		t.Errorf("undeclared:\n%+v, want\n%+v", got, want)
	}
	// 20 FIT intended, 10 FIT of mechanisms, tests find 90 %: missed 20·1 FIT²
	// for 1e5 h, found 20·9 FIT² for 1e3 h, halved.
	got, err = Split(parts, &Permanent{Intended: 20, Mechanisms: 10, Coverage: 0.9, LifetimeHours: 1e5, TestIntervalHours: 1e3})
	if err != nil {
		t.Fatal(err)
	}
	dual := 0.5 * (20*1*1e-9*1e5 + 20*9*1e-9*1e3)
	near(t, "dual point", got.DualPoint, dual, 1e-12)
	near(t, "PMHF", got.PMHF.Upper, 15+dual, 1e-12)
	near(t, "SPFM", got.SPFM.Lower, 0.85, 1e-12)
	// Latent 4 + 1 of 110 − 12; at worst 5 + 1 of 110 − 15, at best 3 + 1 of 110 − 9.
	near(t, "LFM", got.LFM.Estimate, 1-5.0/98, 1e-12)
	near(t, "LFM at worst", got.LFM.Lower, 1-6.0/95, 1e-12)
	near(t, "LFM at best", got.LFM.Upper, 1-4.0/101, 1e-12)
	if !got.Assessed {
		t.Error("declared, but not assessed")
	}
	// Never tested: latent for the whole life.
	got, err = Split(parts, &Permanent{Intended: 20, Mechanisms: 10, LifetimeHours: 1e5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "untested dual point", got.DualPoint, 0.5*200*1e-9*1e5, 1e-12)
}

func TestSplitRefuses(t *testing.T) {
	good := PartRates{Name: "mac", Raw: 10, Safe: Known(10)}
	for name, c := range map[string]struct {
		parts     []PartRates
		permanent *Permanent
		says      string
	}{
		"nothing":      {nil, nil, "raw rate"},
		"sum":          {[]PartRates{{Name: "x", Raw: 10, Safe: Known(9)}}, nil, "add up"},
		"order":        {[]PartRates{{Name: "x", Raw: 10, Safe: Limits{10, 10.5, 10}}}, nil, "in order"},
		"beyond raw":   {[]PartRates{{Name: "x", Raw: 10, Safe: Limits{10, 9, 11}}}, nil, "in order"},
		"not a number": {[]PartRates{{Name: "x", Raw: 10, Safe: Known(math.NaN())}}, nil, "in order"},
		"infinite":     {[]PartRates{{Name: "x", Raw: math.Inf(1)}}, nil, "finite"},
		"no life":      {[]PartRates{good}, &Permanent{Intended: 1}, "lifetime"},
		"coverage":     {[]PartRates{good}, &Permanent{LifetimeHours: 9, Coverage: 2}, "coverage"},
		"never run":    {[]PartRates{good}, &Permanent{LifetimeHours: 9, Coverage: 0.5}, "never run"},
		"too seldom":   {[]PartRates{good}, &Permanent{LifetimeHours: 9, TestIntervalHours: 10}, "within the lifetime"},
		"negative":     {[]PartRates{good}, &Permanent{LifetimeHours: 9, Intended: -1}, "not negative"},
	} {
		_, err := Split(c.parts, c.permanent)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.says)
		}
	}
}

func TestLargestConfidence(t *testing.T) {
	// No failure in n flops of 1 FIT each: the limit is 1 − (1−c)^(1/n) of the
	// raw rate, within budget up to c = 1 − (1 − budget)^n.
	exposures := []Exposure{{Bits: 1, N: 500}}
	rates := Rates{Flop: 1, Duty: 1}
	fit := func(e []Exposure, budget float64) (float64, error) {
		return LargestConfidence(func(confidence float64) (bool, error) {
			total, err := ResidualFIT(e, rates, ViolationAny, false, confidence)
			return total.Upper <= budget, err
		})
	}
	got, err := fit(exposures, 0.005)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "FIT", got, 1-math.Pow(1-0.005, 500), 1e-9)
	// At the confidence found the limit is the budget.
	exposures = []Exposure{{Bits: 100, N: 400, Any: 3}, {Bits: 50, N: 300, Any: 1}}
	if got, err = fit(exposures, 2); err != nil {
		t.Fatal(err)
	}
	total, err := ResidualFIT(exposures, rates, ViolationAny, false, got)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "limit", total.Upper, 2, 1e-6)
	for name, c := range map[string]struct {
		exposures []Exposure
		budget    float64
		want      float64
	}{
		"beyond the estimate": {exposures, 0.5, 0},
		"any budget":          {exposures, 200, MostConfidence},
		"census":              {[]Exposure{{Bits: 1, N: 10, Exact: true}}, 0.1, MostConfidence},
	} {
		if got, err := fit(c.exposures, c.budget); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	if _, err := LargestConfidence(func(float64) (bool, error) { return false, io.EOF }); err == nil {
		t.Error("an error is swallowed")
	}
}
