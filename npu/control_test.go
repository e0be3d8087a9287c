package npu_test

import (
	"math/rand/v2"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// TestControlSpread measures what flips of control and configuration registers do
// on random convolutions: how many runs end late or not at all, and how many
// outputs a wrong run has. Nothing is derived on paper here: the distribution is
// logged. The test holds what must be true of any such register: some flips
// are harmless, some spread beyond what a datapath register can reach.
func TestControlSpread(t *testing.T) {
	trials := 60
	if full() {
		trials = 2000
	}
	groups := []struct {
		name string
		only []string
	}{
		{"traversal", []string{"traversal.*"}},
		{"addresses", []string{"dma.*addr", "dma.axi?.*addr", "mac.addr", "mac.wraddr", "ao.addr", "sb.wraddr"}},
		{"configuration", []string{"cc.bank?", "cc.op*", "cc.ifm?"}},
		{"parser and scheduler", []string{"cc.parse", "cc.word", "cc.payload", "cc.offset", "cc.cur", "cc.jobs*", "cc.lay*"}},
	}
	for _, c := range []isa.Config{isa.U55x32, isa.U55x256} {
		r := rand.New(rand.NewPCG(uint64(c), 11))
		p, input := layer{h: 12, w: 12, d: 16, od: 24, kernel: 3, stride: 1}.build(t, c, r)
		clean := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
		if st := clean.Run(1_000_000); st != npu.Done {
			t.Fatal(st)
		}
		want := p.ReadOutputs(clean.Mem)
		tab := netlist.New(c, npu.ECCNone)
		for _, g := range groups {
			regs := tab.Select(netlist.Filter{Only: g.only, NoSRAM: true})
			bits := 0
			for _, x := range regs {
				bits += x.Bits()
			}
			var right, late, stopped, few, many, most int
			for range trials {
				id := pick(regs, r.IntN(bits))
				m := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
				m.Run(r.Uint64N(clean.Cycle()))
				if _, _, err := tab.Flip(m, id); err != nil {
					t.Fatal(err)
				}
				if m.Run(2*clean.Cycle()+10_000) != npu.Done {
					stopped++
					continue
				}
				wrong := 0
				for i, v := range p.ReadOutputs(m.Mem) {
					if v != want[i] {
						wrong++
					}
				}
				most = max(most, wrong)
				switch {
				case wrong == 0 && m.Cycle() == clean.Cycle():
					right++
				case wrong == 0:
					late++
				case wrong <= 8:
					few++
				default:
					many++
				}
			}
			t.Logf("%s %-22s %5d bits: right %d, right but at another time %d, up to 8 outputs wrong %d, more %d (most %d of %d), stopped or hung %d",
				c, g.name, bits, right, late, few, many, most, len(want), stopped)
			if right+late == 0 || many+stopped == 0 {
				t.Errorf("%s %s: %d flips are harmless, %d spread", c, g.name, right+late, many+stopped)
			}
		}
	}
}

// pick returns bit n of a list of registers.
func pick(regs []*netlist.Register, n int) netlist.SiteID {
	for _, x := range regs {
		if n < x.Bits() {
			return x.First + netlist.SiteID(n)
		}
		n -= x.Bits()
	}
	return 0
}
