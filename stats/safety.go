package stats

import (
	"fmt"
	"math"
)

// NotAssessed is the verdict on a metric for which nothing was declared.
const NotAssessed = "not_assessed"

// Guarded is logic under a mechanism that works on permanent faults.
type Guarded struct {
	Name string
	// Rate is its permanent rate in FIT, Coverage the share that the mechanism sees.
	Rate     float64
	Coverage float64
}

// PermanentParts are the declared permanent rates of a machine, in FIT.
type PermanentParts struct {
	Unguarded float64
	Guarded   []Guarded
	// Measured, which may be nil, is what injections of permanent faults have shown, and
	// Intended the part of it that mechanisms guard. Open is what was not injected: any
	// part of it may violate, and the estimate takes all of it.
	// Gates, which may be nil, is the same of the gates between flops, where those of a block were injected into.
	Measured   *PartRates
	Gates      *PartRates
	Intended   float64
	Open       float64
	Mechanisms float64
	// TestCoverage is the share of the mechanisms' faults that their tests find, run
	// every TestIntervalHours.
	TestCoverage      float64
	LifetimeHours     float64
	TestIntervalHours float64
}

// SafetyInput is what the metrics of ISO 26262-5 follow from.
type SafetyInput struct {
	// Raw is the rate of transients in FIT; Violating and Detected are parts of it
	// with joint limits. Protected says that mechanisms let them through.
	Raw       float64
	Violating Limits
	Detected  Limits
	Protected bool
	// SPFM is that of transients over flops, as the verdict uses it.
	SPFM Limits
	// Permanent is nil where nothing is declared.
	Permanent *PermanentParts
	// PMHFBudget is the share of PMHF in FIT that the machine may take at the level
	// Target, such as "asil-d". At other levels it may take the same part of the whole
	// item's. 0 takes all of the item's.
	PMHFBudget float64
	Target     string
}

// share is the machine's part of the PMHF of an item.
func (in SafetyInput) share() (float64, error) {
	if in.PMHFBudget == 0 {
		return 1, nil
	}
	a, err := ASILByName(in.Target)
	if err != nil {
		return 0, err
	}
	if !(in.PMHFBudget > 0) || math.IsInf(in.PMHFBudget, 0) {
		return 0, fmt.Errorf("share of PMHF of %v FIT: must be positive and finite", in.PMHFBudget)
	}
	return in.PMHFBudget / a.PMHF, nil
}

// Level is a metric against the target of one integrity level.
type Level struct {
	Name   string // asil-b, asil-c or asil-d
	Metric string
	Limits Limits
	Target float64
	Result string // met, not_met, not_shown or not_assessed
}

// Metrics of the levels.
const (
	MetricSPFMPermanent = "spfm_permanent"
	MetricLFM           = "lfm"
	MetricPMHF          = "pmhf"
)

// Safety are the fault classes and metrics of a machine.
type Safety struct {
	Transient FaultClasses
	Permanent *FaultClasses // nil: not assessed
	// PMHF is the sum of both, in FIT; of transients alone where permanent faults
	// are not assessed.
	PMHF   Limits
	Levels []Level
}

// NewSafety splits the rates into the fault classes of ISO 26262-5 and holds the
// metrics against all levels. Transients and permanent faults are kept apart, as the
// norm reports them; PMHF joins them.
func NewSafety(in SafetyInput) (Safety, error) {
	var out Safety
	cap := func(l Limits) Limits {
		l.Upper = min(l.Upper, in.Raw)
		return l
	}
	v, d := cap(in.Violating), cap(in.Detected)
	part := PartRates{Name: "transients", Raw: in.Raw, Detected: d, Safe: Limits{
		Estimate: max(0, in.Raw-v.Estimate-d.Estimate), Lower: max(0, in.Raw-v.Upper-d.Upper), Upper: max(0, in.Raw-v.Lower-d.Lower),
	}}
	if in.Protected {
		part.Missed = v
	} else {
		part.Unprotected = v
	}
	var err error
	if out.Transient, err = Split([]PartRates{part}, nil); err != nil {
		return out, err
	}
	out.PMHF = out.Transient.PMHF
	if in.Permanent != nil {
		p, err := in.Permanent.split()
		if err != nil {
			return out, err
		}
		out.Permanent = &p
		out.PMHF = out.PMHF.plus(p.PMHF)
	}
	share, err := in.share()
	if err != nil {
		return out, err
	}
	out.levels(in, share)
	return out, nil
}

// split is the fault classes of permanent faults. What no mechanism guards and nothing
// was injected into is single-point, by declaration or at worst.
func (p *PermanentParts) split() (FaultClasses, error) {
	if p.TestIntervalHours > 0 && p.TestIntervalHours > p.LifetimeHours {
		return FaultClasses{}, fmt.Errorf("test interval of %v h: it must not be longer than the lifetime of %v h", p.TestIntervalHours, p.LifetimeHours)
	}
	parts := []PartRates{
		{Name: "unguarded", Raw: p.Unguarded, Unprotected: Known(p.Unguarded)},
		{Name: "not assessed", Raw: p.Open, Unprotected: Limits{Estimate: p.Open, Upper: p.Open}, Safe: Limits{Upper: p.Open}},
	}
	if p.Measured != nil {
		parts = append(parts, *p.Measured)
	}
	if p.Gates != nil {
		parts = append(parts, *p.Gates)
	}
	intended := p.Intended
	for _, g := range p.Guarded {
		intended += g.Rate
		parts = append(parts, PartRates{Name: g.Name, Raw: g.Rate, Missed: Known(g.Rate * (1 - g.Coverage)), Detected: Known(g.Rate * g.Coverage)})
	}
	return Split(parts, &Permanent{
		Intended: intended, Mechanisms: p.Mechanisms, Coverage: p.TestCoverage,
		LifetimeHours: p.LifetimeHours, TestIntervalHours: p.TestIntervalHours,
	})
}

// levels holds the metrics against every level, PMHF against a share of the item's.
func (s *Safety) levels(in SafetyInput, share float64) {
	for _, a := range asils {
		pmhf := a.PMHF * share
		add := func(metric string, l Limits, target float64, result string) {
			s.Levels = append(s.Levels, Level{a.Name, metric, l, target, result})
		}
		add(MetricSPFM, in.SPFM, a.SPFM, AtLeast(in.SPFM.Lower, in.SPFM.Upper, a.SPFM))
		if p := s.Permanent; p != nil {
			add(MetricSPFMPermanent, p.SPFM, a.SPFM, AtLeast(p.SPFM.Lower, p.SPFM.Upper, a.SPFM))
			add(MetricLFM, p.LFM, a.LFM, AtLeast(p.LFM.Lower, p.LFM.Upper, a.LFM))
			add(MetricPMHF, s.PMHF, pmhf, AtMost(s.PMHF.Lower, s.PMHF.Upper, pmhf))
			continue
		}
		add(MetricLFM, Limits{}, a.LFM, NotAssessed)
		// The whole metric has permanent faults in it, so that it is never met
		// without them; it may be missed.
		result := NotAssessed
		if AtMost(s.PMHF.Lower, s.PMHF.Upper, pmhf) == NotMet {
			result = NotMet
		}
		add(MetricPMHF, s.PMHF, pmhf, result)
	}
}
