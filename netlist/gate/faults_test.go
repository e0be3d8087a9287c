package gate

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// reference evaluates a netlist for one pattern, gate by gate in the order of the nets, with
// its faults in maps: nothing in it is shared with Simulator.
type reference struct {
	n              *Netlist
	source         []bool // by net, below faults
	net            []bool
	forced, invert map[NetID]bool // forced has the value
}

func newReference(s *Simulator, pattern int) *reference {
	n := s.n
	r := &reference{n: n, source: make([]bool, n.firstGate()), net: make([]bool, n.Nets()), forced: map[NetID]bool{}, invert: map[NetID]bool{}}
	r.source[One] = true
	for i := 2; i < len(r.source); i++ {
		r.source[i] = bit(s.Source(NetID(i)), pattern)
	}
	return r
}

func bit(w Word, p int) bool { return w[p/64]>>(p%64)&1 != 0 }

func (r *reference) evaluate() {
	for i := range r.net {
		var v bool
		if i < len(r.source) {
			v = r.source[i]
		} else {
			g := r.n.Gates[i-len(r.source)]
			a, b, s := r.net[g.A], r.net[g.B], r.net[g.S]
			switch g.Kind {
			case Not:
				v = !a
			case And:
				v = a && b
			case Or:
				v = a || b
			case Xor:
				v = a != b
			case Xnor:
				v = a == b
			case Nand:
				v = !(a && b)
			case Nor:
				v = !(a || b)
			case AndNot:
				v = a && !b
			case OrNot:
				v = a || !b
			case Mux:
				if v = a; s {
					v = b
				}
			}
		}
		if f, ok := r.forced[NetID(i)]; ok {
			v = f
		}
		r.net[i] = v != r.invert[NetID(i)]
	}
}

// compare compares all nets of all patterns.
func compare(t *testing.T, s *Simulator, want []*reference, what string) {
	t.Helper()
	for p, r := range want {
		r.evaluate()
		for i, v := range r.net {
			if bit(s.Net(NetID(i)), p) != v {
				t.Fatalf("%s: pattern %d, %s is %t, want %t", what, p, s.n.NetName(NetID(i)), !v, v)
			}
		}
	}
}

func references(s *Simulator) []*reference {
	var list []*reference
	for p := range Patterns {
		list = append(list, newReference(s, p))
	}
	return list
}

// randomFaults puts up to k faults on random nets of random patterns, constants and
// sources among them, into the simulator and the references.
func randomFaults(s *Simulator, want []*reference, r *rand.Rand, k int) []NetID {
	var nets []NetID
	for range k {
		net := NetID(r.IntN(s.n.Nets()))
		if r.IntN(3) == 0 {
			net = NetID(r.IntN(s.n.firstGate()))
		}
		mask, value := randomWord(r), randomWord(r)
		pulse := r.IntN(2) == 0
		if pulse {
			s.Invert(net, mask)
		} else {
			s.Force(net, mask, value)
		}
		for p, w := range want {
			switch {
			case !bit(mask, p):
			case pulse:
				w.invert[net] = true
			default:
				w.forced[net] = bit(value, p)
			}
		}
		nets = append(nets, net)
	}
	return nets
}

