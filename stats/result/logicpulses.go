package result

// LogicPulses is what pulses in logic add to the residual of a machine with a design, at a
// declared rate. It stands beside the rates of upsets of flops and RAM and is in none of them.
type LogicPulses struct {
	// FITPerKGE is the declared rate of pulses in FIT for 1,000 gate equivalents of logic.
	FITPerKGE float64           `json:"fit_per_kge"`
	Blocks    []LogicPulseBlock `json:"blocks"`
	// Unprotected is the rate of violating pulses in the measured blocks without the design,
	// TotalUnprotected that of upsets and pulses together, all in FIT.
	Unprotected      Limits `json:"unprotected"`
	TotalUnprotected Limits `json:"total_unprotected"`
	// Protected and Total are the same beside the proven design, where there is one.
	// CheckBitsRight is Protected where parity and residues of counters always hold what belongs
	// to the right values; where they took over the wrong ones they see nothing, and the worse of
	// both counts.
	Protected      *Limits `json:"protected,omitempty"`
	Total          *Limits `json:"total,omitempty"`
	CheckBitsRight *Limits `json:"check_bits_right,omitempty"`
	// AtOutputs is the rate of all pulses that are taken over behind outputs of the measured
	// blocks only, Unmeasured that of all pulses in the logic of NotCovered, the blocks
	// without gates. Nothing is known of what they do: neither is assessed.
	AtOutputs  float64  `json:"at_outputs"`
	Unmeasured float64  `json:"unmeasured"`
	NotCovered []string `json:"not_covered"`
}

// LogicPulseBlock is a block whose gates were measured.
type LogicPulseBlock struct {
	Block string  `json:"block"`
	GE    float64 `json:"ge"`
	// Captured is the share of pulses that flops of the block take over, summed over clocks in
	// which a register of the block changes and others: an injection has one of each kind.
	Captured Interval `json:"captured"`
	// N pulses were injected without a design, Violating of them violate, at a rate of FIT.
	N         int    `json:"n"`
	Violating int    `json:"violating"`
	FIT       Limits `json:"fit"`
	// ProtectedN pulses were injected beside the design, on the inputs of the proof. Remaining of
	// them violate, at a rate of RemainingFIT; where check bits hold the right values it is
	// RemainingRight of them.
	ProtectedN     int     `json:"protected_n,omitempty"`
	Remaining      int     `json:"remaining,omitempty"`
	RemainingRight int     `json:"remaining_right,omitempty"`
	RemainingFIT   *Limits `json:"remaining_fit,omitempty"`
}
