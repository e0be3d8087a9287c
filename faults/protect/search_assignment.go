package protect

import (
	"slices"

	"upset/faults/mechanism"
)

// Assignment is a design: an option index for every unit, and the blocks that are
// duplicated, whose flops have no option of their own.
type Assignment struct {
	Option    []int
	Duplicate []bool // by block
	// Lockstep stands for all blocks duplicated as one.
	Lockstep bool
}

// clone copies an assignment.
func (a Assignment) clone() Assignment {
	return Assignment{slices.Clone(a.Option), slices.Clone(a.Duplicate), a.Lockstep}
}

// none is the unprotected machine.
func (pr *Problem) none() Assignment {
	return Assignment{Option: make([]int, len(pr.Options)), Duplicate: make([]bool, len(pr.Blocks))}
}

// option is what an assignment does to a unit of a block.
func (pr *Problem) option(a Assignment, block, unit int) *Option {
	if a.Duplicate[block] && !pr.Evidence.Units[unit].SRAM {
		return pr.Blocks[block].Duplicate
	}
	return &pr.Options[unit][a.Option[unit]]
}

// Area is the logic and the SRAM bits that an assignment adds.
func (pr *Problem) Area(a Assignment) (logicGE float64, sramBits int) {
	logicGE = pr.base
	if a.Lockstep {
		logicGE += pr.lock
	}
	for b := range pr.Blocks {
		if a.Duplicate[b] && !a.Lockstep {
			logicGE += pr.Blocks[b].Duplicate.Area
		}
		shared := map[cluster]bool{}
		for _, u := range pr.Blocks[b].Units {
			o := pr.option(a, b, u)
			if o.Kind == mechanism.Duplicate {
				continue
			}
			logicGE += o.Area
			sramBits += o.RAM
			if c := (cluster{pr.Evidence.Units[u].Class, o.Kind}); o.Shared > 0 && !shared[c] {
				shared[c] = true
				logicGE += o.Shared
			}
		}
	}
	return logicGE, sramBits
}

// Choices lists the mechanisms of an assignment.
func (pr *Problem) Choices(a Assignment) (out []mechanism.Choice) {
	out = slices.Clone(pr.beside)
	if a.Lockstep {
		out = append(out, mechanism.Choice{Block: mechanism.Whole, Kind: mechanism.Lockstep})
	}
	for b := range pr.Blocks {
		if a.Duplicate[b] && !a.Lockstep {
			out = append(out, mechanism.Choice{Block: pr.Blocks[b].Name, Kind: mechanism.Duplicate})
		}
		at := map[cluster]int{}
		for _, u := range pr.Blocks[b].Units {
			o, unit := pr.option(a, b, u), pr.Evidence.Units[u]
			if o.Kind == mechanism.Duplicate || o.Kind == mechanism.None {
				continue
			}
			c := cluster{unit.Class, o.Kind}
			if i, ok := at[c]; ok && unit.Register != "" {
				out[i].Registers = append(out[i].Registers, unit.Register)
				continue
			}
			at[c] = len(out)
			out = append(out, unit.choice(o.Kind))
		}
	}
	return out
}
