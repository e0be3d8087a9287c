package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/stream"
	"upset/npu/isa"
)

// Runs behind an operation of another size that use the halves of double buffers in another
// turn are handed off, with the record of the plain machine. They are those that take longer
// where halves may not stand for each other.
func TestOtherHalves(t *testing.T) {
	e := engine(t, "fashion-dscnn", isa.U55x128, 1, faults.Options{})
	off := *e
	off.decide.valuesOnly = func(p *stream.Pair, _ bool) (stream.Outlook, bool) { return p.ValuesOnly(false) }
	with, without := worker(t, e), worker(t, &off)
	hot := sitesOf(t, e, "cc.bank*")
	rng := rand.New(rand.NewPCG(18, 4))
	found := 0
	for range 3000 {
		s := faults.Site{ID: hot[rng.IntN(len(hot))], Cycle: rng.Uint64N(e.Cycles())}
		before, long := with.Stepped(), without.Stepped()
		a := injected(t, with, s)
		b := injected(t, without, s)
		if !a.Same(b) {
			t.Fatalf("%s@%d: %+v, but without halves %+v", e.Table().Name(s.ID), s.Cycle, a, b)
		}
		if with.Stepped()-before == without.Stepped()-long {
			continue
		}
		found++
		t.Logf("%s@%d: %v, %d for %d clocks", e.Table().Name(s.ID), s.Cycle, a.Outcome, with.Stepped()-before, without.Stepped()-long)
		plain, err := with.Plain(0, s)
		if err != nil {
			t.Fatal(err)
		}
		if !a.Same(plain) {
			t.Errorf("%s@%d: %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, a, plain)
		}
	}
	if found < 3 {
		t.Errorf("only %d runs were handed off by it", found)
	}
}

// A planted mistake is found: the next inference begins with the other halves, so that a run
// with the right output is not the fault-free one.
func TestForgottenHalves(t *testing.T) {
	e := engine(t, "fashion-dscnn", isa.U55x128, 1, faults.Options{})
	planted := *e
	planted.decide.valuesOnly = func(p *stream.Pair, halves bool) (stream.Outlook, bool) {
		o, ok := p.ValuesOnly(halves)
		o.Next = false
		return o, ok
	}
	right, wrong := worker(t, e), worker(t, &planted)
	hot := sitesOf(t, e, "cc.bank*")
	rng := rand.New(rand.NewPCG(18, 5))
	for i := range 20000 {
		s := faults.Site{ID: hot[rng.IntN(len(hot))], Cycle: rng.Uint64N(e.Cycles())}
		a := injected(t, right, s)
		b := injected(t, wrong, s)
		if !a.Same(b) {
			t.Logf("draw %d, %s@%d: %+v, not %+v", i, e.Table().Name(s.ID), s.Cycle, a, b)
			return
		}
	}
	t.Error("it is not found")
}