func randomWord(r *rand.Rand) Word { return Word{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }

func faultNetlists(t *testing.T) []*Netlist {
	return []*Netlist{
		randomNetlist(rand.New(rand.NewPCG(8, 8)), 9, 12, 300), example(t, "counter"), example(t, "array"),
	}
}

func TestEvaluateWithFaultsIsWhatTheReferenceGives(t *testing.T) {
	for _, n := range faultNetlists(t) {
		s, r := New(n), rand.New(rand.NewPCG(9, 9))
		for round := range 10 {
			randomState(s, r)
			want := references(s)
			s.Evaluate()
			compare(t, s, want, "without faults")
			randomFaults(s, want, r, 1+round*3)
			s.Evaluate()
			compare(t, s, want, "with faults")
			s.Evaluate()
			compare(t, s, want, "evaluated again")
			// A new state below the faults.
			randomState(s, r)
			for p, w := range references(s) {
				want[p].source = w.source
			}
			s.Evaluate()
			compare(t, s, want, "another state below the same faults")
			s.ClearFaults()
			want = references(s)
			s.Evaluate()
			compare(t, s, want, "faults cleared")
		}
	}
}

func TestEvaluateFromIsEvaluate(t *testing.T) {
	for _, n := range faultNetlists(t) {
		s, r := New(n), rand.New(rand.NewPCG(10, 10))
		randomState(s, r)
		s.Evaluate()
		for round := range 10 {
			want := references(s)
			before := append([]Word(nil), s.value...)
			nets := randomFaults(s, want, r, 1+round)
			changed := s.EvaluateFrom()
			compare(t, s, want, "faults")
			if changed != len(s.Changed()) {
				t.Fatalf("%d changed, the list has %d", changed, len(s.Changed()))
			}
			differ := 0
			for i := n.firstGate(); i < n.Nets(); i++ {
				if s.Net(NetID(i)) != before[s.place[i]] {
					differ++
				}
			}
			if differ != changed {
				t.Fatalf("%d gates changed, EvaluateFrom says %d", differ, changed)
			}
			if round%2 == 0 { // back at once
				s.Revert()
				s.ClearFaults()
			} else { // or by evaluation
				s.ClearFaults()
				s.EvaluateFrom(nets...)
			}
			want = references(s)
			compare(t, s, want, fmt.Sprint("round ", round, " reverted"))
			// A few flops and inputs of another value.
			nets = nil
			for range 3 {
				net := NetID(2 + r.IntN(n.firstGate()-2))
				s.Set(net, randomWord(r))
				nets = append(nets, net)
			}
			want = references(s)
			s.EvaluateFrom(nets...)
			compare(t, s, want, "another state")
		}
	}
}

// A pulse at a Q net is seen by its readers for the evaluation; the flop keeps
// its value, and a stuck Q stays through clocks.
func TestFaultsOfFlops(t *testing.T) {
	n := example(t, "counter")
	s := New(n)
	count := n.FlopNets("count", -1)
	s.SetSame(count, 0x10)
	s.Invert(count[0], PatternMask(70))
	s.Evaluate()
	if q := get(s, n.Output("q")); q[70] != 0x11 || q[71] != 0x10 {
		t.Errorf("under the pulse q is %#x, without %#x", q[70], q[71])
	}
	if bit(s.Source(count[0]), 70) {
		t.Error("the pulse changed the flop")
	}
	s.ClearFaults()
	s.Evaluate()
	if q := get(s, n.Output("q")); q[70] != 0x10 {
		t.Errorf("after the pulse q is %#x", q[70])
	}
	s.SetSame(n.Input("enable"), 1)
	s.Force(count[1], PatternMask(3), AllPatterns)
	for range 4 { // 0x10 | 2, + 1 = 0x13, 0x14 | 2, 0x17, 0x18 | 2
		s.Evaluate()
		s.Clock()
	}
	s.Evaluate()
	if q := get(s, n.Output("q")); q[3] != 0x1a || q[4] != 0x14 {
		t.Errorf("stuck: q is %#x, want 0x1a; beside it %#x, want 0x14", q[3], q[4])
	}
}

// A stuck carry of the array of products gives the wrong sum in its pattern only.
func TestFaultsStayInTheirPattern(t *testing.T) {
	n := example(t, "mac8")
	s, r := New(n), rand.New(rand.NewPCG(11, 11))
	randomState(s, r)
	s.Evaluate()
	right := append([]Word(nil), s.value...)
	for p := range Patterns {
		s.Invert(n.GateNet(r.IntN(len(n.Gates))), PatternMask(p))
	}
	s.Evaluate()
	all := map[int]bool{}
	for p := range Patterns {
		for i := range right {
			if bit(s.value[i], p) != bit(right[i], p) {
				all[p] = true
			}
		}
	}
	if len(all) != Patterns {
		t.Errorf("%d patterns differ, want all: each has an inverted gate", len(all))
	}
	s.ClearFaults()
	s.Invert(n.GateNet(17), PatternMask(200))
	s.Evaluate()
	for i := range right {
		for q := range 4 {
			if d := s.value[i][q] ^ right[i][q]; d&^PatternMask(200)[q] != 0 {
				t.Fatalf("place %d differs in patterns without a fault", i)
			}
		}
	}
}

func TestSetRefusesGates(t *testing.T) {
	n := example(t, "counter")
	for _, net := range []NetID{Zero, One, n.GateNet(0)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was set", n.NetName(net))
				}
			}()
			New(n).Set(net, Word{})
		}()
	}
}
