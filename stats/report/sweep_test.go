package report

import "upset/stats/result"

// sampleSweep has a row with and one without a search for protection.
func sampleSweep() result.Sweep {
	row := result.SweepRow{
		Model: "kws", NPU: "u55-128", Criterion: "auto (top1)", Scenario: "fidelity", LambdaFlop: 7.5e-5, LambdaSRAM: 6.6e-5, BudgetFIT: 0.2,
		Violation: "any", Target: "asil-d", Confidence: 0.95, Injections: 4000, Residual: result.Limits{Estimate: 0.1, Lower: 0.08, Upper: 0.12},
		SPFM: result.Limits{Estimate: 0.95, Lower: 0.94, Upper: 0.96}, Verdict: "not_met", Folder: "kws-u55-128-00112233", Digest: "ab",
	}
	with := row
	with.Protection = &result.SweepProtection{Options: "full", Meets: true, AreaOverhead: 0.2, AreaOverheadRange: result.Range{Low: 0.19, High: 0.22}, FITUpper: 0.02}
	return result.Sweep{Rows: []result.SweepRow{row, with}}
}
