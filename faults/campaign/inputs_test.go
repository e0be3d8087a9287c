package campaign

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// heterogeneous is a campaign from a truth in which some inputs fail often and some never.
func heterogeneous(t *testing.T, inputs int, seed uint64) *Stored {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	p := make([]float64, inputs)
	for i := range p {
		p[i] = 0.4 * r.Float64() * r.Float64()
	}
	s, err := FromTruth(Shape{NPU: "u55-32", Cycles: toyCycles, Inputs: inputs}, newToy(), Spec{Seed: seed, Injections: 4000}, func(f Fault) faults.Outcome {
		draw := rand.New(rand.NewPCG(seed, uint64(f.Index)+7))
		if f.Group == 3 || draw.Float64() >= p[f.Input] {
			return faults.Masked
		}
		return faults.SDCTolerable
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The estimand over inputs widens every limit, names itself, and changes no estimate.
func TestInputsAreSample(t *testing.T) {
	s := heterogeneous(t, 8, 3)
	fixed, err := s.Campaign(Question{})
	if err != nil {
		t.Fatal(err)
	}
	sample, err := s.Campaign(Question{InputsAre: stats.InputsSample})
	if err != nil {
		t.Fatal(err)
	}
	if fixed.Assumptions.InputsAre != stats.InputsFixed || sample.Assumptions.InputsAre != stats.InputsSample {
		t.Errorf("estimands %q and %q", fixed.Assumptions.InputsAre, sample.Assumptions.InputsAre)
	}
	if sample.DesignEffect < 3 || fixed.DesignEffect != 0 {
		t.Errorf("design effect %v", sample.DesignEffect)
	}
	a, b := fixed.FIT.Violating, sample.FIT.Violating
	if a.Estimate != b.Estimate || b.Upper-b.Estimate < 1.5*(a.Upper-a.Estimate) || b.Lower >= a.Lower {
		t.Errorf("residual %+v for these inputs, %+v for all", a, b)
	}
	if x, y := fixed.SPFM.Any, sample.SPFM.Any; y.Lower >= x.Lower || y.Upper <= x.Upper {
		t.Errorf("SPFM %+v for these inputs, %+v for all", x, y)
	}
	if x, y := fixed.AVF.Violating, sample.AVF.Violating; y.Low >= x.Low || y.High <= x.High || x.Estimate != y.Estimate {
		t.Errorf("AVF %+v for these inputs, %+v for all", x, y)
	}
	// The pmu never fails by proof, whatever the inputs.
	for _, blk := range sample.Blocks {
		if blk.Block == "pmu" && blk.AVFViolating.High != 0 {
			t.Errorf("pmu %+v", blk.AVFViolating)
		}
	}
	if !warned(sample.Warnings, "inputs_sample") || warned(fixed.Warnings, "inputs_sample") {
		t.Error("warnings do not name the estimand")
	}
}

func TestInputsAreRefused(t *testing.T) {
	s := heterogeneous(t, 5, 3)
	if _, err := s.Campaign(Question{InputsAre: stats.InputsSample}); err == nil {
		t.Error("five inputs are taken for a population")
	}
	if _, err := s.Campaign(Question{InputsAre: "some"}); err == nil {
		t.Error("an unknown estimand is taken")
	}
}

func warned(list []result.Warning, code string) bool {
	for _, w := range list {
		if w.Code == code {
			return true
		}
	}
	return false
}
