package campaign

import (
	"errors"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// robustCampaign is a uniform campaign over the flops with a known consequence.
func robustCampaign(t *testing.T, p Population, seed uint64, sampling string, outcome func(Fault) faults.Outcome) *Stored {
	t.Helper()
	spec := Spec{Model: "planted", Seed: seed, Injections: 900, Sampling: sampling}
	s, err := FromTruth(Shape{NPU: "u55-32", Cycles: 5000, Inputs: 4}, p, spec, outcome)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDoublyRobust: a proxy that knows much narrows the interval and keeps the truth, one
// that knows nothing is left out.
func TestDoublyRobust(t *testing.T) {
	p, err := NewTablePopulation(netlist.New(isa.U55x32, npu.ECCNone))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 9))
	const repeats = 24
	var total, hot float64
	groups := p.Groups()
	for _, g := range groups {
		total += float64(g.Bits)
		if g.Block == "sb" && !g.SRAM || g.Block == "mac" || g.SRAM {
			hot += float64(g.Bits)
		}
	}
	covered, used, saved, weakUsed := 0, 0, 0.0, 0
	const high, low = 0.9, 0.02
	truth := (high*hot + low*(total-hot)) / total
	for seed := range uint64(repeats) {
		s := robustCampaign(t, p, seed, SamplingUniform, func(f Fault) faults.Outcome {
			q := low
			if g := groups[f.Group]; g.Block == "sb" && !g.SRAM || g.Block == "mac" || g.SRAM {
				q = high
			}
			if r.Float64() < q {
				return faults.SDCCritical
			}
			return faults.Masked
		})
		c, err := s.Campaign(Question{DoublyRobust: true})
		if err != nil {
			t.Fatal(err)
		}
		x := c.DoublyRobust.Violating
		if x.Low <= truth && truth <= x.High {
			covered++
		}
		if x.Used {
			used++
			saved += x.Efficiency / repeats
		}
		weak := robustCampaign(t, p, seed, SamplingUniform, func(Fault) faults.Outcome {
			if r.Float64() < 0.05 {
				return faults.SDCTolerable
			}
			return faults.Masked
		})
		if c, err = weak.Campaign(Question{DoublyRobust: true}); err != nil {
			t.Fatal(err)
		}
		if x := c.DoublyRobust.Violating; x.Used {
			weakUsed++
		} else if x.Reason == "" || x.Estimate != float64(x.Failures)/float64(x.N) {
			t.Errorf("left out: %+v", x)
		}
	}
	t.Logf("strong proxy: used in %d, efficiency %.2f, covered %d of %d; weak one used in %d", used, saved, covered, repeats, weakUsed)
	// Three standard errors below 95 % of 24.
	if covered < 20 {
		t.Errorf("the truth is covered in %d of %d", covered, repeats)
	}
	if used < repeats || saved < 1.5 {
		t.Errorf("a strong proxy is used in %d of %d campaigns and saves a factor of %.2f", used, repeats, saved)
	}
	if weakUsed > repeats/10 {
		t.Errorf("a proxy without knowledge is used in %d of %d campaigns", weakUsed, repeats)
	}
}

func TestDoublyRobustTakesUniform(t *testing.T) {
	p, err := NewTablePopulation(netlist.New(isa.U55x32, npu.ECCNone))
	if err != nil {
		t.Fatal(err)
	}
	s := robustCampaign(t, p, 1, SamplingStratified, func(Fault) faults.Outcome { return faults.Masked })
	if _, err := s.Campaign(Question{DoublyRobust: true}); !errors.Is(err, ErrNotUniform) {
		t.Errorf("stratified: %v", err)
	}
	s = robustCampaign(t, p, 1, SamplingUniform, func(Fault) faults.Outcome { return faults.Masked })
	if _, err := s.Campaign(Question{DoublyRobust: true, InputsAre: stats.InputsSample}); err == nil {
		t.Error("clusters of inputs are no simple random sample")
	}
}
