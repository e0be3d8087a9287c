package campaign

import (
	"fmt"
	"math"

	"upset/faults"
	"upset/stats"
	"upset/stats/result"
)

// warnProvisional is the code of the warning that a campaign is not complete.
const warnProvisional = "provisional"

// warnings lists what the reader of a result must know.
func (a *aggregate) warnings(c *result.Campaign) []result.Warning {
	var out []result.Warning
	warn := func(code, subject, format string, args ...any) {
		out = append(out, result.Warning{Code: code, Subject: subject, Message: fmt.Sprintf(format, args...)})
	}
	s := a.s.Spec
	if !a.s.Complete {
		warn(warnProvisional, "", "the campaign is not complete: %d injections are in; resume it with upset campaign resume", c.Injections)
	}
	if n := len(a.s.Builds); n > 1 {
		warn("several_builds", "", "the records come from %d builds of the tool, first %s, last %s; up to %d stored records were injected again and compared at each change; run the campaign again where one build must have made them all", n, a.s.Builds[0], a.s.Builds[n-1], spotChecks)
	}
	if s.RandomInputs {
		warn("default_inputs", "", "no inputs were given: %d seeded random ones were used, which need not look like real ones; give --inputs", a.f.Inputs)
	}
	if a.f.Inputs == 1 {
		warn("one_input", "", "a single input was used: the intervals say nothing about other inputs; give several with --inputs")
	}
	a.warnInputs(warn)
	if len(a.t.rounds) > 1 && a.t.roundShares() == nil && !a.sample() {
		warn("adaptive_pooled", "", "not every stratum has an injection in every round that followed the failures: rounds are pooled, and the estimate is too low on average, by about 0.3 standard errors; raise --injections")
	}
	if m, err := faults.ParseModel(s.Fault); err == nil && m.FlopsOnly() {
		warn("fault_model", "", "the raw rates are those of upsets: of %s faults only the shares of outcomes count, rates and verdicts do not; declare a rate of your own for them", m.Kind)
	}
	if s.filtered() {
		warn("partial", "", "the campaign covers part of the machine or of the inference: rates are those of that part, verdicts take the rest as unknown; run it without filters for a verdict")
	}
	if s.untilPrecise() && a.s.Complete {
		a.warnPrecision(warn)
	}
	a.warnStrata(warn)
	if n := c.Outcomes.Overdue; n > 0 {
		warn("overdue", "", "%d upsets are reported later than %v s after they happened, by an alarm, a stop or the watchdog: they violate; the latencies tell which detectors are late", n, a.q.Deadline.FTTI)
	}
	if n := c.Outcomes.Uncredited; n > 0 {
		warn("uncredited", "", "%d upsets end with a stop or by the watchdog that only a detector without credit reports: they violate; --credit %s counts on the others", n, a.q.Deadline.credited())
	}
	if c.Verdict == stats.NotShown {
		a.warnVerdict(c, warn)
	}
	return out
}

// warnPrecision reports a cap that was reached before the precision.
func (a *aggregate) warnPrecision(warn func(code, subject, format string, args ...any)) {
	if x, err := excess(a.f, a.s.Spec, a.t); err == nil && x > 1 {
		warn("margin_not_reached", "", "the precision asked for was not reached within %d injections; give more with --injections", len(a.s.Records))
	}
}

// warnStrata reports strata that are thin, were never hit, never failed, or whose
// proof was refuted.
func (a *aggregate) warnStrata(warn func(code, subject, format string, args ...any)) {
	thin, silent, proven, unsampled := 0, 0, 0, 0
	anyOf, _ := a.s.Spec.violations()
	for _, cells := range a.strata {
		o := a.t.sum(cells)
		n, bad := o.Total(), anyOf(o)
		exact := a.t.exact(cells, bad)
		switch {
		case a.t.known(cells) && !exact:
			g := a.f.group(cells)
			class, _ := a.f.names(cells)
			warn("proof_refuted", g.Block+" "+class, "%d of %d injections violate where no upset should: these sites count as sampled; please report this", bad, n)
		case exact:
			proven++
		case n == 0:
			unsampled++
		default:
			if n < stats.MinStratum {
				thin++
			}
			if bad == 0 {
				silent++
			}
		}
	}
	if unsampled > 0 {
		warn("unsampled_stratum", "", "%d strata have no sample and count as failing always in every upper limit; raise --injections", unsampled)
	}
	if thin > 0 {
		warn("thin_stratum", "", "%d strata have fewer than %d samples; raise --injections", thin, stats.MinStratum)
	}
	if silent > 0 {
		warn("no_failure", "", "%d of %d strata show no violation: only an upper bound is known for them", silent, len(a.strata))
	}
	if proven > 0 {
		warn("proven", "", "%d strata enter as not violating by proof (registers that only observe, or RAM under a correcting code), not as sampled", proven)
	}
}

// warnVerdict says why the default verdict is not shown.
func (a *aggregate) warnVerdict(c *result.Campaign, warn func(code, subject, format string, args ...any)) {
	for _, v := range c.Verdicts {
		if !v.Default || v.Result != stats.NotShown {
			continue
		}
		unit := " FIT"
		if v.Metric == stats.MetricSPFM {
			unit = ""
		}
		message := fmt.Sprintf("the limits %.4g to %.4g%s straddle the target %.4g", v.Lower, v.Upper, unit, v.Target)
		half := math.Max(v.Upper-v.Estimate, v.Estimate-v.Lower)
		if gap := math.Abs(v.Target - v.Estimate); gap > 0 && half > gap && !a.s.Spec.filtered() {
			// Half-widths shrink with the square root of the size.
			message += fmt.Sprintf("; about %.2g times the injections might decide it", math.Ceil(half/gap*half/gap))
		}
		warn("not_shown", v.Metric, "%s", message)
	}
}
