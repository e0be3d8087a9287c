package campaign

import (
	"strings"
	"testing"

	"upset/stats"
	"upset/stats/result"
)

// TestDeclaredPermanentRatesAreInTheVerdict: what is declared takes part, measured,
// declared or not assessed, and a machine into which no permanent fault was injected is
// neither said to meet nor to miss its target for them.
func TestDeclaredPermanentRatesAreInTheVerdict(t *testing.T) {
	met := []stats.Decided{{Metric: stats.MetricFIT, Result: stats.Met}, {Metric: stats.MetricSPFM, Result: stats.Met}}
	q := Question{Question: stats.Question{}.Normal(0.95)}
	if v, s, list := q.Conclude(met, nil); v != stats.Met || !strings.HasSuffix(s, "transient faults only") || len(list) != 2 {
		t.Errorf("transients: %s, %s, %v", v, s, list)
	}
	q.Permanent.FITPer100kGE = 1
	if v, s, list := q.Conclude(met, nil); v != stats.NotShown || !strings.Contains(s, "not assessed: permanent SPFM, LFM, PMHF") || len(list) != 5 || list[4].Target != q.BudgetFIT {
		t.Errorf("a rate without a life: %s, %s, %v", v, s, list)
	}
	q.Permanent.LifetimeHours, q.Permanent.TestIntervalHours = 1e5, 1
	in := stats.SafetyInput{Raw: 2, Violating: stats.Known(0.01), Detected: stats.Known(0.1), SPFM: stats.Known(0.995), Target: q.Target.Name, PMHFBudget: q.PMHFBudget()}
	for coverage, want := range map[string]string{CoverageMeasured: stats.NotShown, CoverageAnnexD: stats.NotMet} {
		q.Permanent.Coverage = coverage
		x, err := q.Permanent.Safety(in, 500_000, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, s, list := q.Conclude(met, x)
		if v != want || list[2].Metric != stats.MetricSPFMPermanent || list[2].Result != want || x.Declared.Coverage != coverage {
			t.Errorf("%s: %s, %s, %+v", coverage, v, s, list[2])
		}
	}
	// Measured flops without gates meet the target, with gates the rest is open.
	q.Permanent.Coverage = ""
	flops := stats.PartRates{Name: "flops", Raw: 1, Missed: stats.Limits{Estimate: 0.002, Lower: 0.001, Upper: 0.005}, Detected: stats.Known(0.3), Safe: stats.Limits{Estimate: 0.698, Lower: 0.695, Upper: 0.699}}
	for gates, want := range map[float64]string{0: stats.Met, 1: stats.NotShown} {
		q.Permanent.FlopShare = 1 / (1 + gates)
		x, err := q.Permanent.Measured(in, StuckAt{Flops: flops, Gates: gates, LogicGE: 100_000, AddedGE: 1000, GuardedGE: 50_000, Shares: &result.StuckAts{}})
		if err != nil {
			t.Fatal(err)
		}
		v, s, list := q.Conclude(met, x)
		if v != want || list[2].Value.Upper < 0.998 || (gates > 0) != strings.Contains(s, "gates between them not assessed") {
			t.Errorf("gates %v: %s, %s, %+v", gates, v, s, *list[2].Value)
		}
	}
}

// TestStuckCampaignsStateNothingOnTargets: raw rates are those of transients, so that a
// campaign of other faults has no verdict.
func TestStuckCampaignsStateNothingOnTargets(t *testing.T) {
	for fault, none := range map[string]bool{"stuck-at-0": true, "stuck-at-1": true, "intermittent:20": true, "": false, "pair": false} {
		c := &result.Campaign{Verdicts: []result.Verdict{{Metric: stats.MetricFIT, Result: stats.Met, Default: true}}}
		a := &aggregate{s: &Stored{Spec: Spec{Fault: fault}}, q: Question{Question: stats.Question{}.Normal(0.95)}}
		if err := a.conclude(c); err != nil {
			t.Fatal(err)
		}
		if none != (c.Verdict == stats.NotShown) || none != strings.HasPrefix(c.Statement, "no statement") {
			t.Errorf("%s: %s, %s", fault, c.Verdict, c.Statement)
		}
	}
}
