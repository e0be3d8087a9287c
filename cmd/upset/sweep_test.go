package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/result"
)

// TestSweep runs a sweep of two configurations, goes on with it, and checks that a
// row says what the campaign alone says.
func TestSweep(t *testing.T) {
	folder := t.TempDir()
	model, err := filepath.Abs(tiny)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "sweep.yaml")
	text := "networks: [{model: " + model + ", inputs: " + fewInputs(t) + "}]\nnpu: [u55-32, u55-64]\nscenarios: [fidelity, planar90]\nbudgets: [0.2, 10]\ninjections: 400\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out")
	var s result.Sweep
	read := func() {
		t.Helper()
		o := mustRun(t, codeDone, "sweep", file, "--format", "json", "--out", out)
		s = result.Sweep{}
		if err := json.Unmarshal([]byte(o.out), &s); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if len(s.Rows) != 8 {
		t.Fatalf("%d rows, want 2 configurations × 2 raw rates × 2 budgets", len(s.Rows))
	}
	first := s
	read()
	if s.Rows[7].Digest != first.Rows[7].Digest || s.Rows[7].Folder != first.Rows[7].Folder {
		t.Errorf("the second run made something else: %+v and %+v", first.Rows[7], s.Rows[7])
	}
	row := s.Rows[3] // u55-32, planar90, 10 FIT
	o := mustRun(t, codeDone, "report", filepath.Join(out, row.Folder), "--scenario", "planar90", "--budget", "10", "--format", "json")
	var c result.Campaign
	if err := json.Unmarshal([]byte(o.out), &c); err != nil {
		t.Fatal(err)
	}
	if row.NPU != "u55-32" || row.Scenario != "planar90" || row.BudgetFIT != 10 || row.Verdict != c.Verdict || row.Residual != c.FIT.Violating || row.SPFM != c.SPFM.Any {
		t.Errorf("the row %+v differs from the report: %s %+v %+v", row, c.Verdict, c.FIT.Violating, c.SPFM.Any)
	}
	if a, b := s.Rows[0].Residual.Estimate, row.Residual.Estimate; !(b > 6*a && b < 7*a) { // 4.84e-4 over 7.5e-5 is 6.45
		t.Errorf("residual %v FIT at the lower raw rate and %v at the higher", a, b)
	}
}

// TestSweepExample checks that the printed example is one that is accepted.
func TestSweepExample(t *testing.T) {
	o := mustRun(t, codeDone, "sweep", "--example")
	s, err := parseSweep([]byte(o.out))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Networks) != 2 || len(s.NPU) != 4 || s.Injections != 4000 {
		t.Errorf("the example reads as %+v", s)
	}
}

// TestSweepRefuses checks files with mistakes: one clear line, exit 2.
func TestSweepRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                        "no networks",
		"networks: []":                            "no networks",
		"networks: [{model: a}]\nnpu: [u55-1]":    "u55-1",
		"networks: [{model: a}]\nnpus: [u55-32]":  "npus",
		"networks: [{model: a}]\nbudgets: [-1]":   "budget",
		"networks: [{model: a}]\nbudgets: [.nan]": "line 2",
		"networks: [{model: a}]\nscenarios: [x]":  "x",
		"networks: [{model: a}]\ncriteria: [x]":   "x",
		"networks: [{inputs: a}]":                 "without a model",
		"networks: [{model: a}]\nprotect: all":    "protect",
		"networks: [{model: a}]\ninjections: 1.5": "1.5",
		"networks: [{model: a}]\ninjections: -4":  "injections",
		"networks: [{model: a}]\nnpu: []":         "npu",
		"networks: {":                             "yaml",
	} {
		file := filepath.Join(t.TempDir(), "sweep.yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		o := mustRun(t, codeUsage, "sweep", file)
		if !strings.Contains(o.errors, want) || strings.Count(strings.TrimSpace(o.errors), "\n") != 0 {
			t.Errorf("%q: %q, want one line with %q", text, o.errors, want)
		}
	}
}

// FuzzParseSweep feeds the reader anything.
func FuzzParseSweep(f *testing.F) {
	f.Add([]byte(sweepExample))
	f.Add([]byte("networks: [{model: a}]\nbudgets: [1e400]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSweep(data)
		if err == nil && (len(s.Networks) == 0 || len(s.Networks)*len(s.NPU)*len(s.Criteria) > maxSweepCampaigns) {
			t.Errorf("accepted %+v", s)
		}
	})
}
