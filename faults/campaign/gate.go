package campaign

import (
	"fmt"
	"math"
	"slices"

	"upset/stats"
	"upset/stats/result"
)

// GateOptions are the settings of a regression test.
type GateOptions struct {
	Confidence float64 // 1 − the error over all checks
	Tolerance  float64 // relative worsening that is allowed
}

// Results of a regression test.
const (
	GatePass  = "pass"
	GateWorse = "worse"
)

// Gate holds a campaign against a baseline. Both are taken for independent samples.
// A quantity is worse where its difference cannot be noise: one-sided tests of
// stratified estimates, adjusted together (Holm).
func Gate(now, base *result.Campaign, o GateOptions) (*result.Gate, error) {
	if !(o.Confidence > 0 && o.Confidence < 1) {
		return nil, fmt.Errorf("confidence %v must lie between 0 and 1", o.Confidence)
	}
	if !(o.Tolerance >= 0 && o.Tolerance <= 10) {
		return nil, fmt.Errorf("tolerance %v must lie between 0 and 10", o.Tolerance)
	}
	if err := comparable(now, base); err != nil {
		return nil, err
	}
	g := &result.Gate{Baseline: gateSide(base), Campaign: gateSide(now), Confidence: o.Confidence, Tolerance: o.Tolerance, Result: GatePass}
	if now.Model != base.Model {
		g.Warnings = append(g.Warnings, result.Warning{Code: "model", Subject: now.Model, Message: "the baseline is of another network: " + base.Model})
	}
	if now.Inputs != base.Inputs {
		g.Warnings = append(g.Warnings, result.Warning{Code: "inputs", Subject: now.Model, Message: fmt.Sprintf("the baseline has %d inputs, this campaign %d", base.Inputs, now.Inputs)})
	}
	g.Checks = gateChecks(now, base, o)
	var p []float64
	for i := range g.Checks {
		p = append(p, g.Checks[i].P)
	}
	for i, v := range stats.Holm(p) {
		c := &g.Checks[i]
		c.PHolm, c.Result = v, GatePass
		if v <= 1-o.Confidence {
			c.Result, g.Result = GateWorse, GateWorse
		}
	}
	return g, nil
}

// comparable reports what makes two campaigns answers to different questions.
func comparable(now, base *result.Campaign) error {
	a, b := &now.Assumptions, &base.Assumptions
	for _, x := range []struct {
		name string
		a, b any
	}{
		{"NPU", now.NPU, base.NPU}, {"criterion", a.Criterion, b.Criterion}, {"violation", a.Violation, b.Violation},
		{"fault model", a.Fault, b.Fault}, {"ECC", a.ECC, b.ECC}, {"watchdog", a.Watchdog, b.Watchdog}, {"assumed reload", a.AssumeReload, b.AssumeReload},
		{"FIT per flop", a.LambdaFlop, b.LambdaFlop}, {"FIT per SRAM bit", a.LambdaSRAM, b.LambdaSRAM}, {"duty", now.Duty, base.Duty}, {"estimand", estimand(a), estimand(b)},
	} {
		if x.a != x.b {
			return fmt.Errorf("the baseline has another %s (%v, this campaign %v): run both with the same settings", x.name, x.b, x.a)
		}
	}
	for _, c := range []*result.Campaign{base, now} {
		if len(c.Strata) == 0 || c.Injections == 0 {
			return fmt.Errorf("a campaign of %s on %s has no injections to judge by", c.Model, c.NPU)
		}
	}
	return nil
}

// estimand is what intervals are for; results of older versions are of these inputs.
func estimand(a *result.Assumptions) string {
	if a.InputsAre == "" {
		return stats.InputsFixed
	}
	return a.InputsAre
}

func gateSide(c *result.Campaign) result.GateSide {
	return result.GateSide{NPU: c.NPU, Model: c.Model, SpecDigest: c.SpecDigest, ResultDigest: c.ResultDigest, Injections: c.Injections, Verdict: c.Verdict}
}

