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
	// Coverage is CoverageMeasured, the default, or CoverageAnnexD.
	Coverage string
	// FlopShare is the share of the rate that flops have, the rest being that of the
	// gates between them; 0 shares by area.
	FlopShare float64
	// Faults is the number of stuck-at faults of a sample, 0 for defaultStuckAts; Cycles
	// bounds what a machine may need for all samples without a harmful fault, 0 for
	// defaultStuckCycles.
	Faults int
	Cycles uint64
	// Gates is the number of stuck outputs of gates of each block that has gates, 0 for none: then
	// gates are not assessed.
	Gates int
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

// Where the coverage of permanent faults comes from.
const (
	// CoverageMeasured: stuck-at faults are injected into flops, beside the mechanisms.
	CoverageMeasured = "measured"
	// CoverageAnnexD: ISO 26262-5:2018, annex D, gives 99 % for comparison and 60 % for
	// parity; what no mechanism guards is single-point.
	CoverageAnnexD = "annex-d"
)

// Defaults of stuck-at campaigns (our choice: 1,200 faults show 99 % at a confidence of
// 97.5 % where at most five of them do harm; a few minutes at most).
const (
	defaultStuckAts           = 1200
	defaultStuckCycles uint64 = 1_000_000_000
)

// StuckAts is the number of faults of a sample.
func (p Permanent) StuckAts() int {
	if p.Faults > 0 {
		return p.Faults
	}
	return defaultStuckAts
}

// CyclesLimit bounds the cycles of all samples.
func (p Permanent) CyclesLimit() uint64 {
	if p.Cycles > 0 {
		return p.Cycles
	}
	return defaultStuckCycles
}

// Rate is the declared rate of logic in FIT, given its area in gate equivalents.
func (p Permanent) Rate(ge float64) float64 { return p.FITPer100kGE * ge / gePerRate }

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
	var parts *stats.PermanentParts
	var declared *result.Declared
	if p.Missing() == "" {
		declared = p.declared(logic, added)
		parts = p.parts()
		parts.Unguarded, parts.Mechanisms = p.Rate(logic), p.Rate(added)
		for _, g := range guarded {
			parts.Unguarded -= p.Rate(g.GE)
			parts.Guarded = append(parts.Guarded, stats.Guarded{Name: g.Part, Rate: p.Rate(g.GE), Coverage: g.Coverage})
			declared.Guarded = append(declared.Guarded, result.Guarded(g))
		}
		parts.Unguarded = max(0, parts.Unguarded) // rounding
		if p.Coverage != CoverageAnnexD {
			// Nothing was injected here: any part of it may be safe.
			parts.Open, parts.Unguarded = parts.Unguarded, 0
		}
	}
	return p.safety(in, parts, declared)
}

// parts are the declared times and the coverage of tests.
func (p Permanent) parts() *stats.PermanentParts {
	return &stats.PermanentParts{TestCoverage: p.TestCoverage, LifetimeHours: p.LifetimeHours, TestIntervalHours: p.TestIntervalHours}
}

// declared are the inputs of the permanent metrics.
func (p Permanent) declared(logic, added float64) *result.Declared {
	coverage := p.Coverage
	if coverage == "" {
		coverage = CoverageMeasured
	}
	return &result.Declared{
		PermanentFITPer100kGE: p.FITPer100kGE, LifetimeHours: p.LifetimeHours, TestIntervalHours: p.TestIntervalHours,
		TestCoverage: p.TestCoverage, LogicGE: logic, MechanismGE: added, Coverage: coverage,
	}
}

// StuckAt are measured rates of permanent faults.
type StuckAt struct {
	// Flops are those of flops with joint limits. Logic, which may be nil, are those of the gates
	// that were measured. Gates, in FIT, is the rest of the gates, which is not assessed.
	Flops stats.PartRates
	Logic *stats.PartRates
	Gates float64
	// LogicGE is the logic of the NPU, AddedGE that of the mechanisms, GuardedGE what
	// they guard, in gate equivalents.
	LogicGE, AddedGE, GuardedGE float64
	Shares                      *result.StuckAts
}

// Measured is [Permanent.Safety] from measured rates. What gates do that were not measured is
// not known: any part of them may violate.
func (p Permanent) Measured(in stats.SafetyInput, m StuckAt) (*result.Safety, error) {
	parts, declared := p.parts(), p.declared(m.LogicGE, m.AddedGE)
	parts.Measured, parts.Gates = &m.Flops, m.Logic
	parts.Open, parts.Intended, parts.Mechanisms = m.Gates, p.Rate(m.GuardedGE), p.Rate(m.AddedGE)
	out, err := p.safety(in, parts, declared)
	if err != nil {
		return nil, err
	}
	out.StuckAts = m.Shares
	return out, nil
}

// safety makes the result of ISO 26262; parts and declared are nil where nothing is
// declared.
func (p Permanent) safety(in stats.SafetyInput, parts *stats.PermanentParts, declared *result.Declared) (*result.Safety, error) {
	out := &result.Safety{NotAssessed: p.Missing(), PMHFBudget: in.PMHFBudget, Declared: declared}
	in.Permanent = parts
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
