package result

// Gate is the result of a regression test on fault coverage: a campaign held
// against a baseline. A worsening counts upwards: more violations, or less
// coverage. It is tolerated up to a margin, the larger of Margin × baseline and
// MarginFIT.
type Gate struct {
	Baseline GateSide `json:"baseline"`
	Campaign GateSide `json:"campaign"`
	// Confidence is 1 − the error of passing a worsening of the margin.
	Confidence float64 `json:"confidence"`
	// FalseAlarm is the error, over all checks, of calling equal campaigns worse.
	FalseAlarm float64 `json:"false_alarm"`
	// Margin is relative; MarginFIT is absolute, in FIT.
	Margin    float64 `json:"margin"`
	MarginFIT float64 `json:"margin_fit"`
	// Tolerance is the relative worsening that never counts as worse.
	Tolerance float64 `json:"tolerance"`
	// Decides are the metrics that must be shown to be within the margin.
	Decides []string `json:"decides"`
	// Paired says that both campaigns injected the same faults.
	Paired bool `json:"paired"`
	// Differences are those between the campaigns that were accepted.
	Differences []GateDifference `json:"differences"`
	Checks      []GateCheck      `json:"checks"`
	// Design is what a given protection does on the campaign; it decides as well.
	Design *GateDesign `json:"design,omitempty"`
	// InjectionsNeeded in each campaign let equal campaigns pass 99 times of 100; 0
	// where no number does.
	InjectionsNeeded int `json:"injections_needed,omitempty"`
	// Result is "pass", "worse" or "not_shown".
	Result   string    `json:"result"`
	Warnings []Warning `json:"warnings"`
	Command  string    `json:"command,omitempty"`
}

// GateDesign is a given protection, judged by calculation on the records of the campaign:
// silicon that was there before the network, and must still be enough for it.
type GateDesign struct {
	Name         string  `json:"name"` // of the file
	Design       string  `json:"design"`
	Target       string  `json:"target"`
	AreaOverhead float64 `json:"area_overhead"`
	// AreaOverheadRange is what the measured libraries span.
	AreaOverheadRange Range `json:"area_overhead_range,omitzero"`
	// Decided are the metrics of the protected machine with their limits.
	Decided []Decided `json:"decided"`
	// Result is "pass" where the target is met, "worse" where it is missed, else
	// "not_shown".
	Result string `json:"result"`
}

// GateSide names one of the two campaigns.
type GateSide struct {
	Name         string `json:"name"`
	NPU          string `json:"npu"`
	Model        string `json:"model"`
	SpecDigest   string `json:"spec_digest"`
	ResultDigest string `json:"result_digest"`
	Injections   int    `json:"injections"`
	Verdict      string `json:"verdict"`
}

// GateDifference is something in which the campaigns differ.
type GateDifference struct {
	// Name is "weights", or what was declared with --allow.
	Name     string `json:"name"`
	What     string `json:"what"`
	Baseline string `json:"baseline"`
	Now      string `json:"now"`
}

// GateCheck is one quantity of both campaigns. For "coverage" and "spfm" less is
// worse, for all others more is.
type GateCheck struct {
	// Metric is "residual_fit", "critical_fit", "spfm", "coverage" or
	// "avf_violating".
	Metric string `json:"metric"`
	// Block is "all" or a block.
	Block string `json:"block"`
	// Decides says that the campaign passes only if this check does; of others only
	// a worsening that was shown counts.
	Decides  bool    `json:"decides"`
	Baseline float64 `json:"baseline"`
	Now      float64 `json:"now"`
	// Worsening is its estimate, Upper its upper limit, both absolute. RatioUpper is
	// the upper limit relative to the baseline, nil where there is none.
	Worsening  float64  `json:"worsening"`
	Upper      float64  `json:"upper"`
	RatioUpper *float64 `json:"ratio_upper,omitempty"`
	// Allowed is the margin at the baseline's estimate, absolute.
	Allowed float64 `json:"allowed"`
	// MarginUsed is the share of the margin that the worsening may take up, nil where
	// there is no limit to it. The check passes below 1.
	MarginUsed *float64 `json:"margin_used,omitempty"`
	// Detectable is the smallest worsening that campaigns of this size would have
	// called worse 95 times of 100, nil where none would.
	Detectable *float64 `json:"detectable,omitempty"`
	// InjectionsNeeded is as in Gate, for this check.
	InjectionsNeeded int `json:"injections_needed,omitempty"`
	// Error is the standard error of the difference, as far as failures were seen.
	Error float64 `json:"error"`
	P     float64 `json:"p"`
	PHolm float64 `json:"p_holm"`
	// Result is "pass", "worse", "not_shown" or "skipped".
	Result string `json:"result"`
}
