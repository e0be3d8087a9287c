package protect

import (
	"context"
	"slices"

	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Check tells by calculation on the records of a campaign whether a given design meets
// the target. It is no proof: nothing is injected but, for a design with checkers, the
// harmful records beside them. Only transient faults are looked at.
func Check(ctx context.Context, e *engine.Engine, s *campaign.Stored, o Options, choices []mechanism.Choice) (*result.GateDesign, error) {
	o.NoProof = true
	r, err := given(ctx, engineBench{e, o, ""}, s, o, choices, watched(choices, o.BudgetDUE > 0))
	if err != nil {
		return nil, err
	}
	return r.check(choices)
}

// check evaluates a design and holds it against the target.
func (r *run) check(choices []mechanism.Choice) (*result.GateDesign, error) {
	pr, a, err := r.judged(choices)
	if err != nil {
		return nil, err
	}
	x, err := pr.Evaluate(a)
	if err != nil {
		return nil, err
	}
	q := r.o.Question
	alt, err := r.alternative(x, priced(pr.Choices(a)))
	if err != nil {
		return nil, err
	}
	out := &result.GateDesign{Design: designText(pr, a), Target: q.Target.Name, AreaOverhead: alt.AreaOverhead, AreaOverheadRange: alt.AreaOverheadRange, Result: campaign.GateNotShown}
	decide := func(metric string, l result.Limits, target float64, verdict string) {
		out.Decided = append(out.Decided, result.Decided{Metric: metric, Value: &l, Target: target, Result: verdict})
	}
	decide(stats.MetricFIT, alt.FITViolating, q.BudgetFIT, stats.AtMost(x.FIT.Lower, x.FIT.Upper, q.BudgetFIT))
	decide(stats.MetricSPFM, x.SPFM, q.Target.SPFM, stats.AtLeast(x.SPFM.Lower, x.SPFM.Upper, q.Target.SPFM))
	if b := r.o.BudgetDUE; b > 0 {
		decide(stats.MetricDUE, x.DUE, b, stats.AtMost(x.DUE.Lower, x.DUE.Upper, b))
	}
	switch x.Result {
	case stats.Met:
		out.Result = campaign.GatePass
	case stats.NotMet:
		out.Result = campaign.GateWorse
	}
	return out, nil
}

// watched reports whether records must be injected beside the mechanisms of a design to
// judge it: checkers decide what violates, parity how much is reported.
func watched(choices []mechanism.Choice, reports bool) bool {
	return slices.ContainsFunc(choices, func(c mechanism.Choice) bool { return c.Kind.Checker() || reports && c.Kind == mechanism.Parity })
}

// given prepares the judgement of a design on all records, which are injected again
// beside mechanisms if catch says so.
func given(ctx context.Context, b Bench, s *campaign.Stored, o Options, choices []mechanism.Choice, catch bool) (*run, error) {
	o.Set, o.Unit, o.NoFront, o.given = OptionsFull, UnitBlockClass, true, true
	if slices.ContainsFunc(choices, func(c mechanism.Choice) bool { return len(c.Registers) > 0 }) {
		o.Unit = UnitRegister
	}
	o = o.normal(s.Spec, b.Table(), len(s.Records))
	if !catch {
		b = uncaught{b}
	}
	n, err := gather(ctx, b, s, o)
	if u, ok := b.(uncaught); ok {
		n.bench = u.Bench
	}
	if err != nil {
		return nil, err
	}
	return newRun([]subject{n}, o)
}

// judged is the problem that a given design is judged by, and the design in its terms.
func (r *run) judged(choices []mechanism.Choice) (pr *Problem, a Assignment, err error) {
	set := 0
	for _, c := range choices {
		if i := slices.Index(mechanism.Checkers(), c.Kind); i >= 0 {
			set |= 1 << i
		}
	}
	if pr, err = r.problemBeside(Even(1), set); err != nil {
		return nil, a, err
	}
	a, err = pr.assignment(choices)
	return pr, a, err
}

// uncaught is a bench for a design without anything that raises an alarm by itself: what
// others would catch need not be tried.
type uncaught struct{ Bench }

// Catch tells nothing.
func (uncaught) Catch(context.Context, *campaign.Stored, mechanism.Cells) ([]Caught, error) {
	return nil, nil
}
