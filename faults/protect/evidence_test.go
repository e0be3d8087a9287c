package protect

import (
	"math"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
)

// TestEvidenceIsTheCampaigns: the units of a machine together violate as often as the
// campaign says, also where its rounds followed the failures.
func TestEvidenceIsTheCampaigns(t *testing.T) {
	table := netlist.New(isa.U55x32, npu.ECCNone)
	pop, err := campaign.NewTablePopulation(table)
	if err != nil {
		t.Fatal(err)
	}
	groups := pop.Groups()
	outcome := func(f campaign.Fault) faults.Outcome {
		g, r := groups[f.Group], rand.New(rand.NewPCG(uint64(f.Site.ID), f.Site.Cycle))
		p := 0.01
		if g.Class == netlist.LocalControl.String() || g.Class == netlist.GlobalControl.String() {
			p = 0.3
		}
		if !g.Known && r.Float64() < p {
			return faults.SDCCritical
		}
		return faults.Masked
	}
	shape := campaign.Shape{NPU: "u55-32", Cycles: 5000, Inputs: 4}
	for _, sampling := range []string{campaign.SamplingStratified, campaign.SamplingAdaptive} {
		s, err := campaign.FromTruth(shape, pop, campaign.Spec{Injections: 6000, Seed: 3, Sampling: sampling}, outcome)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Campaign(campaign.Question{})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := gatherAs(s, table, nil, view{})
		if err != nil {
			t.Fatal(err)
		}
		if shares, err := s.RoundShares(); err != nil || (shares != nil) != (sampling == campaign.SamplingAdaptive) {
			t.Fatalf("%s: shares %v, %v", sampling, shares, err)
		}
		rates, sum := stats.Scenarios()[0], 0.0
		for _, u := range ev.Units {
			rate := rates.Flop
			if u.SRAM {
				rate = rates.SRAM
			}
			for _, p := range u.Pieces {
				sum += p.Weight * float64(p.Any) * rate
			}
		}
		if want := c.FIT.Violating.Estimate; math.Abs(sum/want-1) > 1e-9 {
			t.Errorf("%s: the units violate at %v FIT, the campaign says %v", sampling, sum, want)
		}
	}
}
