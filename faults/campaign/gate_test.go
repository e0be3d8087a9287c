package campaign

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"upset/stats"
	"upset/stats/result"
)

// planting is a population to draw campaigns from: one stratum for each entry.
type planting []struct {
	block     string
	bits      float64
	bad, safe float64 // shares of violating and of detected faults
}

// small24 has the blocks, sizes and shares of a small network: about 14 violations and
// 16 detected stops among a thousand faults.
var small24 = planting{
	{"cc", 3000, 0.040, 0.05}, {"cc", 3600, 0.006, 0.02}, {"traversal", 437, 0.107, 0.03},
	{"dma", 2000, 0.020, 0.02}, {"dma", 6000, 0.006, 0.02}, {"wd", 2000, 0.030, 0.02}, {"wd", 4300, 0.004, 0.01},
	{"mac", 500, 0.050, 0}, {"mac", 6000, 0.004, 0}, {"ao", 900, 0.030, 0.01}, {"ao", 2000, 0.005, 0}, {"sb", 109, 0.100, 0.01},
}

// draw draws a campaign of about n injections; violations are more frequent by the
// given factor in the blocks named, or in all.
func (p planting) draw(rng *rand.Rand, n int, factor float64, blocks ...string) *result.Campaign {
	c := &result.Campaign{NPU: "u55-128", Model: "planted", Duty: 1, Inputs: 1, ResultDigest: "planted",
		Identity:    &result.Identity{Format: formatVersion, Architecture: "a", Program: "p", Inputs: "i", Table: "t"},
		Assumptions: result.Assumptions{LambdaFlop: 7.5e-5, Violation: "any", Watchdog: true, Criterion: "top1", BudgetFIT: 0.2}}
	var whole float64
	for _, x := range p {
		whole += x.bits
	}
	binomial := func(n int, share float64) int {
		if share == 0 || n == 0 {
			return 0
		}
		return int(distuv.Binomial{N: float64(n), P: share, Src: rng}.Rand())
	}
	left := n
	for i, x := range p {
		s := result.Stratum{Block: x.block, Class: "local", Weight: x.bits / whole, Bits: x.bits, N: int(float64(n) * x.bits / whole)}
		if n < 100 { // as an allocation does: none for most
			s.N = 0
		}
		if i == len(p)-1 {
			s.N = left
		}
		left -= s.N
		bad := x.bad
		if len(blocks) == 0 || slices.Contains(blocks, x.block) {
			bad *= factor
		}
		s.SDCCritical = binomial(s.N, bad/2)
		s.SDCTolerable = binomial(s.N-s.SDCCritical, bad/2)
		s.DUEDetected = binomial(s.N-s.SDC(), x.safe)
		s.Masked = s.N - s.SDC() - s.DUEDetected
		c.Injections += s.N
		c.Strata = append(c.Strata, s)
		if !slices.ContainsFunc(c.Blocks, func(b result.BlockAVF) bool { return b.Block == x.block }) {
			c.Blocks = append(c.Blocks, result.BlockAVF{Block: x.block})
		}
	}
	return c
}

