package gate

import (
	"math/rand/v2"
	"testing"
)

// The Go models of the Verilog modules in testdata: a clock of one pattern.

type counterModel struct{ count uint64 }

func (m *counterModel) clock(rst, enable, load bool, data uint64) {
	switch {
	case rst:
		m.count = 0
	case load:
		m.count = data
	case enable:
		m.count = (m.count + 1) & 255
	}
}

type mac8Model struct {
	prod [8]int16
	sum  int32
	acc  int32
}

func (m *mac8Model) clock(clear bool, a, b uint64) {
	if m.acc += m.sum; clear {
		m.acc = 0
	}
	m.sum = 0
	for i := range m.prod {
		m.sum += int32(m.prod[i])
		m.prod[i] = int16(int8(a>>(8*i))) * int16(int8(b>>(8*i)))
	}
}

type arrayModel struct {
	at    uint64
	pendw [6]uint64
}

func (m *arrayModel) read(address uint64) uint64 {
	if address < 6 {
		return m.pendw[address]
	}
	return 0
}

func (m *arrayModel) clock(rst, write bool, data uint64) {
	if write && m.at < 6 {
		m.pendw[m.at] = data
	}
	if write {
		if m.at++; m.at > 5 {
			m.at = 0
		}
	}
	if rst {
		m.at = 0
	}
}

// patterns are 256 random values of at most bits bits.
func patterns(r *rand.Rand, bits int) *[Patterns]uint64 {
	var v [Patterns]uint64
	for p := range v {
		v[p] = r.Uint64() >> (64 - bits)
	}
	return &v
}

// rarely are 256 bits that are 1 in one of eight patterns.
func rarely(r *rand.Rand) *[Patterns]uint64 {
	v := patterns(r, 3)
	for p := range v {
		if v[p] != 1 {
			v[p] = 0
		}
	}
	return v
}

func get(s *Simulator, nets []NetID) *[Patterns]uint64 {
	var v [Patterns]uint64
	s.GetNets(nets, &v)
	return &v
}

func TestCounterFollowsItsModel(t *testing.T) {
	n := example(t, "counter")
	s, r := New(n), rand.New(rand.NewPCG(1, 2))
	var m [Patterns]counterModel
	start := patterns(r, 8) // any state is possible
	s.SetNets(n.FlopNets("count", -1), start)
	for p := range m {
		m[p].count = start[p]
	}
	for clock := range 50 {
		rst, enable, load, data := rarely(r), patterns(r, 1), rarely(r), patterns(r, 8)
		s.SetNets(n.Input("rst"), rst)
		s.SetNets(n.Input("enable"), enable)
		s.SetNets(n.Input("load"), load)
		s.SetNets(n.Input("data"), data)
		s.Evaluate()
		q, full := get(s, n.Output("q")), get(s, n.Output("full"))
		for p := range m {
			if q[p] != m[p].count || (full[p] == 1) != (m[p].count == 255) {
				t.Fatalf("clock %d, pattern %d: q %d, full %d, want %d", clock, p, q[p], full[p], m[p].count)
			}
			m[p].clock(rst[p] == 1, enable[p] == 1, load[p] == 1, data[p])
		}
		next := get(s, n.NextNets("count", -1))
		s.Clock()
		if got := get(s, n.FlopNets("count", -1)); *got != *next {
			t.Fatalf("clock %d: the register did not take what its D nets had", clock)
		}
	}
}

func TestMultiplyAccumulateFollowsItsModel(t *testing.T) {
	n := example(t, "mac8")
	s, r := New(n), rand.New(rand.NewPCG(3, 4))
	var m [Patterns]mac8Model
	for clock := range 20 {
		rst, clear, a, b := rarely(r), rarely(r), patterns(r, 64), patterns(r, 64)
		s.SetNets(n.Input("rst"), rst)
		s.SetNets(n.Input("clear"), clear)
		s.SetNets(n.Input("a"), a)
		s.SetNets(n.Input("b"), b)
		s.Evaluate()
		y, sum, prod := get(s, n.Output("y")), get(s, n.FlopNets("sum", -1)), get(s, n.FlopNets("prod", 5))
		for p := range m {
			if uint32(y[p]) != uint32(m[p].acc) || sum[p] != uint64(m[p].sum)&(1<<19-1) || uint16(prod[p]) != uint16(m[p].prod[5]) {
				t.Fatalf("clock %d, pattern %d: y %#x sum %#x prod[5] %#x, want %+v", clock, p, y[p], sum[p], prod[p], m[p])
			}
			m[p].clock(rst[p]|clear[p] == 1, a[p], b[p])
		}
		s.Clock()
	}
}

