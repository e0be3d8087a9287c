package campaign

import (
	"math"
	"slices"

	"upset/stats"
	"upset/stats/result"
)

// quantity is one thing that a regression test compares: samples of a rate that
// should stay low, and the value that is shown of it.
type quantity struct {
	metric, block string
	// missing says that one side lacks the block.
	missing         bool
	now, base       []stats.Stratum
	shownNow, shown float64 // of the campaign, of the baseline
	// perFIT turns FIT into the unit of the quantity.
	perFIT float64
	paired bool
	// larger is the sample of the campaign with more injections, size their number.
	larger []stats.Stratum
	size   int
}

// judge fills in a check, apart from the comparison of its P value with others.
func (q *quantity) judge(c *result.GateCheck, g *result.Gate, o GateOptions, checks int) error {
	w := stats.Worsening{Now: q.now, Base: q.base, Paired: q.paired, Relative: o.Margin, Absolute: o.MarginFIT * q.perFIT}
	if q.paired {
		w.NowOnly, w.BaseOnly = unfailed(q.now), unfailed(q.base)
	}
	c.Now, c.Baseline = q.shownNow, q.shown
	n, err := stats.Combine(q.now, o.Confidence)
	if err != nil {
		return err
	}
	b, err := stats.Combine(q.base, o.Confidence)
	if err != nil {
		return err
	}
	loss, now := q.shown, q.shownNow
	if q.metric == gateSPFM || q.metric == gateCoverage {
		loss, now = 1-loss, 1-now
	}
	c.Worsening, c.Allowed = now-loss, max(w.Relative*loss, w.Absolute)
	if !q.paired {
		c.Error = math.Sqrt(n.Variance + b.Variance)
	}
	if c.Upper, err = w.Upper(o.Confidence); err != nil {
		return err
	}
	ratio, err := w.Ratio(o.Confidence)
	if err != nil {
		return err
	}
	c.RatioUpper = finite(ratio)
	// The first step of Holm's procedure shares the error among all checks.
	seen, err := w.Detectable(1-o.FalseAlarm/float64(checks), seenPower, o.Tolerance)
	if err != nil {
		return err
	}
	c.Detectable = finite(seen)
	needed, err := w.Needed(q.larger, o.Confidence, gatePower)
	if err != nil {
		return err
	}
	if n := math.Ceil(needed * float64(q.size)); n <= maxInjections {
		c.InjectionsNeeded = roundUp(n)
	}
	if c.P, err = w.P(o.Tolerance); err != nil {
		return err
	}
	used, err := w.MarginUsed(o.Confidence)
	c.MarginUsed, c.Result = finite(used), GateNotShown
	if used < 1 {
		c.Result = GatePass
	}
	return err
}

