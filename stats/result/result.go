// Package result holds the machine-readable results of every command as plain
// structs. The JSON keys are a promise: they may grow, they never change or
// disappear. The package computes nothing beyond sums of its own counts.
//
// Conventions. Proportions are [Interval] values with low and high; rates in
// FIT and the metrics of ISO 26262 are [Limits] values with lower and upper.
// An estimate of exactly 0 (or 1) with a wide interval is a bound, see
// [Interval.Bound]: a reader must print the bound, not the estimate.
// Wall time lives only in [Seconds] and [Rate].
package result

// Warning is something the reader of a result must know, carried as data and
// printed with the result.
type Warning struct {
	// Code is a short stable name such as "thin_stratum" or "default_inputs".
	Code string `json:"code"`
	// Message is one sentence with the remedy.
	Message string `json:"message"`
	// Subject names what the warning is about (a block, a file), if anything.
	Subject string `json:"subject,omitempty"`
}

// Interval is an estimated proportion with a two-sided confidence interval.
// The confidence level is that of the enclosing result.
type Interval struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	// Failures is the count behind the estimate, N the number of injections.
	Failures int `json:"failures"`
	N        int `json:"n"`
}

// Bound says that no failure (or nothing but failures) was seen, so that the
// interval has only one informative end and the estimate must not be printed.
func (i Interval) Bound() bool {
	return i.Estimate == 0 && i.High > 0 || i.Estimate == 1 && i.Low < 1
}

// Limits is an estimated rate or metric with its lower and upper confidence
// limits, each one-sided at the confidence of the enclosing result.
type Limits struct {
	Estimate float64 `json:"estimate"`
	Lower    float64 `json:"lower"`
	Upper    float64 `json:"upper"`
}

// Bound says that the estimate sits on the edge of its range because no
// failure was seen: a rate of 0 with a positive upper limit.
func (l Limits) Bound() bool { return l.Estimate == 0 && l.Upper > 0 }

// Assumptions are the inputs of a verdict. They are printed with it, always.
type Assumptions struct {
	// Target is "asil-b", "asil-c" or "asil-d".
	Target string `json:"target"`
	// Scenario names the raw rates; "custom" when given by hand.
	Scenario string `json:"scenario"`
	// LambdaFlop and LambdaSRAM are raw rates in FIT per bit.
	LambdaFlop float64 `json:"lambda_flop"`
	LambdaSRAM float64 `json:"lambda_sram"`
	BudgetFIT  float64 `json:"budget_fit"`
	// BudgetDUE is the availability budget in FIT; 0 means none.
	BudgetDUE float64 `json:"budget_due,omitempty"`
	// Violation is "any" or "critical".
	Violation string `json:"violation"`
	Criterion string `json:"criterion"`
	// Watchdog says a hang is ended and reported; WatchdogCycles is its limit. It is armed
	// for each of WatchdogJobs command streams, 0 for the only one; the limit is then that
	// of the one that takes longest.
	Watchdog       bool  `json:"watchdog"`
	WatchdogCycles int64 `json:"watchdog_cycles,omitempty"`
	WatchdogJobs   int   `json:"watchdog_jobs,omitempty"`
	AssumeReload   bool  `json:"assume_reload"`
	// Followed is the most inferences that are followed behind one with a fault.
	Followed int `json:"inferences_followed,omitempty"`
	// Fault is the fault model: "seu", "pair", "mcu:…", "set", "stuck-at-0" …
	Fault string `json:"fault"`
	// ECC is "none", "parity" or "secded".
	ECC string `json:"ecc"`
	// Inventory names the flop inventory: "built-in" or an override file.
	Inventory string `json:"inventory"`
	Flops     int64  `json:"flops"`
	SRAMBits  int64  `json:"sram_bits"`
	// InputsAre is "fixed" where intervals are for these inputs, "sample" where they
	// are for the population that the inputs were drawn from.
	InputsAre string `json:"inputs_are,omitempty"`
	// Duty is the share of time in which the NPU computes, 0 to 1.
	Duty float64 `json:"duty"`
	// Confidence is that of every one-sided limit behind the verdict.
	Confidence float64 `json:"confidence"`
	// PermanentFITPer100kGE is the declared permanent rate; 0 = not assessed.
	PermanentFITPer100kGE float64 `json:"permanent_fit_per_100kge,omitempty"`
	// PulseFITPerKGE is the declared rate of pulses in logic beside the raw rates, in FIT for
	// 1,000 gate equivalents; 0 = pulses are not assessed.
	PulseFITPerKGE float64 `json:"set_fit_per_kge,omitempty"`
	// ClockHz is the declared clock, FTTISeconds the fault-tolerant time interval: what
	// is reported later violates. 0 = not declared, and the interval is taken to be longer.
	ClockHz     float64 `json:"clock_hz,omitempty"`
	FTTISeconds float64 `json:"ftti_s,omitempty"`
	// AlarmLatency is the number of cycles for which the NPU goes on after the alarm of
	// a mechanism; at 0 the alarm is taken to stop it before its next clock.
	AlarmLatency int64 `json:"alarm_latency"`
	// Credit are the detectors of the NPU that are counted on, MemoryMap says where
	// memory answers.
	Credit    string `json:"credit,omitempty"`
	MemoryMap string `json:"memory_map,omitempty"`
}

// Assess is the result of upset assess: a campaign and the protection it led to.
type Assess struct {
	Campaign Campaign `json:"campaign"`
	Protect  Protect  `json:"protect"`
	// Evidence are checks of the tool on this very job.
	Evidence *Evidence `json:"evidence,omitempty"`
}
