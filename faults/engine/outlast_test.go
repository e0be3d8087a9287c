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

// enlarged is an upset of the number of columns or rows of an output, in any bank.
func enlarged(t *testing.T, e *Engine, rng *rand.Rand) faults.Site {
	t.Helper()
	for {
		hot := sitesOf(t, e, "cc.bank*")
		id := hot[rng.IntN(len(hot))]
		p, err := e.Table().Place(id)
		if err != nil {
			t.Fatal(err)
		}
		if p.Element == int(isa.OFMWidthM1) || p.Element == int(isa.OFMHeightM1) {
			return faults.Site{ID: netlist.SiteID(id), Cycle: rng.Uint64N(e.Cycles())}
		}
	}
}

// Runs of an operation with wide or high outputs that are ended ahead of the watchdog have the record
// of the plain machine; many of them are.
func TestLargeOutputs(t *testing.T) {
	for _, c := range isa.Configs {
		p := nettest.SharedProgram(t, "kws_ref_model", c)
		e, err := New(p, [][]byte{make([]byte, p.InputBytes())}, faults.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		off := *e
		off.decide.reach = func(*npu.Machine, uint64) (npu.Reach, bool) { return npu.Reach{}, false }
		with, without := worker(t, e), worker(t, &off)
		rng := rand.New(rand.NewPCG(18, 5))
		found, compared := 0, 0
		for range 150 {
			s := enlarged(t, e, rng)
			before, long := with.Stepped(), without.Stepped()
			a := injected(t, with, s)
			b := injected(t, without, s)
			if !a.Same(b) {
				t.Fatalf("%v: %s@%d: %+v, run up to the watchdog %+v", c, e.Table().Name(s.ID), s.Cycle, a, b)
			}
			if with.Stepped()-before >= without.Stepped()-long {
				continue
			}
			if found++; compared == 8 {
				continue
			}
			compared++
			plain, err := with.Plain(0, s)
			if err != nil {
				t.Fatal(err)
			}
			if !a.Same(plain) {
				t.Errorf("%v: %s@%d: %+v, plain %+v", c, e.Table().Name(s.ID), s.Cycle, a, plain)
			}
		}
		t.Logf("%v: %d of 150 are ended ahead of the watchdog", c, found)
		if found < 12 {
			t.Errorf("%v: only %d of 150 runs are ended ahead of the watchdog", c, found)
		}
	}
}

// A planted mistake is found: the array is taken to need more clocks than it does.
func TestOverestimatedOperation(t *testing.T) {
	p := nettest.SharedProgram(t, "kws_ref_model", isa.U55x128)
	e, err := New(p, [][]byte{make([]byte, p.InputBytes())}, faults.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	planted := *e
	planted.decide.reach = func(m *npu.Machine, clocks uint64) (npu.Reach, bool) { return m.Reach(clocks / 1000) }
	right, wrong := worker(t, e), worker(t, &planted)
	rng := rand.New(rand.NewPCG(18, 6))
	for range 400 {
		s := enlarged(t, e, rng)
		a := injected(t, right, s)
		b := injected(t, wrong, s)
		if !a.Same(b) {
			return
		}
	}
	t.Error("the mistake is not found")
}
