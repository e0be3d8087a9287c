package faults

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/models/driver"
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
			p, samples := shipped(t, "fashion-tiny", c), 300
			if name != "fashion-tiny" {
				p, samples = sharedProgram(t, name, c), 80
			}
			e, err := New(p, random(p, 2), Options{System: onePort()}, nil)
			if err != nil {
				t.Fatal(err)
			}
			free, err := New(p, random(p, 2), Options{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if e.Cycles() < free.Cycles() || name != "fashion-tiny" && e.Cycles() == free.Cycles() {
				t.Errorf("%s on %v: %d cycles, %d without a bound: nobody waits", name, c, e.Cycles(), free.Cycles())
			}
			w, rng, seen := worker(t, e), rand.New(rand.NewPCG(8, uint64(c))), map[Outcome]int{}
			flops := flopSites(e.Table())
			for i := range samples {
				s := Site{flops[rng.IntN(len(flops))], rng.Uint64N(e.Cycles())}
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
			if seen[Masked] == 0 || len(seen) < 2 {
				t.Errorf("%s on %v: the sample is too tame to prove anything: %v", name, c, seen)
			}
		}
	}
}

// TestPortsDoNotDependOnData compares what controls the machine, and when, between inputs: a lookup
// takes all banks of the tables, whatever its index is.
func TestPortsDoNotDependOnData(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ops/softmax_int8"} {
			p := sharedProgram(t, name, c)
			e, err := New(p, random(p, 3), Options{System: onePort(), Checkpoints: 100}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range e.golds[1:] {
				if bytes.Equal(g.Output, e.golds[0].Output) {
					t.Errorf("%s on %v: input %d gives the output of the first: the comparison shows nothing", name, c, i+1)
				}
				for k := range g.points {
					if controlOnly(&g.points[k].flops) != controlOnly(&e.golds[0].points[k].flops) {
						t.Fatalf("%s on %v: control differs between inputs at cycle %d", name, c, g.points[k].cycle)
					}
				}
			}
		}
	}
}
