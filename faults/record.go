// Package faults injects single-event upsets into the machine and says what
// became of them. An injection restores a checkpoint of the fault-free run, steps
// the plain machine to the cycle of the upset, inverts one bit of its State and
// goes on until the outcome is known. What follows the flip is simulation only.
package faults

import (
	"fmt"

	"upset/netlist"
)

// Outcome is the class of an injection. When several hold, the first in the order
// DUE, stray write, SDC, latent, masked counts; Detected and Corrected are those
// of an added mechanism or of the RAM's code.
type Outcome uint8

// Outcomes.
const (
	Masked Outcome = iota
	Latent
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

// Cause says how an outcome came about.
type Cause uint8

// Causes.
const (
	CauseConverged  Cause = iota // the whole state became equal to the fault-free run
	CauseHarmless                // output equal; what differs at the end is not read by the next inference
	CauseResidue                 // output equal; what differs at the end harms the next inference
	CauseOutput                  // the output differs
	CauseStray                   // a write left the arena
	CauseBusError                // bus error
	CauseParseError              // command parse error
	CauseDecoder                 // weight decoder fault
	CauseECC                     // uncorrectable error in the RAM
	CauseWatchdog                // the watchdog ended a hang
	CauseRAMCode                 // the RAM's code corrected the error
	CauseObserver                // the register only observes
	CauseAlarm                   // an added mechanism raised its alarm
	CauseVoted                   // a voter restored the bit
	CauseHardened                // the hardened cell did not flip
	CauseDead                    // the RAM word is written before it is read again
	NumCauses
)

var causeNames = [NumCauses]string{
	"converged", "harmless residue", "residue", "output", "stray write", "bus error", "parse error",
	"decoder fault", "RAM error", "watchdog", "RAM code", "observer", "alarm", "voted", "hardened cell", "dead word",
}

// String describes the cause in a word or two.
func (c Cause) String() string {
	if c < NumCauses {
		return causeNames[c]
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

// Site is one bit at one cycle of an inference: the flip happens between the
// steps that complete cycles Cycle and Cycle+1.
type Site struct {
	ID    netlist.SiteID
	Cycle uint64
}

// Record is everything known about one injection. It is a pure function of the
// program, the input and the site.
type Record struct {
	Site    Site
	Input   uint32 // number of the input
	Before  uint8  // the bit before and after the flip
	After   uint8
	Outcome Outcome
	Cause   Cause
	Late    bool   // masked, but with another number of cycles
	ToEnd   bool   // ran to the end of the inference
	Pruned  bool   // resolved without simulation
	Op      uint16 // kernel operation under way at the flip
	End     uint64 // cycle at which the NPU stopped, or at which the run was equal again
	Output  uint64 // first 8 bytes of the SHA-256 of the output, big-endian; 0 where there is none
}
