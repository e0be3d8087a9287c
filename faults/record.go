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

// Path says how the engine came to a record. It is not part of what the machine
// did: other settings of the engine give another path and the same record.
type Path uint8

// Paths.
const (
	PathEnd       Path = iota // simulated to the end of the inference
	PathStopped               // simulated until the NPU stopped by itself
	PathConverged             // simulated until only what is dead differed from the fault-free run
	PathShifted               // the same, but against the fault-free run at another cycle
	PathHandOff               // simulated until only memory differed, then without a clock
	PathHang                  // simulated until a state was its own successor
	PathDead                  // not simulated: the bit is overwritten before it is read
	PathObserver              // not simulated: nothing depends on the register
	PathCode                  // not simulated: the code of the RAM corrects the bit
	PathMechanism             // not simulated: an added mechanism settles it
	PathCached                // simulated until a state that an earlier run had passed
	PathUncaught              // not simulated: the flop does not load when the pulse comes
	PathValues                // simulated until only values that wait in the datapath and memory differed, then without a clock
	NumPaths
)

var pathNames = [NumPaths]string{
	"end", "stopped", "converged", "time shift", "hand-off", "hang proof", "dead", "observer", "ram code", "mechanism", "cached", "not captured", "values",
}

// String names the path.
func (p Path) String() string {
	if p < NumPaths {
		return pathNames[p]
	}
	return fmt.Sprintf("path %d", uint8(p))
}

// Pruned reports whether the record was found without simulating a clock.
func (p Path) Pruned() bool { return p >= PathDead && p != PathCached && p != PathValues }

// Site is one bit at one cycle of an inference: the flip happens between the
// steps that complete cycles Cycle and Cycle+1.
type Site struct {
	ID    netlist.SiteID
	Cycle uint64
}

// Record is everything known about one injection. All but Path is a pure function
// of the program, the input and the site.
type Record struct {
	Site    Site
	Input   uint32 // number of the input
	Before  uint8  // the bit before and after the flip, that of the first cell that flips
	After   uint8
	Outcome Outcome
	Cause   Cause
	Late    bool   // the inference took another number of cycles
	Path    Path   // how the engine came to the record
	Op      uint16 // kernel operation under way at the flip
	End     uint64 // cycle of the alarm, or at which the NPU stopped or the watchdog ended the inference
	Alarm   uint8  // number of the mechanism that raised the alarm, 0 where there was none
	Output  uint64 // first 8 bytes of the SHA-256 of the output, big-endian; 0 where there is none
}

// Same reports whether two records say the same of the machine.
func (r Record) Same(q Record) bool {
	r.Path = q.Path
	return r == q
}
