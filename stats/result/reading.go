package result

// Reading sets counters that were read elsewhere beside those of the run.
type Reading struct {
	Name string `json:"name"`
	// ReadBy is "board", "simulator", or "log" for counters from a log.
	ReadBy   string    `json:"read_by"`
	Counters []Counter `json:"counters"`
	// Ignored is the number of lines of a log that name no counter.
	Ignored      int           `json:"ignored_lines"`
	Explanations []Explanation `json:"explanations"`
	Operations   []Suspect     `json:"operations"`
}

// Counter is one counter of a reading.
type Counter struct {
	Name    string `json:"name"`
	Reading int64  `json:"reading"`
	// Ours is the machine's count; nil where it counts nothing of the kind.
	Ours *int64 `json:"ours,omitempty"`
	// Ratio is ours ÷ reading; nil without ours or with a reading of 0.
	Ratio *float64 `json:"ratio,omitempty"`
	// Differs marks beats, which are exact, that are not equal.
	Differs bool `json:"differs"`
}

// Explanation is something that could account for the difference of a counter.
type Explanation struct {
	Name    string `json:"name"`
	Counter string `json:"counter"`
	// Operations is how many operations it concerns.
	Operations int `json:"operations"`
	// Difference is the reading less ours, AtMost how much of it this could be.
	Difference int64  `json:"difference"`
	AtMost     int64  `json:"at_most"`
	Meaning    string `json:"meaning"`
}

// Suspect is an operation that could account for differences.
type Suspect struct {
	Index  int    `json:"index"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Cycles int64  `json:"cycles"`
	// Written is the beats that it writes on both ports.
	Written int64 `json:"written_beats"`
	// Needed is, by counter that differs, the change as a part of the operation's own
	// count that would be the whole difference.
	Needed map[string]float64 `json:"needed"`
	// Room is, by counter that differs, how far the operation's count could be another
	// by what points to it.
	Room map[string]int64 `json:"room"`
	// Points names the explanations that concern the operation.
	Points []string `json:"points"`
}
