package main

import (
	"encoding/json"
	"strings"
	"testing"

	"upset/stats/result"
)

// The clock, the fault-tolerant time and the latency of alarms are declared inputs:
// they decide, they are printed, and values that cannot be are refused.
func TestDeadlineIsADeclaredInput(t *testing.T) {
	dir, inputs := t.TempDir(), fewInputs(t)
	mustRun(t, codeDone, "campaign", "run", tiny, "--inputs", inputs, "--injections", "3000", "--out", dir)
	read := func(args ...string) (r result.Campaign) {
		t.Helper()
		o := mustRun(t, codeDone, append([]string{"report", dir, "--format", "json"}, args...)...)
		if err := json.Unmarshal([]byte(o.out), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	free, held := read(), read("--clock", "500e6", "--ftti", "10e-6")
	if free.Outcomes.Overdue != 0 || held.Outcomes.Overdue == 0 || held.Outcomes.Total() != held.Injections || held.FIT.Violating.Estimate <= free.FIT.Violating.Estimate {
		t.Errorf("without a deadline %+v, with one %+v", free.Outcomes, held.Outcomes)
	}
	if held.ResultDigest != free.ResultDigest || len(held.Latencies) == 0 || held.Latencies[0].MaximumSeconds == 0 || held.Assumptions.FTTISeconds != 10e-6 {
		t.Errorf("digests %s, %s, latencies %+v, assumptions %+v", held.ResultDigest, free.ResultDigest, held.Latencies, held.Assumptions)
	}
	var p result.Protect
	o := invoke("protect", dir, "--clock", "500e6", "--ftti", "0.01", "--alarm-latency", "5", "--format", "json")
	if err := json.Unmarshal([]byte(o.out), &p); err != nil {
		t.Fatal(err, o.errors)
	}
	if a := p.Assumptions; a.ClockHz != 500e6 || a.FTTISeconds != 0.01 || a.AlarmLatency != 5 || len(p.Latencies) == 0 || len(p.Alarms) != 1 {
		t.Errorf("%+v, latencies %+v, alarms %+v", a, p.Latencies, p.Alarms)
	}
	for _, args := range [][]string{
		{"--ftti", "0.01"}, {"--clock", "0"}, {"--clock=-5"}, {"--clock", "NaN"}, {"--clock", "Inf"}, {"--clock", "fast"},
		{"--clock", "1e9", "--ftti", "0"}, {"--clock", "1e9", "--ftti=-1"}, {"--clock", "1e9", "--ftti", "Inf"},
		{"--alarm-latency", "1000001"}, {"--alarm-latency=-1"}, {"--alarm-latency", "1.5"},
	} {
		o := mustRun(t, codeUsage, append([]string{"protect", dir}, args...)...)
		if strings.Count(o.errors, "\n") != 1 {
			t.Errorf("%v: %q", args, o.errors)
		}
	}
}