// gateChecks lists all quantities with their P values.
func gateChecks(now, base *result.Campaign, o GateOptions) []result.GateCheck {
	var list []result.GateCheck
	add := func(metric, block string, a, b weighed, more bool) {
		c := result.GateCheck{Metric: metric, Block: block, Baseline: b.mean, Now: a.mean, P: 1}
		worse := a.mean - b.mean*(1+o.Tolerance)
		scale := 1 + o.Tolerance
		if !more {
			worse, scale = b.mean*(1-min(1, o.Tolerance))-a.mean, 1-min(1, o.Tolerance)
		}
		c.Error = math.Sqrt(a.variance + scale*scale*b.variance)
		if c.Error > 0 {
			c.P = 0.5 * math.Erfc(worse/c.Error/math.Sqrt2)
		}
		list = append(list, c)
	}
	violation := now.Assumptions.Violation
	add("residual_fit", "all", fit(now, violation), fit(base, violation), true)
	if violation != stats.ViolationCritical {
		add("critical_fit", "all", fit(now, stats.ViolationCritical), fit(base, stats.ViolationCritical), true)
	}
	add("coverage", "all", coverage(now), coverage(base), false)
	for _, b := range now.Blocks {
		if slices.ContainsFunc(base.Blocks, func(x result.BlockAVF) bool { return x.Block == b.Block }) {
			add("avf_violating", b.Block, blockAVF(now, b.Block), blockAVF(base, b.Block), true)
		}
	}
	return list
}

// weighed is a stratified estimate.
type weighed struct{ mean, variance float64 }

// plus adds a stratum: weight × share. The variance takes (k + ½)/(n + 1) for the
// share, so that a stratum without failures is not taken for certain.
func (w weighed) plus(weight float64, k, n int, exact bool) weighed {
	if n == 0 {
		return w
	}
	w.mean += weight * float64(k) / float64(n)
	if p := stats.Smoothed(k, n); !exact {
		w.variance += weight * weight * p * (1 - p) / float64(n)
	}
	return w
}

// rate is the raw rate of a stratum in FIT.
func rate(c *result.Campaign, s *result.Stratum) float64 {
	lambda := c.Assumptions.LambdaFlop
	if s.SRAM {
		lambda = c.Assumptions.LambdaSRAM
	}
	return lambda * s.Bits * c.Duty
}

func violatingOf(c *result.Campaign, s *result.Stratum, violation string) int {
	return s.Violating(violation, c.Assumptions.Watchdog, c.Assumptions.AssumeReload)
}

// fit is the rate of violating outcomes.
func fit(c *result.Campaign, violation string) (w weighed) {
	for i := range c.Strata {
		s := &c.Strata[i]
		w = w.plus(rate(c, s), violatingOf(c, s, violation), s.N, s.Exact)
	}
	return w
}

// blockAVF is the share of violating outcomes among the sites of a block.
func blockAVF(c *result.Campaign, block string) (w weighed) {
	var whole float64
	for i := range c.Strata {
		if s := &c.Strata[i]; s.Block == block {
			whole += s.Weight
		}
	}
	for i := range c.Strata {
		if s := &c.Strata[i]; s.Block == block && whole > 0 {
			w = w.plus(s.Weight/whole, violatingOf(c, s, c.Assumptions.Violation), s.N, s.Exact)
		}
	}
	return w
}

// coverage is the part of the faults that do not stay harmless which is detected or
// corrected. The variance of the ratio is that of its linear part.
func coverage(c *result.Campaign) weighed {
	var seen, bad float64
	for i := range c.Strata {
		s := &c.Strata[i]
		if s.N > 0 {
			seen += rate(c, s) * float64(caught(c, s)) / float64(s.N)
			bad += rate(c, s) * float64(violatingOf(c, s, c.Assumptions.Violation)) / float64(s.N)
		}
	}
	if seen+bad == 0 {
		return weighed{mean: 1}
	}
	w := weighed{mean: seen / (seen + bad)}
	for i := range c.Strata {
		s := &c.Strata[i]
		if s.N == 0 || s.Exact {
			continue
		}
		p, q := stats.Smoothed(caught(c, s), s.N), stats.Smoothed(violatingOf(c, s, c.Assumptions.Violation), s.N)
		// gradient of seen/(seen+bad): (1−w, −w)/(seen+bad); multinomial covariance −pq.
		g := rate(c, s) / (seen + bad)
		x, y := (1-w.mean)*g, -w.mean*g
		w.variance += (x*x*p*(1-p) + y*y*q*(1-q) - 2*x*y*p*q) / float64(s.N)
	}
	return w
}

// caught counts what is detected by anybody, or corrected.
func caught(c *result.Campaign, s *result.Stratum) int {
	return s.Detected + s.Corrected + s.DUE(c.Assumptions.Watchdog)
}
