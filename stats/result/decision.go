package result

// Decision is the result of upset select campaign: faults judged by the decision of a
// selection task.
type Decision struct {
	Task   string `json:"task"`
	Title  string `json:"title"`
	Family string `json:"family"`
	Metric string `json:"metric"`
	NPU    string `json:"npu"`
	// Exposure is "transient" (a flop, one inference), "persistent" (a bit of the
	// program in memory, all inferences) or "state" (a bit of the state in the arena,
	// until it is written again).
	Exposure   string           `json:"exposure"`
	ECC        string           `json:"ecc"`
	Seed       uint64           `json:"seed"`
	Injections int              `json:"injections"`
	Confidence float64          `json:"confidence"`
	Epsilon    float64          `json:"epsilon"`
	Scorers    []DecisionScorer `json:"scorers"`
	Whole      DecisionShares   `json:"whole"`
	// Blocks are those of the machine or, for persistent faults, "commands" and
	// "constants"; for the state in the arena, "state".
	Blocks []DecisionShares `json:"blocks"`
	// MeanDistance and MeanConsequence are over the changed decisions.
	MeanDistance    float64   `json:"mean_distance"`
	MeanConsequence float64   `json:"mean_consequence"`
	ResultDigest    string    `json:"result_digest"`
	Seconds         float64   `json:"seconds"`
	Rate            float64   `json:"rate"`
	Warnings        []Warning `json:"warnings"`
	Command         string    `json:"command,omitempty"`
}

// DecisionScorer is a network of the task.
type DecisionScorer struct {
	Name   string `json:"name"`
	Cycles uint64 `json:"cycles"`
	// Rows is the size of the pool, Executed the number of inferences of the fault-free
	// decision, and Struck how many of those are struck.
	Rows     int `json:"rows"`
	Executed int `json:"executed"`
	Struck   int `json:"struck"`
}

// DecisionShares are shares of faults, with two-sided intervals.
type DecisionShares struct {
	Block         string   `json:"block"`
	Visible       Interval `json:"visible"`
	Label         Interval `json:"label"`
	Changed       Interval `json:"changed"`
	Consequential Interval `json:"consequential"`
	DUE           Interval `json:"due"`
}
