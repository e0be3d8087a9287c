package result

// Gate is the result of a regression test on fault coverage: a campaign held
// against a baseline.
type Gate struct {
	Baseline GateSide `json:"baseline"`
	Campaign GateSide `json:"campaign"`
	// Confidence is 1 − the family-wise error over all checks.
	Confidence float64 `json:"confidence"`
	// Tolerance is the relative worsening that is allowed.
	Tolerance float64     `json:"tolerance"`
	Checks    []GateCheck `json:"checks"`
	// Result is "pass" or "worse".
	Result   string    `json:"result"`
	Warnings []Warning `json:"warnings"`
	Command  string    `json:"command,omitempty"`
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

// GateCheck is one quantity of both campaigns. For "coverage" less is worse, for
// all others more is.
type GateCheck struct {
	// Metric is "residual_fit", "critical_fit", "coverage" or "avf_violating".
	Metric string `json:"metric"`
	// Block is "all" or a block.
	Block    string  `json:"block"`
	Baseline float64 `json:"baseline"`
	Now      float64 `json:"now"`
	// Error is the standard error of the difference.
	Error float64 `json:"error"`
	P     float64 `json:"p"`
	PHolm float64 `json:"p_holm"`
	// Result is "pass" or "worse".
	Result string `json:"result"`
}
