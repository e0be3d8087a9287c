package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

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
