package protect

import (
	"upset/faults/campaign"
	"upset/netlist"
)

// Names of the units of a search.
const (
	// UnitBlockClass protects the registers of one class of a block alike.
	UnitBlockClass = "block-class"
	// UnitRegister decides on every register alone. One half of the records chooses and
	// the other judges: among some 340 registers a search finds many that did no harm by
	// chance.
	UnitRegister = "register"
)

// Inventory is another reading of which flops the machine has. SPFM is a ratio, so that
// it hangs on what stands in the denominator. The zero value is the machine as it is.
type Inventory struct {
	Name string
	// RAM are registers that stand in a protected RAM macro instead of flops: their
	// upsets are corrected, and they are no flops.
	RAM []string
	// Unused are registers that a leaner machine does not have. What they hold can
	// never be used, so that no violation goes with them.
	Unused []string
}

// view is a way to read the records of a campaign.
type view struct {
	inventory Inventory         // of the machine
	within    campaign.Deadline // what is reported later violates
	registers bool              // every register is a unit
	part      part
}

// part is a part of the records of a campaign. Halves share every stratum of every round
// evenly, so that each is a stratified sample itself. Where an adaptive round drew a single
// record from a stratum, it judges: leaving out rounds by how few they drew would leave out
// what followed few violations. What chooses pools the rounds, as a bias does no harm there.
type part uint8

const (
	allRecords part = iota
	choosing        // the first, third, … of a stratum and round that has several
	judging         // the others
)

// has reports whether the part has the record with so many before it in its stratum and
// round, of so many.
func (p part) has(before, of int) bool {
	return p == allRecords || (before%2 == 0 && of > 1) == (p == choosing)
}

// partOf is the part of a stratum that the view takes. RAM is no matter of single registers:
// all its records choose and judge, as in a search over classes.
func (g *gatherer) partOf(stratum int) part {
	if g.frame.Groups[g.frame.Cells[g.frame.Strata[stratum][0]].Group].SRAM {
		return allRecords
	}
	return g.view.part
}

// lacks says what a stratum has that is too small for the part.
func (p part) lacks() string {
	if p == choosing {
		return "a single injection, which cannot both choose and judge"
	}
	return "no injection"
}

// unitsOf are the units of a group of the campaign, without their pieces.
func (g *gatherer) unitsOf(group campaign.Group, class netlist.Class, bits float64) (list []Unit) {
	if !g.view.registers || group.SRAM {
		return []Unit{{Block: group.Block, Class: class, SRAM: group.SRAM, Bits: bits}}
	}
	for i := range g.table.Registers {
		r := &g.table.Registers[i]
		if r.Block == group.Block && r.Class == class && !r.Observer && !r.IsSRAM() {
			list = append(list, Unit{Block: r.Block, Class: class, Register: r.Name, Bits: float64(r.Bits()) * bits / float64(group.Bits)})
		}
	}
	return list
}
