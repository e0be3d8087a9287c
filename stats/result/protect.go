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
	// Unit is what the search decides on as a whole: "block-class" or "register".
	Unit string `json:"unit"`
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
	// AreaOverheadRange and AreaOverheadWithRAMRange are what the measured libraries span
	// of the same design, Libraries each of them.
	AreaOverheadRange        Range         `json:"area_overhead_range,omitzero"`
	AreaOverheadWithRAMRange Range         `json:"area_overhead_with_ram_range,omitzero"`
	Libraries                []LibraryArea `json:"libraries,omitempty"`
	FITViolating             Limits        `json:"fit_violating"`
	FITDUE                   Limits        `json:"fit_due"`
	// SPFM takes a hardened cell as a lower raw rate, in the residual and in what it is
	// measured against; it decides. SPFMCoverage takes hardening as coverage.
	SPFM         Limits `json:"spfm"`
	SPFMCoverage Limits `json:"spfm_coverage"`

	// Mission is "worst" or "mix" where the protection is for several networks.
	Mission  string           `json:"mission,omitempty"`
	Networks []ProtectNetwork `json:"networks,omitempty"`

	// Safety are the fault classes and metrics of ISO 26262 of the proven design.
	Safety *Safety `json:"safety,omitempty"`

	// Inputs are the declared cells and mechanisms, BreakEven the values at which the
	// verdict is lost.
	Inputs    []DeclaredInput `json:"inputs"`
	BreakEven []BreakEven     `json:"break_even"`
	// Inventories are the verdicts under other inventories; the first is the one that
	// decides.
	Inventories []InventoryReading `json:"inventories"`
	// Latencies tell how long after the upset it is reported, by mechanism, and Alarms
	// true alarms from false ones, both from the last proof.
	Latencies []Latency `json:"latencies,omitempty"`
	Alarms    []Alarms  `json:"alarms,omitempty"`

	// Pulses are those in logic, at a declared rate.
	Pulses *LogicPulses `json:"pulses,omitempty"`

	// Multiple are upsets of several bits beside the proven design.
	Multiple *Multiple `json:"multiple,omitempty"`
	// Credits are the verdicts without single detectors of the NPU, the last without any.
	Credits []CreditReading `json:"credits"`
	// DUEFront is the front of area against reported errors, all designs meeting the
	// target by calculation; Available is the cheapest that reports no more errors than
	// the unprotected machine, where there is one.
	DUEFront  []Available `json:"due_front"`
	Available *Available  `json:"available,omitempty"`

	Choice []Choice `json:"choice"`
	// The reference designs.
	Unprotected  Alternative `json:"unprotected"`
	Lockstep     Alternative `json:"lockstep"`
	HardenAll    Alternative `json:"harden_all"`
	DuplicateAll Alternative `json:"duplicate_all"`

	Pareto []ParetoPoint `json:"pareto"`
	// Flow is what a generative flow network found beside the exact search, with
	// --searcher flow.
	Flow *Flow `json:"flow,omitempty"`
	// Searched counts the designs evaluated; Optimal says none cheaper exists
	// within the option set.
	Searched int64 `json:"searched"`
	Optimal  bool  `json:"optimal"`
	// AreaOverheadBound is an area that no design of the units, the option set and the
	// margin falls below, by a relaxation; that of the design where it is optimal, 0 where
	// nothing was searched. The gap to AreaOverhead is what the search may have missed.
	AreaOverheadBound float64 `json:"area_overhead_bound"`
	// Given says that the design was given, not searched.
	Given       bool        `json:"given,omitempty"`
	Proof       Proof       `json:"proof"`
	Assumptions Assumptions `json:"assumptions"`
	Warnings    []Warning   `json:"warnings"`
	Command     string      `json:"command,omitempty"`
}

// Range is what the libraries span whose cells were measured (docs/area.md): the least and
// the greatest of the values with the constants of each. The value in use has constants of
// its own, in the middle of theirs; as a ratio of two areas it need not lie between. A range that is zero was not computed.
type Range struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// LibraryArea is the area of a design with the constants of one library.
type LibraryArea struct {
	Library string `json:"library"`
	// AreaGE is added, LogicGE is that of the logic without it, both in gate equivalents of
	// the library.
	AreaGE  float64 `json:"area_ge"`
	LogicGE float64 `json:"logic_ge"`
	// AreaOverhead is the one over the other, 1 = 100 %.
	AreaOverhead        float64 `json:"area_overhead"`
	AreaOverheadWithRAM float64 `json:"area_overhead_with_ram"`
}

// DeclaredInput is a cell or a mechanism with its declared figures, each from its smaller
// to its larger end.
type DeclaredInput struct {
	Name string `json:"name"`
	// Area is that of a cell ÷ a plain flop, or a factor of a mechanism's formula.
	Area [2]float64 `json:"area"`
	// Ratio is the soft-error rate of a cell ÷ that of a plain flop.
	Ratio  *[2]float64 `json:"ratio,omitempty"`
	Source string      `json:"source"`
}

// BreakEven is the value of an input at which the verdict is lost, all others unchanged,
// by calculation on the records of the campaign.
type BreakEven struct {
	Input string  `json:"input"`
	Unit  string  `json:"unit,omitempty"`
	Value float64 `json:"value"`
	// Below and Above are the nearest values at which the verdict is lost; without them
	// it holds at any.
	Below *float64 `json:"lost_below,omitempty"`
	Above *float64 `json:"lost_above,omitempty"`
	// Note says what the value means where it is no number.
	Note string `json:"note,omitempty"`
}

