package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// TestGate runs the regression test against the campaign itself, against a baseline
// that was better, and against files that are none.
func TestGate(t *testing.T) {
	dir, inputs := t.TempDir(), fewInputs(t)
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "6000", "--out", dir)
	mustRun(t, codeDone, "gate", dir, "--baseline", filepath.Join(dir, campaignJSON))

	var base result.Campaign
	if err := json.Unmarshal(readTestFile(t, filepath.Join(dir, campaignJSON)), &base); err != nil {
		t.Fatal(err)
	}
	for i := range base.Strata { // as if nearly all violations had been detected
		s := &base.Strata[i]
		for _, k := range []*int{&s.SDCTolerable, &s.SDCCritical, &s.Latent} {
			moved := (*k*9 + 9) / 10
			*k -= moved
			s.Detected += moved
		}
	}
	file := func(name string, v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	better := file("better.json", base)
	report := filepath.Join(t.TempDir(), "gate.xml")
	o := mustRun(t, codeNotMet, "gate", dir, "--baseline", better, "--junit", report, "--format", "json")
	var g result.Gate
	if err := json.Unmarshal([]byte(o.out), &g); err != nil {
		t.Fatal(err)
	}
	if g.Result != "worse" || g.Checks[0].Metric != "residual_fit" || g.Checks[0].Result != "worse" {
		t.Errorf("against a better baseline: %+v", g.Checks[0])
	}
	if xml := string(readTestFile(t, report)); !strings.Contains(xml, `failures="`) || !strings.Contains(xml, "<failure ") {
		t.Errorf("the JUnit report shows no failure:\n%s", xml)
	}
	mustRun(t, codeDone, "gate", dir, "--baseline", file("assess.json", map[string]any{"campaign": base}), "--tolerance", "10")

	broken := base
	broken.Strata = append([]result.Stratum{}, base.Strata...)
	broken.Strata[0].N = 1 << 40
	for _, args := range [][]string{
		{"gate", dir},
		{"gate", dir, "--baseline", filepath.Join(dir, "absent")},
		{"gate", dir, "--baseline", file("empty.json", map[string]any{})},
		{"gate", dir, "--baseline", file("list.json", []int{1})},
		{"gate", dir, "--baseline", file("broken.json", broken)},
		{"gate", dir, "--baseline", better, "--confidence", "2"},
	} {
		if o := mustRun(t, codeUsage, args...); strings.Count(strings.TrimSpace(o.errors), "\n") != 0 {
			t.Errorf("upset %v: more than one line: %s", args, o.errors)
		}
	}
}
