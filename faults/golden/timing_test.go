package golden

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// TestControlDoesNotDependOnData runs quite different inputs and compares what
// controls the machine at every checkpoint, not only the number of cycles: the
// engine takes times of one input for those of all.
func TestControlDoesNotDependOnData(t *testing.T) {
	for _, name := range []string{"fashion-tiny", "hello_world_int8", "kws_ref_model"} {
		for _, c := range isa.Configs {
			p := nettest.Shipped(t, "fashion-tiny", c)
			if name != "fashion-tiny" {
				p = nettest.SharedProgram(t, name, c)
			}
			size := p.InputBytes()
			random := make([]byte, size)
			rng := rand.New(rand.NewPCG(7, uint64(c)))
			for i := range random {
				random[i] = byte(rng.Uint32())
			}
			inputs := [][]byte{make([]byte, size), bytes.Repeat([]byte{0x7F}, size), bytes.Repeat([]byte{0x80}, size), random}
			e, err := New(t.Context(), p, inputs, faults.Options{Checkpoints: 200}, nil)
			if err != nil {
				t.Fatal(err)
			}
			differs := false
			for _, g := range e.Golds[1:] {
				differs = differs || !bytes.Equal(g.Output, e.Golds[0].Output)
				for k := range g.Points {
					if controlOnly(&g.Points[k].Flops) != controlOnly(&e.Golds[0].Points[k].Flops) {
						t.Fatalf("%s on %v: control differs between inputs at cycle %d", name, c, g.Points[k].Cycle)
					}
				}
			}
			if !differs {
				t.Errorf("%s on %v: all inputs give one output: the comparison shows nothing", name, c)
			}
		}
	}
}

// controlOnly leaves out the data beats as well, which Control keeps where beats of
// commands may stand between those of features.
func controlOnly(f *npu.Flops) npu.Flops {
	c := npu.Canonical(f)
	c.DropValues()
	for p := range c.DMA.AXI {
		c.DMA.AXI[p].RData = [2]uint64{}
	}
	return c
}

// TestPortsDoNotDependOnData compares what controls the machine, and when, between inputs: a lookup
// takes all banks of the tables, whatever its index is.
func TestPortsDoNotDependOnData(t *testing.T) {
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "ops/softmax_int8"} {
			p := nettest.SharedProgram(t, name, c)
			e, err := New(t.Context(), p, nettest.Random(p, 3), faults.Options{System: nettest.OnePort(), Checkpoints: 100}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range e.Golds[1:] {
				if bytes.Equal(g.Output, e.Golds[0].Output) {
					t.Errorf("%s on %v: input %d gives the output of the first: the comparison shows nothing", name, c, i+1)
				}
				for k := range g.Points {
					if controlOnly(&g.Points[k].Flops) != controlOnly(&e.Golds[0].Points[k].Flops) {
						t.Fatalf("%s on %v: control differs between inputs at cycle %d", name, c, g.Points[k].Cycle)
					}
				}
			}
		}
	}
}
