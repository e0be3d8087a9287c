package report

import (
	"strings"
	"testing"

	"upset/stats/result"
)

// sampleGate is a regression test with a check of each result.
func sampleGate() result.Gate {
	ratio, seen, used := 1.2, 0.03, 2.4
	return result.Gate{
		Baseline:   result.GateSide{Name: "main", NPU: "u55-128", Model: "kws", ResultDigest: "aa", Injections: 10_000, Verdict: "met"},
		Campaign:   result.GateSide{Name: "branch", NPU: "u55-128", Model: "kws<2>", ResultDigest: "bb", Injections: 10_000, Verdict: "not_shown"},
		Confidence: 0.95, FalseAlarm: 0.005, Margin: 0.5, MarginFIT: 0.002, Decides: []string{"residual_fit", "spfm"},
		Differences: []result.GateDifference{{Name: "weights", What: "weights", Baseline: "cc", Now: "dd"}, {Name: "inputs", What: "set of inputs", Baseline: "8: ee", Now: "8: ff"}},
		Checks: []result.GateCheck{
			{Metric: "residual_fit", Block: "all", Decides: true, Baseline: 0.1, Now: 0.19, Worsening: 0.09, Upper: 0.12, RatioUpper: &ratio, Allowed: 0.05, MarginUsed: &used, Detectable: &seen, InjectionsNeeded: 14_000, Error: 0.01, P: 1e-10, PHolm: 4e-10, Result: "worse"},
			{Metric: "spfm", Block: "all", Decides: true, Baseline: 1, Now: 1, Upper: 0.5, Allowed: 0.001, P: 1, PHolm: 1, InjectionsNeeded: 30_000, Result: "not_shown"},
			{Metric: "coverage", Block: "all", Baseline: 0.9, Now: 0.91, Worsening: -0.01, Upper: 0.02, RatioUpper: &seen, Allowed: 0.05, MarginUsed: &seen, Error: 0.02, P: 1, PHolm: 1, Result: "pass"},
			{Metric: "avf_violating", Block: "mac", Baseline: 0.01, Now: 0.01, Upper: 0.2, RatioUpper: &ratio, Allowed: 0.005, P: 1, PHolm: 1, Result: "not_shown"},
			{Metric: "avf_violating", Block: "walk", Now: 0.01, P: 1, PHolm: 1, Result: "skipped"},
		},
		InjectionsNeeded: 30_000, Result: "worse",
		Warnings: []result.Warning{{Code: "declared_difference", Subject: "inputs", Message: "another set of inputs was declared: a worsening may come from it"}},
	}
}

// TestGateSaysWhatItTakes checks that a result without evidence names the size that
// would give it, or that there is none.
func TestGateSaysWhatItTakes(t *testing.T) {
	g := sampleGate()
	g.Result = "not_shown"
	if text := gateResult(g); !strings.Contains(text, "30,000 injections") || !strings.Contains(text, "at most 120 % worse, allowed are 50 %") {
		t.Errorf("the result says %q", text)
	}
	g.InjectionsNeeded = 0
	if text := gateResult(g); !strings.Contains(text, "No number of injections") {
		t.Errorf("without a size the result says %q", text)
	}
	g.InjectionsNeeded = 5000
	if text := gateResult(g); !strings.Contains(text, "large enough") {
		t.Errorf("with large campaigns the result says %q", text)
	}
}
