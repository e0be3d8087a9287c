package campaign

import (
	"math"
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// TestFMEDA checks that the modes of every part share its raw rate between them, that
// the single-point modes add up to the residual rate, and that modes which violate
// are listed even where none was seen.
func TestFMEDA(t *testing.T) {
	for _, assume := range []result.Assumptions{{Watchdog: true, ECC: "secded"}, {ECC: "none", AssumeReload: true}} {
		assume.LambdaFlop, assume.LambdaSRAM, assume.Violation, assume.Confidence = 7.5e-5, 6.6e-5, stats.ViolationAny, 0.95
		c := &result.Campaign{Duty: 0.5, Assumptions: assume, Strata: []result.Stratum{
			{Block: "cc", Class: "config", Phase: "0", Bits: 1000, Weight: 0.2, N: 100, Outcomes: result.Outcomes{Masked: 60, Latent: 5, SDCTolerable: 10, SDCCritical: 10, DUEHang: 10, DUEDetected: 5}},
			{Block: "cc", Class: "config", Phase: "1", Bits: 3000, Weight: 0.6, N: 200, Outcomes: result.Outcomes{Masked: 180, SDCTolerable: 20}},
			{Block: "sb", Class: "sram", Phase: "0", SRAM: true, Bits: 1000, Weight: 0.2, N: 50, Outcomes: result.Outcomes{Corrected: 50}},
		}}
		a := &aggregate{confidence: 0.95, limit: 0.95}
		if err := a.fmeda(c); err != nil {
			t.Fatal(err)
		}
		shares, single := map[string]float64{}, 0.0
		stray := false
		for _, r := range c.FMEDA {
			shares[r.Block] += r.Lambda.Estimate / r.LambdaRaw
			if r.Fault == "single_point" {
				single += r.Lambda.Estimate
				stray = stray || r.Mode == "write outside the arena" && r.Lambda.Estimate == 0 && r.Lambda.Upper > 0
			}
			if r.Lambda.Upper < r.Lambda.Estimate || r.Lambda.Lower > r.Lambda.Estimate {
				t.Errorf("%s %s: limits %+v", r.Block, r.Mode, r.Lambda)
			}
		}
		for block, s := range shares {
			if math.Abs(s-1) > 1e-12 {
				t.Errorf("watchdog %v: the modes of %s make up %v of its raw rate", assume.Watchdog, block, s)
			}
		}
		if _, want := fitSample(c, stats.ViolationAny); math.Abs(single-want) > 1e-12 {
			t.Errorf("watchdog %v: single-point modes make %v FIT, the residual rate is %v", assume.Watchdog, single, want)
		}
		if !stray {
			t.Errorf("watchdog %v: stray writes, which were not seen, have no limit", assume.Watchdog)
		}
	}
}
