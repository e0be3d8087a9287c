package protect

import (
	"upset/netlist"
	"upset/stats"
)

// Unit is the smallest part of the machine that is protected as a whole: the
// registers of one class in one block, a single one of them, or the RAM of a block.
type Unit struct {
	Block string
	Class netlist.Class
	// Register is the name of a single register, empty for all of the class.
	Register string
	SRAM     bool
	// Bits is the number of bits, scaled as the campaign's population is.
	Bits   float64
	Pieces []Piece
}

// Piece is the share of a unit in one sampled stratum, or in one round of it where the
// rounds of an adaptive campaign are estimates of their own.
type Piece struct {
	// Weight is the number of bits that one injection stands for.
	Weight float64
	N      int
	// Any and Critical are violations, DUE what the NPU or the watchdog
	// reports, Active everything that was not masked.
	Any      int
	Critical int
	DUE      int
	Active   int
	// Parity are those that parity on the register sees, of Tried; both over all rounds.
	Parity int
	Tried  int

	caughtAny, caughtCritical [subsets]int // by set of checkers
}

// Violations is the count under a definition of violation.
func (p Piece) Violations(violation string) int {
	if violation == stats.ViolationCritical {
		return p.Critical
	}
	return p.Any
}

// Evidence is what a campaign says about the units of a machine.
type Evidence struct {
	Units []Unit
	// FlopBits counts the flops but those that only observe: the denominator of SPFM
	// without hardened cells.
	FlopBits float64
}
