package result

// FMEDARow is one failure mode of a part: a row of the failure modes, effects and
// diagnostic analysis (ISO 26262-5), transient faults only.
type FMEDARow struct {
	Block string `json:"block"`
	// Class is the group of registers, or sram.
	Class string `json:"class"`
	// Mode is what the fault does.
	Mode string `json:"mode"`
	// Effect is what of it is seen at the boundary of the IP.
	Effect string `json:"effect"`
	// LambdaRaw is the raw rate of the whole part in FIT.
	LambdaRaw float64 `json:"lambda_raw"`
	// Share is the part of its faults with this mode.
	Share Interval `json:"share"`
	// Lambda is LambdaRaw × Share, with one-sided limits.
	Lambda Limits `json:"lambda"`
	// Mechanism detects or corrects the mode; "none" where nothing does.
	Mechanism string `json:"mechanism"`
	// Fault is the class of ISO 26262: "safe", "single_point" or "multi_point_detected".
	Fault string `json:"fault"`
	// Coverage is the share of the part's faults that do not stay harmless which is
	// detected or corrected.
	Coverage float64 `json:"coverage"`
}
