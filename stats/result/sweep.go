package result

// Sweep is the result of upset sweep: one row for each question to each campaign.
type Sweep struct {
	Rows     []SweepRow `json:"rows"`
	Warnings []Warning  `json:"warnings"`
	Command  string     `json:"command,omitempty"`
}

// SweepRow is the verdict on one network, configuration, criterion, raw rate, budget
// and violation.
type SweepRow struct {
	Model      string  `json:"model"`
	NPU        string  `json:"npu"`
	Criterion  string  `json:"criterion"`
	Scenario   string  `json:"scenario"`
	LambdaFlop float64 `json:"lambda_flop"`
	LambdaSRAM float64 `json:"lambda_sram"`
	BudgetFIT  float64 `json:"budget_fit"`
	Violation  string  `json:"violation"`
	Target     string  `json:"target"`
	Confidence float64 `json:"confidence"`
	Injections int     `json:"injections"`
	Residual   Limits  `json:"residual_fit"`
	SPFM       Limits  `json:"spfm"`
	// Verdict is "met", "not_met" or "not_shown", of the NPU as it is.
	Verdict string `json:"verdict"`
	// Protection is what a search found, where one was asked for.
	Protection *SweepProtection `json:"protection,omitempty"`
	Folder     string           `json:"folder"`
	Digest     string           `json:"result_digest"`
}

// SweepProtection is the cheapest protection of a row.
type SweepProtection struct {
	Options      string  `json:"options"`
	Meets        bool    `json:"meets"`
	AreaOverhead float64 `json:"area_overhead"`
	// AreaOverheadRange is what the measured libraries span.
	AreaOverheadRange Range   `json:"area_overhead_range,omitzero"`
	FITUpper          float64 `json:"fit_upper"`
}
