package protect

import (
	"math"

	"upset/faults/mechanism"
	"upset/stats"
	"upset/stats/result"
)

// Evaluation is an assignment judged on the records of the campaign, with the
// effect of its mechanisms known. It is no proof.
type Evaluation struct {
	Area float64 // added logic in gate equivalents
	RAM  int     // added bits of SRAM
	// FIT is the residual rate, Flops that of flops only, both in FIT.
	FIT   stats.Total
	Flops stats.Total
	DUE   result.Limits
	// SPFM takes hardened cells as a lower raw rate, SPFMCoverage as coverage. The first,
	// strict one decides.
	SPFM         result.Limits
	SPFMCoverage result.Limits
	// Result is "met", "not_met" or "not_shown".
	Result string
}

// strata are the weighted counts of an assignment in FIT.
func (pr *Problem) strata(a Assignment, flopsOnly bool) []stats.Stratum {
	var out []stats.Stratum
	for b := range pr.Blocks {
		for _, i := range pr.Blocks[b].Units {
			u := &pr.Evidence.Units[i]
			if u.SRAM && flopsOnly {
				continue
			}
			o := pr.option(a, b, i)
			rate := pr.rate(u.SRAM)
			for _, p := range u.Pieces {
				s := stats.Stratum{Weight: p.Weight * float64(p.N) * rate * o.Keep, N: p.N, Failures: p.Violations(pr.Target.Question.Violation)}
				if o.Stops {
					s.Failures = 0
				}
				out = append(out, s)
			}
		}
	}
	return out
}

// Evaluate judges an assignment at the confidence of the question. Of several
// networks it gives the figures of the one with the greatest residual, and the result
// of all.
func (pr *Problem) Evaluate(a Assignment) (worst Evaluation, err error) {
	var results []string
	for i, n := range pr.networks() {
		e, err := n.evaluate(a, pr.Target.Question.Confidence)
		if err != nil {
			return e, err
		}
		results = append(results, e.Result)
		if i == 0 || e.FIT.Upper > worst.FIT.Upper {
			worst = e
		}
	}
	worst.Area, worst.RAM = pr.Area(a)
	worst.Result = stats.Both(results...)
	return worst, nil
}

func (pr *Problem) evaluate(a Assignment, confidence float64) (e Evaluation, err error) {
	q := pr.Target.Question
	e.Area, e.RAM = pr.Area(a)
	if e.FIT, err = stats.Combine(pr.strata(a, false), confidence); err != nil {
		return e, err
	}
	if e.Flops, err = stats.Combine(pr.strata(a, true), confidence); err != nil {
		return e, err
	}
	e.SPFM = spfm(e.Flops, pr.rate(false)*pr.related(a))
	e.SPFMCoverage = spfm(e.Flops, pr.rate(false)*pr.Evidence.FlopBits)
	if e.DUE, err = pr.due(a, confidence); err != nil {
		return e, err
	}
	e.Result = stats.Both(stats.AtMost(e.FIT.Lower, e.FIT.Upper, q.BudgetFIT), stats.AtLeast(e.SPFM.Lower, e.SPFM.Upper, q.Target.SPFM))
	if b := pr.Target.BudgetDUE; b > 0 {
		e.Result = stats.Both(e.Result, stats.AtMost(e.DUE.Lower, e.DUE.Upper, b))
	}
	return e, nil
}

// spfm is the single-point fault metric over flops. The flops that a mechanism adds never
// raise the raw rate. A hardened cell lowers it where it counts as a cell of a lower rate,
// as an FMEDA usually has it (strict, it decides), and does not where hardening counts as
// coverage.
func spfm(residual stats.Total, raw float64) result.Limits {
	if raw == 0 {
		return result.Limits{Estimate: 1, Upper: 1} // nothing is left to measure
	}
	return result.Limits{
		Estimate: stats.SPFM(residual.Estimate, 0, raw),
		Lower:    stats.SPFM(residual.Upper, 0, raw), Upper: stats.SPFM(residual.Lower, 0, raw),
	}
}