func TestArrayFollowsItsModel(t *testing.T) {
	n := example(t, "array")
	s, r := New(n), rand.New(rand.NewPCG(5, 6))
	var m [Patterns]arrayModel
	start := patterns(r, 3) // places 6 and 7, too
	s.SetNets(n.FlopNets("trav.at", -1), start)
	for p := range m {
		m[p].at = start[p]
	}
	for clock := range 50 {
		rst, write, data, address := rarely(r), patterns(r, 1), patterns(r, 6), patterns(r, 3)
		s.SetNets(n.Input("rst"), rst)
		s.SetNets(n.Input("write"), write)
		s.SetNets(n.Input("data"), data)
		s.SetNets(n.Input("address"), address)
		s.Evaluate()
		q, place := get(s, n.Output("q")), get(s, n.Output("place"))
		for p := range m {
			if q[p] != m[p].read(address[p]) || place[p] != m[p].at {
				t.Fatalf("clock %d, pattern %d: q %d of %d, place %d, want %+v", clock, p, q[p], address[p], place[p], m[p])
			}
			m[p].clock(rst[p] == 1, write[p] == 1, data[p])
		}
		s.Clock()
	}
	for e := range 6 {
		got := get(s, n.FlopNets("pendw", e))
		for p := range m {
			if got[p] != m[p].pendw[e] {
				t.Fatalf("pendw[%d] of pattern %d is %d, want %d", e, p, got[p], m[p].pendw[e])
			}
		}
	}
}

// Synthesis keeps every flop that the Verilog describes, and its value.
func TestRegistersSurviveSynthesis(t *testing.T) {
	n := example(t, "kept")
	want := map[string]int{
		"constant": 4, "equal1": 4, "equal2": 4, "inverse": 4, "still": 4, "unread": 4,
		"unreadarray[0]": 2, "unreadarray[1]": 2, "unreadarray[2]": 2, "unreadarray[3]": 2,
	}
	for _, r := range n.Registers() {
		if want[r.String()] != r.Bits {
			t.Errorf("%s has %d bits, want %d", &r, r.Bits, want[r.String()])
		}
		delete(want, r.String())
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
	s, r := New(n), rand.New(rand.NewPCG(7, 8))
	data, address := patterns(r, 4), patterns(r, 2)
	s.SetNets(n.Input("data"), data)
	s.SetNets(n.Input("address"), address)
	old := patterns(r, 4)
	for _, name := range []string{"unread", "still", "equal1"} {
		s.SetNets(n.FlopNets(name, -1), old)
	}
	s.Evaluate()
	s.Clock()
	for p := range Patterns {
		for name, v := range map[string]uint64{
			"constant": 5, "equal1": data[p], "equal2": data[p], "inverse": ^data[p] & 15, "still": old[p], "unread": old[p] ^ data[p],
		} {
			if got := get(s, n.FlopNets(name, -1))[p]; got != v {
				t.Fatalf("pattern %d: %s is %d, want %d", p, name, got, v)
			}
		}
		if got := get(s, n.FlopNets("unreadarray", int(address[p])))[p]; got != data[p]&3 {
			t.Fatalf("pattern %d: unreadarray[%d] is %d, want %d", p, address[p], got, data[p]&3)
		}
	}
	// A flop that nobody else has: an upset of equal1 leaves equal2 alone.
	s.Set(n.Q(n.Flop("equal1", -1)[0]), AllPatterns)
	s.Set(n.Q(n.Flop("equal2", -1)[0]), Word{})
	s.Evaluate()
	if got := get(s, n.FlopNets("equal2", -1))[0]; got&1 != 0 {
		t.Error("equal1 and equal2 are one flop")
	}
}

func TestNamesAndLookups(t *testing.T) {
	n := example(t, "array")
	if n.Input("nothing") != nil || n.Output("data") != nil || n.Flop("pendw", 6) != nil || n.Flop("pendw", -1) != nil {
		t.Error("something was found that is not there")
	}
	flops := n.Flop("pendw", 3)
	if len(flops) != 6 || n.Flops[flops[5]].String() != "pendw[3].5" || n.NetName(n.Q(flops[5])) != "pendw[3].5" {
		t.Errorf("pendw[3]: %v", flops)
	}
	if f, ok := n.FlopOf(n.Q(flops[2])); !ok || f != flops[2] {
		t.Errorf("the flop of %v is %v", flops[2], f)
	}
	if name := n.NetName(n.Input("data")[4]); name != "data.4" {
		t.Errorf("data.4 is named %s", name)
	}
	deepest, sum := 0, 0
	for i := range n.Gates {
		net := n.GateNet(i)
		if g, ok := n.GateOf(net); !ok || g != i {
			t.Fatalf("the gate of net %d is %d, want %d", net, g, i)
		}
		deepest = max(deepest, n.Level(net))
	}
	for _, c := range n.Counts() {
		sum += c
	}
	if deepest != n.Depth() || deepest == 0 || sum != len(n.Gates) {
		t.Errorf("depth %d of %d, %d gates of %d", n.Depth(), deepest, sum, len(n.Gates))
	}
}

func TestSetSameAndTransposition(t *testing.T) {
	n := randomNetlist(rand.New(rand.NewPCG(1, 1)), 64, 1, 1)
	s, r := New(n), rand.New(rand.NewPCG(2, 2))
	in := n.Input("in")
	v := patterns(r, 64)
	s.SetNets(in, v)
	for b, net := range in {
		for p := range Patterns {
			if s.Net(net)[p/64]>>(p%64)&1 != v[p]>>b&1 {
				t.Fatalf("bit %d of pattern %d", b, p)
			}
		}
	}
	if *get(s, in) != *v {
		t.Error("reading gives other values than were set")
	}
	s.SetSame(in, 0x8000_0000_1234_5677)
	for p, got := range get(s, in) {
		if got != 0x8000_0000_1234_5677 {
			t.Fatalf("pattern %d has %#x", p, got)
		}
	}
}