// finite is a pointer to a number, or nil where it is infinite.
func finite(x float64) *float64 {
	if math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// roundUp rounds a count up to two digits.
func roundUp(n float64) int {
	step := math.Pow(10, math.Max(0, math.Floor(math.Log10(math.Max(n, 1)))-1))
	return int(math.Ceil(n/step) * step)
}

// unfailed is a sample of the same size in which nothing failed.
func unfailed(list []stats.Stratum) []stats.Stratum {
	out := slices.Clone(list)
	for i := range out {
		if !out[i].Exact {
			out[i].Failures = 0
		}
	}
	return out
}

// sameSample reports two campaigns of the same faults with the same outcomes.
func sameSample(a, b *result.Campaign) bool {
	return a.ResultDigest != "" && a.ResultDigest == b.ResultDigest && slices.EqualFunc(a.Strata, b.Strata, func(x, y result.Stratum) bool {
		return x.Block == y.Block && x.Class == y.Class && x.Phase == y.Phase && x.N == y.N && x.Outcomes == y.Outcomes
	})
}

// gateQuantities lists what is compared: rates of the whole, then every block that
// one of the two has.
func gateQuantities(now, base *result.Campaign) []quantity {
	violation := now.Assumptions.Violation
	var out []quantity
	add := func(metric, block string, perFIT float64, of func(*result.Campaign) ([]stats.Stratum, float64)) {
		q := quantity{metric: metric, block: block, perFIT: perFIT, paired: sameSample(now, base)}
		q.now, q.shownNow = of(now)
		q.base, q.shown = of(base)
		if q.larger, q.size = q.base, base.Injections; now.Injections > q.size {
			q.larger, q.size = q.now, now.Injections
		}
		q.missing = len(q.now) == 0 || len(q.base) == 0
		out = append(out, q)
	}
	add(gateResidual, "all", 1, func(c *result.Campaign) ([]stats.Stratum, float64) { return fitSample(c, violation) })
	if violation != stats.ViolationCritical {
		add(gateCritical, "all", 1, func(c *result.Campaign) ([]stats.Stratum, float64) { return fitSample(c, stats.ViolationCritical) })
	}
	if raw := rawFIT(base, relatedFlop); raw > 0 {
		add(gateSPFM, "all", 1/raw, func(c *result.Campaign) ([]stats.Stratum, float64) { return spfmSample(c, violation) })
	}
	add(gateCoverage, "all", 0, coverageSample)
	for _, b := range blocksOf(now, base) {
		perFIT := 0.0
		if raw := rawFIT(base, func(s *result.Stratum) bool { return s.Block == b }); raw > 0 {
			perFIT = 1 / raw
		}
		add(gateBlock, b, perFIT, func(c *result.Campaign) ([]stats.Stratum, float64) { return blockSample(c, b) })
	}
	return out
}

// blocksOf are the names of the blocks of both campaigns, in order of appearance.
func blocksOf(list ...*result.Campaign) (names []string) {
	for _, c := range list {
		for i := range c.Strata {
			if b := c.Strata[i].Block; !slices.Contains(names, b) {
				names = append(names, b)
			}
		}
	}
	return names
}

// flopOnly selects strata of flops.
func flopOnly(s *result.Stratum) bool { return !s.SRAM }

// rate is the raw rate of a stratum in FIT.
func rate(c *result.Campaign, s *result.Stratum) float64 {
	lambda := c.Assumptions.LambdaFlop
	if s.SRAM {
		lambda = c.Assumptions.LambdaSRAM
	}
	if s.RateScale != 0 {
		lambda *= s.RateScale
	}
	return lambda * s.Bits * c.Duty
}

// rawFIT is the raw rate of some strata in FIT.
func rawFIT(c *result.Campaign, of func(*result.Stratum) bool) (sum float64) {
	for i := range c.Strata {
		if s := &c.Strata[i]; of(s) {
			sum += rate(c, s)
		}
	}
	return sum
}

// violatingOf counts the violating outcomes.
func violatingOf(c *result.Campaign, o result.Outcomes, violation string) int {
	return o.Violating(violation, c.Assumptions.Watchdog, c.Assumptions.AssumeReload)
}

// partsOf are the rounds that a stratum is estimated from, or the whole of it.
func partsOf(s *result.Stratum) []result.StratumPart {
	if len(s.Parts) == 0 {
		return []result.StratumPart{{Share: 1, Outcomes: s.Outcomes}}
	}
	return s.Parts
}

// sample turns the strata of a campaign into samples of the given weight, round by
// round where the campaign says so. A weight of 0 leaves a stratum out.
func sample(c *result.Campaign, violation string, weight func(*result.Stratum) float64) (list []stats.Stratum, estimate float64) {
	for i := range c.Strata {
		s := &c.Strata[i]
		w := weight(s)
		if w == 0 {
			continue
		}
		for _, p := range partsOf(s) {
			list = append(list, stats.Stratum{Weight: w * p.Share, N: p.Outcomes.Total(), Failures: violatingOf(c, p.Outcomes, violation), Exact: s.Exact})
		}
	}
	for _, s := range list {
		if s.N > 0 {
			estimate += s.Weight * float64(s.Failures) / float64(s.N)
		}
	}
	return list, estimate
}

// fitSample is the rate of violating outcomes in FIT.
func fitSample(c *result.Campaign, violation string) ([]stats.Stratum, float64) {
	return sample(c, violation, func(s *result.Stratum) float64 { return rate(c, s) })
}

// relatedFlop tells flops that something depends on.
func relatedFlop(s *result.Stratum) bool { return flopOnly(s) && s.Class != classObserver }

// spfmSample is 1 − SPFM over flops; shown is SPFM.
func spfmSample(c *result.Campaign, violation string) ([]stats.Stratum, float64) {
	raw := rawFIT(c, relatedFlop)
	list, missing := sample(c, violation, func(s *result.Stratum) float64 {
		if s.SRAM || s.Class == classObserver {
			return 0
		}
		return rate(c, s) / raw
	})
	return list, 1 - missing
}

// blockSample is the share of violating outcomes among the sites of a block.
func blockSample(c *result.Campaign, block string) ([]stats.Stratum, float64) {
	var whole float64
	for i := range c.Strata {
		if c.Strata[i].Block == block {
			whole += c.Strata[i].Weight
		}
	}
	return sample(c, c.Assumptions.Violation, func(s *result.Stratum) float64 {
		if s.Block != block {
			return 0
		}
		return s.Weight / whole
	})
}

// coverageSample is the part of the faults that do not stay harmless which nobody
// detects or corrects; shown is the rest, the coverage. Strata that are proven not to
// violate are left out: what is corrected there says nothing about detection. The
// sample is a binomial one of the effective size (Σw)²/Σw² over the faults seen
// (Korn and Graubard, Survey Methodology 1998).
func coverageSample(c *result.Campaign) ([]stats.Stratum, float64) {
	var bad, sum, squares float64
	unknown := false
	for i := range c.Strata {
		s := &c.Strata[i]
		if s.Exact || rate(c, s) == 0 {
			continue
		}
		for _, p := range partsOf(s) {
			if p.Outcomes.Total() == 0 {
				unknown = true
				continue
			}
			w := rate(c, s) * p.Share / float64(p.Outcomes.Total())
			v, k := violatingOf(c, p.Outcomes, c.Assumptions.Violation), caught(c, p.Outcomes)
			bad += w * float64(v)
			sum += w * float64(v+k)
			squares += w * w * float64(v+k)
		}
	}
	if sum == 0 {
		return []stats.Stratum{{Weight: 1}}, 1
	}
	share, size := bad/sum, int(math.Round(sum*sum/squares))
	if unknown {
		size = 0
	}
	return []stats.Stratum{{Weight: 1, N: size, Failures: int(math.Round(share * float64(size)))}}, 1 - share
}

// caught counts what is detected by anybody, or corrected.
func caught(c *result.Campaign, o result.Outcomes) int {
	return o.Detected + o.Corrected + o.DUE(c.Assumptions.Watchdog)
}
