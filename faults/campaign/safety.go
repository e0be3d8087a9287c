package campaign

import (
	"fmt"
	"strings"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
	"upset/stats"
	"upset/stats/result"
)

// Permanent declares what no campaign measures. Permanent metrics are assessed only
// where rate, lifetime and test interval are all given.
type Permanent struct {
	FITPer100kGE      float64
	LifetimeHours     float64
	TestIntervalHours float64
	TestCoverage      float64 // share of the mechanisms' faults that their tests find
	// PMHFBudget is the share of PMHF in FIT that the NPU may take; 0 takes the budget
	// of violating outcomes.
	PMHFBudget float64
}

// Missing names what is not declared, empty where everything is.
func (p Permanent) Missing() string {
	var list []string
	for name, x := range map[string]float64{"a permanent rate": p.FITPer100kGE, "a lifetime": p.LifetimeHours, "a test interval": p.TestIntervalHours} {
		if x == 0 {
			list = append(list, name)
		}
	}
	if list == nil {
		return ""
	}
	// In the order of the flags.
	order := []string{"a permanent rate", "a lifetime", "a test interval"}
	var sorted []string
	for _, n := range order {
		for _, m := range list {
			if n == m {
				sorted = append(sorted, n)
			}
		}
	}
	return "not declared: " + strings.Join(sorted, ", ")
}

// gePerRate is the area that the permanent rate is given for.
const gePerRate = 100_000

// GuardedGE is logic under a mechanism, in gate equivalents.
type GuardedGE struct {
	Part     string
	GE       float64
	Coverage float64
}

// Safety makes the result of ISO 26262 from measured rates and declared ones. Logic is
// the NPU's, guarded the part of it under mechanisms, added the mechanisms' own, in
// gate equivalents.
func (p Permanent) Safety(in stats.SafetyInput, logic, added float64, guarded []GuardedGE) (*result.Safety, error) {
	out := &result.Safety{NotAssessed: p.Missing(), PMHFBudget: in.PMHFBudget}
	if out.NotAssessed == "" {
		rate := func(ge float64) float64 { return p.FITPer100kGE * ge / gePerRate }
		parts := &stats.PermanentParts{
			Unguarded: rate(logic), Mechanisms: rate(added), TestCoverage: p.TestCoverage,
			LifetimeHours: p.LifetimeHours, TestIntervalHours: p.TestIntervalHours,
		}
		out.Declared = &result.Declared{
			PermanentFITPer100kGE: p.FITPer100kGE, LifetimeHours: p.LifetimeHours, TestIntervalHours: p.TestIntervalHours,
			TestCoverage: p.TestCoverage, LogicGE: logic, MechanismGE: added,
		}
		for _, g := range guarded {
			parts.Unguarded -= rate(g.GE)
			parts.Guarded = append(parts.Guarded, stats.Guarded{Name: g.Part, Rate: rate(g.GE), Coverage: g.Coverage})
			out.Declared.Guarded = append(out.Declared.Guarded, result.Guarded(g))
		}
		parts.Unguarded = max(0, parts.Unguarded) // rounding
		in.Permanent = parts
	}
	s, err := stats.NewSafety(in)
	if err != nil {
		return nil, fmt.Errorf("metrics of ISO 26262: %w", err)
	}
	out.Transient, out.PMHF = classes(s.Transient), result.Limits(s.PMHF)
	if s.Permanent != nil {
		c, lfm := classes(*s.Permanent), result.Limits(s.Permanent.LFM)
		out.Permanent, out.LFM, out.DualPoint = &c, &lfm, s.Permanent.DualPoint
	}
	for _, l := range s.Levels {
		row := result.SafetyLevel{Level: l.Name, Metric: l.Metric, Target: l.Target, Result: l.Result}
		if l.Result != stats.NotAssessed {
			v := result.Limits(l.Limits)
			row.Value = &v
		}
		out.Levels = append(out.Levels, row)
	}
	return out, nil
}

// classes converts fault classes.
func classes(c stats.FaultClasses) result.FaultClasses {
	return result.FaultClasses{
		Raw: c.Raw, Safe: result.Limits(c.Safe), SinglePoint: result.Limits(c.SinglePoint), Residual: result.Limits(c.Residual),
		MultiPointDetected: result.Limits(c.MultiPointDetected), MultiPointLatent: result.Limits(c.MultiPointLatent), SPFM: result.Limits(c.SPFM),
	}
}

// safety fills in the fault classes of a machine without added mechanisms, over the
// whole machine only.
func (a *aggregate) safety(c *result.Campaign) error {
	if a.s.Spec.filtered() || c.FIT.Raw == 0 {
		return nil
	}
	in := stats.SafetyInput{Raw: c.FIT.Raw, Violating: stats.Limits(c.FIT.Violating), Detected: stats.Limits(c.FIT.DUE), SPFM: stats.Limits(c.SPFM.Any)}
	in.Target, in.PMHFBudget = a.q.Target.Name, a.q.PMHFBudget()
	if a.q.Violation == stats.ViolationCritical {
		in.Violating, in.SPFM = stats.Limits(c.FIT.Critical), stats.Limits(c.SPFM.Critical)
	}
	logic := a.q.LogicGE
	if config, err := isa.ParseConfig(a.f.NPU); err == nil && logic == 0 && a.q.Permanent.Missing() == "" {
		for _, b := range netlist.New(config, npu.ECCSECDED).Areas(nil) {
			logic += b.LogicGE()
		}
	}
	var err error
	c.Safety, err = a.q.Permanent.Safety(in, logic, 0, nil)
	return err
}
