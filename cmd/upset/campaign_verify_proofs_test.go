package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"upset/stats/report"
	"upset/stats/result"
)

// The pack of an assessment is verified with its proofs, whose records are injected again
// beside the mechanisms; what is forged in the result of the proofs is found, though the
// page is made anew.
func TestVerifyAssessment(t *testing.T) {
	work, inputs := t.TempDir(), fewInputs(t)
	dir, pack := filepath.Join(work, "run"), filepath.Join(work, "audit.zip")
	if o := invoke("assess", tiny, "--inputs", inputs, "--injections", "800", "--evidence", "0", "--hardened-ratio", "0.01", "--out", dir); o.code != codeDone && o.code != codeNotMet {
		t.Fatalf("exit %d: %s", o.code, o.errors)
	}
	mustRun(t, codeDone, "campaign", "pack", dir, "-o", pack)
	v := parse(t, mustRun(t, codeDone, "campaign", "verify", pack, "--share", "0.02", "--format", "json").out)
	last := v["checks"].([]any)[len(v["checks"].([]any))-1].(map[string]any)
	if last["id"] != "repeat proof" || last["n"].(float64) < 5 || last["result"] != result.VerifyPass {
		t.Fatalf("%v", v["checks"])
	}
	var a result.Assess
	whole, page := readTestFile(t, filepath.Join(dir, assessJSON)), readTestFile(t, filepath.Join(dir, assessHTML))
	if err := json.Unmarshal(whole, &a); err != nil || len(a.Protect.Proof.Attempts) == 0 {
		t.Fatalf("%d attempts, %v", len(a.Protect.Proof.Attempts), err)
	}
	if err := os.RemoveAll(inputs); err != nil { // the checks below need no machine
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, want string
		change     func(a *result.Assess)
	}{
		{"fewer violations", "proofs: the attempt with seed", func(a *result.Assess) { a.Protect.Proof.Attempts[0].Violations++ }},
		{"a lower limit", "proofs: the attempt with seed", func(a *result.Assess) { a.Protect.Proof.Attempts[0].FITUpper /= 2 }},
		{"another proof in the ledger", "proofs: assess.json names the proof 1", func(a *result.Assess) { a.Protect.Proof.Ledger[0].Violations += 3 }},
		{"another figure of the campaign", "assessment: assess.json: outcomes.masked", func(a *result.Assess) { a.Campaign.Outcomes.Masked++ }},
	} {
		t.Run(x.name, func(t *testing.T) {
			var a result.Assess
			if err := json.Unmarshal(whole, &a); err != nil {
				t.Fatal(err)
			}
			x.change(&a)
			for file, format := range map[string]string{assessJSON: report.FormatJSON, assessHTML: report.FormatHTML} {
				f, err := os.Create(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				if err := report.Write(f, format, a); err != nil {
					t.Fatal(err)
				}
				f.Close()
			}
			o := mustRun(t, codeFailed, "campaign", "verify", dir)
			if !strings.Contains(o.errors, x.want) {
				t.Error(o.errors)
			}
			if o := mustRun(t, codeUsage, "campaign", "pack", dir, "-o", filepath.Join(work, "x.zip")); !strings.Contains(o.errors, "would not be verified") {
				t.Error(o.errors)
			}
		})
	}
	t.Run("records of a proof", func(t *testing.T) {
		for file, text := range map[string][]byte{assessJSON: whole, assessHTML: page} {
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		logs, err := proofLogs(dir)
		if err != nil || len(logs) == 0 {
			t.Fatalf("no proof: %v", err)
		}
		if err := os.RemoveAll(logs[0]); err != nil {
			t.Fatal(err)
		}
		if o := mustRun(t, codeFailed, "campaign", "verify", dir); !strings.Contains(o.errors, "of which there are no records") {
			t.Error(o.errors)
		}
	})
}
