package campaign

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"upset/stats"
	"upset/stats/result"
)

// GateOptions are the settings of a regression test. Start from
// [DefaultGateOptions].
type GateOptions struct {
	// Confidence is 1 − the error of passing a worsening of the margin.
	Confidence float64
	// FalseAlarm is the error, over all checks, of calling equal campaigns worse.
	FalseAlarm float64
	// Margin is the relative margin; MarginFIT the absolute one, in FIT. The larger
	// one holds.
	Margin    float64
	MarginFIT float64
	// Tolerance is the relative worsening that never counts as worse.
	Tolerance float64
	// Decides are the metrics that must be shown to be within the margin.
	Decides []string
	// Allow names differences between the campaigns that are declared, see
	// [GateDifferences].
	Allow []string
}

// Results of a regression test and of its checks.
const (
	GatePass     = "pass"
	GateWorse    = "worse"
	GateNotShown = "not_shown"
	GateSkipped  = "skipped"
)

// Metrics of a regression test.
const (
	gateResidual = "residual_fit"
	gateCritical = "critical_fit"
	gateSPFM     = "spfm"
	gateCoverage = "coverage"
	gateBlock    = "avf_violating"
)

// GateMetrics are the metrics of a regression test.
func GateMetrics() []string {
	return []string{gateResidual, gateCritical, gateSPFM, gateCoverage, gateBlock}
}

// All defaults of the gate are our choice.
//
// A margin of half: it is small beside what separates the published raw rates (the
// named scenarios span two orders of magnitude), and about 15,000 injections into a
// small network can show it; a tenth would take some 250,000. The absolute margin, one
// hundredth of the budget, is for designs with almost no violations, of which half is
// nothing that could be shown.
//
// The residual rate and SPFM decide, because the verdict is made of them. Blocks,
// critical outcomes and coverage have a tenth of their failures: they are tested for
// a worsening only.
//
// Alarms get an error of 0.5 %, so that together with a power of 99 % equal
// campaigns of the size that is asked for pass 98.5 times of 100 or more.
const (
	defaultMargin     = 0.5
	defaultFalseAlarm = 0.005
	// defaultMarginShare is the absolute margin as a share of the budget.
	defaultMarginShare = 0.01
	// gatePower is that of injections_needed, seenPower that of the smallest
	// worsening that could be seen.
	gatePower = 0.99
	seenPower = 0.95
)

// DefaultGateOptions are the settings of a regression test where nothing else is
// declared, for a budget in FIT.
func DefaultGateOptions(budget float64) GateOptions {
	return GateOptions{
		Confidence: defaultConfidence, FalseAlarm: defaultFalseAlarm,
		Margin: defaultMargin, MarginFIT: defaultMarginShare * budget,
		Decides: []string{gateResidual, gateSPFM},
	}
}

// check reports settings that cannot be.
func (o GateOptions) check() error {
	switch {
	case !(o.Confidence >= 0.5 && o.Confidence < 1):
		return fmt.Errorf("confidence %v must lie between 0.5 and 1", o.Confidence)
	case !(o.FalseAlarm > 0 && o.FalseAlarm <= 0.5):
		return fmt.Errorf("an error of %v for false alarms must lie above 0 and not above 0.5", o.FalseAlarm)
	case !(o.Margin >= 0 && o.Margin <= 1000):
		return fmt.Errorf("a margin of %v must lie between 0 and 1000 times the baseline", o.Margin)
	case !(o.MarginFIT >= 0) || math.IsInf(o.MarginFIT, 0):
		return fmt.Errorf("an absolute margin of %v FIT must be finite and not negative", o.MarginFIT)
	case o.Margin == 0 && o.MarginFIT == 0:
		return fmt.Errorf("no margin: that the worsening is exactly 0 can never be shown; give a margin above 0")
	case !(o.Tolerance >= 0 && o.Tolerance <= o.Margin):
		return fmt.Errorf("a tolerance of %v must lie between 0 and the margin of %v", o.Tolerance, o.Margin)
	case len(o.Decides) == 0:
		return fmt.Errorf("no metric decides: name one of %s", strings.Join(GateMetrics(), ", "))
	}
	for _, m := range o.Decides {
		if !slices.Contains(GateMetrics(), m) {
			return fmt.Errorf("unknown metric %q: choose among %s", m, strings.Join(GateMetrics(), ", "))
		}
	}
	for _, d := range o.Allow {
		if !slices.Contains(GateDifferences(), d) {
			return fmt.Errorf("unknown difference %q: choose among %s", d, strings.Join(GateDifferences(), ", "))
		}
	}
	return nil
}

