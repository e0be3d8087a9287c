package result

// Qualify is what speaks for and against trust in the tool. It supports the evaluation of
// tool confidence of ISO 26262-8, clause 11; it qualifies nothing.
type Qualify struct {
	// Tool is the build, Platform the operating system and processor, Modules the
	// versions of what it is built of.
	Tool     string   `json:"tool"`
	Platform string   `json:"platform"`
	Modules  []string `json:"modules"`
	Seed     uint64   `json:"seed"`
	// Pass says that every check ran and held.
	Pass         bool             `json:"pass"`
	Checks       []QualifyCheck   `json:"checks"`
	UseCases     []QualifyUseCase `json:"use_cases"`
	Malfunctions []Malfunction    `json:"malfunctions"`
	Anomalies    []Anomaly        `json:"anomalies"`
}

// QualifyCheck is one check that was run.
type QualifyCheck struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Limit string `json:"limit"`
	// Cases were looked at, of which so many failed. A check without a case fails.
	Cases    int    `json:"n"`
	Failures int    `json:"failures"`
	Measured string `json:"measured,omitempty"`
	// Example is the first failure.
	Example string `json:"example,omitempty"`
	// Left says why a check was left out, which counts as not passed.
	Left    string  `json:"left_out,omitempty"`
	Pass    bool    `json:"pass"`
	Seconds float64 `json:"seconds"`
}

// QualifyUseCase is something that the tool is used for in a safety argument.
type QualifyUseCase struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	// Command is what is run for it.
	Command string `json:"command"`
}

// Malfunction is a way in which the tool could go wrong.
type Malfunction struct {
	ID       string   `json:"id"`
	UseCases []string `json:"use_cases"`
	Text     string   `json:"text"`
	// Effect is what it would do to the safety argument.
	Effect string `json:"effect"`
	// Checks would notice it: those of this result by name; Beside are measures of every
	// single job.
	Checks []string `json:"checks"`
	Beside string   `json:"beside,omitempty"`
}

// Anomaly is something that is known to be wrong, or not as in the device.
type Anomaly struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Effect string `json:"effect"`
	// Remedy is what the user does about it.
	Remedy string `json:"remedy"`
}
