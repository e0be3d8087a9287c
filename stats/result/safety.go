package result

// Safety are the fault classes and metrics of ISO 26262-5.
type Safety struct {
	Transient FaultClasses `json:"transient"`
	// Permanent is absent where permanent faults are not assessed; NotAssessed then
	// says what was not declared.
	Permanent   *FaultClasses `json:"permanent,omitempty"`
	NotAssessed string        `json:"not_assessed,omitempty"`
	Declared    *Declared     `json:"declared,omitempty"`
	// LFM is that of permanent faults, DualPoint the part of PMHF in FIT that needs
	// two faults.
	LFM       *Limits `json:"lfm,omitempty"`
	DualPoint float64 `json:"dual_point,omitempty"`
	// PMHF is in FIT: of transients alone where permanent faults are not assessed.
	PMHF Limits `json:"pmhf"`
	// PMHFBudget is the machine's share of PMHF at the target of the verdict.
	PMHFBudget float64       `json:"pmhf_budget,omitempty"`
	Levels     []SafetyLevel `json:"levels"`
}

// FaultClasses are rates in FIT.
type FaultClasses struct {
	Raw                float64 `json:"raw"`
	Safe               Limits  `json:"safe"`
	SinglePoint        Limits  `json:"single_point"`
	Residual           Limits  `json:"residual"`
	MultiPointDetected Limits  `json:"multi_point_detected"`
	MultiPointLatent   Limits  `json:"multi_point_latent"`
	SPFM               Limits  `json:"spfm"`
}

// Declared are the inputs of the permanent metrics.
type Declared struct {
	PermanentFITPer100kGE float64 `json:"permanent_fit_per_100kge"`
	LifetimeHours         float64 `json:"lifetime_hours"`
	TestIntervalHours     float64 `json:"test_interval_hours"`
	TestCoverage          float64 `json:"test_coverage"`
	// LogicGE is the logic of the NPU, MechanismGE what mechanisms add, both in gate
	// equivalents. Guarded lists the logic that a mechanism guards.
	LogicGE     float64   `json:"logic_ge"`
	MechanismGE float64   `json:"mechanism_ge"`
	Guarded     []Guarded `json:"guarded,omitempty"`
}

// Guarded is logic whose permanent faults a mechanism sees, to a share.
type Guarded struct {
	Part     string  `json:"part"`
	GE       float64 `json:"ge"`
	Coverage float64 `json:"coverage"`
}

// Decided is a metric that takes part in a verdict. Value is absent where it is not
// assessed.
type Decided struct {
	// Metric is "fit" (transient residual), "spfm", "due", "spfm_permanent", "lfm" or
	// "pmhf".
	Metric string  `json:"metric"`
	Value  *Limits `json:"value,omitempty"`
	Target float64 `json:"target"`
	// Result is "met", "not_met", "not_shown" or "not_assessed".
	Result string `json:"result"`
}

// SafetyLevel is a metric against an integrity level: "met", "not_met", "not_shown"
// or "not_assessed".
type SafetyLevel struct {
	Level  string  `json:"level"`
	Metric string  `json:"metric"`
	Value  *Limits `json:"value,omitempty"`
	Target float64 `json:"target"`
	Result string  `json:"result"`
}