// Multiple is what upset events of two neighbouring flops do beside the proven design.
type Multiple struct {
	// Share of the upset events is declared to be such; at 0 they are no part of the
	// verdict.
	Share     float64 `json:"share"`
	Events    int     `json:"events"`
	Violating int     `json:"violating"`
	Alarms    int     `json:"alarms"`
	// FIT is their residual if all upset events were such, FITUnprotected the same
	// without the design.
	FIT            Limits `json:"fit"`
	FITUnprotected Limits `json:"fit_unprotected"`
}

// CreditReading is the verdict where some detectors of the NPU are not counted on.
type CreditReading struct {
	// Without lists them.
	Without     string      `json:"without"`
	Unprotected Alternative `json:"unprotected"`
	Chosen      Alternative `json:"chosen"`
}

// Available is a design by its area and its reported errors.
type Available struct {
	Alternative
	// BudgetDUE is the limit on the estimate of reported errors under which it is the
	// cheapest, in FIT; 0 for none.
	BudgetDUE float64  `json:"budget_due"`
	Design    string   `json:"design"`
	Choice    []Choice `json:"choice,omitempty"`
}

// InventoryReading is the verdict under another inventory of the same machine.
type InventoryReading struct {
	Name string `json:"name"`
	// FlopBits is the number of flops that SPFM is measured against, without hardening.
	FlopBits    float64     `json:"flop_bits"`
	Unprotected Alternative `json:"unprotected"`
	Chosen      Alternative `json:"chosen"`
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
	Group string `json:"group,omitempty"`
	// Registers are single registers of the group that alone have the mechanism; without
	// them all of it has.
	Registers []string `json:"registers,omitempty"`
	Mechanism string   `json:"mechanism"`
	Flops     int64    `json:"flops"`
	// AreaGE is the area added, Overhead the same ÷ unprotected logic area.
	AreaGE   float64 `json:"area_ge"`
	Overhead float64 `json:"overhead"`
	// OverheadRange is what the measured libraries span of Overhead.
	OverheadRange Range `json:"overhead_range,omitzero"`
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
	// AreaOverheadRange and AreaOverheadWithRAMRange are what the measured libraries span.
	AreaOverheadRange        Range  `json:"area_overhead_range,omitzero"`
	AreaOverheadWithRAMRange Range  `json:"area_overhead_with_ram_range,omitzero"`
	FITViolating             Limits `json:"fit_violating"`
	FITDUE                   Limits `json:"fit_due"`
	SPFM                     Limits `json:"spfm"`
	SPFMCoverage             Limits `json:"spfm_coverage"`
}

// ParetoPoint is one design that no other beats in both area and residual.
type ParetoPoint struct {
	AreaOverhead float64 `json:"area_overhead"`
	// AreaOverheadRange is what the measured libraries span.
	AreaOverheadRange Range  `json:"area_overhead_range,omitzero"`
	FITViolating      Limits `json:"fit_violating"`
	SPFM              Limits `json:"spfm"`
	Meets             bool   `json:"meets"`
	// Design names the mechanisms, for example "cc:harden wd:duplicate".
	Design string `json:"design"`
}

// Flow is a second searcher, held against the exact one.
type Flow struct {
	// Found says that it found a design for the target with the margin of the last
	// attempt, AreaOverhead its area.
	Found        bool    `json:"found"`
	AreaOverhead float64 `json:"area_overhead"`
	// Designs is the number that it sampled for the front.
	Designs int `json:"designs"`
	// Points is the number of points of the exact front that were compared, Sampled how
	// many of them it sampled itself, Reached how many with exchanges behind it, Missed for
	// how many it has no design.
	Points  int `json:"points"`
	Sampled int `json:"sampled"`
	Reached int `json:"reached"`
	Missed  int `json:"missed"`
	// Excess is the most area above a point, as a share of that.
	Excess float64 `json:"excess"`
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
	// Ledger lists every proof that was ever begun in the folder of the campaign,
	// whatever was asked. They share the error.
	Ledger []LedgerProof `json:"ledger"`
}

// LedgerProof is one proof of a folder.
type LedgerProof struct {
	// Number is its place among all proofs of the folder, which sets its confidence.
	Number int `json:"number"`
	// Question is the digest of what was asked, Asked the same in words, Attempt its
	// number within the question.
	Question     string  `json:"question"`
	Asked        string  `json:"asked"`
	Attempt      int     `json:"attempt"`
	Design       string  `json:"design"`
	Seed         uint64  `json:"seed"`
	Confidence   float64 `json:"confidence"`
	Injections   int     `json:"injections"`
	Violations   int     `json:"violations"`
	FITUpper     float64 `json:"fit_upper"`
	SPFMLower    float64 `json:"spfm_lower"`
	State        string  `json:"state"` // begun, holds, does not hold
	ResultDigest string  `json:"result_digest,omitempty"`
}

// Attempt is one proof campaign. Later attempts use a stricter confidence, so
// that all together keep the promised one.
type Attempt struct {
	Design       string  `json:"design"`
	Seed         uint64  `json:"seed"`
	Injections   int     `json:"injections"`
	Violations   int     `json:"violations"`
	AreaOverhead float64 `json:"area_overhead"`
	// AreaOverheadRange is what the measured libraries span.
	AreaOverheadRange Range   `json:"area_overhead_range,omitzero"`
	Confidence        float64 `json:"confidence"`
	Power             float64 `json:"power"`
	FITExpected       float64 `json:"fit_expected"`
	FITUpper          float64 `json:"fit_upper"`
	SPFMLower         float64 `json:"spfm_lower"`
	Holds             bool    `json:"holds"`
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