// mustGate is a regression test that has to be possible.
func mustGate(t *testing.T, now, base *result.Campaign, change func(*GateOptions)) *result.Gate {
	t.Helper()
	o := DefaultGateOptions(0.2)
	if change != nil {
		change(&o)
	}
	g, err := Gate(now, base, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGatePassesEqualsAndCatchesHalf draws campaigns from one population and from one
// whose violations are half again as frequent. Of adequate size, at least 99 of 100
// equal pairs pass; at any size at most 5 of 100 of the worse ones do; and equal ones
// are hardly ever called worse.
func TestGatePassesEqualsAndCatchesHalf(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		n       int
		passing float64 // share of equal pairs that must pass
		pairs   int
	}{{20_000, 0.99, 300}, {10_000, 0.85, 100}, {1000, 0, 100}} {
		count := func(factor float64) map[string]int {
			results := make(map[string]int)
			for range c.pairs {
				g := mustGate(t, small24.draw(rng, c.n, factor), small24.draw(rng, c.n, 1), nil)
				results[g.Result]++
			}
			return results
		}
		equal, half := count(1), count(1.5)
		t.Logf("%d injections: equal %v, worse by half %v of %d", c.n, equal, half, c.pairs)
		if float64(equal[GatePass]) < c.passing*float64(c.pairs) {
			t.Errorf("%d injections: %d of %d equal pairs pass, want %v", c.n, equal[GatePass], c.pairs, c.passing)
		}
		// 5 % expected at most; 2.4 standard errors above or more.
		if half[GatePass] > 9*c.pairs/100 {
			t.Errorf("%d injections: %d of %d pairs that are worse by half pass", c.n, half[GatePass], c.pairs)
		}
		if equal[GateWorse] > 5 { // 1.5 expected at most; 2.9 standard errors above
			t.Errorf("%d injections: %d of %d equal pairs are called worse", c.n, equal[GateWorse], c.pairs)
		}
	}
}

// TestGateNeedsEvidence holds campaigns against a good baseline that say nothing.
func TestGateNeedsEvidence(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	base := small24.draw(rng, 20_000, 1)
	for _, n := range []int{1, 20, 300} {
		g := mustGate(t, small24.draw(rng, n, 1), base, nil)
		if g.Result != GateNotShown {
			t.Errorf("%d injections against 20,000: %s", n, g.Result)
		}
		if g.InjectionsNeeded < 5000 || g.InjectionsNeeded > 40_000 {
			t.Errorf("%d injections against 20,000: %d are said to be needed", n, g.InjectionsNeeded)
		}
		if c := g.Checks[0]; n == 1 && c.Detectable != nil || n == 300 && (c.Detectable == nil || *c.Detectable < c.Baseline) {
			t.Errorf("%d injections could have seen %v of %v", n, c.Detectable, c.Baseline)
		}
	}
	if g := mustGate(t, base, small24.draw(rng, 1, 1), nil); g.Result != GateNotShown || g.InjectionsNeeded < 5000 {
		t.Errorf("20,000 injections against one: %s, %d needed", g.Result, g.InjectionsNeeded)
	}
	one := small24.draw(rng, 1, 1)
	if g := mustGate(t, one, one, nil); g.Result != GateNotShown || !g.Paired {
		t.Errorf("one injection against itself: %s", g.Result)
	}
	if g := mustGate(t, base, base, nil); g.Result != GatePass || !g.Paired {
		t.Errorf("a campaign against itself: %s", g.Result)
	}
	// Nothing violates in both: half of nothing cannot be shown, the absolute margin can.
	none := small24.draw(rng, 10_000, 0)
	other := small24.draw(rng, 10_000, 0)
	if g := mustGate(t, other, none, func(o *GateOptions) { o.MarginFIT = 0 }); g.Result != GateNotShown || g.InjectionsNeeded != 0 {
		t.Errorf("half of nothing: %s, %d needed", g.Result, g.InjectionsNeeded)
	}
	if g := mustGate(t, other, none, nil); g.Result != GatePass {
		t.Errorf("without violations: %s", g.Result)
	}
}

// TestGateTellsWorseFromNotShown checks that real losses are found and named, in one
// block or in all, and that better campaigns pass.
func TestGateTellsWorseFromNotShown(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	base := small24.draw(rng, 40_000, 1)
	silent := slices.Clone(small24)
	for i := range silent {
		silent[i].safe = 0
	}
	for _, c := range []struct {
		name, want string
		now        *result.Campaign
		worse      string // metric and block that must be worse; "" for none
	}{
		{"three times in one block", GateWorse, small24.draw(rng, 40_000, 3, "mac"), "avf_violating mac"},
		{"twice in all", GateWorse, small24.draw(rng, 40_000, 2), "residual_fit all"},
		{"nothing is detected", GateWorse, silent.draw(rng, 40_000, 1), "coverage all"},
		{"half", GatePass, small24.draw(rng, 40_000, 0.5), ""},
		{"five per cent", GatePass, small24.draw(rng, 40_000, 1.05), ""},
	} {
		g := mustGate(t, c.now, base, nil)
		var worse []string
		for _, k := range g.Checks {
			if k.Result == GateWorse {
				worse = append(worse, k.Metric+" "+k.Block)
			}
		}
		if g.Result != c.want || !strings.Contains(strings.Join(worse, ","), c.worse) || c.worse == "" && worse != nil {
			t.Errorf("%s: %s, worse are %v, want %s with %q", c.name, g.Result, worse, c.want, c.worse)
		}
	}
	// A worsening that is real but shown to be within the margin passes.
	large := mustGate(t, small24.draw(rng, 400_000, 1.2), small24.draw(rng, 400_000, 1), nil)
	if large.Result != GatePass || large.Checks[0].P > 1e-3 {
		t.Errorf("worse by 20 %% among 400,000: %s, P %v", large.Result, large.Checks[0].P)
	}
	strict := mustGate(t, small24.draw(rng, 400_000, 1.2), small24.draw(rng, 400_000, 1), func(o *GateOptions) { o.Margin = 0.1 })
	if strict.Result != GateWorse {
		t.Errorf("worse by 20 %% with a margin of 10 %%: %s", strict.Result)
	}
}

// TestGateRefusesOtherQuestions checks that answers to different questions are compared
// only where the difference is declared, and that weights may differ.
func TestGateRefusesOtherQuestions(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	base := small24.draw(rng, 20_000, 1)
	for allow, changes := range map[string][]func(*result.Campaign){
		differsNPU:       {func(c *result.Campaign) { c.NPU = "u55-32" }},
		differsNetwork:   {func(c *result.Campaign) { c.Identity.Architecture = "b" }},
		differsInputs:    {func(c *result.Campaign) { c.Identity.Inputs = "j" }, func(c *result.Campaign) { c.Inputs = 2 }, func(c *result.Campaign) { c.Assumptions.InputsAre = "sample" }},
		differsVersion:   {func(c *result.Campaign) { c.Identity.Format++ }, func(c *result.Campaign) { c.Identity = nil }},
		differsFault:     {func(c *result.Campaign) { c.Assumptions.Fault = "pair" }},
		differsRates:     {func(c *result.Campaign) { c.Assumptions.LambdaFlop *= 2 }, func(c *result.Campaign) { c.Assumptions.LambdaSRAM = 1 }, func(c *result.Campaign) { c.Duty = 0.5 }},
		differsCriterion: {func(c *result.Campaign) { c.Assumptions.Criterion = "any" }},
		differsMachine:   {func(c *result.Campaign) { c.Assumptions.ECC = "none" }, func(c *result.Campaign) { c.Identity.Table = "u" }, func(c *result.Campaign) { c.Identity.System = "slow" }, func(c *result.Campaign) { c.Assumptions.Inventory = "mine" }},
		differsSites:     {func(c *result.Campaign) { c.Identity.Selection = "flops" }},
		differsBlocks:    {func(c *result.Campaign) { c.Strata[2].Block = "walk" }},
	} {
		for i, change := range changes {
			now := small24.draw(rng, 20_000, 1)
			change(now)
			o := DefaultGateOptions(0.2)
			if _, err := Gate(now, base, o); err == nil || !strings.Contains(err.Error(), "--allow "+allow) {
				t.Errorf("%s, change %d: error %v", allow, i, err)
			}
			o.Allow = []string{allow}
			g, err := Gate(now, base, o)
			if err != nil {
				t.Errorf("%s, change %d, declared: %v", allow, i, err)
				continue
			}
			if len(g.Differences) != 1 || g.Differences[0].Name != allow || len(g.Warnings) != 1 {
				t.Errorf("%s, change %d: shown are %+v with %v", allow, i, g.Differences, g.Warnings)
			}
			if skipped := slices.ContainsFunc(g.Checks, func(c result.GateCheck) bool { return c.Result == GateSkipped }); skipped != (allow == differsBlocks) {
				t.Errorf("%s: a check is skipped: %t", allow, skipped)
			}
		}
	}
	now := small24.draw(rng, 20_000, 1)
	now.Identity.Program, now.Model = "q", "retrained"
	if g := mustGate(t, now, base, nil); len(g.Differences) != 1 || g.Differences[0].Name != differsWeights || len(g.Warnings) != 0 {
		t.Errorf("other weights: %+v", g)
	}
	now.Strata, now.Injections = nil, 0
	if _, err := Gate(now, base, DefaultGateOptions(0.2)); err == nil {
		t.Error("a campaign without injections is compared")
	}
	for _, change := range []func(*result.Campaign){
		func(c *result.Campaign) { c.Incomplete = true },
		func(c *result.Campaign) { c.Warnings = []result.Warning{{Code: "provisional"}} },
	} {
		now := small24.draw(rng, 20_000, 1)
		change(now)
		for _, pair := range [][2]*result.Campaign{{now, base}, {base, now}} {
			if _, err := Gate(pair[0], pair[1], DefaultGateOptions(0.2)); !errors.Is(err, ErrInterrupted) {
				t.Errorf("an unfinished campaign: %v", err)
			}
		}
	}
	// A block that decides and is missing is never passed over.
	o := DefaultGateOptions(0.2)
	o.Decides, o.Allow = []string{gateBlock}, []string{differsBlocks}
	now = small24.draw(rng, 400_000, 1)
	now.Strata[2].Block = "walk"
	if g, err := Gate(now, small24.draw(rng, 400_000, 1), o); err != nil || g.Result != GateNotShown {
		t.Errorf("a block that decides is missing: %v, %v", g, err)
	}
}

// TestCheckResultFindsDamage changes a result as files may be changed.
func TestCheckResultFindsDamage(t *testing.T) {
	fresh := func() *result.Campaign { return small24.draw(rand.New(rand.NewPCG(13, 14)), 2000, 1) }
	if err := CheckResult(fresh()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*result.Campaign){
		"no blocks":        func(c *result.Campaign) { c.Blocks = nil },
		"renamed block":    func(c *result.Campaign) { c.Blocks[1].Block = "walk" },
		"renamed stratum":  func(c *result.Campaign) { c.Strata[0].Block, c.Strata[1].Block = "walk", "walk" },
		"block twice":      func(c *result.Campaign) { c.Blocks[1].Block = c.Blocks[0].Block },
		"extra block":      func(c *result.Campaign) { c.Blocks = append(c.Blocks, result.BlockAVF{Block: "x"}) },
		"no strata":        func(c *result.Campaign) { c.Strata = nil },
		"fewer strata":     func(c *result.Campaign) { c.Strata = c.Strata[1:] },
		"counts":           func(c *result.Campaign) { c.Strata[0].Masked++ },
		"negative":         func(c *result.Campaign) { c.Strata[0].Masked += 5; c.Strata[0].Latent -= 5 },
		"huge":             func(c *result.Campaign) { c.Strata[0].N = 1 << 40 },
		"weight":           func(c *result.Campaign) { c.Strata[0].Weight *= 2 },
		"proven, violates": func(c *result.Campaign) { c.Strata[0].Exact = true },
		"part":             func(c *result.Campaign) { c.Strata[0].Parts = []result.StratumPart{{Share: 1}} },
		"no NPU":           func(c *result.Campaign) { c.NPU = "" },
	} {
		c := fresh()
		change(c)
		if err := CheckResult(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestGateUsesTheCampaignsOwnEstimate checks that the gate's rate is that of the
// campaign, also where rounds followed the failures and are not pooled.
func TestGateUsesTheCampaignsOwnEstimate(t *testing.T) {
	for _, sampling := range []string{SamplingStratified, SamplingUniform, SamplingAdaptive} {
		c := newToy().must(t, toySpec(func(s *Spec) { s.Sampling, s.Injections = sampling, 20_000 }), t.TempDir(), 1)
		if err := CheckResult(c); err != nil {
			t.Errorf("%s: %v", sampling, err)
		}
		list, got := fitSample(c, stats.ViolationAny)
		if want := c.FIT.Violating.Estimate; math.Abs(got-want) > 1e-12*want {
			t.Errorf("%s: the gate estimates %v FIT, the campaign %v", sampling, got, want)
		}
		total, err := stats.Combine(list, c.Assumptions.Confidence)
		if err != nil {
			t.Fatal(err)
		}
		if want := c.FIT.Violating.Upper; math.Abs(total.Upper-want) > 1e-9*want {
			t.Errorf("%s: the gate's upper limit is %v FIT, the campaign's %v", sampling, total.Upper, want)
		}
		if _, got := spfmSample(c, stats.ViolationAny); math.Abs(got-c.SPFM.Any.Estimate) > 1e-12 {
			t.Errorf("%s: the gate's SPFM is %v, the campaign's %v", sampling, got, c.SPFM.Any.Estimate)
		}
		for _, b := range c.Blocks {
			if _, got := blockSample(c, b.Block); math.Abs(got-b.AVFViolating.Estimate) > 1e-12 {
				t.Errorf("%s: the gate's AVF of %s is %v, the campaign's %v", sampling, b.Block, got, b.AVFViolating.Estimate)
			}
		}
		if parts := slices.ContainsFunc(c.Strata, func(s result.Stratum) bool { return len(s.Parts) > 1 }); parts != (sampling == SamplingAdaptive) {
			t.Errorf("%s: strata have parts: %t", sampling, parts)
		}
	}
}
