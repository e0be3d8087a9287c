package logic

import (
	"math/rand/v2"

	"upset/netlist/cosim"
	"upset/netlist/gate"
)

// List is the list of faults of a netlist: every output of an observed gate, stuck at 0
// and at 1.
type List struct {
	Faults []cosim.Stuck
	// Hidden is the number of gates from which nothing leads to an output or a flop.
	Hidden int
	// Classes is the number of groups of faults that no experiment can tell apart, as far as
	// [List.Representative] knows them.
	Classes int

	same map[cosim.Stuck]cosim.Stuck
}

// NewList lists the faults of a netlist.
func NewList(n *gate.Netlist) *List {
	l := &List{same: map[cosim.Stuck]cosim.Stuck{}}
	seen, read := make([]bool, n.Nets()), make([]int, n.Nets())
	reader := make([]int, n.Nets())
	end := func(net gate.NetID) {
		seen[net] = true
		read[net] += 2 // whatever else reads it: it has a reader that is no gate
	}
	for i := range n.Outputs {
		for _, net := range n.Outputs[i].Nets {
			end(net)
		}
	}
	for i := range n.Flops {
		end(n.Flops[i].D)
	}
	for i := len(n.Gates) - 1; i >= 0; i-- {
		if !seen[n.GateNet(i)] {
			l.Hidden++
			continue
		}
		g := &n.Gates[i]
		operands := [3]gate.NetID{g.A, g.B, g.S}
		for _, o := range operands[:g.Kind.Operands()] {
			seen[o] = true
			read[o]++
			reader[o] = i
		}
	}
	for i := len(n.Gates) - 1; i >= 0; i-- { // readers before what they read
		net := n.GateNet(i)
		if !seen[net] {
			continue
		}
		for _, high := range []bool{false, true} {
			f := cosim.Stuck{Net: net, High: high}
			l.Faults = append(l.Faults, f)
			if read[net] == 1 {
				if at, ok := through(&n.Gates[reader[net]], net, high); ok {
					l.same[f] = l.Representative(cosim.Stuck{Net: n.GateNet(reader[net]), High: at})
					continue
				}
			}
			l.Classes++
		}
	}
	return l
}

// Representative is the fault that stands for a group of equivalent ones: where one
// gate alone reads an output, and the stuck value decides that gate's own output, the two faults are one.
func (l *List) Representative(f cosim.Stuck) cosim.Stuck {
	if r, ok := l.same[f]; ok {
		return r
	}
	return f
}

// through is the output of a gate of which an operand is stuck, where the other operands do
// not matter.
func through(g *gate.Gate, operand gate.NetID, high bool) (out, decided bool) {
	first := g.A == operand
	switch g.Kind {
	case gate.Not:
		return !high, true
	case gate.And:
		return false, !high
	case gate.Or:
		return true, high
	case gate.Nand:
		return true, !high
	case gate.Nor:
		return false, high
	case gate.AndNot: // A ∧ ¬B
		return false, first != high
	case gate.OrNot: // A ∨ ¬B
		return true, first == high
	}
	return false, false
}

// Sample draws n faults of the list without repetition, every gate and both values alike; all
// where n is 0 or there are not more.
func (l *List) Sample(n int, seed uint64) []cosim.Stuck {
	out := append([]cosim.Stuck(nil), l.Faults...)
	rand.New(rand.NewPCG(seed, sampleStream)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if n > 0 && n < len(out) {
		out = out[:n]
	}
	return out
}

// sampleStream keeps these draws apart from all others.
const sampleStream = 0x676174657300 // "gates"
