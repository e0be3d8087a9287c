package cosim

import (
	"fmt"

	"upset/netlist"
	"upset/netlist/gate"
)

// Reach tells for every register bit whether gates lead from it to an output or to another
// flop. A bit for which none do is dead.
func (b *Block) Reach() []bool {
	n := b.Gates
	out := make([]bool, len(b.flops))
	readers := make([][]gate.NetID, n.Nets())
	for i := range n.Gates {
		g := &n.Gates[i]
		o := n.GateNet(i)
		for _, from := range []gate.NetID{g.A, g.B, g.S}[:g.Kind.Operands()] {
			readers[from] = append(readers[from], o)
		}
	}
	ends := make([][]gate.FlopID, n.Nets())
	for f := range n.Flops {
		d := n.D(gate.FlopID(f))
		ends[d] = append(ends[d], gate.FlopID(f))
	}
	output := make([]bool, n.Nets())
	for i := range n.Outputs {
		for _, net := range n.Outputs[i].Nets {
			output[net] = true
		}
	}
	mark := make([]int, n.Nets())
	for bit, f := range b.flops {
		out[bit] = reaches(f, n.Q(f), bit+1, mark, readers, ends, output)
	}
	return out
}

func reaches(own gate.FlopID, from gate.NetID, round int, mark []int, readers [][]gate.NetID, ends [][]gate.FlopID, output []bool) bool {
	stack := []gate.NetID{from}
	for len(stack) > 0 {
		net := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if mark[net] == round {
			continue
		}
		mark[net] = round
		if output[net] {
			return true
		}
		for _, f := range ends[net] {
			if f != own {
				return true
			}
		}
		stack = append(stack, readers[net]...)
	}
	return false
}

// Site is the bit of the machine that a flop of the gates holds, with its name in the table
// without a code on the RAM.
func (b *Block) Site(f gate.FlopID) (netlist.SiteID, error) {
	for bit, x := range b.flops {
		if x == f {
			return b.site(bit), nil
		}
	}
	return 0, fmt.Errorf("no flop %d in %s", f, b.Gates.Module)
}
