package result

// Safety are the fault classes and metrics of ISO 26262-5.
type Safety struct {
	Transient FaultClasses `json:"transient"`
	// Permanent is absent where permanent faults are not assessed; NotAssessed then
	// says what was not declared.
	Permanent   *FaultClasses `json:"permanent,omitempty"`
	NotAssessed string        `json:"not_assessed,omitempty"`
	Declared    *Declared     `json:"declared,omitempty"`
	// StuckAts are measured effects of permanent faults, where they were injected.
	StuckAts *StuckAts `json:"stuck_ats,omitempty"`
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
	LogicGE     float64 `json:"logic_ge"`
	MechanismGE float64 `json:"mechanism_ge"`
	// Coverage is "measured" or "annex-d".
	Coverage string    `json:"coverage"`
	Guarded  []Guarded `json:"guarded,omitempty"`
}

// StuckAts are measured effects of stuck-at faults on flops, two-sided intervals. A fault
// is safe only if it is masked on all inputs and networks, harmful if one of them goes
// wrong unnoticed.
type StuckAts struct {
	// Faults is the size of the sample behind the verdict, Asked what was asked for:
	// fewer where the bound on cycles allows no more. Searched is that of the sample of
	// the search. Inputs are those of all networks.
	Faults   int `json:"faults"`
	Asked    int `json:"asked"`
	Searched int `json:"searched"`
	Inputs   int `json:"inputs"`
	Networks int `json:"networks"`
	// Cycles is what was simulated.
	Cycles uint64 `json:"cycles"`
	// FlopFIT and LogicFIT are the permanent rates of flops and of the gates between
	// them, FlopShare the share of the former. Gates are not assessed but for those of Logic,
	// which have GatesFIT of it.
	FlopFIT   float64 `json:"flop_fit"`
	LogicFIT  float64 `json:"logic_fit"`
	FlopShare float64 `json:"flop_share"`
	GatesFIT  float64 `json:"gates_fit,omitempty"`
	// FlopSPFM is the permanent SPFM of the flops alone, Reachable that with the best
	// mechanism of the option set on every flop, on the sample of the search.
	FlopSPFM  Limits `json:"flop_spfm"`
	Reachable Limits `json:"reachable"`
	// Blocks are without mechanisms, Mechanisms those of the design.
	Blocks     []StuckBlock     `json:"blocks"`
	Mechanisms []StuckMechanism `json:"mechanisms"`
	// Open are the units whose harmful faults no mechanism of the design sees, the
	// largest first.
	Open []StuckUnit `json:"open"`
	// Logic are stuck outputs of gates, in blocks that have gates.
	Logic []StuckLogic `json:"logic,omitempty"`
}

// StuckLogic are shares of the permanent faults of a block's gates without mechanisms, and what the
// design sees of the harmful ones. FIT is their rate, Hidden the share of the gates whose effect the
// experiment cannot show, which is not in it.
type StuckLogic struct {
	Block    string   `json:"block"`
	FIT      float64  `json:"fit"`
	Hidden   float64  `json:"hidden"`
	Safe     Interval `json:"safe"`
	Harmful  Interval `json:"harmful"`
	Coverage Interval `json:"coverage"`
}

// StuckBlock are shares of the permanent faults of a block's flops without mechanisms.
type StuckBlock struct {
	Block   string   `json:"block"`
	Safe    Interval `json:"safe"`
	Harmful Interval `json:"harmful"`
}

// StuckMechanism is the share of the harmful permanent faults of what a mechanism guards
// that do no harm beside the design.
type StuckMechanism struct {
	Mechanism string   `json:"mechanism"`
	Coverage  Interval `json:"coverage"`
}

// StuckUnit is a class of registers of a block with the rate of permanent faults that do
// harm in spite of the design, in FIT.
type StuckUnit struct {
	Block string  `json:"block"`
	Class string  `json:"class"`
	FIT   float64 `json:"fit"`
	// Failures of N faults did harm.
	Failures int `json:"failures"`
	N        int `json:"n"`
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
