package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/driver"
	"upset/models/nettest"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// onePort bounds the accesses to a bank of the shared buffer to one in a clock, where a bank
// holds consecutive bytes: units meet often.
func onePort() npu.System {
	sys := npu.DefaultSystem()
	sys.Limits.SharedPorts, sys.Limits.SharedPlacement = 1, 2
	return sys
}

// random returns inputs of random bytes and one of zeros.
func random(p *driver.Program, n int) (out [][]byte) {
	rng := rand.New(rand.NewPCG(11, uint64(p.Config)))
	for i := range n {
		in := make([]byte, p.InputBytes())
		for k := range in {
			in[k] = byte(i * int(rng.Uint32()))
		}
		out = append(out, in)
	}
	return out
}

// TestInjectEqualsPlainWithPorts is TestInjectEqualsPlain where units wait for each other's banks,
// also of the tables: the second network has lookups.
func TestInjectEqualsPlainWithPorts(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range []string{"fashion-tiny", "ops/softmax_int8"} {
			p, samples := nettest.Shipped(t, "fashion-tiny", c), 300
			if name != "fashion-tiny" {
				p, samples = nettest.SharedProgram(t, name, c), 80
			}
			e, err := New(p, random(p, 2), faults.Options{System: onePort()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			free, err := New(p, random(p, 2), faults.Options{}, nil)
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
