package stats

import (
	"math"
	"testing"
)

// The metrics of a small machine, worked out by hand.
func TestSafetyByHand(t *testing.T) {
	in := SafetyInput{
		Raw: 10, Violating: Limits{0.04, 0.02, 0.06}, Detected: Limits{1, 0.8, 1.2}, SPFM: Limits{0.996, 0.994, 0.998}, Protected: true,
		Permanent: &PermanentParts{
			Unguarded: 0.5, Guarded: []Guarded{{"mac", 20, 0.99}, {"wd", 5, 0.6}}, Mechanisms: 8,
			TestCoverage: 0.9, LifetimeHours: 100_000, TestIntervalHours: 10,
		},
	}
	s, err := NewSafety(in)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("safe", s.Transient.Safe.Estimate, 8.96)
	near("safe, lower", s.Transient.Safe.Lower, 10-0.06-1.2)
	near("residual", s.Transient.Residual.Upper, 0.06)
	near("single-point", s.Transient.SinglePoint.Upper, 0)
	p := s.Permanent
	// 25.5 FIT in all; 0.5 single-point; 20·0.01 + 5·0.4 = 2.2 residual.
	near("raw", p.Raw, 25.5)
	near("single-point, permanent", p.SinglePoint.Estimate, 0.5)
	near("residual, permanent", p.Residual.Estimate, 2.2)
	near("detected, permanent", p.MultiPointDetected.Estimate, 22.8)
	near("SPFM, permanent", p.SPFM.Estimate, 1-2.7/25.5)
	// Latent: 8·0.1 of 25.5 + 8 − 2.7.
	near("LFM", p.LFM.Estimate, 1-0.8/30.8)
	// ½·25·8 FIT²·1e-9·(0.1·100,000 h + 0.9·10 h)
	near("dual-point", p.DualPoint, 0.5*25*8*1e-9*(0.1*100_000+0.9*10))
	near("PMHF", s.PMHF.Upper, 0.06+2.7+p.DualPoint)
	want := map[string]string{
		"asil-b spfm": Met, "asil-c spfm": Met, "asil-d spfm": Met,
		"asil-b spfm_permanent": NotMet, "asil-d spfm_permanent": NotMet,
		"asil-b lfm": Met, "asil-d lfm": Met, "asil-d pmhf": Met,
	}
	for _, l := range s.Levels {
		if w := want[l.Name+" "+l.Metric]; w != "" && w != l.Result {
			t.Errorf("%s %s: %s, want %s", l.Name, l.Metric, l.Result, w)
		}
		delete(want, l.Name+" "+l.Metric)
	}
	if len(want) > 0 {
		t.Errorf("no rows for %v", want)
	}
}

// Without declarations LFM and PMHF are not assessed, but PMHF can be missed.
func TestSafetyNotAssessed(t *testing.T) {
	for _, tc := range []struct {
		violating float64
		pmhf      string
	}{{1, NotAssessed}, {20, NotMet}} {
		s, err := NewSafety(SafetyInput{Raw: 100, Violating: Known(tc.violating), Detected: Known(5), SPFM: Known(0.9)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Permanent != nil || s.Transient.SinglePoint.Estimate != tc.violating || len(s.Levels) != 9 {
			t.Errorf("%+v", s)
		}
		for _, l := range s.Levels {
			if l.Metric == MetricLFM && l.Result != NotAssessed || l.Metric == MetricPMHF && l.Name == "asil-d" && l.Result != tc.pmhf {
				t.Errorf("%v FIT: %s %s is %s", tc.violating, l.Name, l.Metric, l.Result)
			}
		}
	}
	for name, p := range map[string]PermanentParts{
		"interval": {Unguarded: 1, LifetimeHours: 10, TestIntervalHours: 20},
		"coverage": {Unguarded: 1, LifetimeHours: 10, TestIntervalHours: 1, TestCoverage: 2},
		"life":     {Unguarded: 1, TestCoverage: 0.5},
	} {
		if _, err := NewSafety(SafetyInput{Raw: 1, Permanent: &p}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Limits beyond the raw rate are cut, not refused.
func TestSafetyWideLimits(t *testing.T) {
	s, err := NewSafety(SafetyInput{Raw: 1, Violating: Limits{0.1, 0, 1.4}, Detected: Limits{0.2, 0.1, 1.5}})
	if err != nil || s.Transient.SinglePoint.Upper != 1 || s.Transient.Safe.Lower != 0 {
		t.Errorf("%+v, %v", s.Transient, err)
	}
}
