package mechanism

import (
	"fmt"
	"strings"
)

// Kind is a protection mechanism.
type Kind uint8

// Kinds.
const (
	None Kind = iota
	// HardenLight replaces flops by a light hardened cell, Harden by a DICE cell.
	HardenLight
	Harden
	// Parity adds a parity bit to every group of flops that load together and
	// checks it when the group is read with its valid bit set.
	Parity
	// Duplicate adds a second copy of a block and compares all that both write
	// outside themselves.
	Duplicate
	// Triplicate adds two copies of every flop and a voter behind them.
	Triplicate
	// SECDED adds a single-error-correcting code to the shared buffer's RAM.
	SECDED
	// ParityAlways is parity that is checked at every clock.
	ParityAlways
	// Lockstep runs a second copy of all logic and compares what leaves the NPU and
	// what is written to its RAM.
	Lockstep
	// Watchdog counts the clocks of an inference down.
	Watchdog
	// Residue keeps the residue modulo 3 of every set of traversal counters.
	Residue
	// StreamCRC checks the weights that are fetched against a CRC that the compiler
	// gives with every stream.
	StreamCRC
	// Checksum accumulates the sum over the output channels of every pixel a second
	// time, from the sum of their weights.
	Checksum
	// ParityInterleaved is parity with neighbouring flops of a register in different
	// groups, and the parity bits apart from the flops that they guard.
	ParityInterleaved
	// NumKinds is the number of kinds, None included.
	NumKinds
)

var kindNames = [NumKinds]string{
	"none", "harden-light", "harden", "parity", "duplicate", "triplicate", "secded",
	"parity-always", "lockstep", "watchdog", "traversal-residue", "weight-crc", "acc-checksum",
	"parity-interleaved",
}

// String is the name used in results, for example harden.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("mechanism %d", uint8(k))
}

// home is the block that a checker stands beside; empty for mechanisms that
// change the registers they protect.
func (k Kind) home() string {
	switch k {
	case Watchdog:
		return "cc"
	case Residue:
		return "traversal"
	case StreamCRC:
		return "wd"
	case Checksum:
		return "mac"
	}
	return ""
}

// Checker reports whether the mechanism only watches the machine, so that no
// register of it is changed.
func (k Kind) Checker() bool { return k.home() != "" }

// Home is the block that a checker stands beside, and of lock-step the whole NPU.
func Home(k Kind) string {
	if k == Lockstep {
		return Whole
	}
	return k.home()
}

// PermanentCoverage is the share of the permanent faults of what it guards that a
// mechanism is taken to see. Redundancy by comparison counts as high, 99 %, and parity
// as low, 60 % (ISO 26262-5:2018, annex D); that voters count as high is our choice, as
// is 0 for all others: hardened cells break like plain ones, and checkers were measured
// on transients only. A code guards RAM, which is not in the area.
func (k Kind) PermanentCoverage() float64 {
	switch k {
	case Duplicate, Lockstep, Triplicate:
		return 0.99
	case Parity, ParityAlways, ParityInterleaved:
		return 0.6
	}
	return 0
}

// Checkers lists the mechanisms that search may add beside all others.
func Checkers() []Kind { return []Kind{Residue, StreamCRC, Checksum} }

// ParseKind finds a mechanism by its name.
func ParseKind(name string) (Kind, error) {
	for k, n := range kindNames {
		if n == name {
			return Kind(k), nil
		}
	}
	return None, fmt.Errorf("unknown mechanism %q: choose one of %s", name, strings.Join(kindNames[:], ", "))
}

// Cell is a hardened flip-flop relative to a plain one.
type Cell struct {
	Area float64 `json:"area"` // area ÷ area of the plain flop
	SER  float64 `json:"ser"`  // soft-error rate ÷ rate of the plain flop
	// Least is the lower end of a declared range of that ratio, whose upper end is
	// SER; 0 stands for no range. Residuals are judged at the upper end, the raw rate
	// that SPFM is measured against at the lower one.
	Least float64 `json:"least,omitempty"`
}

// LeastSER is the lower end of the ratio.
func (c Cell) LeastSER() float64 {
	if c.Least > 0 {
		return c.Least
	}
	return c.SER
}

// Cells are the two hardened cells, the voter behind a triplicated flop, and factors of
// the areas of all mechanisms.
type Cells struct {
	Light Cell `json:"light"`
	DICE  Cell `json:"dice"`
	// Voter is the rate of pulses at a voter's output that everything behind it takes
	// for its value at a clock ÷ the soft-error rate of a plain flop. Nothing corrects
	// them.
	Voter float64 `json:"voter"`
	// Factor multiplies the area that the formula of a mechanism gives; 0 is taken as 1.
	Factor [NumKinds]float64 `json:"factor"`
}

// factor is that of a kind.
func (c Cells) factor(k Kind) float64 {
	if k < NumKinds && c.Factor[k] != 0 {
		return c.Factor[k]
	}
	return 1
}

// DefaultCells are the figures of the CLEAR cell library (Cheng et al., DAC 2016):
// light hardened latch and LEAP-DICE. Rates of pulses in logic are not public: a
// voter's output counts as a plain flop (our choice, the strict one: a pulse that ends
// before the clock edge does no harm, and a voter is smaller than a flop).
func DefaultCells() Cells {
	return Cells{Light: Cell{Area: 1.2, SER: 0.25}, DICE: Cell{Area: 2, SER: 2e-4}, Voter: 1}
}

// Of is the cell of a kind; a plain flop for every kind that is not a cell.
func (c Cells) Of(k Kind) Cell {
	switch k {
	case HardenLight:
		return c.Light
	case Harden:
		return c.DICE
	}
	return Cell{Area: 1, SER: 1}
}

// Keep is the share of the violations of plain flops that remain under a mechanism
// which neither sees nor corrects them: those of hardened cells that flip, and of
// voters, each of which stands for its flop.
func (c Cells) Keep(k Kind) float64 {
	if k == Triplicate {
		return c.Voter
	}
	return c.Of(k).SER
}

// check reports a cell that cannot be.
func (c Cells) check() error {
	for _, x := range []Cell{c.Light, c.DICE} {
		if !(x.Area >= 1 && x.Area < 100) || !(x.SER >= 0 && x.SER <= 1) || !(x.Least >= 0 && x.Least <= x.SER) {
			return fmt.Errorf("hardened cell of area %v and soft-error rate %v: give an area of at least 1 and a rate from 0 to 1, both relative to the plain flop", x.Area, x.SER)
		}
	}
	if !(c.Voter >= 0 && c.Voter <= 1) {
		return fmt.Errorf("rate %v of a voter's output: give one from 0 to 1, relative to the plain flop", c.Voter)
	}
	return nil
}
