package npu_test

import (
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestReachIsABound makes the outputs of operations wider or higher and asks at many cycles how far the
// operation in the MAC array can have come some clocks later: by then no unit is further, the
// operation is still there, and what it reads and writes up to there lies within the ranges.
func TestReachIsABound(t *testing.T) {
	type bound struct {
		npu.Reach
		until uint64
	}
	rng := rand.New(rand.NewPCG(5, 18))
	for _, c := range isa.Configs {
		p, input := velaProgram(t, c, "kws_ref_model"), goldenInput(t, "kws_ref_model")
		bounds, near, checked := 0, 0, 0
		for k := range 24 {
			m := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			m.Run(rng.Uint64N(60_000))
			m.S.CC.Bank[m.S.CC.Cur][[2]isa.Reg{isa.OFMWidthM1, isa.OFMHeightM1}[k%2]] ^= 1 << rng.IntN(9)
			m.Touched()
			end := m.Cycle() + 40_000
			var list []bound
			for m.S.CC.Run != 0 && m.Cycle() < end {
				if m.Cycle()%61 == 0 {
					for _, clocks := range []uint64{0, 16, 300, 3000} {
						r, ok := m.Reach(clocks)
						if !ok {
							continue
						}
						if bounds++; bounds%101 == 0 {
							checked++
							checkFootprint(t, m, r)
						}
						list = append(list, bound{r, m.Cycle() + clocks})
					}
					if r, ok := m.Reach(1 << 40); ok {
						t.Fatalf("%s at cycle %d: %+v for ever", c, m.Cycle(), r)
					}
				}
				m.Step()
				kept := list[:0]
				for _, b := range list {
					if m.S.CC.Run == 0 {
						break // the decoder finds a stream that does not fit
					}
					if m.Cycle() > b.until {
						continue
					}
					now := m.S.Trav.MAC
					if m.Beyond(b.Reach) || now.On == 0 || now.Bank != b.Bank {
						t.Fatalf("%s at cycle %d: not within %+v", c, m.Cycle(), b)
					}
					if m.Cycle() < b.until {
						kept = append(kept, b)
					} else if int(now.OX)*4 > b.Columns {
						near++
					}
				}
				list = kept
			}
		}
		t.Logf("%s: %d bounds, %d within a factor of four, %d footprints", c, bounds, near, checked)
		if bounds < 500 || near < 50 || checked < 5 {
			t.Errorf("%s: %d bounds, %d within a factor of four, %d footprints: too little is shown", c, bounds, near, checked)
		}
	}
}

// checkFootprint holds the ranges of addresses against every element.
func checkFootprint(t *testing.T, m *npu.Machine, r npu.Reach) {
	t.Helper()
	wlo, whi, ok := m.WriteRange(r)
	rlo, rhi, found := m.ReadRange(r)
	if !ok || !found {
		t.Fatalf("no ranges for %+v", r)
	}
	m.Footprint(r, func(addr uint32, bytes int, write bool) {
		lo, hi := rlo, rhi
		if write {
			lo, hi = wlo, whi
		}
		if uint64(addr) < lo || uint64(addr)+uint64(bytes) > hi {
			t.Fatalf("%+v: %#x (writes: %t) is outside %#x to %#x", r, addr, write, lo, hi)
		}
	})
}
