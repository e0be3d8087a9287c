package report

import (
	"strings"
	"testing"

	"upset/stats/result"
)

// sampleDecision has a block without any failure.
func sampleDecision() result.Decision {
	shares := func(block string, n, visible, changed int) result.DecisionShares {
		i := func(k int) result.Interval {
			return result.Interval{Estimate: float64(k) / float64(n), Low: 0.4 * float64(k) / float64(n), High: float64(2*k+4) / float64(n), Failures: k, N: n}
		}
		return result.DecisionShares{Block: block, Visible: i(visible), Label: i(visible / 2), Changed: i(changed), Consequential: i(changed / 2), DUE: i(visible / 3)}
	}
	return result.Decision{
		Task: "window-cascade", Title: "Window-Based Early-Exit Cascades", Family: "exit", Metric: "depth", NPU: "u55-128", Exposure: "transient", ECC: "secded",
		Seed: 1, Injections: 5000, Confidence: 0.95, Epsilon: 0.01, Scorers: []result.DecisionScorer{{Name: "small", Cycles: 2549, Rows: 800, Executed: 268, Struck: 24}},
		Whole: shares("all", 5000, 267, 8), Blocks: []result.DecisionShares{shares("cc", 1100, 45, 4), shares("mac", 1000, 8, 0)},
		MeanDistance: 0.001, MeanConsequence: 0.5, ResultDigest: strings.Repeat("ab", 32), Seconds: 2, Rate: 2500,
		Command: "upset select campaign window-cascade",
	}
}

// What was never seen is printed as a bound.
func TestDecisionBounds(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, FormatText, sampleDecision()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<= 0.4 %") {
		t.Errorf("no bound for the block without a changed decision:\n%s", b.String())
	}
}
