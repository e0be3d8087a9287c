package protect

import (
	"upset/stats"
)

// conclude joins what a proof showed with the metrics of declared permanent rates. The
// target is met only if all of it is shown.
func (r *run) conclude(p *proven) {
	q := campaignQuestion(r.o)
	list := []stats.Decided{
		{Metric: stats.MetricFIT, Limits: stats.Limits(limits(p.fit)), Target: q.BudgetFIT, Result: stats.AtMost(p.fit.Lower, p.fit.Upper, q.BudgetFIT)},
		{Metric: stats.MetricSPFM, Limits: stats.Limits(p.spfm), Target: q.Target.SPFM, Result: stats.AtLeast(p.spfm.Lower, p.spfm.Upper, q.Target.SPFM)},
	}
	if q.BudgetDUE > 0 {
		list = append(list, stats.Decided{Metric: stats.MetricDUE, Limits: stats.Limits(limits(p.due)), Target: q.BudgetDUE, Result: stats.AtMost(p.due.Lower, p.due.Upper, q.BudgetDUE)})
	}
	list = append(list, r.pulsesDecided()...)
	out := r.out
	out.Verdict, out.Statement, out.Decided = q.Conclude(list, out.Safety)
	out.Meets = out.Verdict == stats.Met && p.attempt.Holds
}

// unproven says that nothing was put to a proof, so that nothing was shown.
func (r *run) unproven(why string) {
	scope := campaignQuestion(r.o).Scope()
	_, sentence := stats.Conclude(scope, nil)
	r.out.Verdict, r.out.Statement, r.out.Meets = stats.NotShown, sentence+" ("+why+")", false
}
