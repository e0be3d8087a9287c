package protect

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// tinyEngine runs the smallest shipped network.
func tinyEngine(t testing.TB, name string, inputs int, ecc npu.ECC) *engine.Engine {
	t.Helper()
	return engineWith(t, name, inputs, faults.Options{ECC: ecc})
}

func engineWith(t testing.TB, name string, inputs int, o faults.Options) *engine.Engine {
	t.Helper()
	dir := filepath.Join("..", "..", "testdata", "models")
	data, err := os.ReadFile(filepath.Join(dir, name+".tflite"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Open(data, isa.U55x128)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, name+".inputs", "in_*.bin"))
	if err != nil || len(files) < inputs {
		t.Fatalf("inputs: %v", err)
	}
	var in [][]byte
	for _, f := range files[:inputs] {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, b)
	}
	e, err := engine.New(n.Program(), in, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// equipped puts the choices on the engine's machine. The seed decides which upsets flip a hardened cell.
func equipped(t testing.TB, e *engine.Engine, seed uint64, choices []mechanism.Choice) *mechanism.Design {
	t.Helper()
	d, err := mechanism.New(e.Table(), choices, mechanism.DefaultCells(), seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := Equip(e, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// baseCampaign runs a campaign on the plain machine.
func baseCampaign(t testing.TB, e *engine.Engine, n int) *campaign.Stored {
	t.Helper()
	dir := t.TempDir()
	if _, err := campaign.Run(context.Background(), e, campaign.Spec{Injections: n, Seed: 5}, dir, campaign.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	s, err := campaign.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check holds what must be true of every result.
func check(t *testing.T, p *result.Protect) {
	t.Helper()
	if !p.Meets || !p.Proof.Holds || !p.Optimal {
		t.Fatalf("meets %v, proof %+v, optimal %v, warnings %v", p.Meets, p.Proof, p.Optimal, p.Warnings)
	}
	if p.FITViolating.Upper > p.BudgetFIT || p.Proof.FITUpper > p.BudgetFIT {
		t.Errorf("upper limit %v beyond the budget %v", p.FITViolating.Upper, p.BudgetFIT)
	}
	if p.AreaOverhead < 0 || p.AreaOverhead >= p.HardenAll.AreaOverhead+1e-9 || p.HardenAll.AreaOverhead >= p.Lockstep.AreaOverhead {
		t.Errorf("areas: chosen %v, hardened throughout %v, lock-step %v", p.AreaOverhead, p.HardenAll.AreaOverhead, p.Lockstep.AreaOverhead)
	}
	sum, total := 0.0, 0
	for _, c := range p.Choice {
		sum += c.Overhead
		if c.FITAfter.Upper > c.FITBefore.Upper || c.Flops == 0 {
			t.Errorf("choice %+v makes it worse", c)
		}
	}
	if math.Abs(sum-p.AreaOverhead) > 1e-9 {
		t.Errorf("overheads of the choices sum to %v, not %v", sum, p.AreaOverhead)
	}
	for _, a := range p.Proof.Attempts {
		total += a.Injections
		if a.Power < wantedPower || a.Confidence <= p.Confidence || a.Injections == 0 {
			t.Errorf("attempt %+v", a)
		}
	}
	if total != p.Proof.Injections || len(p.Proof.Attempts) > attempts {
		t.Errorf("%d injections in %d attempts, %d reported", total, len(p.Proof.Attempts), p.Proof.Injections)
	}
	for i := 1; i < len(p.Pareto); i++ {
		if p.Pareto[i].AreaOverhead <= p.Pareto[i-1].AreaOverhead || p.Pareto[i].FITViolating.Upper >= p.Pareto[i-1].FITViolating.Upper {
			t.Errorf("point %d of the front is dominated", i)
		}
	}
}

func TestRunProvesADesign(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 4, npu.ECCSECDED)
	s := baseCampaign(t, e, 5000)
	var paper float64
	for _, tc := range []Options{
		{Set: OptionsPaper, Searcher: SearcherFlow},
		{Set: OptionsFull},
		{Set: OptionsFull, Question: stats.Question{Scenario: stats.Scenarios()[4]}},
		{Question: stats.Question{Violation: stats.ViolationCritical}},
		{Set: OptionsFull, Question: stats.Question{Violation: stats.ViolationCritical}},
	} {
		tc.Dir = t.TempDir()
		p, err := Run(context.Background(), e, s, tc)
		if err != nil {
			t.Fatal(err)
		}
		check(t, p)
		if f := p.Flow; (f != nil) != (tc.Searcher == SearcherFlow) {
			t.Errorf("searcher %q: flow %+v", tc.Searcher, f)
		} else if f != nil {
			t.Logf("flow: %+v, exact area %v", *f, p.AreaOverhead)
			if !f.Found || f.AreaOverhead < p.AreaOverhead-1e-9 || f.AreaOverhead > 1.05*p.AreaOverhead || f.Points < 5 || 2*f.Reached < f.Points || f.Reached > f.Points || f.Designs < 500 {
				t.Errorf("flow %+v beside an exact area of %v", *f, p.AreaOverhead)
			}
		}
		t.Logf("%s %s %s: area %.3f, %d injections, power %.3f", tc.Set, p.Scenario, p.Violation, p.AreaOverhead, p.Proof.Injections, p.Proof.Power)
		switch {
		case tc.Question != (stats.Question{}):
		case tc.Set == OptionsPaper:
			paper = p.AreaOverhead
		case p.AreaOverhead > paper:
			t.Errorf("the full set needs %v, the paper's %v: it must not be dearer", p.AreaOverhead, paper)
		}
		again, err := Run(context.Background(), e, s, tc)
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("the same question has another answer the second time: %v", err)
		}
	}
}

// A machine that meets a weak target as it is needs no mechanism, but a proof.
func TestNothingToProtect(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	s := baseCampaign(t, e, 3000)
	b, err := stats.ASILByName("asil-b")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Run(context.Background(), e, s, Options{Question: stats.Question{Target: b, BudgetFIT: 1}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	check(t, p)
	if len(p.Choice) != 0 || p.AreaOverhead != 0 {
		t.Errorf("choice %v, attempts %+v", p.Choice, p.Proof.Attempts)
	}
}

// Where a design exists that no affordable proof can show, it is shown as a prediction, not as nothing.
func TestUnprovableDesignIsShown(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	p, err := Run(context.Background(), e, baseCampaign(t, e, 200), Options{Dir: t.TempDir(), MaxProof: 200})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Warnings, func(w result.Warning) bool { return w.Code == "no_proof" }) || len(p.Proof.Attempts) != 0 || p.Meets {
		t.Fatalf("a proof of 200 injections: %+v, warnings %v", p.Proof, p.Warnings)
	}
	if slices.ContainsFunc(p.Warnings, func(w result.Warning) bool { return strings.Contains(w.Message, "proof is likely") }) {
		t.Errorf("a proof is likely to hold and cannot be made: %v", p.Warnings)
	}
	if len(p.Choice) == 0 || !(p.AreaOverhead > 0) || !(p.FITViolating.Upper > 0) || !(p.SPFM.Lower > 0.99) || len(p.BreakEven) == 0 {
		t.Errorf("area %v, residual %+v, SPFM %+v, %d choices, %d limits of inputs", p.AreaOverhead, p.FITViolating, p.SPFM, len(p.Choice), len(p.BreakEven))
	}
}

// RAM without a code makes every design miss the budget; with a code as an option
// the search adds it and the proof runs on the machine with it.
func TestCodeIsAnOption(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCNone)
	s := baseCampaign(t, e, 3000)
	o := Options{Dir: t.TempDir(), NoFront: true, Question: stats.Question{Scenario: stats.Scenarios()[4]}}
	p, err := Run(context.Background(), e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Meets || len(p.Proof.Attempts) != 0 || len(p.Warnings) == 0 {
		t.Fatalf("without a code: %+v", p.Proof)
	}
	// What single-bit mechanisms leave needs a larger campaign to be shown.
	s = baseCampaign(t, e, 10000)
	o.Rebuild = func(ecc npu.ECC) (*engine.Engine, error) { return tinyEngine(t, "fashion-tiny", 2, ecc), nil }
	if p, err = Run(context.Background(), e, s, o); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d partial designs", p.Searched)
	if !p.Meets || !slices.ContainsFunc(p.Choice, func(c result.Choice) bool { return c.Mechanism == "secded" }) || p.AreaOverheadWithRAM <= 0 {
		t.Errorf("meets %v, choice %+v, warnings %v, proof %+v", p.Meets, p.Choice, p.Warnings, p.Proof)
	}
}

func TestRunRefuses(t *testing.T) {
	e := tinyEngine(t, "fashion-tiny", 2, npu.ECCSECDED)
	s := baseCampaign(t, e, 300)
	filtered := t.TempDir()
	if _, err := campaign.Run(context.Background(), e, campaign.Spec{Injections: 200, Only: []string{"mac.*"}}, filtered, campaign.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	part, err := campaign.Load(filtered)
	if err != nil {
		t.Fatal(err)
	}
	incomplete := *s
	incomplete.Complete = false
	for name, f := range map[string]func() error{
		"filtered":   func() error { _, err := Run(context.Background(), e, part, Options{NoProof: true}); return err },
		"incomplete": func() error { _, err := Run(context.Background(), e, &incomplete, Options{NoProof: true}); return err },
		"directory":  func() error { _, err := Run(context.Background(), e, s, Options{}); return err },
		"set": func() error {
			_, err := Run(context.Background(), e, s, Options{NoProof: true, Set: "all"})
			return err
		},
		"cells": func() error {
			_, err := Run(context.Background(), e, s, Options{NoProof: true, Cells: mechanism.Cells{Light: mechanism.Cell{Area: 1, SER: 2}}})
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s must be refused", name)
		}
	}
}
