package gates

import (
	"compress/gzip"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"upset/netlist/gate"
	"upset/netlist/transient"
)

// example reads a small netlist of package gate.
func example(t *testing.T, module string) *gate.Netlist {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "gate", "testdata", module+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	n, err := gate.FromYosys(z, module)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func allFlops(n *gate.Netlist) (flops []gate.FlopID, owned []bool) {
	for i := range n.Flops {
		flops, owned = append(flops, gate.FlopID(i)), append(owned, true)
	}
	return flops, owned
}

// values evaluates a netlist for one pattern, net by net, with one net inverted (0 for none).
func values(n *gate.Netlist, s *gate.Simulator, p int, inverted gate.NetID) []bool {
	v := make([]bool, n.Nets())
	for i := range v {
		g, ok := n.GateOf(gate.NetID(i))
		if !ok {
			v[i] = s.Net(gate.NetID(i))[p/64]>>(p%64)&1 != 0
			continue
		}
		x := n.Gates[g]
		a, b, c := v[x.A], v[x.B], v[x.S]
		switch x.Kind {
		case gate.Not:
			v[i] = !a
		case gate.And:
			v[i] = a && b
		case gate.Or:
			v[i] = a || b
		case gate.Xor:
			v[i] = a != b
		case gate.Xnor:
			v[i] = a == b
		case gate.Nand:
			v[i] = !(a && b)
		case gate.Nor:
			v[i] = !(a || b)
		case gate.AndNot:
			v[i] = a && !b
		case gate.OrNot:
			v[i] = a || !b
		case gate.Mux:
			if v[i] = a; c {
				v[i] = b
			}
		}
		v[i] = v[i] != (gate.NetID(i) == inverted)
	}
	return v
}

func randomState(n *gate.Netlist, s *gate.Simulator, r *rand.Rand) {
	word := func() gate.Word { return gate.Word{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }
	for i := range n.Inputs {
		for _, net := range n.Inputs[i].Nets {
			s.Set(net, word())
		}
	}
	for f := range n.Flops {
		s.Set(n.Q(gate.FlopID(f)), word())
	}
	s.Evaluate()
}

// newMeasurement makes the state of a worker for a netlist without a machine. All flops are one register.
func newMeasurement(n *gate.Netlist, v []transient.Variant) *measurement {
	flops, owned := allFlops(n)
	l := newLogic(n, flops, owned)
	r := &Result{variants: make([]Fates, len(v)), events: map[string]*event{}, owned: owned, element: make([]int32, len(owned)), Depth: l.depth()}
	m := &measurement{r: r, l: l, variants: v}
	for _, x := range v {
		m.unit = append(m.unit, x.Model.Period/float64(r.Depth))
	}
	return m
}

// Every gate of small netlists, in random states, against an evaluation of every net and all phases, one
// by one.
func TestPulsesAreThoseOfAFullEvaluation(t *testing.T) {
	// A period of whole ps in which all ends of intervals lie at whole ps, too.
	model := transient.Model{Setup: 30, Hold: 10, Shrink: 3, Widths: []transient.Width{{PS: 20, Share: 0.25}, {PS: 90, Share: 0.5}, {PS: 300, Share: 0.25}}}
	for _, module := range []string{"counter", "array", "mac8"} {
		n := example(t, module)
		m := newMeasurement(n, nil)
		model.Period = 40 * float64(m.r.Depth)
		m = newMeasurement(n, []transient.Variant{{Name: "test", Model: model}})
		s, rng := gate.New(n), rand.New(rand.NewPCG(5, 5))
		randomState(n, s, rng)
		var struck [gate.Patterns]gate.NetID
		var found [gate.Patterns][]reached
		for p := range struck {
			struck[p] = m.l.draw(rng.Float64())
		}
		m.l.strike(s, &struck, &found)
		kinds := map[string]int{}
		for p := range 40 {
			m.r.events = map[string]*event{}
			m.r.variants[0] = Fates{}
			to := newSums()
			m.account(&to, found[p], false)
			want, fates := byPhase(n, s, p, struck[p], &model, m.unit[0])
			if got := m.r.events; len(got) != len(want) {
				t.Fatalf("%s, pattern %d, %s: %d events, want %d", module, p, n.NetName(struck[p]), len(got), len(want))
			}
			for k, w := range want {
				if e := m.r.events[k]; e == nil || math.Abs(e.weight-w) > 1e-9 {
					t.Fatalf("%s, pattern %d, %s: event %x is %+v, want %v", module, p, n.NetName(struck[p]), k, e, w)
				}
			}
			for i, f := range to.fates.list() {
				if x := *fates.list()[i]; math.Abs(*f-x) > 1e-9 {
					t.Errorf("%s, pattern %d, %s: fate %d is %v, want %v", module, p, n.NetName(struck[p]), i, *f, x)
				}
				if *f > 0 {
					kinds[[]string{"logical", "electrical", "window", "output", "captured"}[i]]++
				}
			}
			if to.fates != m.r.variants[0] {
				t.Errorf("the variant has %v, the batch %v", m.r.variants[0], to.fates)
			}
		}
		t.Log(module, kinds)
		if kinds["captured"] == 0 || kinds["logical"] == 0 || kinds["window"] == 0 {
			t.Errorf("%s: pulses do not cover the fates: %v", module, kinds)
		}
	}
}

// byPhase tries every phase of every width in steps of a ps.
func byPhase(n *gate.Netlist, s *gate.Simulator, p int, net gate.NetID, m *transient.Model, unit float64) (map[string]float64, Fates) {
	right, wrong := values(n, s, p, 0), values(n, s, p, net)
	type end struct {
		bit int // -1 for an output
		d   float64
	}
	var ends []end
	for f := range n.Flops {
		if d := n.D(gate.FlopID(f)); right[d] != wrong[d] {
			ends = append(ends, end{f, float64(n.Level(d) - n.Level(net))})
		}
	}
	for i := range n.Outputs {
		for _, o := range n.Outputs[i].Nets {
			if right[o] != wrong[o] {
				ends = append(ends, end{-1, float64(n.Level(o) - n.Level(net))})
			}
		}
	}
	events, fates := map[string]float64{}, Fates{}
	for _, w := range m.Widths {
		for ps := 0.5; ps < m.Period; ps++ {
			weight := w.Share / m.Period
			key, out, alive := []byte{0}, false, false
			for _, e := range ends { // flops rise, outputs follow
				left := w.PS - m.Shrink*e.d
				if left <= 0 {
					continue
				}
				alive = true
				begins := ps + e.d*unit
				if begins <= m.Period-m.Setup && begins+left >= m.Period+m.Hold {
					if e.bit < 0 {
						out = true
					} else {
						key = binary.AppendUvarint(key, uint64(e.bit))
					}
				}
			}
			switch {
			case len(key) > 1:
				events[string(key)] += weight
				fates.Captured += weight
			case out:
				fates.Output += weight
			case len(ends) == 0:
				fates.Logical += weight
			case !alive:
				fates.Electrical += weight
			default:
				fates.Window += weight
			}
		}
	}
	return events, fates
}

// A gate that nothing but one flop reads, with a window that is always open: this flop takes the
// pulse, and no other, in every phase.
func TestPulseInFrontOfOneFlop(t *testing.T) {
	n := example(t, "counter")
	m := newMeasurement(n, []transient.Variant{{Name: "open", Model: transient.Model{Period: 1000, Widths: []transient.Width{{PS: 2000, Share: 1}}}}})
	readers := make([]int, n.Nets())
	for _, g := range n.Gates {
		for _, o := range []gate.NetID{g.A, g.B, g.S} {
			readers[o]++
		}
	}
	for i := range n.Outputs {
		for _, o := range n.Outputs[i].Nets {
			readers[o]++
		}
	}
	s := gate.New(n)
	randomState(n, s, rand.New(rand.NewPCG(6, 6)))
	tried := 0
	for f := range n.Flops {
		d := n.D(gate.FlopID(f))
		if _, ok := n.GateOf(d); !ok || readers[d] > 0 {
			continue
		}
		tried++
		var struck [gate.Patterns]gate.NetID
		var found [gate.Patterns][]reached
		struck[17] = d
		m.l.strike(s, &struck, &found)
		m.r.events = map[string]*event{}
		to := newSums()
		m.account(&to, found[17], true)
		want := binary.AppendUvarint([]byte{1}, uint64(f))
		if e := m.r.events[string(want)]; len(m.r.events) != 1 || e == nil || e.weight != 1 || !slices.Equal(e.bits, []int32{int32(f)}) || to.fates.Captured != 1 {
			t.Errorf("%s: %v, %+v", &n.Flops[f], m.r.events, to.fates)
		}
		for p := range found {
			if p != 17 && len(found[p]) > 0 {
				t.Errorf("pattern %d has no pulse, and finds %v", p, found[p])
			}
		}
	}
	if tried == 0 {
		t.Fatal("no flop has a gate of its own")
	}
}

// Without a pulse nothing is found; and with some the gates are afterwards as they were.
func TestStrikeLeavesTheGatesAlone(t *testing.T) {
	n := example(t, "mac8")
	flops, owned := allFlops(n)
	l := newLogic(n, flops, owned)
	s, rng := gate.New(n), rand.New(rand.NewPCG(7, 7))
	randomState(n, s, rng)
	var before []gate.Word
	for i := range n.Nets() {
		before = append(before, s.Net(gate.NetID(i)))
	}
	var struck [gate.Patterns]gate.NetID
	var found [gate.Patterns][]reached
	l.strike(s, &struck, &found)
	for p := range found {
		if len(found[p]) > 0 {
			t.Fatalf("pattern %d finds %v without a pulse", p, found[p])
		}
	}
	some := false
	for range 20 {
		for p := range struck {
			struck[p] = l.draw(rng.Float64())
		}
		l.strike(s, &struck, &found)
		for p := range found {
			some = some || len(found[p]) > 0
		}
		for i := range before {
			if s.Net(gate.NetID(i)) != before[i] {
				t.Fatalf("%s is another", n.NetName(gate.NetID(i)))
			}
		}
	}
	if !some {
		t.Error("no pulse reached anything")
	}
}

// Gates are struck as often as their areas say, and those from which no way leads to a flop of the block never.
func TestGatesAreDrawnByArea(t *testing.T) {
	n := example(t, "mac8")
	flops, owned := allFlops(n)
	for i, f := range flops { // only sums of the first products
		owned[i] = n.Flops[f].Register == "sum"
	}
	l := newLogic(n, flops, owned)
	if len(l.gates) == 0 || len(l.gates) == len(n.Gates) {
		t.Fatalf("%d of %d gates lead to the sum", len(l.gates), len(n.Gates))
	}
	have, want := map[gate.Kind]float64{}, map[gate.Kind]float64{}
	for _, g := range l.gates {
		want[n.Gates[g].Kind] += areas[n.Gates[g].Kind] / l.area()
	}
	rng := rand.New(rand.NewPCG(8, 8))
	const draws = 40000
	for range draws {
		g, ok := n.GateOf(l.draw(rng.Float64()))
		if _, found := slices.BinarySearch(l.gates, int32(g)); !ok || !found {
			t.Fatalf("gate %d was drawn", g)
		}
		have[n.Gates[g].Kind] += 1. / draws
	}
	for k, w := range want {
		if math.Abs(have[k]-w) > 5*math.Sqrt(w/draws) {
			t.Errorf("%s: drawn %v, want %v", k, have[k], w)
		}
	}
}
