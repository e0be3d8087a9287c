package report

import (
	"encoding/xml"
	"strings"
	"testing"

	"upset/stats/result"
)

// sampleGate is a regression test with one check that failed.
func sampleGate() result.Gate {
	return result.Gate{
		Baseline:   result.GateSide{Name: "main", NPU: "u55-128", Model: "kws", ResultDigest: "aa", Injections: 10_000, Verdict: "met"},
		Campaign:   result.GateSide{Name: "branch", NPU: "u55-128", Model: "kws<2>", ResultDigest: "bb", Injections: 10_000, Verdict: "not_shown"},
		Confidence: 0.95,
		Checks: []result.GateCheck{
			{Metric: "residual_fit", Block: "all", Baseline: 0.1, Now: 0.19, Error: 0.01, P: 1e-19, PHolm: 2e-19, Result: "worse"},
			{Metric: "coverage", Block: "all", Baseline: 0.9, Now: 0.91, Error: 0.02, P: 0.69, PHolm: 0.69, Result: "pass"},
		},
		Result: "worse",
	}
}

// TestJUnit reads the report back as a server does.
func TestJUnit(t *testing.T) {
	g := sampleGate()
	var b strings.Builder
	if err := WriteJUnit(&b, &g); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	s := got.Suite
	if s.Tests != 2 || s.Failures != 1 || len(s.Cases) != 2 || s.Cases[0].Failure == nil || s.Cases[1].Failure != nil {
		t.Fatalf("read back: %+v", s)
	}
	if m := s.Cases[0].Failure.Message; !strings.Contains(m, "0.1") || !strings.Contains(m, "0.19") {
		t.Errorf("the failure says %q", m)
	}
	if s.Cases[0].Class != "upset.u55-128.kws<2>" {
		t.Errorf("the class is %q", s.Cases[0].Class)
	}
}
