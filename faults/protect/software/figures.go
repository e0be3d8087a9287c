package software

import (
	"math/rand/v2"
	"slices"

	"upset/faults/campaign"
	"upset/stats"
	"upset/stats/result"
)

// figures are what a campaign on a guarded network says of a question.
type figures struct {
	q         campaign.Question
	violating []stats.Exposure
	alarms    []stats.Exposure // what is reported: stops, and differences that the host finds
	outcomes  result.Outcomes
}

// newFigures takes the strata of a campaign's result.
func newFigures(c *result.Campaign, spec campaign.Spec, q campaign.Question) figures {
	f := figures{q: q, outcomes: c.Outcomes}
	for _, s := range c.Strata {
		parts := s.Parts
		if parts == nil {
			parts = []result.StratumPart{{Share: 1, Outcomes: s.Outcomes}}
		}
		for _, p := range parts {
			x := stats.Exposure{
				Bits: s.Bits * p.Share, SRAM: s.SRAM, Scale: s.RateScale, N: p.Outcomes.Total(), Exact: s.Exact, Observer: s.Class == "observer",
				Any:      p.Outcomes.Violating(stats.ViolationAny, !spec.NoWatchdog, spec.AssumeReload),
				Critical: p.Outcomes.Violating(stats.ViolationCritical, !spec.NoWatchdog, spec.AssumeReload),
			}
			f.violating = append(f.violating, x)
			x.Any = p.Outcomes.DUE(!spec.NoWatchdog) + p.Outcomes.Detected
			f.alarms = append(f.alarms, x)
		}
	}
	return f
}

func (f *figures) rates() stats.Rates {
	return stats.Rates{Flop: f.q.Scenario.Flop, SRAM: f.q.Scenario.SRAM, Duty: f.q.Duty}
}

// judged are figures with their limits at a confidence.
type judged struct {
	fit, spfm, due stats.Total
	decided        []stats.Decided
}

// at judges at a one-sided confidence.
func (f *figures) at(confidence float64) (j judged, err error) {
	q := f.q
	if j.fit, err = stats.ResidualFIT(f.violating, f.rates(), q.Violation, false, confidence); err != nil {
		return j, err
	}
	if j.spfm, err = stats.MeasuredSPFM(f.violating, f.rates(), q.Violation, true, confidence); err != nil {
		return j, err
	}
	if j.due, err = stats.ResidualFIT(f.alarms, f.rates(), stats.ViolationAny, false, confidence); err != nil {
		return j, err
	}
	j.decided = []stats.Decided{
		{Metric: stats.MetricFIT, Limits: stats.Limits(limits(j.fit)), Target: q.BudgetFIT, Result: stats.AtMost(j.fit.Lower, j.fit.Upper, q.BudgetFIT)},
		{Metric: stats.MetricSPFM, Limits: stats.Limits(limits(j.spfm)), Target: q.Target.SPFM, Result: stats.AtLeast(j.spfm.Lower, j.spfm.Upper, q.Target.SPFM)},
	}
	if q.BudgetDUE > 0 {
		j.decided = append(j.decided, stats.Decided{Metric: stats.MetricDUE, Limits: stats.Limits(limits(j.due)), Target: q.BudgetDUE, Result: stats.AtMost(j.due.Lower, j.due.Upper, q.BudgetDUE)})
	}
	return j, nil
}

// holds reports that every limit meets its target.
func (j judged) holds() bool {
	for _, d := range j.decided {
		if d.Result != stats.Met {
			return false
		}
	}
	return true
}

// fails reports that some limit is shown to miss its target.
func (j judged) fails() bool {
	for _, d := range j.decided {
		if d.Result == stats.NotMet {
			return true
		}
	}
	return false
}

// excess is how far the worst metric is from its target: the part of what is allowed that
// it takes, by estimate or by limit; above 1 it takes more.
func (j judged) excess(q campaign.Question, limit bool) float64 {
	pick := func(t stats.Total, lower bool) float64 {
		switch {
		case !limit:
			return t.Estimate
		case lower:
			return t.Lower
		}
		return t.Upper
	}
	worst := max(pick(j.fit, false)/q.BudgetFIT, (1-pick(j.spfm, true))/(1-q.Target.SPFM))
	if q.BudgetDUE > 0 {
		worst = max(worst, pick(j.due, false)/q.BudgetDUE)
	}
	return worst
}

// shown is the largest confidence at which all limits meet their targets, 0 for none.
func (f *figures) shown() (float64, error) {
	return stats.LargestConfidence(func(confidence float64) (bool, error) {
		j, err := f.at(confidence)
		return err == nil && j.holds(), err
	})
}

// Choices of ours: the number of simulated proofs behind a power, and the confidence of the
// upper limit that stands for the residual when a proof is planned, since what looks good by
// chance is picked, too.
const (
	powerRepeats = 1000
	cautious     = 0.9
)

// power estimates the probability that a proof of n injections shows the limits, where
// every stratum has the same share of the injections as here and fails as often, raised to
// the cautious residual. It is that of the residual and of SPFM; a budget of stops is not
// foreseen.
func (f *figures) power(n int, confidence float64) (float64, error) {
	q, rates := f.q, f.rates()
	careful, err := f.at(cautious)
	if err != nil {
		return 0, err
	}
	lost, drawn := 0.0, f.outcomes.Total()
	for _, flops := range []bool{false, true} {
		budget := q.BudgetFIT
		if flops {
			budget = (1 - q.Target.SPFM) * stats.RawFIT(related(f.violating), rates, true)
		}
		// SPFM is over flops alone, whose upper limit follows from its lower one.
		residual := careful.fit
		if flops {
			residual = stats.Total{Estimate: (1 - careful.spfm.Estimate), Upper: 1 - careful.spfm.Lower}
		}
		var strata []stats.ProofStratum
		for _, x := range f.violating {
			if x.Exact || x.N == 0 || flops && x.SRAM {
				continue
			}
			weight := stats.RawFIT([]stats.Exposure{x}, rates, false)
			failures := x.Any
			if q.Violation == stats.ViolationCritical {
				failures = x.Critical
			}
			p := float64(failures) / float64(x.N)
			if residual.Estimate > 0 {
				p = min(1, p*residual.Upper/residual.Estimate)
			} else {
				p = residual.Upper / sampled(f.violating, rates, flops)
				if flops {
					p *= budget / (1 - q.Target.SPFM)
				}
			}
			strata = append(strata, stats.ProofStratum{Weight: weight, P: p, N: max(1, n*x.N/max(1, drawn))})
		}
		if len(strata) == 0 {
			continue
		}
		p, err := stats.ProofPower(strata, budget, confidence, powerRepeats, rand.NewPCG(1, uint64(n)))
		if err != nil {
			return 0, err
		}
		lost += 1 - p
	}
	return max(0, 1-lost), nil
}

// sampled is the raw rate of what is not known by proof, of flops alone or of all.
func sampled(list []stats.Exposure, rates stats.Rates, flops bool) float64 {
	return stats.RawFIT(slices.DeleteFunc(slices.Clone(list), func(x stats.Exposure) bool { return x.Exact || flops && x.SRAM }), rates, false)
}

// related leaves out registers that only observe: SPFM is not measured against them.
func related(list []stats.Exposure) []stats.Exposure {
	return slices.DeleteFunc(slices.Clone(list), func(x stats.Exposure) bool { return x.Observer })
}

// limits are those of a result.
func limits(t stats.Total) result.Limits {
	return result.Limits{Estimate: t.Estimate, Lower: t.Lower, Upper: t.Upper}
}
