package stats

import (
	"fmt"
	"math"
)

// Limits are an estimate and its one-sided limits, in FIT for rates.
type Limits struct {
	Estimate float64
	Lower    float64
	Upper    float64
}

// Known is a value without uncertainty.
func Known(x float64) Limits { return Limits{Estimate: x, Lower: x, Upper: x} }

// plus adds limits side by side.
func (l Limits) plus(m Limits) Limits {
	return Limits{Estimate: l.Estimate + m.Estimate, Lower: l.Lower + m.Lower, Upper: l.Upper + m.Upper}
}

// check reports limits that are out of order or beyond the raw rate.
func (l Limits) check(raw float64) error {
	const slack = 1e-9 // rounding of sums
	if !(0 <= l.Lower && l.Lower <= l.Estimate && l.Estimate <= l.Upper && l.Upper <= raw*(1+slack)) {
		return fmt.Errorf("limits %v ≤ %v ≤ %v: must be in order, between 0 and the raw rate %v", l.Lower, l.Estimate, l.Upper, raw)
	}
	return nil
}

// PartRates are the measured outcome rates of one part in FIT. The estimates
// must add up to Raw.
type PartRates struct {
	Name string
	// Raw is the part's whole rate.
	Raw float64
	// Safe cannot violate the safety goal.
	Safe Limits
	// Unprotected violates, and the part has no mechanism: single-point.
	Unprotected Limits
	// Missed violates although the part has a mechanism: residual.
	Missed Limits
	// Detected is seen by a mechanism, detector or watchdog in time.
	Detected Limits
	// Latent is neither seen nor violating by itself.
	Latent Limits
}

// Permanent declares what no injection of transients measures. Without it the
// latent metric and the dual-point term are not assessed.
type Permanent struct {
	// Intended is the permanent rate of the intended function that a mechanism
	// guards, in FIT.
	Intended float64
	// Mechanisms is the permanent rate of the mechanisms, in FIT.
	Mechanisms float64
	// Coverage is the share of Mechanisms that their tests find, 0 to 1.
	Coverage float64
	// LifetimeHours is the operating life.
	LifetimeHours float64
	// TestIntervalHours is the time between tests of the mechanisms; 0 is
	// never. A fault that the tests find is latent for one interval at most,
	// one that they miss for the whole life.
	TestIntervalHours float64
}

// check reports declarations that cannot be.
func (p Permanent) check() error {
	for _, x := range []float64{p.Intended, p.Mechanisms, p.LifetimeHours, p.TestIntervalHours} {
		if !(x >= 0) || math.IsInf(x, 0) {
			return fmt.Errorf("permanent faults: %+v: rates and times must be finite and not negative", p)
		}
	}
	if !(p.LifetimeHours > 0) || !(p.Coverage >= 0 && p.Coverage <= 1) || p.TestIntervalHours > p.LifetimeHours {
		return fmt.Errorf("permanent faults: %+v: the lifetime must be positive, the coverage between 0 and 1, the test interval within the lifetime", p)
	}
	if p.Coverage > 0 && p.TestIntervalHours == 0 {
		return fmt.Errorf("permanent faults: tests cover %v but are never run: give a test interval or no coverage", p.Coverage)
	}
	return nil
}

// dualPoint is the dual-point rate in FIT: ½·λ(intended)·λ(mechanism)·exposure.
func (p Permanent) dualPoint() float64 {
	missed := p.Intended * p.Mechanisms * (1 - p.Coverage)
	found := p.Intended * p.Mechanisms * p.Coverage
	return PMHF(0, 0, missed, p.LifetimeHours) + PMHF(0, 0, found, p.TestIntervalHours)
}

// FaultClasses are the rates of ISO 26262-5 with limits, and the metrics that
// follow. The limits of the metrics are the worst and best that the limits of
// the rates allow.
type FaultClasses struct {
	Raw                float64
	Safe               Limits // λ_S
	SinglePoint        Limits // λ_SPF
	Residual           Limits // λ_RF
	MultiPointDetected Limits // λ_MPF,D
	MultiPointLatent   Limits // λ_MPF,L, of transients
	SPFM               Limits
	// PMHF is in FIT, and of transients alone without Assessed.
	PMHF Limits
	// Assessed says that permanent faults were declared. Without it LFM is
	// not assessed and must not be shown.
	Assessed bool
	LFM      Limits
	// DualPoint is the part of PMHF that needs two faults.
	DualPoint float64
}

// Split adds up the parts into fault classes and metrics. Permanent is nil
// where nothing is declared.
//
// Limits are added part by part, which holds jointly only if each part's are:
// take them at a confidence that holds for all together, or give one part whose
// limits are those of [Combine]. The latent metric takes the declared rate of
// the mechanisms as part of the raw rate, and what their tests miss as latent.
func Split(parts []PartRates, permanent *Permanent) (FaultClasses, error) {
	var out FaultClasses
	for _, p := range parts {
		if err := p.check(); err != nil {
			return FaultClasses{}, err
		}
		out.Raw += p.Raw
		out.Safe = out.Safe.plus(p.Safe)
		out.SinglePoint = out.SinglePoint.plus(p.Unprotected)
		out.Residual = out.Residual.plus(p.Missed)
		out.MultiPointDetected = out.MultiPointDetected.plus(p.Detected)
		out.MultiPointLatent = out.MultiPointLatent.plus(p.Latent)
	}
	if !(out.Raw > 0) || math.IsInf(out.Raw, 0) {
		return FaultClasses{}, fmt.Errorf("raw rate %v FIT: parts must add up to a positive and finite rate", out.Raw)
	}
	violating := out.SinglePoint.plus(out.Residual)
	violating.Upper = math.Min(violating.Upper, out.Raw)
	out.SPFM = Limits{
		Estimate: SPFM(violating.Estimate, 0, out.Raw),
		Lower:    SPFM(violating.Upper, 0, out.Raw),
		Upper:    SPFM(violating.Lower, 0, out.Raw),
	}
	out.PMHF = violating
	if permanent == nil {
		return out, nil
	}
	if err := permanent.check(); err != nil {
		return FaultClasses{}, err
	}
	out.Assessed = true
	out.DualPoint = permanent.dualPoint()
	out.PMHF = out.PMHF.plus(Known(out.DualPoint))
	raw := out.Raw + permanent.Mechanisms
	latent := out.MultiPointLatent.plus(Known(permanent.Mechanisms * (1 - permanent.Coverage)))
	out.LFM = Limits{
		Estimate: LFM(latent.Estimate, violating.Estimate, 0, raw),
		Lower:    math.Max(0, LFM(latent.Upper, violating.Upper, 0, raw)),
		Upper:    LFM(latent.Lower, violating.Lower, 0, raw),
	}
	return out, nil
}

// check reports rates of a part that do not fit together.
func (p PartRates) check() error {
	if !(p.Raw >= 0) || math.IsInf(p.Raw, 0) {
		return fmt.Errorf("part %s: raw rate %v FIT must be finite and not negative", p.Name, p.Raw)
	}
	var sum float64
	for _, l := range []Limits{p.Safe, p.Unprotected, p.Missed, p.Detected, p.Latent} {
		if err := l.check(p.Raw); err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
		sum += l.Estimate
	}
	const slack = 1e-6 // rounding of rates computed from counts
	if math.Abs(sum-p.Raw) > slack*p.Raw {
		return fmt.Errorf("part %s: outcomes add up to %v FIT, the raw rate is %v: every outcome belongs to one class", p.Name, sum, p.Raw)
	}
	return nil
}
