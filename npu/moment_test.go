package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// TestTimeMatters flips the same bit, bit 18 of the accumulator of the first
// position and channel of the micro-block, at every cycle of one output block,
// and predicts each outcome from the trace of the pipeline.
//
// A micro-block takes several tokens. The first one loads the accumulator, anew
// or with the sum so far, so whatever the register held before is gone: a flip
// between the last token of a micro-block (it has left for the write register)
// and the first token of the next is masked. From the first token on until the
// value has left, nothing overwrites the register, it is only added to: a flip
// there is carried to the output, where 2^18 is many steps. So a single flop is
// harmless in one cycle and harmful in the next, and a campaign must draw the
// cycle as well as the bit.
func TestTimeMatters(t *testing.T) {
	const last = 1 << 1 // token flag: last of its micro-block
	for _, c := range isa.Configs {
		l := layer{h: 8, w: 8, d: 32, od: 16, kernel: 1, stride: 1}
		p, input := l.build(t, c, rand.New(rand.NewPCG(uint64(c), 9)))
		m := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
		clean := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
		if st := clean.Run(1_000_000); st != npu.Done {
			t.Fatal(st)
		}
		want := p.ReadOutputs(clean.Mem)
		masked, sdc, mid := 0, 0, false
		for begun := false; m.S.CC.Run != 0; m.Step() {
			s := &m.S.MAC
			begun = begun || s.Run != 0
			if s.Valid[accumulator] != 0 {
				mid = s.Flags[accumulator]&last == 0
			}
			if !begun {
				continue
			}
			live := mid || s.Valid[accumulator] != 0
			f := transplant(m)
			f.S.MAC.Acc[0] ^= 1 << 18
			if st := f.Run(clean.Cycle() + 100); st != npu.Done || f.Cycle() != clean.Cycle() {
				t.Fatalf("%s cycle %d: %v in cycle %d", c, m.Cycle(), st, f.Cycle())
			}
			if wrong := !bytes.Equal(p.ReadOutputs(f.Mem), want); wrong != live {
				t.Fatalf("%s cycle %d: output wrong %v, the accumulator is in use: %v", c, m.Cycle(), wrong, live)
			}
			if live {
				sdc++
			} else {
				masked++
			}
			if m.S.SB.ABFull != [2]uint8{} {
				break // the first block is complete
			}
		}
		t.Logf("%s: %d cycles masked, %d wrong", c, masked, sdc)
		if masked < 3 || sdc < 3 {
			t.Errorf("%s: %d masked and %d wrong outcomes, want both kinds", c, masked, sdc)
		}
	}
}
