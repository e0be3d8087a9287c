package stats

import (
	"errors"
	"fmt"
	"math"
)

// Results of a verdict.
const (
	// Met: the limit lies within the target.
	Met = "met"
	// NotMet: the opposite limit lies beyond the target.
	NotMet = "not_met"
	// NotShown: the limits straddle the target.
	NotShown = "not_shown"
)

// Definitions of a violation.
const (
	// ViolationAny counts every SDC, latent fault, stray write and undetected
	// hang.
	ViolationAny = "any"
	// ViolationCritical leaves out the tolerable SDC.
	ViolationCritical = "critical"
)

// Metrics of a verdict.
const (
	MetricFIT  = "fit"
	MetricSPFM = "spfm"
)

// Exposure is one sampled stratum of storage and what its injections did.
type Exposure struct {
	// Bits is the mean number of bits exposed: sites ÷ cycles.
	Bits float64
	SRAM bool
	// Scale multiplies the raw rate per bit, for example that of a hardened
	// cell. 0 is taken as 1.
	Scale float64
	N     int
	// Any and Critical count violations under the two definitions.
	Any      int
	Critical int
	// Exact marks a census, see [Stratum].
	Exact bool
	// Observer marks registers that nothing depends on. They are not safety-related
	// hardware and leave the denominator of SPFM (ISO 26262-5:2018, annex C: the sums
	// run over the safety-related hardware elements).
	Observer bool
	// ByInput are the injections by input, where the estimand is the population that
	// the inputs come from; nil where it is these inputs.
	ByInput []InputCount
}

// InputCount are the injections of a stratum under one input.
type InputCount struct {
	N        int
	Any      int
	Critical int
}

// clusters are the counts by input under a definition of violation.
func (e Exposure) clusters(violation string) (out []Cluster) {
	if e.Exact {
		return nil // nothing is estimated
	}
	for _, c := range e.ByInput {
		k := c.Any
		if violation == ViolationCritical {
			k = c.Critical
		}
		out = append(out, Cluster{N: c.N, Failures: k})
	}
	return out
}

// Rates are what turns exposures into FIT.
type Rates struct {
	// Flop and SRAM are raw rates in FIT per bit.
	Flop float64
	SRAM float64
	// Duty is the share of time in which the NPU computes, 0 to 1.
	Duty float64
}

// check reports rates that cannot be.
func (r Rates) check() error {
	if !(r.Flop >= 0) || !(r.SRAM >= 0) || math.IsInf(r.Flop, 0) || math.IsInf(r.SRAM, 0) {
		return fmt.Errorf("raw rates %v per flop and %v per SRAM bit: must be finite and not negative", r.Flop, r.SRAM)
	}
	if !(r.Duty > 0 && r.Duty <= 1) {
		return fmt.Errorf("duty %v: must be above 0 and at most 1", r.Duty)
	}
	return nil
}

// raw is the raw FIT of one exposure.
func (r Rates) raw(e Exposure) float64 {
	lambda := r.Flop
	if e.SRAM {
		lambda = r.SRAM
	}
	if e.Scale != 0 {
		lambda *= e.Scale
	}
	return lambda * e.Bits * r.Duty
}

// violations is the count under the given definition.
func (e Exposure) violations(violation string) int {
	if violation == ViolationCritical {
		return e.Critical
	}
	return e.Any
}

// RawFIT is the raw rate of all exposures, or of the flops among them.
func RawFIT(exposures []Exposure, rates Rates, flopsOnly bool) float64 {
	var sum float64
	for _, e := range exposures {
		if !flopsOnly || !e.SRAM {
			sum += rates.raw(e)
		}
	}
	return sum
}

// ResidualFIT is the rate of violating outcomes in FIT with joint one-sided
// limits.
func ResidualFIT(exposures []Exposure, rates Rates, violation string, flopsOnly bool, confidence float64) (Total, error) {
	if err := rates.check(); err != nil {
		return Total{}, err
	}
	if violation != ViolationAny && violation != ViolationCritical {
		return Total{}, fmt.Errorf("unknown violation %q: choose %s or %s", violation, ViolationAny, ViolationCritical)
	}
	strata := make([]Stratum, 0, len(exposures))
	var clusters [][]Cluster
	sample := false
	for _, e := range exposures {
		if flopsOnly && e.SRAM {
			continue
		}
		strata = append(strata, Stratum{
			Weight: rates.raw(e), N: e.N, Failures: e.violations(violation), Exact: e.Exact,
		})
		clusters = append(clusters, e.clusters(violation))
		sample = sample || e.ByInput != nil && !e.Exact
	}
	if sample {
		t, _, err := OverInputs(strata, clusters, confidence)
		return t, err
	}
	return Combine(strata, confidence)
}

// MeasuredSPFM is the single-point fault metric with joint one-sided limits:
// 1 − residual ÷ raw, where registers that only observe have no share in the raw rate.
// The verdict uses it over flops only.
func MeasuredSPFM(exposures []Exposure, rates Rates, violation string, flopsOnly bool, confidence float64) (Total, error) {
	residual, err := ResidualFIT(exposures, rates, violation, flopsOnly, confidence)
	if err != nil {
		return Total{}, err
	}
	var related []Exposure
	for _, e := range exposures {
		if !e.Observer {
			related = append(related, e)
		}
	}
	raw := RawFIT(related, rates, flopsOnly)
	if raw == 0 {
		// Nothing of that kind was looked at: the metric may be anything.
		return Total{Estimate: 1, Upper: 1}, nil
	}
	return Total{
		Estimate: SPFM(residual.Estimate, 0, raw),
		Lower:    SPFM(residual.Upper, 0, raw),
		Upper:    SPFM(residual.Lower, 0, raw),
		N:        residual.N, Failures: residual.Failures, Unsampled: residual.Unsampled,
	}, nil
}

