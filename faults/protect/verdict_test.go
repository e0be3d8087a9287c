package protect

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// asked is a search of the assessments below, proven in memory of one folder.
func asked(t *testing.T, e *engine.Engine, s *campaign.Stored, change func(*Options)) *result.Protect {
	t.Helper()
	o := Options{Dir: t.TempDir(), Ledger: t.TempDir(), Workers: 2}
	if change != nil {
		change(&o)
	}
	p, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Hardening every flop leaves SPFM where it was, since a hardened cell lowers the raw rate
// as much as the residual. As coverage it would reach any target.
func TestHardeningIsNoCoverage(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	p := asked(t, e, baseCampaign(t, e, 6000), func(o *Options) { o.NoProof = true })
	bare, hard := p.Unprotected, p.HardenAll
	if math.Abs(hard.SPFM.Estimate-bare.SPFM.Estimate) > 1e-9 || hard.Result == stats.Met {
		t.Errorf("hardening everything gives an SPFM of %v (%s), no protection %v", hard.SPFM, hard.Result, bare.SPFM)
	}
	if hard.SPFMCoverage.Estimate < 0.9999 || hard.FITViolating.Upper > 1e-3*bare.FITViolating.Upper {
		t.Errorf("as coverage %v, residual %v", hard.SPFMCoverage, hard.FITViolating)
	}
	// What is chosen meets the strict reading, and what it hangs on is told.
	if p.SPFM.Lower < 0.99 || p.SPFMCoverage.Lower < p.SPFM.Lower {
		t.Errorf("chosen: %v, as coverage %v", p.SPFM, p.SPFMCoverage)
	}
	if len(p.Inventories) != 1+len(Inventories()) || p.Inventories[0].Chosen.Result != stats.Met {
		t.Errorf("inventories %+v", p.Inventories)
	}
	if a, b := p.Inventories[0].FlopBits, p.Inventories[1].FlopBits; a-b != 1460 { // one configuration bank
		t.Errorf("the idle bank has %v flops", a-b)
	}
	if a, b := p.Inventories[0], p.Inventories[1]; b.Unprotected.SPFM.Estimate >= a.Unprotected.SPFM.Estimate {
		t.Errorf("flops that nothing uses raise SPFM: %v with them, %v without", a.Unprotected.SPFM, b.Unprotected.SPFM)
	}
	if n := len(p.Credits); n != len(campaign.DetectorNames())+1 || p.Credits[n-1].Without != "all" {
		t.Fatalf("credits %+v", p.Credits)
	}
	if all := p.Credits[len(p.Credits)-1]; all.Unprotected.SPFM.Estimate >= bare.SPFM.Estimate || all.Unprotected.FITViolating.Estimate <= bare.FITViolating.Estimate {
		t.Errorf("without any credit: %+v, with all %+v", all.Unprotected, bare)
	}
}

// Registers that the other inventories name exist on every configuration.
func TestInventoriesExist(t *testing.T) {
	for _, c := range isa.Configs {
		tab := netlist.New(c, npu.ECCSECDED)
		for _, name := range slices.Concat(largeBuffers, idleBank) {
			if !slices.ContainsFunc(tab.Registers, func(r netlist.Register) bool { return r.Name == name }) {
				t.Errorf("%v has no register %s", c, name)
			}
		}
	}
}

// At a break-even value the verdict turns: just inside it holds, just outside it does not.
func TestBreakEvenIsWhereTheVerdictTurns(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 6000)
	p := asked(t, e, s, func(o *Options) { o.NoProof = true })
	choices, err := Choices(p.Choice)
	if err != nil {
		t.Fatal(err)
	}
	judged := func(flop float64) string {
		q := stats.Question{}.Normal(0.95)
		q.Scenario.Flop = flop
		j, err := Judge(context.Background(), e, s, Options{NoProof: true, Question: q}, choices)
		if err != nil {
			t.Fatal(err)
		}
		return j.Inventories[0].Chosen.Result
	}
	seen := false
	for _, b := range p.BreakEven {
		if b.Input != "raw rate of a flop" {
			continue
		}
		seen = true
		if b.Above == nil {
			t.Fatalf("%+v: no raw rate is too high", b)
		}
		if in, out := judged(*b.Above*0.99), judged(*b.Above*1.01); in != stats.Met || out == stats.Met {
			t.Errorf("break-even at %v: %s below, %s above", *b.Above, in, out)
		}
	}
	if !seen {
		t.Errorf("no line for the raw rate: %+v", p.BreakEven)
	}
}

