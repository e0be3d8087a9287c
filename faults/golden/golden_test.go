package golden

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/models/driver"
	"upset/models/nettest"
	"upset/npu"
	"upset/npu/isa"
)

// runs makes the fault-free runs of a shipped network.
func runs(t testing.TB, name string, c isa.Config, inputs int, o faults.Options) *Runs {
	t.Helper()
	e, err := New(t.Context(), nettest.Shipped(t, name, c), nettest.Inputs(t, name, inputs), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

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
