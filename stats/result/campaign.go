package result

// Campaign is the result of a fault-injection campaign.
type Campaign struct {
	NPU          string `json:"npu"`
	Model        string `json:"model"`
	SpecDigest   string `json:"spec_digest"`
	ResultDigest string `json:"result_digest"`
	Seed         uint64 `json:"seed"`
	// Injections = Simulated + Cached + Pruned.
	Injections int `json:"injections"`
	Simulated  int `json:"simulated"`
	Cached     int `json:"cached"`
	Pruned     int `json:"pruned"`
	// ToEnd counts injections that had to run to the end of the inference.
	ToEnd int `json:"to_end"`
	// Paths counts injections by how the engine resolved them.
	Paths map[string]int `json:"paths"`
	// Rounds is the number of completed rounds.
	Rounds   int    `json:"rounds"`
	Sampling string `json:"sampling"`
	Inputs   int    `json:"inputs"`
	Cycles   int64  `json:"cycles"`
	// DesignEffect is the variance of the violating AVF over that of as many
	// independent injections, where inputs are a sample.
	DesignEffect float64 `json:"design_effect,omitempty"`
	// DoublyRobust is the AVF sharpened by a proxy, where it was asked for.
	DoublyRobust *DoublyRobust `json:"doubly_robust,omitempty"`
	// InputSpread compares the inputs, where there are several.
	InputSpread *InputSpread `json:"input_spread,omitempty"`
	// Accuracy is that of the fault-free network, where inputs have labels.
	Accuracy *Accuracy `json:"accuracy,omitempty"`
	Seconds  Seconds   `json:"seconds"`
	Rate     Rate      `json:"rate"`

	Outcomes Outcomes `json:"outcomes"`
	// NotSettled are latent outcomes whose trace was neither gone nor harmful within the
	// inferences that were followed.
	NotSettled int `json:"not_settled"`
	// Shares says what of the network runs where, where it is more than one stream.
	Shares *Shares `json:"shares,omitempty"`
	// Forgiven are masked outcomes in which the NPU had handed a wrong value to the host.
	Forgiven int         `json:"forgiven,omitempty"`
	Strata   []Stratum   `json:"strata"`
	Blocks   []BlockAVF  `json:"blocks"`
	AVF      AVF         `json:"avf"`
	Heat     Heat        `json:"heat"`
	FIT      CampaignFIT `json:"fit"`
	// SPFM is over flops only; SPFMWithSRAM never decides.
	SPFM         ViolationLimits `json:"spfm"`
	SPFMWithSRAM ViolationLimits `json:"spfm_with_sram"`
	// Safety are the fault classes and metrics of ISO 26262, for campaigns over the
	// whole machine.
	Safety *Safety `json:"safety,omitempty"`
	// ModeGroups are the failure modes of the user, where a filled sheet gave them.
	ModeGroups []ModeGroup `json:"mode_groups,omitempty"`
	// FMEDA lists the failure modes of every part, at the default raw rates.
	FMEDA []FMEDARow `json:"fmeda"`
	// Pulses tells of pulses in logic, for campaigns of these.
	Pulses *Pulses `json:"pulses,omitempty"`
	// Latencies tell how long after the upset it is reported, by mechanism.
	Latencies []Latency `json:"latencies"`

	// Confidence is that of the two-sided intervals of proportions; the
	// limits of rates use Assumptions.Confidence.
	Confidence  float64     `json:"confidence"`
	Assumptions Assumptions `json:"assumptions"`
	Verdicts    []Verdict   `json:"verdicts"`
	// Verdict joins the default cell and the metrics of declared permanent rates:
	// "met", "not_met" or "not_shown". Statement says in a sentence what was shown,
	// Decided lists what took part.
	Verdict   string    `json:"verdict"`
	Statement string    `json:"statement"`
	Decided   []Decided `json:"decided"`
	Duty      float64   `json:"duty"`
	Warnings  []Warning `json:"warnings"`
	// Command reproduces the result.
	Command string `json:"command,omitempty"`
	// Incomplete says that injections are missing: the result is provisional.
	Incomplete bool `json:"incomplete,omitempty"`
	// Identity says what the campaign was about, so that results of two campaigns
	// can be told to answer the same question.
	Identity *Identity `json:"identity,omitempty"`
}

// Accuracy counts the labelled inputs that the fault-free network classes rightly: the
// largest element of its output is that of the label.
type Accuracy struct {
	Labelled int     `json:"labelled"`
	Right    int     `json:"right"`
	Share    float64 `json:"share"`
}