// Every proof of a folder is on record and takes its share of the error, whatever was
// asked. The same question again is the same proof.
func TestProofsShareTheErrorOfTheirFolder(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 6000)
	dir, ledgerDir := t.TempDir(), t.TempDir()
	in := func(budget float64) *result.Protect {
		return asked(t, e, s, func(o *Options) {
			o.Dir, o.Ledger, o.NoFront = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "")), ledgerDir, true
			o.Question.BudgetFIT = budget
		})
	}
	first, second := in(0.2), in(0.3)
	a, b := first.Proof.Attempts[0].Confidence, second.Proof.Attempts[0].Confidence
	if a != 0.975 || b <= a {
		t.Errorf("confidences %v and %v: the second question must have less of the error", a, b)
	}
	if n := len(second.Proof.Ledger); n != len(first.Proof.Attempts)+len(second.Proof.Attempts) {
		t.Errorf("%d proofs on record: %+v", n, second.Proof.Ledger)
	}
	again := in(0.2)
	if x, y := again.Proof.Attempts[0], first.Proof.Attempts[0]; x != y {
		t.Errorf("the same question again: %+v, first %+v", x, y)
	}
	if len(again.Proof.Ledger) != len(second.Proof.Ledger) {
		t.Errorf("a proof that was read again is on record twice: %+v", again.Proof.Ledger)
	}
	if err := os.WriteFile(filepath.Join(ledgerDir, LedgerFile), []byte(`{"proofs":[{"number":7}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), e, s, Options{Dir: dir, Ledger: ledgerDir, NoFront: true}); err == nil || !strings.Contains(err.Error(), "ledger") {
		t.Errorf("a damaged ledger: %v", err)
	}
}

// A given design is judged as it is: the same one that a search found gives the same
// figures, none misses, and what cannot be judged is named.
func TestGivenDesignIsJudgedWithoutASearch(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 6000)
	found := asked(t, e, s, func(o *Options) { o.NoProof, o.NoFront = true, true })
	choices, err := Choices(found.Choice)
	if err != nil {
		t.Fatal(err)
	}
	same, err := Judge(context.Background(), e, s, Options{NoProof: true}, choices)
	if err != nil {
		t.Fatal(err)
	}
	if !same.Given || same.Searched != 0 || math.Abs(same.AreaOverhead-found.AreaOverhead) > 1e-12 || same.SPFM != found.SPFM {
		t.Errorf("judged %v %v, found %v %v", same.AreaOverhead, same.SPFM, found.AreaOverhead, found.SPFM)
	}
	hard := []mechanism.Choice{{Block: "sb", Kind: mechanism.HardenLight}}
	if p, err := Judge(context.Background(), e, s, Options{Dir: t.TempDir()}, hard); err != nil || p.Verdict != stats.NotMet || p.Meets || len(p.Proof.Attempts) != 0 {
		t.Errorf("a design that misses: %v, verdict %q, %d proofs", err, p.Verdict, len(p.Proof.Attempts))
	}
	for _, bad := range []mechanism.Choice{
		{Block: "mac", Kind: mechanism.ParityAlways}, {Block: "none", Kind: mechanism.Parity}, {Block: "mac", Classes: []netlist.Class{netlist.Configuration}, Kind: mechanism.Parity},
	} {
		if _, err := Judge(context.Background(), e, s, Options{NoProof: true}, []mechanism.Choice{bad}); err == nil {
			t.Errorf("%s was judged", bad)
		}
	}
}

// The proof runs on the inputs that the search never saw.
func TestProofRunsOnFreshInputs(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	other := tinyEngine(t, "fashion-tiny", 7, npu.ECCSECDED)
	s := baseCampaign(t, e, 6000)
	used := 0
	dir := t.TempDir()
	p := asked(t, e, s, func(o *Options) {
		o.Dir, o.NoFront = dir, true
		o.Fresh = func(npu.ECC) (*engine.Engine, error) { used++; return other, nil }
	})
	if used == 0 {
		t.Error("the proof did not ask for inputs of its own")
	}
	a := p.Proof.Attempts[0]
	x, err := campaign.Load(engineBench{dir: dir}.proofDir(1, a.Seed))
	if err != nil || x.Frame.Inputs != 7 {
		t.Errorf("the proof has %+v inputs, error %v", x, err)
	}
}

// A declared share of pairs is part of the verdict: what is parity alone at a share of 0
// gets more protection, and the share at which a verdict is lost lies above the declared.
func TestSharesOfPairsArePartOfTheVerdict(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 10000)
	share := func(p *result.Protect) *float64 {
		for _, b := range p.BreakEven {
			if b.Input == "share of pairs" {
				return b.Above
			}
		}
		return nil
	}
	single, five := asked(t, e, s, nil), asked(t, e, s, func(o *Options) { o.Several = 0.05 })
	if single.Multiple == nil || five.Multiple == nil || five.Multiple.Events == 0 || five.Multiple.Share != 0.05 {
		t.Fatalf("events %+v and %+v", single.Multiple, five.Multiple)
	}
	if !five.Meets {
		t.Fatalf("with a share of 5 %%: %+v", five.Proof)
	}
	if at := share(five); at != nil && *at <= 0.05 {
		t.Errorf("the verdict holds at 5 %% and is lost at %v", *at)
	}
	if five.AreaOverhead < single.AreaOverhead {
		t.Errorf("area %v with pairs, %v without", five.AreaOverhead, single.AreaOverhead)
	}
	if _, err := Run(context.Background(), e, s, Options{NoProof: true, Several: 2}); err == nil {
		t.Error("a share of 2 was taken")
	}
}
