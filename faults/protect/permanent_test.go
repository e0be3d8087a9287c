package protect

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"upset/faults/campaign"
	"upset/faults/mechanism"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// declared are permanent rates; all of it is that of flops.
func declared() campaign.Permanent {
	return campaign.Permanent{FITPer100kGE: 0.1, LifetimeHours: 100_000, TestIntervalHours: 1, TestCoverage: 0.9, FlopShare: 1}
}

func warned(p *result.Protect, code string) (message string) {
	for _, w := range p.Warnings {
		if w.Code == code {
			message += w.Message
		}
	}
	return message
}

// TestTheSearchKeepsAPermanentLimit: with declared permanent rates of flops the design is
// another one than for transients alone, costs more, and is judged on a sample that the
// search has not seen.
func TestTheSearchKeepsAPermanentLimit(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	o := Options{Dir: t.TempDir(), NoFront: true, Workers: 2}
	alone, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if alone.Safety.StuckAts != nil || !strings.HasSuffix(alone.Statement, "transient faults only") {
		t.Errorf("nothing was declared: %+v, %s", alone.Safety.StuckAts, alone.Statement)
	}
	o.Dir, o.Permanent = t.TempDir(), declared()
	both, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	x := both.Safety.StuckAts
	if !both.Meets || both.AreaOverhead <= 2*alone.AreaOverhead || x.FlopSPFM.Lower < 0.99 || both.Safety.Permanent.SPFM != x.FlopSPFM {
		t.Errorf("meets %v (%s) at %v beside %v, SPFM %+v, %+v; %v", both.Meets, both.Statement, both.AreaOverhead, alone.AreaOverhead, x.FlopSPFM, both.Safety.Permanent, both.Warnings)
	}
	if x.Reachable.Lower < 0.99 || x.LogicFIT != 0 || x.Searched != x.Faults {
		t.Errorf("%+v", x)
	}
	for _, m := range x.Mechanisms {
		if i := slices.IndexFunc(both.Choice, func(c result.Choice) bool {
			return strings.HasPrefix(m.Mechanism, c.Block) && strings.HasSuffix(m.Mechanism, c.Mechanism)
		}); i < 0 {
			t.Errorf("%s is not in the design", m.Mechanism)
		}
		if c := m.Coverage; c.N > 0 && (c.Low > c.Estimate || c.High < c.Estimate || c.N == c.Failures && c.High != 1) {
			t.Errorf("%s: %+v", m.Mechanism, c)
		}
	}
	safe := 0.0
	for _, b := range x.Blocks {
		if b.Block == "pmu" || b.Safe.N == 0 || b.Safe.Low > b.Safe.Estimate || b.Safe.Estimate+b.Harmful.Estimate > 1+1e-9 {
			t.Errorf("%+v", b)
		}
		safe += b.Safe.Estimate / float64(len(x.Blocks))
	}
	if safe < 0.3 || safe > 0.95 {
		t.Errorf("a share of %v is safe", safe)
	}
	// With a part of the rate in gates, which nothing was injected into, nothing is met.
	o.Dir, o.Permanent.FlopShare = t.TempDir(), 0
	gates, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	x = gates.Safety.StuckAts
	if gates.Meets || gates.Verdict == stats.Met || x.LogicFIT <= 0 || gates.Safety.Permanent.SPFM.Lower > x.FlopShare || gates.Safety.Permanent.SPFM.Upper < 0.99 {
		t.Errorf("gates: %s, %+v", gates.Statement, gates.Safety.Permanent.SPFM)
	}
}

