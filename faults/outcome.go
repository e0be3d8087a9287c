package faults

import "fmt"

// Outcome is the class of an injection. When several hold, the first in the order
// stray write, DUE, SDC, persisting, masked counts; Detected and Corrected are those
// of an added mechanism or of the RAM's code. A stray write counts even where the NPU
// stopped or an alarm came afterwards, which is then its cause: what was written stays
// written.
type Outcome uint8

// Outcomes.
const (
	Masked Outcome = iota
	Latent         // persisting: what is left behind harms a later inference
	SDCTolerable
	SDCCritical
	StrayWrite
	DUEDetected
	DUEHang
	Detected
	Corrected
	NumOutcomes
)

var outcomeNames = [NumOutcomes]string{"masked", "latent", "sdc_tolerable", "sdc_critical", "stray_write", "due_detected", "due_hang", "detected", "corrected"}

// String returns the name used in results, for example sdc_critical.
func (o Outcome) String() string {
	if o < NumOutcomes {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}

// Classification numbers the rules by which outcomes are told apart. It rises whenever
// the same fault may get another outcome or cause, since records made under different
// rules must not be mixed: 1 put a stop before a stray write and followed a single
// further inference (logs of that time name no number), 2 had one watchdog for all jobs
// of a program and took every change of a single probability for critical, 3 is what is
// described here.
const Classification = 3

// Word is the outcome in text. A latent fault of ISO 26262 is a multiple-point fault;
// what harms a later inference is called persisting.
func (o Outcome) Word() string {
	if o == Latent {
		return "persisting"
	}
	return o.String()
}

// Cause says how an outcome came about.
type Cause uint8

// Causes.
const (
	CauseNone       Cause = iota // output equal, and nothing is left behind that harms a later inference
	CauseResidue                 // output equal; what differs at the end harms a later inference
	CauseOutput                  // the output differs
	CauseStray                   // a write left the arena, and the inference ended
	CauseBusError                // bus error
	CauseParseError              // command parse error
	CauseDecoder                 // weight decoder fault
	CauseECC                     // uncorrectable error in the RAM
	CauseWatchdog                // the watchdog ended a hang
	CauseRAMCode                 // the RAM's code corrected the error
	CauseAlarm                   // an added mechanism raised its alarm
	CauseVoted                   // a voter restored the bit
	CauseHardened                // the hardened cell did not flip
	CauseFaded                   // the pulse at a voter's output was not taken over
	CauseUnsettled               // output equal; what differs was neither harmful nor gone after MaxFollowed inferences
	CauseHost                    // the host found a difference
	CauseRetried                 // the host ran a job once more that the NPU had stopped
	CauseForgiven                // the NPU handed a wrong value to the host, and the network's output is equal
	NumCauses
)

var causeNames = [NumCauses]string{
	"no effect", "residue", "output", "stray write", "bus error", "parse error",
	"decoder fault", "RAM error", "watchdog", "RAM code", "alarm", "voted", "hardened cell", "pulse faded", "not settled", "host alarm", "run once more", "forgiven by the host",
}

// String describes the cause in a word or two.
func (c Cause) String() string {
	if c < NumCauses {
		return causeNames[c]
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

// MaxFollowed is the most inferences that are followed behind the one with the fault
// (our choice). Nearly all of what a fault leaves behind is gone after one or two; what
// is not gone after so many counts as left for good.
const MaxFollowed = 8
