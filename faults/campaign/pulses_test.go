package campaign

import (
	"math"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats/result"
)

// The population of pulses has as many bits in every block as that of upsets, stands at flops that
// pulses change, and leaves blocks that were not measured alone.
func TestPopulationOfPulses(t *testing.T) {
	table := netlist.New(isa.U55x128, npu.ECCNone)
	set, err := transient.Of(isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	count := func(fault string) (bits, logic map[string]uint64, digest string, p Population) {
		p, err := NewPlain(table, Spec{Sites: SitesFlops, Fault: fault}.normal())
		if err != nil {
			t.Fatal(err)
		}
		bits, logic = map[string]uint64{}, map[string]uint64{}
		for _, g := range p.Groups() {
			if !g.SRAM {
				bits[g.Block] += g.Bits
			}
			if g.Logic != "" {
				logic[g.Logic] += g.Bits
			}
		}
		return bits, logic, p.Digest(), p
	}
	upsets, none, plain, _ := count("seu")
	_, pulses, other, p := count("set")
	if len(none) > 0 || plain == other {
		t.Errorf("upsets have %v, digests %s and %s", none, plain, other)
	}
	if len(set.Blocks) == 0 || len(pulses) != len(set.Blocks) {
		t.Fatalf("%d blocks were measured, %v is there", len(set.Blocks), pulses)
	}
	all := uint64(0)
	for _, n := range upsets {
		all += n
	}
	sum := uint64(0)
	for i, g := range p.Groups() {
		if g.SRAM {
			continue
		}
		sum += g.Bits
		for k := range g.Bits {
			id := p.Bit(i, k)
			place, err := table.Place(id)
			if err != nil || place.Register.Block != g.Block {
				t.Fatalf("group %+v has %s: %v", g, table.Name(id), err)
			}
			b, measured := set.Block(id)
			if measured != (g.Logic != "") || measured && (g.Logic != logicName(set, set.Blocks[b]) || set.Weight(id) == 0) {
				t.Fatalf("group %+v has %s, measured: %t, weight %v", g, table.Name(id), measured, set.Weight(id))
			}
		}
	}
	if sum != all {
		t.Errorf("pulses have %d flops, upsets %d", sum, all)
	}
}

// Rates of pulses follow from the declared rate and stay apart from those of flops.
func TestRateOfPulses(t *testing.T) {
	e := tiny(t, faults.Options{Model: faults.Model{Kind: faults.SET}})
	spec := Spec{Sites: SitesFlops, Injections: 4000, Seed: 3}
	dir := t.TempDir()
	without, err := Run(t.Context(), e, spec, dir, RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if p := without.Pulses; p == nil || p.FITPerKGE != 0 || p.Violating != nil || p.Unmeasured != 0 || without.Verdict != "not_shown" {
		t.Fatalf("without a rate: %+v, verdict %s", p, without.Verdict)
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := func(rate float64) *result.Pulses {
		c, err := s.Campaign(Question{PulseFITPerKGE: rate})
		if err != nil {
			t.Fatal(err)
		}
		if c.FIT != without.FIT || c.AVF != without.AVF {
			t.Error("a rate of pulses changes the rates of flops")
		}
		return c.Pulses
	}
	one, two := at(1), at(2)
	var sum, unmeasured float64
	for _, b := range one.Blocks {
		if !b.Measured {
			unmeasured += b.GE / 1000
			continue
		}
		sum += b.FIT.Estimate
		want := b.GE / 1000 * (b.Idle.Estimate + b.Active.Estimate) * b.Violating.Estimate
		if math.Abs(b.FIT.Estimate-want) > 1e-9*want || !(b.FIT.Lower < b.FIT.Estimate && b.FIT.Estimate < b.FIT.Upper) || b.N == 0 {
			t.Errorf("%s: %+v, want %v FIT", b.Block, *b.FIT, want)
		}
	}
	if one.Violating == nil || sum == 0 || math.Abs(one.Violating.Estimate-sum) > 1e-9*sum || math.Abs(two.Violating.Upper-2*one.Violating.Upper) > 1e-9*two.Violating.Upper {
		t.Errorf("in all %+v, at twice the rate %+v, blocks have %v", one.Violating, two.Violating, sum)
	}
	if math.Abs(one.Unmeasured-unmeasured) > 1e-9*unmeasured || unmeasured == 0 {
		t.Errorf("%v FIT are not measured, want %v", one.Unmeasured, unmeasured)
	}
}

// A rate of pulses says nothing of upsets.
func TestRateOfPulsesNeedsPulses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Run(t.Context(), tiny(t, faults.Options{}), Spec{Injections: 100}, dir, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Campaign(Question{PulseFITPerKGE: 1}); err == nil {
		t.Error("a campaign of upsets takes a rate of pulses")
	}
}
