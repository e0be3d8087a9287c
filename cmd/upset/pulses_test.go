package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// A campaign of pulses says which blocks were measured, has a rate apart where one is declared, and refuses
// one that means nothing.
func TestCampaignOfPulses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	line := []string{"campaign", "run", tiny, "--npu", "u55-32", "--inputs", fewInputs(t), "--fault", "set", "--sites", "flops", "--injections", "400", "--out", dir}
	o := mustRun(t, codeDone, line...)
	for _, want := range []string{"PULSES IN LOGIC", "traversal", "measured", "assumed", "not assessed: no rate is declared (--set-fit-per-kge)", "pulses in logic are not assessed"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("the result does not say %q:\n%s", want, o.out)
		}
	}
	o = mustRun(t, codeDone, "report", dir, "--set-fit-per-kge", "0.01", "--format", "json")
	var r result.Campaign
	if err := json.Unmarshal([]byte(o.out), &r); err != nil {
		t.Fatal(err)
	}
	if p := r.Pulses; p == nil || p.FITPerKGE != 0.01 || p.Violating == nil || !(p.Unmeasured > 0) || !strings.Contains(r.Statement, "no statement on hardware-metric targets") {
		t.Errorf("%+v, %q", p, r.Statement)
	}
	for _, bad := range [][]string{
		{"campaign", "run", tiny, "--set-fit-per-kge", "1"},
		append(line, "--set-fit-per-kge", "-1"), append(line, "--set-fit-per-kge", "1e300"),
	} {
		mustRun(t, codeUsage, bad...)
	}
}

// A declared rate of pulses is part of the verdicts of assess and protect, printed among the inputs, and
// lost where the break-even value says; without one pulses are not assessed.
func TestAssessWithPulses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	line := []string{"assess", tiny, "--inputs", fewInputs(t), "--injections", "2500", "--evidence", "0", "--options", "paper", "--out", dir}
	o := mustRun(t, codeDone, line...)
	if !strings.Contains(o.out, "not assessed: no rate is declared (--set-fit-per-kge, docs/set.md)") || strings.Contains(o.out, "residual with pulses") {
		t.Errorf("without a rate:\n%s", o.out)
	}
	o = mustRun(t, codeDone, append(line, "--set-fit-per-kge", "0.001", "--detail")...)
	for _, want := range []string{"residual with pulses in logic", "PULSES IN LOGIC", "0.001 FIT for 1,000 gate equivalents", "rate of pulses", "(cc, dma, sb, pmu)"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("the result does not say %q:\n%s", want, o.out)
		}
	}
	o = mustRun(t, codeDone, append(line, "--set-fit-per-kge", "0.001", "--format", "json")...)
	var a result.Assess
	if err := json.Unmarshal([]byte(o.out), &a); err != nil {
		t.Fatal(err)
	}
	value := func(list []result.Decided) float64 {
		for _, d := range list {
			if d.Metric == stats.MetricFITPulses && d.Value != nil {
				return d.Value.Estimate
			}
		}
		return -1
	}
	p := a.Protect.Pulses
	if p == nil || p.Total == nil || value(a.Campaign.Decided) != p.TotalUnprotected.Estimate || value(a.Protect.Decided) != p.Total.Estimate {
		t.Fatalf("%+v, %+v, %+v", p, a.Campaign.Decided, a.Protect.Decided)
	}
	if x := p.TotalUnprotected.Estimate - p.Unprotected.Estimate - a.Campaign.FIT.Violating.Estimate; x < -1e-9 || x > 1e-9 {
		t.Errorf("total %+v of %+v and %+v", p.TotalUnprotected, p.Unprotected, a.Campaign.FIT.Violating)
	}
	if !strings.Contains(a.Campaign.Statement, "with pulses in logic") || a.Campaign.Assumptions.PulseFITPerKGE != 0.001 || a.Campaign.Assumptions != a.Protect.Assumptions {
		t.Errorf("%q, %+v", a.Campaign.Statement, a.Campaign.Assumptions)
	}
	// The design of the first question, judged at a rate that nothing but copies keeps.
	o = mustRun(t, codeNotMet, "protect", dir, "--design", filepath.Join(dir, "assess.json"), "--set-fit-per-kge", "1000", "--format", "json")
	var r result.Protect
	if err := json.Unmarshal([]byte(o.out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Meets || r.Verdict != stats.NotMet || !r.Proof.Holds || !strings.Contains(r.Statement, "not met: residual with pulses in logic") {
		t.Errorf("%q, %+v", r.Statement, r.Decided)
	}
	for _, bad := range [][]string{
		append(line, "--set-fit-per-kge", "0"), append(line, "--set-fit-per-kge", "1", "--options", "software"),
		{"protect", dir, "--set-fit-per-kge", "1e300"}, {"check", dir, dir, "--set-fit-per-kge", "1"},
	} {
		mustRun(t, codeUsage, bad...)
	}
}
