package campaign

import (
	"math/rand/v2"
	"strings"
	"testing"

	"upset/stats/result"
)

// drawn makes a campaign of two blocks whose strata have the given shares of SDC
// and of detected errors.
func drawn(rng *rand.Rand, n int, sdc, due [2]float64) *result.Campaign {
	c := &result.Campaign{NPU: "u55-128", Model: "planted", Duty: 1, Injections: 2 * n, Inputs: 1,
		Assumptions: result.Assumptions{LambdaFlop: 7.5e-5, Violation: "any", Watchdog: true, Criterion: "top1"}}
	for b, name := range []string{"cc", "mac"} {
		s := result.Stratum{Block: name, Weight: 0.5, Bits: 10_000, N: n}
		for range n {
			switch u := rng.Float64(); {
			case u < sdc[b]:
				s.SDCTolerable++
			case u < sdc[b]+due[b]:
				s.DUEDetected++
			default:
				s.Masked++
			}
		}
		c.Strata = append(c.Strata, s)
		c.Blocks = append(c.Blocks, result.BlockAVF{Block: name})
	}
	return c
}

// TestGateFalseAlarms draws pairs of the same population: no more of them may be
// called worse than the confidence allows, also where failures are rare.
func TestGateFalseAlarms(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const pairs = 1000
	for _, p := range []float64{0.2, 0.02, 0.002} {
		worse := 0
		for range pairs {
			g, err := Gate(drawn(rng, 1000, [2]float64{p, p / 2}, [2]float64{0.1, 0.1}), drawn(rng, 1000, [2]float64{p, p / 2}, [2]float64{0.1, 0.1}), GateOptions{Confidence: 0.95})
			if err != nil {
				t.Fatal(err)
			}
			if g.Result == GateWorse {
				worse++
			}
		}
		// 50 expected at most; 3.3 standard errors above.
		if worse > 73 {
			t.Errorf("share %v: %d of %d equal pairs are called worse at 95 %%", p, worse, pairs)
		}
	}
}

// TestGateFindsWorse checks that real losses are found and named, and that better
// campaigns pass.
func TestGateFindsWorse(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	base := drawn(rng, 4000, [2]float64{0.05, 0.05}, [2]float64{0.1, 0.1})
	for _, c := range []struct {
		name     string
		sdc, due [2]float64
		want     string // metric and block that must be worse; "" for none
	}{
		{"more corruption in one block", [2]float64{0.05, 0.09}, [2]float64{0.1, 0.1}, "avf_violating mac"},
		{"more corruption in all", [2]float64{0.09, 0.09}, [2]float64{0.1, 0.1}, "residual_fit all"},
		{"less detected", [2]float64{0.05, 0.05}, [2]float64{0.05, 0.05}, "coverage all"},
		{"better", [2]float64{0.02, 0.02}, [2]float64{0.2, 0.2}, ""},
	} {
		now := drawn(rng, 4000, c.sdc, c.due)
		g, err := Gate(now, base, GateOptions{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		var worse []string
		for _, k := range g.Checks {
			if k.Result == GateWorse {
				worse = append(worse, k.Metric+" "+k.Block)
			}
		}
		if c.want == "" && g.Result != GatePass || c.want != "" && !strings.Contains(strings.Join(worse, ","), c.want) {
			t.Errorf("%s: worse are %v, want %q", c.name, worse, c.want)
		}
		if g, err = Gate(now, base, GateOptions{Confidence: 0.95, Tolerance: 3}); err != nil || g.Result != GatePass {
			t.Errorf("%s: with a wide tolerance the gate says %v, %v", c.name, g, err)
		}
	}
}

// TestGateRefuses checks that answers to different questions are not compared.
func TestGateRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	share := [2]float64{0.1, 0.1}
	base := drawn(rng, 100, share, share)
	for name, change := range map[string]func(*result.Campaign){
		"NPU":           func(c *result.Campaign) { c.NPU = "u55-32" },
		"violation":     func(c *result.Campaign) { c.Assumptions.Violation = "critical" },
		"FIT per flop":  func(c *result.Campaign) { c.Assumptions.LambdaFlop *= 2 },
		"no injections": func(c *result.Campaign) { c.Strata = nil },
	} {
		now := drawn(rng, 100, share, share)
		change(now)
		if _, err := Gate(now, base, GateOptions{Confidence: 0.95}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
