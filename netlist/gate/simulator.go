package gate

import (
	"fmt"
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

	// Nets stand in the order in which they are evaluated (schedule): in runs of gates
	// of one kind, which take a loop without a choice in it.
	place  []int32 // by net: index in value
	value  []Word
	first  int32 // index in value of the first gate
	runs   []run
	ops1   []uint32    // the operands of the Nots: places
	ops2   [][2]uint32 // of the gates with two operands
	ops3   [][3]uint32 // of the multiplexers: A, B, S
	d      []int32     // by flop: place of D
	buffer []Word      // next values of the flops

	faults faults
	cone   *cone // made by the first EvaluateFrom
}

// run is a run of gates of one kind at the places from..to-1; their operands
// begin at ops of ops1, ops2 or ops3, which have an entry for each gate.
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

// chunk is the number of gates whose order is chosen together: a chunk's values
// stay in a second-level cache of 1 MiB and more, its runs are long enough (our choice,
// by measurement).
const chunk = 8192

// schedule puts the gates into an order and fills runs and operands, chunk by
// chunk of the netlist's order. A run takes the kind of which most gates are ready, and all
// of the chunk that are or become so.
func (s *Simulator) schedule() {
	readers, start := s.n.readers()
	missing := make([]uint8, min(chunk, len(s.n.Gates))) // operands of the chunk without a place
	for from := 0; from < len(s.n.Gates); from += chunk {
		s.scheduleChunk(int32(from), int32(min(from+chunk, len(s.n.Gates))), missing, readers, start)
	}
}

func (s *Simulator) scheduleChunk(from, to int32, missing []uint8, readers, start []int32) {
	gates := s.n.Gates
	var ready [Kinds][]int32 // gates in the order in which they became ready
	for i := from; i < to; i++ {
		missing[i-from] = 0
		for _, o := range gates[i].operands() {
			if int32(o) >= s.first+from {
				missing[i-from]++
			}
		}
		if missing[i-from] == 0 {
			ready[gates[i].Kind] = append(ready[gates[i].Kind], i)
		}
	}
	for at := s.first + from; at < s.first+to; {
		kind := Kind(0)
		for k := range ready {
			if len(ready[k]) > len(ready[kind]) {
				kind = Kind(k)
			}
		}
		r := run{kind: kind, from: at, ops: s.operandsSoFar(kind)}
		for i := 0; i < len(ready[kind]); i++ {
			g := ready[kind][i]
			s.place[s.first+g] = at
			at++
			s.addOperands(&gates[g])
			for _, reader := range readers[start[s.first+g]:start[s.first+g+1]] {
				if reader >= to {
					continue
				}
				if missing[reader-from]--; missing[reader-from] == 0 {
					k := gates[reader].Kind
					ready[k] = append(ready[k], reader)
				}
			}
		}
		ready[kind] = ready[kind][:0]
		r.to = at
		s.runs = append(s.runs, r)
	}
}

func (s *Simulator) addOperands(g *Gate) {
	a, b, c := uint32(s.place[g.A]), uint32(s.place[g.B]), uint32(s.place[g.S])
	switch g.Kind.Operands() {
	case 1:
		s.ops1 = append(s.ops1, a)
	case 2:
		s.ops2 = append(s.ops2, [2]uint32{a, b})
	default:
		s.ops3 = append(s.ops3, [3]uint32{a, b, c})
	}
}

func (s *Simulator) operandsSoFar(k Kind) int32 {
	switch k.Operands() {
	case 1:
		return int32(len(s.ops1))
	case 2:
		return int32(len(s.ops2))
	}
	return int32(len(s.ops3))
}

// operands returns the places that the gate of a kind with operands at ops
// reads.
func (s *Simulator) operands(k Kind, ops int32) []uint32 {
	switch k.Operands() {
	case 1:
		return s.ops1[ops : ops+1]
	case 2:
		return s.ops2[ops][:]
	}
	return s.ops3[ops][:]
}

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
func (s *Simulator) evaluate(kind Kind, from, to, ops int32) {
	v, out := s.value, s.value[from:to]
	switch kind {
	case Not:
		evaluateNot(v, out, s.ops1[ops:])
	case And:
		evaluateAnd(v, out, s.ops2[ops:])
	case Or:
		evaluateOr(v, out, s.ops2[ops:])
	case Xor:
		evaluateXor(v, out, s.ops2[ops:])
	case Xnor:
		evaluateXnor(v, out, s.ops2[ops:])
	case Nand:
		evaluateNand(v, out, s.ops2[ops:])
	case Nor:
		evaluateNor(v, out, s.ops2[ops:])
	case AndNot:
		evaluateAndNot(v, out, s.ops2[ops:])
	case OrNot:
		evaluateOrNot(v, out, s.ops2[ops:])
	case Mux:
		evaluateMux(v, out, s.ops3[ops:])
	}
}