// Gate holds a campaign against a baseline.
//
// A check passes where the worsening is shown to be smaller than the margin
// (non-inferiority); each on its own, because all that decide must pass
// (intersection–union). It is worse where it does not pass and a worsening beyond the
// tolerance is shown, adjusted for all checks together (Holm). Otherwise nothing is
// shown. The campaign passes if all checks that decide do and none is worse.
//
// Campaigns are taken for independent samples; two with the same faults and the same
// outcomes are paired.
//
// Errors: [ErrInterrupted] for a campaign that is not complete; else the settings are
// wrong, or the campaigns answer different questions.
func Gate(now, base *result.Campaign, o GateOptions) (*result.Gate, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		name string
		*result.Campaign
	}{{"the baseline", base}, {"the campaign", now}} {
		if c.Incomplete || slices.ContainsFunc(c.Warnings, func(w result.Warning) bool { return w.Code == warnProvisional }) {
			return nil, fmt.Errorf("%s is not complete: %w", c.name, ErrInterrupted)
		}
	}
	g := &result.Gate{
		Baseline: gateSide(base), Campaign: gateSide(now), Confidence: o.Confidence, FalseAlarm: o.FalseAlarm,
		Margin: o.Margin, MarginFIT: o.MarginFIT, Tolerance: o.Tolerance, Decides: o.Decides, Result: GatePass,
	}
	var err error
	if g.Differences, err = compareQuestions(now, base, o.Allow); err != nil {
		return nil, err
	}
	for _, d := range g.Differences {
		if d.Name != differsWeights {
			g.Warnings = append(g.Warnings, result.Warning{Code: "declared_difference", Subject: d.Name,
				Message: fmt.Sprintf("another %s was declared: a worsening may come from it", d.What)})
		}
	}
	g.Paired = sameSample(now, base)
	if err := judgeAll(g, now, base, o); err != nil {
		return nil, err
	}
	return g, nil
}

// judgeAll makes the checks and the result.
func judgeAll(g *result.Gate, now, base *result.Campaign, o GateOptions) error {
	list := gateQuantities(now, base)
	var p []float64
	var tested []int
	deciding := 0
	for _, q := range list {
		c := result.GateCheck{Metric: q.metric, Block: q.block, Decides: slices.Contains(o.Decides, q.metric), P: 1, PHolm: 1, Result: GateSkipped}
		if !q.missing {
			if err := q.judge(&c, g, o, len(list)); err != nil {
				return err
			}
			tested = append(tested, len(g.Checks))
			p = append(p, c.P)
		}
		if c.Decides {
			deciding++
		}
		g.Checks = append(g.Checks, c)
	}
	if deciding == 0 {
		return fmt.Errorf("the campaigns have nothing of %s: name another metric that decides", strings.Join(o.Decides, ", "))
	}
	enough := true
	for k, v := range stats.Holm(p) {
		c := &g.Checks[tested[k]]
		c.PHolm = v
		if c.Result != GatePass && v <= o.FalseAlarm {
			c.Result = GateWorse
		}
	}
	for i := range g.Checks {
		switch c := &g.Checks[i]; {
		case c.Result == GateWorse:
			g.Result = GateWorse
		case c.Decides && c.Result != GatePass && g.Result == GatePass:
			g.Result = GateNotShown
		}
		if c := &g.Checks[i]; c.Decides {
			enough = enough && c.InjectionsNeeded > 0
			g.InjectionsNeeded = max(g.InjectionsNeeded, c.InjectionsNeeded)
		}
	}
	if !enough {
		g.InjectionsNeeded = 0
	}
	return nil
}

func gateSide(c *result.Campaign) result.GateSide {
	return result.GateSide{NPU: c.NPU, Model: c.Model, SpecDigest: c.SpecDigest, ResultDigest: c.ResultDigest, Injections: c.Injections, Verdict: c.Verdict}
}
