package campaign

import (
	"strings"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// Conclude joins the metrics of transients with those of declared permanent rates.
// Safety, which may be nil, holds the latter. The sentence says what was shown.
func (q Question) Conclude(transient []stats.Decided, safety *result.Safety) (verdict, statement string, decided []result.Decided) {
	list := append(transient[:len(transient):len(transient)], q.permanent(safety)...)
	scope := q.Scope()
	if scope.Faults == stats.FaultsGates && safety != nil && safety.StuckAts != nil && len(safety.StuckAts.Logic) > 0 {
		scope.Faults = stats.FaultsSomeGates
	}
	verdict, statement = stats.Conclude(scope, list)
	for _, d := range list {
		row := result.Decided{Metric: d.Metric, Target: d.Target, Result: d.Result}
		if d.Result != stats.NotAssessed {
			v := result.Limits(d.Limits)
			row.Value = &v
		}
		decided = append(decided, row)
	}
	return verdict, statement, decided
}

// WithPulses concludes anew on a campaign of upsets, with the residual of upsets and of pulses in
// logic together at the declared rate of the question.
func (q Question) WithPulses(c *result.Campaign, total result.Limits) {
	var list []stats.Decided
	for _, d := range c.Decided {
		switch d.Metric {
		case stats.MetricFIT, stats.MetricSPFM, stats.MetricDUE: // the others follow from Safety
			x := stats.Decided{Metric: d.Metric, Target: d.Target, Result: d.Result}
			if d.Value != nil {
				x.Limits = stats.Limits(*d.Value)
			}
			list = append(list, x)
		}
	}
	list = append(list, stats.Decided{
		Metric: stats.MetricFITPulses, Limits: stats.Limits(total), Target: q.BudgetFIT, Result: stats.AtMost(total.Lower, total.Upper, q.BudgetFIT),
	})
	c.Assumptions.PulseFITPerKGE = q.PulseFITPerKGE
	c.Verdict, c.Statement, c.Decided = q.Conclude(list, c.Safety)
}

// Scope is what a conclusion on the question is about.
func (q Question) Scope() stats.Scope {
	s := stats.Scope{Target: q.Target.Name, Faults: stats.FaultsTransient, Violation: q.Violation, Pulses: q.PulseFITPerKGE > 0}
	switch p := q.Permanent; {
	case p.FITPer100kGE == 0:
	case p.Coverage == CoverageAnnexD || p.Missing() != "":
		s.Faults = stats.FaultsBoth
	case p.FlopShare == 1:
		s.Faults = stats.FaultsFlops
	default:
		s.Faults = stats.FaultsGates
	}
	return s
}

// permanent are the metrics that a declared permanent rate adds to a verdict. Where
// they cannot be computed they are there all the same, as not assessed.
func (q Question) permanent(safety *result.Safety) (out []stats.Decided) {
	if q.Permanent.FITPer100kGE == 0 {
		return nil
	}
	for _, m := range []struct {
		metric string
		target float64
	}{{stats.MetricSPFMPermanent, q.Target.SPFM}, {stats.MetricLFM, q.Target.LFM}, {stats.MetricPMHF, q.PMHFBudget()}} {
		d := stats.Decided{Metric: m.metric, Target: m.target, Result: stats.NotAssessed}
		if safety != nil && safety.Permanent != nil {
			for _, l := range safety.Levels {
				if l.Level == q.Target.Name && l.Metric == m.metric && l.Value != nil {
					d.Limits, d.Target, d.Result = stats.Limits(*l.Value), l.Target, l.Result
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// PMHFBudget is the share of PMHF in FIT: the declared one, or else the budget of
// violating outcomes.
func (q Question) PMHFBudget() float64 {
	if q.Permanent.PMHFBudget > 0 {
		return q.Permanent.PMHFBudget
	}
	return q.BudgetFIT
}

// conclude joins the default cell with the metrics of permanent faults.
func (a *aggregate) conclude(c *result.Campaign) error {
	if kind, _, _ := strings.Cut(a.s.Spec.Fault, ":"); kind == faults.StuckAt0.String() || kind == faults.StuckAt1.String() || kind == faults.Intermittent.String() {
		c.Verdict = stats.NotShown
		c.Statement = "no statement on hardware-metric targets: the raw rates are those of transients, the campaign is of " + a.s.Spec.Fault + " faults"
		return nil
	}
	if c.Pulses != nil {
		c.Verdict, c.Statement = stats.NotShown, pulseStatement(c.Pulses)
		return nil
	}
	var list []stats.Decided
	for _, v := range c.Verdicts {
		if v.Default {
			list = append(list, stats.Decided{Metric: v.Metric, Limits: stats.Limits{Estimate: v.Estimate, Lower: v.Lower, Upper: v.Upper}, Target: v.Target, Result: v.Result})
		}
	}
	c.Verdict, c.Statement, c.Decided = a.q.Conclude(list, c.Safety)
	return nil
}