// Identity names what was injected into. Digests are SHA-256 in hexadecimal.
type Identity struct {
	// Format is that of the records: outcomes of two formats may mean different
	// things.
	Format int `json:"format"`
	// Architecture is the digest of the network without its weights: the kinds and
	// sizes of its operations, the types and shapes of its inputs and outputs.
	Architecture string `json:"architecture"`
	// Program is the digest of the command stream with its weights, Inputs that of
	// the inputs, Table that of the storage of the NPU.
	Program string `json:"program"`
	Inputs  string `json:"inputs"`
	Table   string `json:"table"`
	// System is the timing of the memories.
	System string `json:"system"`
	// Selection are the filters in force, empty for the whole machine.
	Selection string `json:"selection"`
}

// DoublyRobust are estimates from a simple random sample and a proxy that is fitted to
// it, cross-fitted, so that they have no bias however bad the proxy is.
type DoublyRobust struct {
	// Drawn sites were looked at for their features alone.
	Drawn     int       `json:"drawn"`
	Violating RobustAVF `json:"violating"`
	Critical  RobustAVF `json:"critical"`
}

// RobustAVF is one such estimate, or the plain proportion where the proxy is too weak.
type RobustAVF struct {
	Interval
	// Efficiency is the variance of the plain proportion over that of the estimate.
	Efficiency float64 `json:"efficiency"`
	Used       bool    `json:"used"`
	// Reason says why the plain proportion was kept.
	Reason string `json:"reason,omitempty"`
}

// InputSpread tells how much the consequence of an upset depends on the input.
type InputSpread struct {
	// P is the probability of differences at least as large if upsets had the same
	// consequence under every input (score test).
	P float64 `json:"p_alike"`
	// Inputs are in the order of their files.
	Inputs []InputCount `json:"by_input"`
}

// InputCount are the violating injections of an input.
type InputCount struct {
	Violating int `json:"violating"`
	// Expected is their number if all inputs were alike.
	Expected float64 `json:"expected"`
}

// Seconds is wall time by part. It is in no digest.
type Seconds struct {
	Golden float64 `json:"golden"`
	Plan   float64 `json:"plan"`
	Inject float64 `json:"inject"`
	Total  float64 `json:"total"`
}

// Rate is injections per second: all resolved ones, and those simulated.
type Rate struct {
	Resolved  float64 `json:"resolved"`
	Simulated float64 `json:"simulated"`
}

// Outcomes are disjoint counts; they sum to the number of injections.
type Outcomes struct {
	Masked int `json:"masked"`
	// Latent counts persisting faults: the output is right, a later inference is not.
	Latent       int `json:"latent"`
	SDCTolerable int `json:"sdc_tolerable"`
	SDCCritical  int `json:"sdc_critical"`
	StrayWrite   int `json:"stray_write"`
	DUEDetected  int `json:"due_detected"`
	DUEHang      int `json:"due_hang"`
	Detected     int `json:"detected"`
	Corrected    int `json:"corrected"`
	// Overdue are alarms, stops and ends by the watchdog later than the declared
	// fault-tolerant time interval. They are not in the counts above.
	Overdue int `json:"overdue,omitempty"`
	// Uncredited are stops and ends by the watchdog that only detectors report which
	// nobody counts on. They violate.
	Uncredited int `json:"uncredited,omitempty"`
}

// Total is the sum over all classes.
func (o Outcomes) Total() int {
	return o.Masked + o.Latent + o.SDCTolerable + o.SDCCritical + o.StrayWrite +
		o.DUEDetected + o.DUEHang + o.Detected + o.Corrected + o.Overdue + o.Uncredited
}

// Add is the sum of two counts, class by class.
func (o Outcomes) Add(p Outcomes) Outcomes {
	return Outcomes{
		Masked: o.Masked + p.Masked, Latent: o.Latent + p.Latent,
		SDCTolerable: o.SDCTolerable + p.SDCTolerable, SDCCritical: o.SDCCritical + p.SDCCritical,
		StrayWrite:  o.StrayWrite + p.StrayWrite,
		DUEDetected: o.DUEDetected + p.DUEDetected, DUEHang: o.DUEHang + p.DUEHang,
		Detected: o.Detected + p.Detected, Corrected: o.Corrected + p.Corrected, Overdue: o.Overdue + p.Overdue, Uncredited: o.Uncredited + p.Uncredited,
	}
}

// SDC is every silent corruption, tolerable or critical.
func (o Outcomes) SDC() int { return o.SDCTolerable + o.SDCCritical }

// DUE is every error that the NPU itself or the watchdog reports. Without a
// watchdog a hang is not reported and violates instead.
func (o Outcomes) DUE(watchdog bool) int {
	if watchdog {
		return o.DUEDetected + o.DUEHang
	}
	return o.DUEDetected
}

// Violating counts the outcomes that violate the safety goal: every SDC,
// persisting, stray write, report that comes too late or that nobody counts on, and hang
// when there is no watchdog. Violation
// "critical" leaves out the tolerable SDC. With assumeReload the NPU is reset
// and reloaded between inferences, so that a persisting fault harms nobody.
func (o Outcomes) Violating(violation string, watchdog, assumeReload bool) int {
	n := o.SDCCritical + o.StrayWrite + o.Overdue + o.Uncredited
	if violation != "critical" {
		n += o.SDCTolerable
	}
	if !assumeReload {
		n += o.Latent
	}
	if !watchdog {
		n += o.DUEHang
	}
	return n
}