// AtMost judges a rate against a budget from above.
func AtMost(lower, upper, budget float64) string {
	switch {
	case upper <= budget:
		return Met
	case lower > budget:
		return NotMet
	}
	return NotShown
}

// AtLeast judges a metric against a least value.
func AtLeast(lower, upper, target float64) string {
	switch {
	case lower >= target:
		return Met
	case upper < target:
		return NotMet
	}
	return NotShown
}

// Both joins verdicts that must all hold: not met if one is not met, met if
// all are met, otherwise not shown. Nothing at all shows nothing.
func Both(results ...string) string {
	joined := Met
	if len(results) == 0 {
		joined = NotShown
	}
	for _, r := range results {
		switch {
		case r == NotMet:
			return NotMet
		case r != Met:
			joined = NotShown
		}
	}
	return joined
}

// Verdict is one metric in one cell of the matrix. Its fields are those of
// the result of the same name, so that one converts to the other.
type Verdict struct {
	Scenario   string
	LambdaFlop float64
	LambdaSRAM float64
	BudgetFIT  float64
	Violation  string
	Metric     string
	Target     float64
	Estimate   float64
	Lower      float64
	Upper      float64
	Result     string
	Cell       string
	Default    bool
}

// Question is everything a verdict depends on besides the counts.
type Question struct {
	Target     ASIL
	Scenario   Scenario
	BudgetFIT  float64
	Violation  string
	Duty       float64
	Confidence float64
}

// Judge answers one question with two verdicts: residual FIT over all
// exposures against the budget, and SPFM over flops only against the target.
// Each is judged on its own one-sided limits; Cell joins them.
func Judge(exposures []Exposure, q Question) ([]Verdict, error) {
	if !(q.BudgetFIT > 0) {
		return nil, fmt.Errorf("budget %v FIT: must be positive", q.BudgetFIT)
	}
	if len(exposures) == 0 {
		return nil, errors.New("verdict: no stratum was sampled: run a campaign over at least one block")
	}
	rates := Rates{Flop: q.Scenario.Flop, SRAM: q.Scenario.SRAM, Duty: q.Duty}
	fit, err := ResidualFIT(exposures, rates, q.Violation, false, q.Confidence)
	if err != nil {
		return nil, err
	}
	spfm, err := MeasuredSPFM(exposures, rates, q.Violation, true, q.Confidence)
	if err != nil {
		return nil, err
	}
	base := Verdict{
		Scenario: q.Scenario.Name, LambdaFlop: q.Scenario.Flop, LambdaSRAM: q.Scenario.SRAM,
		BudgetFIT: q.BudgetFIT, Violation: q.Violation,
	}
	rate, metric := base, base
	rate.Metric, rate.Target = MetricFIT, q.BudgetFIT
	rate.Estimate, rate.Lower, rate.Upper = fit.Estimate, fit.Lower, fit.Upper
	rate.Result = AtMost(fit.Lower, fit.Upper, q.BudgetFIT)
	metric.Metric, metric.Target = MetricSPFM, q.Target.SPFM
	metric.Estimate, metric.Lower, metric.Upper = spfm.Estimate, spfm.Lower, spfm.Upper
	metric.Result = AtLeast(spfm.Lower, spfm.Upper, q.Target.SPFM)
	rate.Cell = Both(rate.Result, metric.Result)
	metric.Cell = rate.Cell
	return []Verdict{rate, metric}, nil
}

// JudgeMatrix answers the default question and every other cell of scenarios ×
// budgets × violations. The cells of the default question come with Default
// set; a custom scenario or budget adds cells to the matrix.
func JudgeMatrix(exposures []Exposure, q Question) (verdicts []Verdict, result string, err error) {
	rows, columns := Scenarios(), Budgets()
	known := false
	for _, s := range rows {
		known = known || s == q.Scenario
	}
	if !known {
		rows = append([]Scenario{q.Scenario}, rows...)
	}
	known = false
	for _, b := range columns {
		known = known || b == q.BudgetFIT
	}
	if !known {
		columns = append([]float64{q.BudgetFIT}, columns...)
	}
	for _, scenario := range rows {
		for _, budget := range columns {
			for _, violation := range []string{ViolationAny, ViolationCritical} {
				cell := q
				cell.Scenario, cell.BudgetFIT, cell.Violation = scenario, budget, violation
				pair, err := Judge(exposures, cell)
				if err != nil {
					return nil, "", err
				}
				if cell == q {
					pair[0].Default, pair[1].Default = true, true
					result = pair[0].Cell
				}
				verdicts = append(verdicts, pair...)
			}
		}
	}
	return verdicts, result, nil
}

// Normal fills in the defaults of a question: ASIL-D, the first scenario and
// budget, any violation, always computing, and the given confidence.
func (q Question) Normal(confidence float64) Question {
	if q.Target == (ASIL{}) {
		q.Target, _ = ASILByName("asil-d") // a constant name
	}
	if q.Scenario == (Scenario{}) {
		q.Scenario = Scenarios()[0]
	}
	if q.BudgetFIT == 0 {
		q.BudgetFIT = Budgets()[0]
	}
	if q.Violation == "" {
		q.Violation = ViolationAny
	}
	if q.Duty == 0 {
		q.Duty = 1
	}
	if q.Confidence == 0 {
		q.Confidence = confidence
	}
	return q
}
