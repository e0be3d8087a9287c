package cosim

import (
	"fmt"

	"upset/netlist/gate"
)

// Recorder is told what a group does, for another comparison with the same inputs. Its
// slices are only valid during the call. Registers are packed, bit after bit, in the
// order of [Block.Registers].
type Recorder interface {
	// Load says that a lane has taken up new registers: a machine begins, the host has changed
	// registers, a bit was flipped, or machine and gates differed.
	Load(lane int, registers []uint64)
	// Clock says what a lane did in a clock: its inputs after they have settled, the outputs
	// of the gates, both in words in the order of the boundary's signals, and the registers of
	// the machine's block after it.
	Clock(lane int, run string, cycle uint64, in, out, registers []uint64)
}

// Register is a register of a block by its names on both sides.
type Register struct {
	Machine string // with the element, without a bit
	Verilog gate.Register
}

// Registers lists the registers of a block in the order in which they are packed.
func (b *Block) Registers() []Register {
	first := map[gate.FlopID]gate.Register{}
	for _, x := range b.Gates.Registers() {
		first[x.First] = x
	}
	var out []Register
	at := 0
	for i := range b.cells {
		c := &b.cells[i]
		name := c.Register.Name
		if c.Register.Count > 1 {
			name = fmt.Sprintf("%s[%d]", name, c.Element)
		}
		out = append(out, Register{Machine: name, Verilog: first[b.flops[at]]})
		at += c.Width
	}
	return out
}

// recordLoad and recordClock tell the recorder, if there is one.
func (g *Group) recordLoad(i int, registers []uint64) {
	if g.Recorder != nil {
		g.Recorder.Load(i, registers)
	}
}

func (g *Group) recordClock(i int) {
	if g.Recorder == nil {
		return
	}
	l := &g.lanes[i]
	registers := l.regs
	if l.flip != nil {
		registers = l.copy
	}
	g.Recorder.Clock(i, l.name, l.m.Cycle(), l.in, l.out, registers)
}