// Stratum is the unit of sampling: block × register class × phase.
type Stratum struct {
	Block string `json:"block"`
	Class string `json:"class"`
	Phase string `json:"phase"`
	// SRAM says that the stratum is made of SRAM cells, not flops.
	SRAM bool `json:"sram"`
	// Weight is the share of all sites (bits × cycles); weights sum to 1.
	Weight float64 `json:"weight"`
	// Bits is the mean number of bits exposed over the inference:
	// sites of the stratum ÷ cycles of the inference.
	Bits float64 `json:"bits"`
	// Exact marks a stratum whose outcome is known without sampling.
	Exact bool `json:"exact,omitempty"`
	// RateScale multiplies the raw rate per bit; 0 is taken as 1.
	RateScale float64 `json:"rate_scale,omitempty"`
	N         int     `json:"n"`
	Outcomes
	// Parts are the rounds that the stratum is estimated from, where rounds followed
	// the failures: pooled counts would be too low on average.
	Parts []StratumPart `json:"parts,omitempty"`
}

// StratumPart is the share of a stratum that is estimated from one round.
type StratumPart struct {
	Share    float64  `json:"share"`
	Outcomes Outcomes `json:"outcomes"`
}

// BlockAVF is the vulnerability of one block.
type BlockAVF struct {
	Block        string   `json:"block"`
	Bits         float64  `json:"bits"`
	N            int      `json:"n"`
	AVFSDC       Interval `json:"avf_sdc"`
	AVFCritical  Interval `json:"avf_critical"`
	AVFViolating Interval `json:"avf_violating"`
	AVFDUE       Interval `json:"avf_due"`
	// FITViolating is the block's share of the residual rate.
	FITViolating Limits   `json:"fit_violating"`
	Outcomes     Outcomes `json:"outcomes"`
}

// AVF is the vulnerability of the whole NPU.
type AVF struct {
	SDC       Interval `json:"sdc"`
	Critical  Interval `json:"critical"`
	Violating Interval `json:"violating"`
	DUE       Interval `json:"due"`
}

// Heat is the block × layer matrix of vulnerability. A pair without samples
// has no cell.
type Heat struct {
	Blocks []string   `json:"blocks"`
	Layers []Layer    `json:"layers"`
	Cells  []HeatCell `json:"cells"`
}

// Layer is one column of the heat map.
type Layer struct {
	Index  int    `json:"index"`
	Name   string `json:"name"`
	Cycles int64  `json:"cycles"`
}

// HeatCell is one block in one layer; Block and Layer index into Heat.
type HeatCell struct {
	Block  int      `json:"block"`
	Layer  int      `json:"layer"`
	Weight float64  `json:"weight"`
	AVF    Interval `json:"avf"`
	// Critical is the share with the failure criterion met.
	Critical Interval `json:"critical"`
}

// CampaignFIT holds failure rates in FIT under the default scenario.
type CampaignFIT struct {
	Raw       float64 `json:"raw"`
	Violating Limits  `json:"violating"`
	Critical  Limits  `json:"critical"`
	DUE       Limits  `json:"due"`
}

// ViolationLimits is a metric for both definitions of a violation.
type ViolationLimits struct {
	Any      Limits `json:"any"`
	Critical Limits `json:"critical"`
}

// Verdict is one metric in one cell of the matrix of scenarios × budgets ×
// violations.
type Verdict struct {
	Scenario   string  `json:"scenario"`
	LambdaFlop float64 `json:"lambda_flop"`
	LambdaSRAM float64 `json:"lambda_sram"`
	BudgetFIT  float64 `json:"budget_fit"`
	Violation  string  `json:"violation"`
	// Metric is "fit" (target: at most BudgetFIT) or "spfm" (at least Target).
	Metric   string  `json:"metric"`
	Target   float64 `json:"target"`
	Estimate float64 `json:"estimate"`
	Lower    float64 `json:"lower"`
	Upper    float64 `json:"upper"`
	// Result is "met", "not_met" or "not_shown" for this metric; Cell is that
	// of the whole cell, in which every metric must be met.
	Result  string `json:"result"`
	Cell    string `json:"cell"`
	Default bool   `json:"default,omitempty"`
}

// Shares says what of a network runs on the NPU and what on the host. Faults strike the
// NPU only, each of its jobs by its cycles.
type Shares struct {
	Frames int      `json:"frames"`  // inferences of a sequence with state kept
	Jobs   int      `json:"jobs"`    // command streams of a sequence
	OnHost []string `json:"on_host"` // operators of an inference, in their order
}