// due is the rate of detected errors. What a comparator sees of upsets that would
// have been masked is not in the campaign's records: the estimate counts those
// that were not masked, in both copies, the upper limit all of them.
func (pr *Problem) due(a Assignment, confidence float64) (result.Limits, error) {
	var left []stats.Stratum
	var sure, estimate, upper float64
	for b := range pr.Blocks {
		if a.Duplicate[b] {
			upper += pr.Blocks[b].Duplicate.Alarms * pr.rate(false)
		}
		for _, i := range pr.Blocks[b].Units {
			u := &pr.Evidence.Units[i]
			o := pr.option(a, b, i)
			rate := pr.rate(u.SRAM)
			sure += o.Alarms * rate
			for _, p := range u.Pieces {
				switch {
				case o.Kind == mechanism.Parity, o.Kind == mechanism.ParityInterleaved:
					seen := 1.0 // where nothing is known, parity may see every upset
					if p.Tried > 0 {
						seen = float64(p.Parity) / float64(p.Tried)
					}
					if u.Bits > 0 {
						estimate += p.Weight * float64(p.N) * rate * seen * o.Alarms / u.Bits
					}
				case o.Kind == mechanism.Duplicate:
					estimate += 2 * p.Weight * rate * float64(p.Active)
				case !o.Stops:
					left = append(left, stats.Stratum{Weight: p.Weight * float64(p.N) * rate * o.Keep, N: p.N, Failures: p.DUE})
				}
			}
			switch o.Kind {
			case mechanism.Duplicate:
				sure -= o.Alarms * rate
			case mechanism.Parity, mechanism.ParityInterleaved:
				sure -= o.Alarms * rate
				upper += o.Alarms * rate
			}
		}
	}
	t, err := stats.Combine(left, confidence)
	return result.Limits{Estimate: t.Estimate + sure + estimate, Lower: t.Lower + sure, Upper: t.Upper + sure + max(upper, estimate)}, err
}

// rate is the raw rate of a bit in FIT.
func (pr *Problem) rate(sram bool) float64 {
	q := pr.Target.Question
	if sram {
		return q.Scenario.SRAM * q.Duty
	}
	return q.Scenario.Flop * q.Duty
}

// limits converts a total.
func limits(t stats.Total) result.Limits {
	return result.Limits{Estimate: t.Estimate, Lower: t.Lower, Upper: t.Upper}
}

// feasible reports whether an assignment meets the target with the margin: the
// estimates stay within their caps and the joint upper limits within the target.
func (pr *Problem) feasible(a Assignment) (bool, error) {
	for _, n := range pr.networks() {
		if ok, err := n.feasibleAlone(a); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// feasibleAlone is the same for one network.
func (pr *Problem) feasibleAlone(a Assignment) (bool, error) {
	for limit := range numLimits {
		if pr.estimateOnly && math.IsInf(pr.caps[limit], 1) {
			continue
		}
		if pr.total(a, limit) > pr.caps[limit]*(1+tolerance) {
			return false, nil
		}
	}
	if pr.estimateOnly {
		return true, nil
	}
	q, reach := pr.Target.Question, pr.Target.Reach
	fit, err := stats.CombineUpper(pr.strata(a, false), q.Confidence)
	if err != nil || fit.Upper > reach[limitFIT]*q.BudgetFIT {
		return false, err
	}
	flops, err := stats.CombineUpper(pr.strata(a, true), q.Confidence)
	if err != nil {
		return false, err
	}
	return 1-spfm(flops, pr.rate(false)*pr.related(a)).Lower <= reach[limitSPFM]*(1-q.Target.SPFM), nil
}

// total is the estimate of what an assignment takes of a limit.
func (pr *Problem) total(a Assignment, limit int) (sum float64) {
	for b := range pr.Blocks {
		if limit == limitDUE && a.Duplicate[b] {
			sum += pr.Blocks[b].Duplicate.Alarms * pr.unit(limitDUE, false)
		}
		for _, u := range pr.Blocks[b].Units {
			sum += pr.share(u, limit, pr.option(a, b, u)).mean
		}
	}
	return sum
}

// tolerance absorbs the rounding of sums in another order.
const tolerance = 1e-9
