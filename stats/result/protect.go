package result

// Protect is the cheapest protection that meets a target, with its proof.
type Protect struct {
	NPU       string  `json:"npu"`
	Model     string  `json:"model"`
	Campaign  string  `json:"campaign,omitempty"`
	Target    string  `json:"target"`
	Scenario  string  `json:"scenario"`
	Violation string  `json:"violation"`
	Criterion string  `json:"criterion"`
	BudgetFIT float64 `json:"budget_fit"`
	// Options names the option set searched: "paper" or "full".
	Options string `json:"options"`
	// HardenedRatio is the soft-error rate of a hardened cell ÷ that of a plain flop.
	HardenedRatio float64 `json:"hardened_ratio"`
	// Meets says that the target is met: that of transients on the limits of the proof,
	// and with declared permanent rates also permanent SPFM, LFM and PMHF. Verdict is
	// "met", "not_met" or "not_shown", Statement says in a sentence what was shown, and
	// Decided lists what took part.
	Meets      bool      `json:"meets"`
	Verdict    string    `json:"verdict"`
	Statement  string    `json:"statement"`
	Decided    []Decided `json:"decided"`
	Confidence float64   `json:"confidence"`
	// AreaOverhead is added ÷ unprotected logic area, 1 = 100 %.
	AreaOverhead        float64 `json:"area_overhead"`
	AreaOverheadWithRAM float64 `json:"area_overhead_with_ram"`
	AreaGE              float64 `json:"area_ge"`
	FITViolating        Limits  `json:"fit_violating"`
	FITDUE              Limits  `json:"fit_due"`
	SPFM                Limits  `json:"spfm"`

	// Mission is "worst" or "mix" where the protection is for several networks.
	Mission  string           `json:"mission,omitempty"`
	Networks []ProtectNetwork `json:"networks,omitempty"`

	// Safety are the fault classes and metrics of ISO 26262 of the proven design.
	Safety *Safety `json:"safety,omitempty"`

	Choice []Choice `json:"choice"`
	// The reference designs.
	Unprotected  Alternative `json:"unprotected"`
	Lockstep     Alternative `json:"lockstep"`
	HardenAll    Alternative `json:"harden_all"`
	DuplicateAll Alternative `json:"duplicate_all"`

	Pareto []ParetoPoint `json:"pareto"`
	// Searched counts the designs evaluated; Optimal says none cheaper exists
	// within the option set.
	Searched    int64       `json:"searched"`
	Optimal     bool        `json:"optimal"`
	Proof       Proof       `json:"proof"`
	Assumptions Assumptions `json:"assumptions"`
	Warnings    []Warning   `json:"warnings"`
	Command     string      `json:"command,omitempty"`
}

// ProtectNetwork is one of several networks that a protection is for.
type ProtectNetwork struct {
	Model    string `json:"model"`
	Campaign string `json:"campaign"`
	// Share is its part of the operating time, in a mission mix.
	Share float64 `json:"share,omitempty"`
}

// Choice is the mechanism chosen for one block or register group.
type Choice struct {
	Block string `json:"block"`
	// Group is the register group within the block; empty for the whole block.
	Group     string `json:"group,omitempty"`
	Mechanism string `json:"mechanism"`
	Flops     int64  `json:"flops"`
	// AreaGE is the area added, Overhead the same ÷ unprotected logic area.
	AreaGE   float64 `json:"area_ge"`
	Overhead float64 `json:"overhead"`
	// FITBefore and FITAfter are residual rates without and with it.
	FITBefore Limits `json:"fit_before"`
	FITAfter  Limits `json:"fit_after"`
	FITDUE    Limits `json:"fit_due"`
}

// Alternative is a reference design for comparison.
type Alternative struct {
	Meets bool `json:"meets"`
	// Result is "met", "not_met" or "not_shown".
	Result              string  `json:"result"`
	AreaOverhead        float64 `json:"area_overhead"`
	AreaOverheadWithRAM float64 `json:"area_overhead_with_ram"`
	FITViolating        Limits  `json:"fit_violating"`
	FITDUE              Limits  `json:"fit_due"`
	SPFM                Limits  `json:"spfm"`
}

