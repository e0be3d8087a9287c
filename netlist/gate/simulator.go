package gate

import (
	"fmt"
	"slices"
)

// Patterns is the number of patterns that a simulator evaluates in a pass.
const Patterns = 256

// Word holds a bit of every pattern: pattern p is bit p%64 of element p/64.
type Word = [4]uint64

// AllPatterns is the mask of all patterns.
var AllPatterns = Word{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// PatternMask is the mask of one pattern, 0 to Patterns-1.
func PatternMask(p int) Word {
	var w Word
	w[p>>6] = 1 << (p & 63)
	return w
}

// Simulator evaluates a netlist for 256 patterns at once. It is not safe for
// concurrent use; several simulators can share a netlist.
//
// Inputs and flops keep what Set put there until it is set again or, for a
// flop, until Clock. Everything else has its value from the last Evaluate or
// EvaluateFrom. A new simulator has zeros in all inputs and flops and was not evaluated.
type Simulator struct {
	n *Netlist

	// Nets stand in the order in which they are evaluated: by level, then by
	// kind, so that runs of equal gates take a loop without a choice in it.
	place  []int32 // by net: index in value
	value  []Word
	first  int32 // index in value of the first gate
	ops    []int32
	runs   []run
	d      []int32 // by flop: place of D
	buffer []Word  // next values of the flops

	faults faults
	cone   *cone // made by the first EvaluateFrom
}

// run is a run of gates of one kind at the places from..to-1; their operands
// begin at ops.
type run struct {
	kind     Kind
	from, to int32
	ops      int32
}

// New makes a simulator.
func New(n *Netlist) *Simulator {
	s := &Simulator{n: n, first: int32(n.firstGate()), place: make([]int32, n.Nets()), value: make([]Word, n.Nets())}
	for i := range s.first {
		s.place[i] = i
	}
	s.value[One] = AllPatterns
	s.schedule()
	s.d = make([]int32, len(n.Flops))
	for i := range n.Flops {
		s.d[i] = s.place[n.Flops[i].D]
	}
	s.buffer = make([]Word, len(n.Flops))
	s.faults.init()
	return s
}

// schedule sorts the gates by level and kind and fills runs and ops.
func (s *Simulator) schedule() {
	n := s.n
	gates := make([]int32, len(n.Gates))
	operands := 0
	for i := range gates {
		gates[i] = int32(i)
		operands += n.Gates[i].Kind.Operands()
	}
	slices.SortStableFunc(gates, func(a, b int32) int {
		if k := n.levels[s.first+a] - n.levels[s.first+b]; k != 0 {
			return int(k)
		}
		return int(n.Gates[a].Kind) - int(n.Gates[b].Kind)
	})
	s.ops = make([]int32, 0, operands)
	level := int32(-1)
	for i, g := range gates {
		at := s.first + int32(i)
		s.place[s.first+g] = at
		k := n.Gates[g].Kind
		if l := n.levels[s.first+g]; l != level || s.runs[len(s.runs)-1].kind != k {
			level = l
			s.runs = append(s.runs, run{kind: k, from: at, ops: int32(len(s.ops))})
		}
		s.runs[len(s.runs)-1].to = at + 1
		ops := [3]NetID{n.Gates[g].A, n.Gates[g].B, n.Gates[g].S}
		for _, o := range ops[:k.Operands()] {
			s.ops = append(s.ops, s.place[o])
		}
	}
}

// Netlist returns the simulator's netlist.
func (s *Simulator) Netlist() *Netlist { return s.n }

// Net returns the value of a net as its readers see it, faults included.
func (s *Simulator) Net(net NetID) Word { return s.value[s.place[net]] }

// Set sets an input or the state of a flop (its Q net) in all patterns. A fault
// of the net is applied to it by the next evaluation. Set panics for a constant or
// the output of a gate.
func (s *Simulator) Set(net NetID, w Word) {
	s.mustSource(net)
	if i, ok := s.faults.kept[net]; ok {
		s.faults.source[i].value = w
		return
	}
	s.value[net] = w
}

// Source returns what Set or Clock put into an input or a flop, without faults. It
// panics for a constant or the output of a gate.
func (s *Simulator) Source(net NetID) Word {
	s.mustSource(net)
	if i, ok := s.faults.kept[net]; ok {
		return s.faults.source[i].value
	}
	return s.value[net]
}

func (s *Simulator) mustSource(net NetID) {
	if net <= One || int32(net) >= s.first {
		panic(fmt.Sprintf("gate: %s is neither an input nor a flop", s.n.NetName(net)))
	}
}

// Evaluate computes all nets from inputs and flops.
func (s *Simulator) Evaluate() {
	if len(s.faults.list) > 0 || len(s.faults.source) > 0 {
		s.evaluateFaulty()
		return
	}
	for i := range s.runs {
		r := &s.runs[i]
		s.evaluate(r.kind, r.from, r.to, r.ops)
	}
}

// Clock lets every flop take the value of its D net as the last evaluation left it. It
// does not evaluate. Faults stay until ClearFaults.
func (s *Simulator) Clock() {
	s.faults.release()
	for i, d := range s.d {
		s.buffer[i] = s.value[d]
	}
	copy(s.value[s.n.firstFlop():], s.buffer)
}

// evaluate computes the gates of a kind at places from..to-1.
func (s *Simulator) evaluate(kind Kind, from, to, at int32) {
	k := int32(kind.Operands())
	v, out, ops := s.value, s.value[from:to], s.ops[at:at+k*(to-from)]
	switch kind {
	case Not:
		evaluateNot(v, out, ops)
	case And:
		evaluateAnd(v, out, ops)
	case Or:
		evaluateOr(v, out, ops)
	case Xor:
		evaluateXor(v, out, ops)
	case Xnor:
		evaluateXnor(v, out, ops)
	case Nand:
		evaluateNand(v, out, ops)
	case Nor:
		evaluateNor(v, out, ops)
	case AndNot:
		evaluateAndNot(v, out, ops)
	case OrNot:
		evaluateOrNot(v, out, ops)
	case Mux:
		evaluateMux(v, out, ops)
	}
}
