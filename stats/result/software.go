package result

// Software is what measures of the host against upsets of an NPU give, with the proof of
// the quickest combination that meets a target.
type Software struct {
	NPU       string  `json:"npu"`
	Model     string  `json:"model"`
	Folder    string  `json:"folder,omitempty"`
	Target    string  `json:"target"`
	Scenario  string  `json:"scenario"`
	Violation string  `json:"violation"`
	Criterion string  `json:"criterion"`
	BudgetFIT float64 `json:"budget_fit"`
	BudgetDUE float64 `json:"budget_due,omitempty"`
	ECC       string  `json:"ecc"`
	Watchdog  bool    `json:"watchdog"`
	// Frames is the number of inferences of a sequence, Inputs that of the sequences.
	Frames     int     `json:"frames"`
	Inputs     int     `json:"inputs"`
	Confidence float64 `json:"confidence"`
	// Meets says that the proof of the chosen combination shows the target. Verdict is
	// "met", "not_met" or "not_shown".
	Meets     bool      `json:"meets"`
	Verdict   string    `json:"verdict"`
	Statement string    `json:"statement"`
	Decided   []Decided `json:"decided"`
	// Chosen is the combination that was proven last, or, without a proof, the one that
	// comes nearest to the target; empty where there is none.
	Chosen string `json:"chosen"`
	// Lacking says what the chosen combination lacks.
	Lacking string `json:"lacking,omitempty"`
	// Time and Energy are those of a sequence ÷ a plain one's. No logic is added.
	Time         float64 `json:"time"`
	Energy       float64 `json:"energy"`
	FITViolating Limits  `json:"fit_violating"`
	// FITDUE are reported errors: stops of the NPU and differences that the host finds.
	FITDUE       Limits                `json:"fit_due"`
	SPFM         Limits                `json:"spfm"`
	Combinations []SoftwareCombination `json:"combinations"`
	Proof        Proof                 `json:"proof"`
	Warnings     []Warning             `json:"warnings"`
	Command      string                `json:"command,omitempty"`
}

// SoftwareCombination is a combination of measures with what its own campaign says.
type SoftwareCombination struct {
	// Measures are joined by plus signs: reset, twice, moved, knownN, retry; or "none".
	Measures string `json:"measures"`
	// Stage is "screened", "measured", "not_tried" or "impossible"; Reason says why for
	// the last two.
	Stage  string `json:"stage"`
	Reason string `json:"reason,omitempty"`
	// Cycles are those of a sequence, Time and Energy in terms of a plain one.
	Cycles int64   `json:"cycles"`
	Time   float64 `json:"time"`
	Energy float64 `json:"energy"`
	// PerInference is the residual per inference ÷ that of the plain sequence: FIT × time.
	PerInference float64 `json:"per_inference"`
	Injections   int     `json:"injections"`
	// Result is "met", "not_met" or "not_shown" by this campaign, which chose.
	Result       string   `json:"result"`
	FITViolating Limits   `json:"fit_violating"`
	FITDUE       Limits   `json:"fit_due"`
	SPFM         Limits   `json:"spfm"`
	Outcomes     Outcomes `json:"outcomes"`
	ResultDigest string   `json:"result_digest,omitempty"`
}