// ParetoPoint is one design that no other beats in both area and residual.
type ParetoPoint struct {
	AreaOverhead float64 `json:"area_overhead"`
	FITViolating Limits  `json:"fit_violating"`
	SPFM         Limits  `json:"spfm"`
	Meets        bool    `json:"meets"`
	// Design names the mechanisms, for example "cc:harden wd:duplicate".
	Design string `json:"design"`
}

// Proof is the independent campaign on the protected machine.
type Proof struct {
	// Injections is the sum over all attempts.
	Injections int       `json:"injections"`
	Attempts   []Attempt `json:"attempts"`
	FITUpper   float64   `json:"fit_upper"`
	// SPFMLower is the lower limit of SPFM over flops.
	SPFMLower float64 `json:"spfm_lower"`
	// Power is the planned probability that the last attempt succeeds.
	Power float64 `json:"power"`
	Holds bool    `json:"holds"`
	// Shown is the largest one-sided confidence at which the proofs, all attempts
	// counted, still meet the target; 0 where they do not.
	Shown float64 `json:"shown"`
}

// Attempt is one proof campaign. Later attempts use a stricter confidence, so
// that all together keep the promised one.
type Attempt struct {
	Design       string  `json:"design"`
	Seed         uint64  `json:"seed"`
	Injections   int     `json:"injections"`
	Violations   int     `json:"violations"`
	AreaOverhead float64 `json:"area_overhead"`
	Confidence   float64 `json:"confidence"`
	Power        float64 `json:"power"`
	FITExpected  float64 `json:"fit_expected"`
	FITUpper     float64 `json:"fit_upper"`
	SPFMLower    float64 `json:"spfm_lower"`
	Holds        bool    `json:"holds"`
	// Shown is the largest confidence at which this attempt alone meets the target.
	Shown        float64 `json:"shown"`
	ResultDigest string  `json:"result_digest,omitempty"`
}

// Compare sets campaigns side by side; the first is the base.
type Compare struct {
	Campaigns []CompareCampaign `json:"campaigns"`
	Pairs     []ComparePair     `json:"pairs"`
	// Confidence is 1 − the family-wise error over the blocks of a pair.
	Confidence float64   `json:"confidence"`
	Warnings   []Warning `json:"warnings"`
	Command    string    `json:"command,omitempty"`
}

// CompareCampaign is one campaign of a comparison.
type CompareCampaign struct {
	Name         string  `json:"name"`
	NPU          string  `json:"npu"`
	Model        string  `json:"model"`
	ResultDigest string  `json:"result_digest"`
	Injections   int     `json:"injections"`
	AVF          AVF     `json:"avf"`
	FITViolating Limits  `json:"fit_violating"`
	BudgetFIT    float64 `json:"budget_fit"`
	Verdict      string  `json:"verdict"`
}

// ComparePair is one campaign against the base.
type ComparePair struct {
	A int `json:"a"`
	B int `json:"b"`
	// Paired counts the faults common to both; 0 = compared unpaired.
	Paired int            `json:"paired"`
	Total  CompareBlock   `json:"total"`
	Blocks []CompareBlock `json:"blocks"`
}

// CompareBlock is the difference of one block. Sign is "+", "-" or "~" where
// no difference is shown.
type CompareBlock struct {
	Block string   `json:"block"`
	A     Interval `json:"a"`
	B     Interval `json:"b"`
	// OnlyA and OnlyB are the discordant pairs: violating in one only.
	OnlyA int     `json:"only_a"`
	OnlyB int     `json:"only_b"`
	P     float64 `json:"p"`
	PHolm float64 `json:"p_holm"`
	Sign  string  `json:"sign"`
}
