package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// adapters stand before both memories, closed for a part of their period.
func adapters() npu.System {
	sys := npu.DefaultSystem()
	sys.SRAM.Adapter = npu.Adapter{Reads: 2, Writes: 2, Both: 3, On: 50, Off: 7}
	sys.Flash.BeatInterval, sys.Flash.Adapter = 1, npu.Adapter{Reads: 2, On: 320, Off: 80, Words: 50}
	return sys
}

// TestInjectEqualsPlainWithAdapters is TestInjectEqualsPlain behind timing adapters, whose
// period goes on while the NPU stands still: hangs are proven all the same.
func TestInjectEqualsPlainWithAdapters(t *testing.T) {
	proven, ended := 0, 0
	for _, c := range isa.Configs {
		e, err := New(nettest.Shipped(t, "fashion-tiny", c), nettest.Random(nettest.Shipped(t, "fashion-tiny", c), 2), faults.Options{System: adapters()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var flops []netlist.SiteID
		for _, r := range e.Table().Select(netlist.Filter{Only: []string{"cc.*", "dma.*", "trav.*"}}) {
			for b := range r.Bits() {
				flops = append(flops, r.First+netlist.SiteID(b))
			}
		}
		w, rng := worker(t, e), rand.New(rand.NewPCG(3, uint64(c)))
		for i := range 400 {
			s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
			fast, err := w.Inject(i%2, s, nil)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := w.Plain(i%2, s)
			if err != nil {
				t.Fatal(err)
			}
			if !fast.Same(plain) {
				t.Errorf("%v: %s@%d: fast %+v, plain %+v", c, e.Table().Name(s.ID), s.Cycle, fast, plain)
			}
			switch {
			case fast.Path == faults.PathHang:
				proven++
			case fast.Outcome == faults.DUEHang:
				ended++
			}
		}
	}
	if proven == 0 || ended > proven {
		t.Errorf("%d hangs are proven, %d are run to the watchdog", proven, ended)
	}
}
