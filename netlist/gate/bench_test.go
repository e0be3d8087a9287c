package gate

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// randomNetlist makes a netlist of random gates of all kinds: operands come mostly from
// the last gates, like in real logic, and about ten gates stand beside each other for
// every level of depth in a hundred.
func randomNetlist(r *rand.Rand, inputs, flops, gates int) *Netlist {
	n := &Netlist{Module: "random", Inputs: []Port{{Name: "in", Nets: make([]NetID, inputs)}}}
	for i := range flops {
		n.Flops = append(n.Flops, Flop{Register: "r", Element: i, Bit: 0})
	}
	n.inputBits = inputs
	first := n.firstGate()
	window := max(gates/20, 20)
	for i := range gates {
		net := first + i
		pick := func() NetID {
			if r.IntN(8) == 0 {
				return NetID(r.IntN(net))
			}
			return NetID(net - 1 - r.IntN(min(window, net)))
		}
		g := Gate{Kind: Kind(r.IntN(Kinds)), A: pick()}
		if g.Kind.Operands() > 1 {
			g.B = pick()
		}
		if g.Kind == Mux {
			g.S = pick()
		}
		n.Gates = append(n.Gates, g)
	}
	out := Port{Name: "out"}
	for range 32 {
		out.Nets = append(out.Nets, NetID(n.Nets()-1-r.IntN(window)))
	}
	n.Outputs = []Port{out}
	for i := range n.Flops {
		n.Flops[i].D = NetID(n.Nets() - 1 - r.IntN(gates))
	}
	if err := n.complete(); err != nil {
		panic(err)
	}
	return n
}

func randomState(s *Simulator, r *rand.Rand) {
	for net := One + 1; int32(net) < s.first; net++ {
		s.Set(net, Word{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()})
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, size := range []int{10_000, 200_000} {
		n := randomNetlist(rand.New(rand.NewPCG(1, 2)), 200, size/20, size)
		for _, faults := range []int{0, 1, 256} {
			b.Run(fmt.Sprintf("gates=%d/faults=%d", size, faults), func(b *testing.B) {
				r := rand.New(rand.NewPCG(3, 4))
				s := New(n)
				randomState(s, r)
				for f := range faults {
					s.Invert(NetID(2+r.IntN(n.Nets()-2)), PatternMask(f))
				}
				b.ResetTimer()
				for range b.N {
					s.Evaluate()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/gate")
				b.ReportMetric(float64(n.Depth()), "levels")
			})
		}
	}
}

func BenchmarkEvaluateFrom(b *testing.B) {
	n := randomNetlist(rand.New(rand.NewPCG(1, 2)), 200, 10_000, 200_000)
	r := rand.New(rand.NewPCG(3, 4))
	s := New(n)
	randomState(s, r)
	s.Evaluate()
	changed := 0
	b.ResetTimer()
	for range b.N {
		s.Invert(NetID(2+r.IntN(n.Nets()-2)), AllPatterns)
		changed += s.EvaluateFrom()
		s.Revert()
		s.ClearFaults()
	}
	b.ReportMetric(float64(changed)/float64(b.N), "changed")
}

func BenchmarkSetNets(b *testing.B) {
	n := randomNetlist(rand.New(rand.NewPCG(1, 2)), 64, 1, 1)
	s := New(n)
	var values [Patterns]uint64
	for range b.N {
		s.SetNets(n.Inputs[0].Nets, &values)
	}
}