// TestTheSearchSaysWhatKeepsAPermanentTarget: a sample that cannot show the target, or a
// limit that no mechanism keeps, is named with the best value that can be reached.
func TestTheSearchSaysWhatKeepsAPermanentTarget(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	o := Options{NoFront: true, Workers: 2, Permanent: declared()}
	o.Dir, o.Permanent.Faults = t.TempDir(), 100
	few, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if m := warned(few, "no_permanent_design"); few.Meets || !few.Proof.Holds || !strings.Contains(m, "lower limit") || !strings.Contains(m, "--stuck-at") {
		t.Errorf("100 faults: meets %v, %q", few.Meets, m)
	}
	o.Dir, o.Permanent.Faults, o.Permanent.Cycles = t.TempDir(), 0, 1_000_000
	bounded, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if x := bounded.Safety.StuckAts; x.Asked != 1200 || x.Faults >= 200 || bounded.Meets {
		t.Errorf("a bound on cycles: %d of %d faults", x.Faults, x.Asked)
	}
	// Both are joined over networks: a fault is safe only if all of them mask it.
	tiny, nano := twoNetworks(t)
	p, err := RunSeveral(context.Background(), []Case{tiny, nano}, MissionWorst, Options{NoFront: true, Workers: 2, Permanent: declared(), Set: OptionsPaper})
	if err != nil {
		t.Fatal(err)
	}
	if x := p.Safety.StuckAts; x.Networks != 2 || x.Inputs != 8 {
		t.Errorf("two networks: %+v", x)
	}
}

// TestPermanentFaultsBesideACode: the faults are found again on a machine that the design
// gives a code on its RAM, whose sites have other numbers.
func TestPermanentFaultsBesideACode(t *testing.T) {
	plain, coded := tinyEngine(t, "fashion-tiny", 2, npu.ECCNone), tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	s := &stuckSample{violation: stats.ViolationAny, watchdog: true, workers: 2}
	s.engines = append(s.engines, plain)
	s.units = stuckUnits(plain.Table(), func(c mechanism.Choice) float64 { return 1 })
	s.draw(100, 3, 0)
	if err := s.depart(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := effects(t, s)
	moved := *s
	moved.engines = moved.engines[:0:0]
	moved.engines = append(moved.engines, coded)
	if err := moved.moveTo(context.Background(), plain.Table()); err != nil {
		t.Fatal(err)
	}
	for i, f := range moved.faults {
		if a, b := plain.Table().Name(s.faults[i].flaw.ID), coded.Table().Name(f.flaw.ID); a != b {
			t.Fatalf("%s became %s", a, b)
		}
	}
	same := 0
	for i, x := range effects(t, &moved) {
		if x == before[i] {
			same++
		}
	}
	if same < len(before)*95/100 {
		t.Errorf("%d of %d faults do the same beside the code", same, len(before))
	}
}

// TestMeasuredGatesAreInTheVerdict: with stuck gates asked for, a part of the rate of the gates moves
// from not assessed to measured, and no more than the gates that were injected have.
func TestMeasuredGatesAreInTheVerdict(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCNone)
	s := baseCampaign(t, e, 3000)
	o := Options{Dir: t.TempDir(), NoFront: true, Workers: 2, Set: OptionsPaper, Permanent: declared()}
	o.Permanent.FlopShare, o.Permanent.Faults, o.Permanent.Gates = 0.5, 200, 16
	with, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	x := with.Safety.StuckAts
	if len(x.Logic) == 0 || x.GatesFIT <= 0 || x.GatesFIT >= x.LogicFIT {
		t.Fatalf("%+v, %v of %v FIT", x.Logic, x.GatesFIT, x.LogicFIT)
	}
	sum := 0.0
	for _, b := range x.Logic {
		sum += b.FIT
		if b.Safe.N != 16 || b.Safe.Failures == 0 || b.Safe.Failures+b.Harmful.Failures > 16 || b.Coverage.N != b.Harmful.Failures {
			t.Errorf("%+v", b)
		}
	}
	if math.Abs(sum-x.GatesFIT) > 1e-9 {
		t.Errorf("blocks have %v FIT, measured are %v", sum, x.GatesFIT)
	}
	// Without them the lower limit is that of the flops, and all the rest may violate.
	if p := with.Safety.Permanent; p.SPFM.Lower <= x.FlopSPFM.Lower*x.FlopShare || p.SPFM.Upper >= 1 {
		t.Errorf("SPFM %+v, flops alone %+v", p.SPFM, x.FlopSPFM)
	}
	if !strings.Contains(with.Statement, "of other gates not assessed") {
		t.Error(with.Statement)
	}
}
