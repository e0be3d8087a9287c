package result

// Pulses is what a campaign of pulses says: which blocks had theirs measured on gates, and what
// violates at a declared rate. It is never part of the rates of flops.
type Pulses struct {
	// FITPerKGE is the declared rate of pulses in FIT for 1,000 gate equivalents of logic; 0 =
	// pulses are not assessed.
	FITPerKGE float64      `json:"fit_per_kge"`
	Blocks    []PulseBlock `json:"blocks"`
	// Violating is the rate of violating pulses in the measured blocks that were sampled, in FIT.
	Violating *Limits `json:"violating,omitempty"`
	// AtOutputs is the rate of pulses that are taken over behind outputs of the measured blocks
	// only, Unmeasured that of all pulses in the other blocks, both in FIT; nothing is
	// known of what they do.
	AtOutputs  float64 `json:"at_outputs"`
	Unmeasured float64 `json:"unmeasured"`
}

// PulseBlock is a block. Of one that was not measured only Block and GE are known; GE is then
// estimated.
type PulseBlock struct {
	Block    string  `json:"block"`
	Measured bool    `json:"measured"`
	GE       float64 `json:"ge"`
	// Pulses is the number of pulses in its gates. Captured is the share that flops of the
	// block take over, Idle and Active the same in clocks in which no register of the block
	// changes, and in others; AtOutputs is the share taken over behind an output only.
	Pulses    int       `json:"pulses,omitempty"`
	Captured  *Interval `json:"captured,omitempty"`
	Idle      *Interval `json:"idle,omitempty"`
	Active    *Interval `json:"active,omitempty"`
	AtOutputs *Interval `json:"at_outputs,omitempty"`
	// N is the number of injections, Violating the share that violates of those.
	N         int      `json:"n,omitempty"`
	Violating Interval `json:"violating"`
	FIT       *Limits  `json:"fit,omitempty"`
}
