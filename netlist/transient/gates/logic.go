package gates

import (
	"math/bits"
	"slices"
	"sort"

	"upset/netlist/gate"
)

// output stands for an output of the block where others are bits.
const output = -1

// logic is the logic of a block, as pulses see it: which gates can be struck and where a
// changed net is taken over.
type logic struct {
	n     *gate.Netlist
	sinks [][]int32 // by net: bits, output among them
	gates []int32   // those from which a way leads to an owned flop or an output
	upTo  []float64 // area of gates[0] to gates[i]
}

// newLogic prepares a block. Flops has the flop of each bit; those that are not owned
// belong to another block, and so do the outputs if there are such.
func newLogic(n *gate.Netlist, flops []gate.FlopID, owned []bool) *logic {
	l := &logic{n: n, sinks: make([][]int32, n.Nets())}
	for bit, f := range flops {
		if owned[bit] {
			d := n.D(f)
			l.sinks[d] = append(l.sinks[d], int32(bit))
		}
	}
	if !slices.Contains(owned, false) {
		for i := range n.Outputs {
			for _, net := range n.Outputs[i].Nets {
				if s := l.sinks[net]; len(s) == 0 || s[len(s)-1] != output {
					l.sinks[net] = append(s, output)
				}
			}
		}
	}
	leads := make([]bool, n.Nets())
	for net := range leads {
		leads[net] = len(l.sinks[net]) > 0
	}
	for g := len(n.Gates) - 1; g >= 0; g-- { // a gate reads only nets with numbers below its own
		if x := &n.Gates[g]; leads[n.GateNet(g)] {
			ops := [3]gate.NetID{x.A, x.B, x.S}
			for _, o := range ops[:x.Kind.Operands()] {
				leads[o] = true
			}
		}
	}
	sum := 0.0
	for g := range n.Gates {
		if leads[n.GateNet(g)] {
			sum += areas[n.Gates[g].Kind]
			l.gates, l.upTo = append(l.gates, int32(g)), append(l.upTo, sum)
		}
	}
	return l
}

// area is that of the gates in gate equivalents.
func (l *logic) area() float64 {
	if len(l.upTo) == 0 {
		return 0
	}
	return l.upTo[len(l.upTo)-1]
}

// depth is the longest way to a flop or an output, in levels, at least 1.
func (l *logic) depth() int {
	d := 1
	for net, s := range l.sinks {
		if len(s) > 0 {
			d = max(d, l.n.Level(gate.NetID(net)))
		}
	}
	return d
}

// draw chooses a gate by its area and returns its net; u is uniform in [0, 1).
func (l *logic) draw(u float64) gate.NetID {
	i := sort.Search(len(l.upTo)-1, func(i int) bool { return l.upTo[i] > u*l.area() })
	return l.n.GateNet(int(l.gates[i]))
}

// reached is a bit, or an output, that would take a pulse over, so many levels behind its gate.
type reached struct {
	bit    int32
	levels int
}

// strike puts a pulse on a net in every pattern that has one (0 for none) and finds what
// would take over another value. The nets must be up to date and stay so. Found has a list
// for each pattern, by levels.
func (l *logic) strike(s *gate.Simulator, struck *[gate.Patterns]gate.NetID, found *[gate.Patterns][]reached) {
	for p, net := range struck {
		found[p] = found[p][:0]
		if net != 0 {
			s.Invert(net, gate.PatternMask(p))
		}
	}
	s.EvaluateFrom()
	for i, net := range s.Changed() {
		sinks := l.sinks[net]
		if len(sinks) == 0 {
			continue
		}
		level := l.n.Level(net)
		for q, w := range s.Difference(i) {
			for ; w != 0; w &= w - 1 {
				p := 64*q + bits.TrailingZeros64(w)
				for _, b := range sinks {
					found[p] = append(found[p], reached{b, level - l.n.Level(struck[p])})
				}
			}
		}
	}
	s.Revert()
	s.ClearFaults()
	for p := range found {
		slices.SortFunc(found[p], func(a, b reached) int {
			if a.levels != b.levels {
				return a.levels - b.levels
			}
			return int(a.bit - b.bit)
		})
	}
}
