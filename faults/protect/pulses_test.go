package protect

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/stats"
	"upset/stats/result"
)

// pulsesBeside injects pulses beside mechanisms everywhere.
func pulsesBeside(t *testing.T, e *engine.Engine, n int, choices []mechanism.Choice) []BlockPulses {
	t.Helper()
	d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), 5)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Pulses(context.Background(), e, d, PulsesOptions{Seed: 3, N: n, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What keeps single upsets out does not keep pulses out: hardened cells and voters take them over.
// Parity misses even patterns, and all where its bit took over the wrong value; copies see all.
func TestPulsesBesideMechanisms(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	const n = 1500
	bare := pulsesBeside(t, e, n, nil)
	if len(bare) != 4 {
		t.Fatalf("%d blocks: %+v", len(bare), bare)
	}
	total := 0
	for _, u := range bare {
		total += u.PlainAny
		if u.N != n || u.Any != u.PlainAny || u.ApartAny != u.PlainAny || u.Critical > u.Any || !(u.Captured.Low < u.Captured.Value && u.Captured.Value < u.Captured.High) {
			t.Errorf("without mechanisms: %+v", u)
		}
	}
	if total < 50 {
		t.Fatalf("%d violate: the sample shows nothing", total)
	}
	for _, k := range []mechanism.Kind{mechanism.HardenLight, mechanism.Harden, mechanism.Triplicate, mechanism.Duplicate, mechanism.Lockstep, mechanism.Parity, mechanism.ParityAlways} {
		apart, any := 0, 0
		for i, u := range pulsesBeside(t, e, n, Everywhere(k)) {
			if b := bare[i]; u.Block != b.Block || u.PlainAny != b.PlainAny || u.PlainCritical != b.PlainCritical || u.ApartAny > u.Any || u.Any > u.PlainAny {
				t.Errorf("%s: %+v, without mechanisms %+v", k, u, b)
			}
			apart, any = apart+u.ApartAny, any+u.Any
		}
		t.Logf("%s: %d of %d remain, %d with check bits right", k, any, total, apart)
		switch k {
		case mechanism.Duplicate, mechanism.Lockstep:
			if any != 0 {
				t.Errorf("%s leaves %d of %d", k, any, total)
			}
		case mechanism.Parity, mechanism.ParityAlways:
			if any != total || apart == 0 || apart > total/2 {
				t.Errorf("%s leaves %d of %d, %d with check bits right", k, any, total, apart)
			}
		default:
			if any != total || apart != total {
				t.Errorf("%s leaves %d of %d, %d with check bits right", k, any, total, apart)
			}
		}
	}
}

// begun is a guard whose mechanisms have run from the start of the inference.
type begun struct{ pulseGuard }

func (g *begun) Upset(m *npu.Machine, _ faults.Site, cells []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	before, after, _ = g.standing.Take(m, false, cells...)
	return before, after, false, 0, 0
}

// Mechanisms that start at the pulse say what those say that ran beside the machine from the
// start of the inference, and parity misses just what changes an even number of bits in every
// group.
func TestPulsesAgreeWithPlain(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED).With(faults.Model{Kind: faults.SET})
	set := e.Transients()
	_, events := drawPulses(e, PulsesOptions{Seed: 9, N: 600})
	for _, k := range []mechanism.Kind{mechanism.ParityAlways, mechanism.Parity, mechanism.Duplicate, mechanism.Triplicate, mechanism.Residue, mechanism.Checksum, mechanism.StreamCRC} {
		d := equipped(t, e, 5, Everywhere(k))
		w, err := e.Worker()
		if err != nil {
			t.Fatal(err)
		}
		guards, err := newPulseGuards(e, d)
		if err != nil {
			t.Fatal(err)
		}
		m, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		standing, err := d.NewStanding(m)
		if err != nil {
			t.Fatal(err)
		}
		from := &begun{pulseGuard{&guard{standing, d}, standing, false}}
		parity := map[[2]int]int{} // wrong bits by element of a register: no element of a group is in two
		seen, harm := 0, 0
		for _, x := range events {
			bare, err := w.Inject(x.input, x.site, nil)
			if err != nil {
				t.Fatal(err)
			}
			if bare.Path == faults.PathUncaught || bare.Outcome == faults.Masked || harm == 40 {
				continue
			}
			harm++
			fast, err := w.Inject(x.input, x.site, guards.apart)
			if err != nil {
				t.Fatal(err)
			}
			cells, _, _ := set.Draw(x.site.ID, x.site.Cycle)
			plain, err := w.PlainGuarded(x.input, x.site, from)
			if err != nil {
				t.Fatal(err)
			}
			if !fast.Same(plain) {
				t.Errorf("%s, %s@%d: %+v, from the start %+v", k, e.Table().Name(x.site.ID), x.site.Cycle, fast, plain)
			}
			if fast.Outcome == faults.Detected {
				seen++
			}
			if k != mechanism.ParityAlways {
				continue
			}
			clear(parity)
			for _, id := range cells {
				p, err := e.Table().Place(id)
				if err != nil {
					t.Fatal(err)
				}
				parity[[2]int{int(p.Register.First), p.Element<<8 | p.Bit/32}]++
			}
			odd := false
			for _, bits := range parity {
				odd = odd || bits%2 == 1
			}
			if wide := slices.ContainsFunc(cells, func(id netlist.SiteID) bool {
				p, err := e.Table().Place(id)
				return err == nil && p.Register.Width > 32
			}); !wide && odd != (fast.Outcome == faults.Detected && fast.End == x.site.Cycle) {
				t.Errorf("%s@%d: %d cells, an odd group %v, %+v", e.Table().Name(x.site.ID), x.site.Cycle, len(cells), odd, fast)
			}
		}
		t.Logf("%s: %d of %d harmful pulses seen", k, seen, harm)
		if harm < 20 {
			t.Errorf("%s: %d pulses do harm: the sample shows nothing", k, harm)
		}
	}
}

// judged puts a design to the proof with a declared rate of pulses.
func judged(t *testing.T, e *engine.Engine, s *campaign.Stored, rate float64, choices []mechanism.Choice) *result.Protect {
	t.Helper()
	p, err := Judge(context.Background(), e, s, Options{Dir: t.TempDir(), PulseFITPerKGE: rate, NoFront: true, Workers: 2, MaxProof: 12000}, choices)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decidedAs(p *result.Protect, metric string) (d result.Decided) {
	for _, x := range p.Decided {
		if x.Metric == metric {
			d = x
		}
	}
	return d
}

// A declared rate of pulses is part of the verdict and can turn it: what protects flops against upsets
// does not keep pulses out, copies do.
func TestADeclaredRateOfPulsesTurnsTheVerdict(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	found, err := Run(context.Background(), e, s, Options{Dir: t.TempDir(), NoProof: true, NoFront: true, Set: OptionsPaper, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	hard, err := Choices(found.Choice)
	if err != nil {
		t.Fatal(err)
	}
	none := judged(t, e, s, 0, hard)
	if !none.Meets || none.Pulses != nil || decidedAs(none, stats.MetricFITPulses).Metric != "" || strings.Contains(none.Statement, "pulses") {
		t.Fatalf("without a rate: %v, %+v, %s", none.Meets, none.Pulses, none.Statement)
	}
	low := judged(t, e, s, 0.01, hard)
	d := decidedAs(low, stats.MetricFITPulses)
	if !low.Meets || d.Result != stats.Met || d.Value == nil || low.Pulses.Protected.Estimate <= 0 || !strings.Contains(low.Statement, "pulses in logic") {
		t.Fatalf("a low rate: %v, %+v, %+v, %s", low.Meets, d, low.Pulses, low.Statement)
	}
	// Upsets are as before: pulses stand in no figure of theirs.
	if low.FITViolating != none.FITViolating || low.SPFM != none.SPFM || low.Unprotected.FITViolating != none.Unprotected.FITViolating {
		t.Errorf("upsets: %+v and %+v, SPFM %+v and %+v", low.FITViolating, none.FITViolating, low.SPFM, none.SPFM)
	}
	if got := low.Pulses.Total.Estimate; !near(got, low.FITViolating.Estimate+low.Pulses.Protected.Estimate) || d.Value.Estimate != got || low.Assumptions.PulseFITPerKGE != 0.01 {
		t.Errorf("total %v of %v and %v, %+v", got, low.FITViolating.Estimate, low.Pulses.Protected.Estimate, low.Assumptions)
	}
	sum, blocks := 0.0, 0.0
	for _, b := range low.Pulses.Blocks {
		want := 0.01 * b.GE / 1000 * b.Captured.Estimate * float64(b.Violating) / float64(b.N)
		if !near(b.FIT.Estimate, want) || b.RemainingFIT == nil || b.ProtectedN != pulseEvents {
			t.Errorf("%+v: want %v FIT", b, want)
		}
		sum, blocks = sum+want, blocks+b.RemainingFIT.Estimate
	}
	if !near(sum, low.Pulses.Unprotected.Estimate) || !near(blocks, low.Pulses.Protected.Estimate) {
		t.Errorf("blocks add up to %v and %v: %+v", sum, blocks, low.Pulses)
	}
	if !slices.Equal(low.Pulses.NotCovered, []string{"cc", "dma", "sb", "pmu"}) || low.Pulses.Unmeasured <= 0 || low.Pulses.AtOutputs <= 0 {
		t.Errorf("%+v", low.Pulses)
	}
	// The verdict is lost where the break-even value says.
	i := slices.IndexFunc(low.BreakEven, func(b result.BreakEven) bool { return b.Input == "rate of pulses" })
	if i < 0 || low.BreakEven[i].Above == nil {
		t.Fatalf("%+v", low.BreakEven)
	}
	at := *low.BreakEven[i].Above
	for _, x := range []struct {
		rate    float64
		verdict string
	}{{0.99 * at, stats.Met}, {1.01 * at, stats.NotShown}, {10 * at, stats.NotMet}} {
		p := judged(t, e, s, x.rate, hard)
		if p.Verdict != x.verdict || decidedAs(p, stats.MetricFITPulses).Result != x.verdict || p.Meets != (x.verdict == stats.Met) {
			t.Errorf("at %v: %s, want %s; %+v", x.rate, p.Verdict, x.verdict, p.Decided)
		}
		if !p.Proof.Holds || (warned(p, "pulses_missed") == "") != (x.verdict == stats.Met) {
			t.Errorf("at %v: proof holds %v, %v", x.rate, p.Proof.Holds, p.Warnings)
		}
	}
	copies := judged(t, e, s, 10*at, Everywhere(mechanism.Duplicate))
	if !copies.Meets || copies.Pulses.Protected.Estimate != 0 || copies.Pulses.Unprotected.Estimate < 0.2 {
		t.Errorf("copies: %v, %+v, %s", copies.Meets, copies.Pulses, copies.Statement)
	}
}

// Where pulses alone exceed the budget, designs have copies of the blocks in which most of them
// violate: the verdict is met with them, at a larger area.
func TestTheSearchCopiesBlocksAgainstPulses(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 4000)
	run := func(rate float64) *result.Protect {
		p, err := Run(context.Background(), e, s, Options{Dir: t.TempDir(), PulseFITPerKGE: rate, NoFront: true, Workers: 2, Set: OptionsPaper})
		if err != nil {
			t.Fatal(err)
		}
		if !p.Meets {
			t.Errorf("at %v: %s, %+v, %v", rate, p.Statement, p.Decided, p.Warnings)
		}
		return p
	}
	copies := func(p *result.Protect) (out []string) {
		for _, c := range p.Choice {
			if c.Mechanism == mechanism.Duplicate.String() && slices.Contains([]string{"traversal", "wd", "mac", "ao"}, c.Block) {
				out = append(out, c.Block)
			}
		}
		return out
	}
	plain, few, all := run(0.001), run(2), run(8)
	if n := len(copies(plain)); n != 0 || !plain.Optimal {
		t.Errorf("at a low rate: copies of %v, optimal %v", copies(plain), plain.Optimal)
	}
	if n := len(copies(few)); n == 0 || n >= len(copies(all)) || few.AreaOverhead <= plain.AreaOverhead || few.Optimal {
		t.Errorf("copies of %v, area %v and %v", copies(few), few.AreaOverhead, plain.AreaOverhead)
	}
	if got := copies(all); all.AreaOverhead <= few.AreaOverhead || all.Pulses.Protected.Estimate >= all.Pulses.Unprotected.Estimate/4 {
		t.Errorf("copies of %v, area %v, %+v", got, all.AreaOverhead, all.Pulses)
	}
}

// Each network of a mix has its pulses for its share of the time.
func TestPulsesOfSeveralNetworks(t *testing.T) {
	var cases []Case
	for i, share := range []float64{0.75, 0.25} {
		e := tinyEngine(t, []string{"fashion-tiny", "fashion-dscnn"}[i], 1, npu.ECCSECDED)
		cases = append(cases, Case{Engine: e, Stored: baseCampaign(t, e, 1500), Dir: t.TempDir(), Share: share})
	}
	got := map[string]*result.LogicPulses{}
	for _, mission := range []string{MissionWorst, MissionMix} {
		p, err := RunSeveral(context.Background(), cases, mission, Options{Set: OptionsPaper, PulseFITPerKGE: 0.01, NoProof: true, NoFront: true, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		got[mission] = p.Pulses
	}
	alone := make([]result.Limits, 2)
	for i, c := range cases {
		p, err := Run(context.Background(), c.Engine, c.Stored, Options{Set: OptionsPaper, PulseFITPerKGE: 0.01, NoProof: true, NoFront: true, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		alone[i] = p.Pulses.Unprotected
	}
	if worst := got[MissionWorst].Unprotected.Estimate; !near(worst, max(alone[0].Estimate, alone[1].Estimate)) || len(got[MissionWorst].Blocks) != 4 {
		t.Errorf("worst %v of %+v", worst, alone)
	}
	mix := got[MissionMix].Unprotected.Estimate
	if want := 0.75*alone[0].Estimate + 0.25*alone[1].Estimate; math.Abs(mix-want) > 0.3*want || len(got[MissionMix].Blocks) != 8 {
		t.Errorf("mix %v, want about %v: %+v", mix, want, got[MissionMix])
	}
}
