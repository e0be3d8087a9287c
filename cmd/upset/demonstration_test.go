package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"upset/stats/result"
)

// fewInputsOf copies the first inputs of a shipped network to a folder.
func fewInputsOf(t *testing.T, network string, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		name := fmt.Sprintf("in_%03d.bin", i)
		data := readTestFile(t, filepath.Join("..", "..", "testdata", "models", network+".inputs", name))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The demonstration of the README: the unprotected NPU misses asil-d by more than
// a factor of two, on both metrics (λ = 4.84e-4 FIT per flop, 0.2 FIT, any
// violation counts), and a selection far below lock-step meets it, proven by
// injection.
func TestUnprotectedFailsProtectedHolds(t *testing.T) {
	const model = "../../testdata/models/fashion-dscnn.tflite"
	o := invoke("assess", model, "--injections", "2500", "--scenario", "planar90", "--options", "paper", "--evidence", "10",
		"--inputs", fewInputsOf(t, "fashion-dscnn", 8), "--out", t.TempDir(), "--format", "json")
	if o.code != codeDone {
		t.Fatalf("exit %d\n%s", o.code, o.errors)
	}
	var a result.Assess
	if err := json.Unmarshal([]byte(o.out), &a); err != nil {
		t.Fatal(err)
	}
	if lower := a.Campaign.FIT.Violating.Lower; lower < 2*0.2 {
		t.Errorf("unprotected residual of at least %v FIT: less than twice the budget", lower)
	}
	if upper := a.Campaign.SPFM.Any.Upper; 1-upper < 2*0.01 {
		t.Errorf("unprotected SPFM of at most %v: less than twice too low", upper)
	}
	if a.Campaign.Verdict != "not_met" || a.Protect.Unprotected.Meets {
		t.Errorf("unprotected verdict %s", a.Campaign.Verdict)
	}
	p := a.Protect
	if !p.Meets || !p.Proof.Holds || len(p.Choice) == 0 || p.Proof.Injections < 1000 {
		t.Errorf("protection: meets %v, proof %+v, %d choices", p.Meets, p.Proof, len(p.Choice))
	}
	if p.FITViolating.Upper > 0.2 || p.SPFM.Lower < 0.99 {
		t.Errorf("the proof's limits are %v FIT and SPFM %v", p.FITViolating.Upper, p.SPFM.Lower)
	}
	if p.AreaOverhead <= 0 || p.AreaOverhead > 0.6*p.Lockstep.AreaOverhead {
		t.Errorf("added area %v, lock-step %v", p.AreaOverhead, p.Lockstep.AreaOverhead)
	}
}
