package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults"
	"upset/netlist"
	"upset/netlist/transient"
	"upset/npu/isa"
)

// scattered is a set of events with bits of registers of several blocks, of both kinds of clocks.
func scattered(t *testing.T, table *netlist.Table, r *rand.Rand) *transient.Set {
	t.Helper()
	b := &transient.Block{Name: "scattered", Idle: transient.Share{Value: 0.01}, Active: transient.Share{Value: 0.01}}
	var flops []netlist.SiteID
	for _, x := range table.Select(netlist.Filter{Only: []string{"mac.*", "ao.*", "traversal.*", "wd.*"}}) {
		b.Registers = append(b.Registers, x.Name)
		for k := range x.Bits() {
			flops = append(flops, x.First+netlist.SiteID(k))
		}
	}
	for k := range 2000 {
		e := transient.Event{Active: k%8 > 0, Weight: 1 + r.IntN(3)} // some register of them nearly always changes
		for range 1 + r.IntN(6) {
			if id := flops[r.IntN(len(flops))]; !slices.Contains(e.Sites, id) {
				e.Sites = append(e.Sites, id)
			}
		}
		slices.Sort(e.Sites)
		b.Events = append(b.Events, e)
	}
	return transient.NewSet(table, []*transient.Block{b})
}

// Pulses that change bits of several registers give the same records on the fast engine
// and on the plain machine, and each bit of the event is inverted.
func TestPulsesInSeveralRegisters(t *testing.T) {
	m, err := faults.ParseModel("set")
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"fashion-tiny", "fashion-dscnn"} {
		e := engine(t, network, isa.U55x128, 2, faults.Options{Model: m})
		r := rand.New(rand.NewPCG(77, 1))
		set := scattered(t, e.table, r)
		e.transients = newTransients(e.table, set)
		places := set.Places(0)
		w, p := worker(t, e), worker(t, e)
		outcomes, several, uncaught := map[faults.Outcome]int{}, 0, 0
		n := 500
		if network == "fashion-dscnn" {
			n = 150
		}
		for i := range n {
			s := faults.Site{ID: places[r.IntN(len(places))], Cycle: r.Uint64N(e.Cycles())}
			fast, err := w.Inject(i&1, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := p.Plain(i&1, s)
			if err != nil {
				t.Fatal(err)
			}
			if !fast.Same(plain) {
				t.Fatalf("%s@%d, %v: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, e.pulse(s), fast, plain)
			}
			outcomes[fast.Outcome]++
			switch {
			case fast.Path == faults.PathUncaught:
				uncaught++
			case len(e.pulse(s)) > 1:
				several++
			}
		}
		t.Log(network, outcomes, several, uncaught)
		if outcomes[faults.Masked] == n || several < n/4 || uncaught == 0 {
			t.Errorf("%s: %v, %d with several bits, %d not captured: the sample shows nothing", network, outcomes, several, uncaught)
		}
	}
}

// A pulse writes exactly the bits of its event, and only in a clock of its kind.
func TestPulseWritesItsEvent(t *testing.T) {
	m, err := faults.ParseModel("set")
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, "fashion-tiny", isa.U55x128, 1, faults.Options{Model: m})
	r := rand.New(rand.NewPCG(78, 1))
	set := scattered(t, e.table, r)
	e.transients = newTransients(e.table, set)
	places := set.Places(0)
	w := worker(t, e)
	g := e.Golden(0)
	caught := 0
	for range 60 {
		s := faults.Site{ID: places[r.IntN(len(places))], Cycle: 1 + r.Uint64N(e.Cycles()-1)}
		_, active, _ := set.Draw(s.ID, s.Cycle)
		before, err := e.Begin(0)
		if err != nil {
			t.Fatal(err)
		}
		before.Run(s.Cycle - 1)
		was := before.S
		before.Run(s.Cycle)
		changed := false
		for id := range netlist.SiteID(e.table.Bits()) {
			if _, ok := set.Block(id); ok && e.table.Read(&was, id) != e.table.Read(&before.S, id) {
				changed = true
			}
		}
		measured, captured := w.measuredPulse(g, s)
		if !measured || captured != (changed == active) {
			t.Fatalf("%s@%d: measured %t, captured %t; a register changes: %t, the event is of such a clock: %t", e.table.Name(s.ID), s.Cycle, measured, captured, changed, active)
		}
		if !captured {
			continue
		}
		caught++
		w.fork(g, s.Cycle)
		if _, _, _, err := e.flip(w.m, s); err != nil {
			t.Fatal(err)
		}
		var different []netlist.SiteID
		for id := range netlist.SiteID(e.table.Bits()) {
			if e.table.Read(&w.m.S, id) != e.table.Read(&before.S, id) {
				different = append(different, id)
			}
		}
		want := slices.Sorted(slices.Values(e.pulse(s)))
		if !slices.Equal(different, want) {
			t.Fatalf("%s@%d changes %v, want %v", e.table.Name(s.ID), s.Cycle, different, want)
		}
	}
	if caught < 8 {
		t.Errorf("%d of 60 were captured: the sample shows nothing", caught)
	}
}
