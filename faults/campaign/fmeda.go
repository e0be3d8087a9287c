package campaign

import (
	"upset/stats"
	"upset/stats/result"
)

// failureMode is one column of the outcomes as a safety analysis names it.
type failureMode struct {
	name      string
	effect    string // at the boundary of the IP
	mechanism string
	count     func(o *result.Outcomes) int
}

// failureModes are all modes. Mechanisms are what the machine of a campaign has.
func failureModes(a *result.Assumptions) []failureMode {
	hang := "none"
	if a.Watchdog {
		hang = "watchdog"
	}
	code := "code of the shared buffer"
	if a.ECC == "none" {
		code = "none"
	}
	list := []failureMode{
		{"no effect", "none", "none", func(o *result.Outcomes) int { return o.Masked }},
		{"wrong output, critical", "wrong output tensor, done status, beyond the criterion", "none", func(o *result.Outcomes) int { return o.SDCCritical }},
		{"wrong output, tolerable", "wrong output tensor, done status, within the criterion", "none", func(o *result.Outcomes) int { return o.SDCTolerable }},
		{"wrong state for a later inference", "right output; a later inference ends wrong", "none", func(o *result.Outcomes) int { return o.Latent }},
		{"write outside the arena", "write on the bus to memory of somebody else", "none", func(o *result.Outcomes) int { return o.StrayWrite }},
		{"stop with an error status", "error status and interrupt instead of an output", "status of the NPU", func(o *result.Outcomes) int { return o.DUEDetected }},
		{"hang", "no end of the inference", hang, func(o *result.Outcomes) int { return o.DUEHang }},
		{"detected", "alarm", "mechanism", func(o *result.Outcomes) int { return o.Detected }},
		{"corrected", "right output, correction counted", code, func(o *result.Outcomes) int { return o.Corrected }},
	}
	// Modes that only a declaration makes possible.
	if a.FTTISeconds > 0 {
		list = append(list, failureMode{"reported too late", "status or alarm after the fault-tolerant time interval", "none", func(o *result.Outcomes) int { return o.Overdue }})
	}
	if a.Credit != AllDetectors.String() {
		list = append(list, failureMode{"reported by a detector without credit", "error status that is not believed", "none", func(o *result.Outcomes) int { return o.Uncredited }})
	}
	return list
}

// part is what one group of rows is about.
type part struct{ block, class string }

// fmeda fills in the failure modes of every part: the strata of a block and class,
// phases put together. Modes that were not seen are listed with their limits only
// where they violate.
func (a *aggregate) fmeda(c *result.Campaign) error {
	var order []part
	strata := map[part][]*result.Stratum{}
	for i := range c.Strata {
		s := &c.Strata[i]
		k := part{s.Block, s.Class}
		if strata[k] == nil {
			order = append(order, k)
		}
		strata[k] = append(strata[k], s)
	}
	for _, k := range order {
		if err := a.partModes(c, k, strata[k]); err != nil {
			return err
		}
	}
	return nil
}

// partModes adds the rows of one part.
func (a *aggregate) partModes(c *result.Campaign, k part, strata []*result.Stratum) error {
	var raw, seen, bad float64
	n := 0
	for _, s := range strata {
		raw += rate(c, s)
		n += s.N
		if s.N > 0 {
			seen += rate(c, s) * float64(caught(c, s.Outcomes)) / float64(s.N)
			bad += rate(c, s) * float64(violatingOf(c, s.Outcomes, stats.ViolationAny)) / float64(s.N)
		}
	}
	if n == 0 || raw == 0 {
		return nil
	}
	cover := 1.0
	if seen+bad > 0 {
		cover = seen / (seen + bad)
	}
	for _, m := range failureModes(&c.Assumptions) {
		violates := violating(c, m)
		var list []stats.Stratum
		k0 := 0
		for _, s := range strata {
			f := m.count(&s.Outcomes)
			k0 += f
			list = append(list, stats.Stratum{Weight: rate(c, s) / raw, N: s.N, Failures: f, Exact: s.Exact})
		}
		if k0 == 0 && !violates {
			continue
		}
		share, err := stats.CombineTwoSided(list, a.confidence)
		if err != nil {
			return err
		}
		limit, err := stats.Combine(list, a.limit)
		if err != nil {
			return err
		}
		row := result.FMEDARow{
			Block: k.block, Class: k.class, Mode: m.name, Effect: m.effect, LambdaRaw: raw, Share: interval(share), Mechanism: m.mechanism, Coverage: cover,
			Lambda: result.Limits{Estimate: raw * limit.Estimate, Lower: raw * max(0, limit.Lower), Upper: raw * min(1, limit.Upper)},
			Fault:  "multi_point_detected",
		}
		switch {
		case violates:
			row.Fault = "single_point"
		case m.name == "no effect", m.name == "wrong state for a later inference":
			row.Fault = "safe"
		}
		c.FMEDA = append(c.FMEDA, row)
	}
	return nil
}

// violating reports whether a mode violates the safety goal: it counts as violating
// by itself.
func violating(c *result.Campaign, m failureMode) bool {
	for _, o := range []result.Outcomes{{SDCCritical: 1}, {SDCTolerable: 1}, {Latent: 1}, {StrayWrite: 1}, {DUEHang: 1}, {Overdue: 1}, {Uncredited: 1}} {
		if m.count(&o) == 1 {
			return o.Violating(stats.ViolationAny, c.Assumptions.Watchdog, c.Assumptions.AssumeReload) == 1
		}
	}
	return false
}
