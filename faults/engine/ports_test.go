package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu/isa"
)

// TestInjectEqualsPlainWithPorts is TestInjectEqualsPlain where units wait for each other's banks,
// also of the tables: the second network has lookups.
func TestInjectEqualsPlainWithPorts(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range []string{"fashion-tiny", "ops/softmax_int8"} {
			p, samples := nettest.Shipped(t, "fashion-tiny", c), 300
			if name != "fashion-tiny" {
				p, samples = nettest.SharedProgram(t, name, c), 80
			}
			e, err := New(p, nettest.Random(p, 2), faults.Options{System: nettest.OnePort()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			free, err := New(p, nettest.Random(p, 2), faults.Options{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if e.Cycles() < free.Cycles() || name != "fashion-tiny" && e.Cycles() == free.Cycles() {
				t.Errorf("%s on %v: %d cycles, %d without a bound: nobody waits", name, c, e.Cycles(), free.Cycles())
			}
			w, rng, seen := worker(t, e), rand.New(rand.NewPCG(8, uint64(c))), map[faults.Outcome]int{}
			flops := flopSites(e.Table())
			for i := range samples {
				s := faults.Site{ID: flops[rng.IntN(len(flops))], Cycle: rng.Uint64N(e.Cycles())}
				if i%4 == 0 {
					s.ID = netlist.SiteID(rng.IntN(e.Table().Bits()))
				}
				a, err := w.Inject(i&1, s, nil)
				if err != nil {
					t.Fatal(err)
				}
				b, err := w.Plain(i&1, s)
				if err != nil {
					t.Fatal(err)
				}
				seen[a.Outcome]++
				if !a.Same(b) {
					t.Errorf("%s on %v, %s@%d: fast %+v, plain %+v", name, c, e.Table().Name(s.ID), s.Cycle, a, b)
				}
			}
			if seen[faults.Masked] == 0 || len(seen) < 2 {
				t.Errorf("%s on %v: the sample is too tame to prove anything: %v", name, c, seen)
			}
		}
	}
}
