package npu_test

import (
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// Halves are places: a machine whose halves were exchanged with what they hold, in the middle
// of an operation, does the same in every clock to the end of the inference.
func TestHalvesArePlaces(t *testing.T) {
	turned := 0
	for _, c := range isa.Configs {
		for _, name := range []string{"kws_ref_model", "hello_world_int8"} {
			p := compiledProgram(t, c, name)
			in := make([]byte, p.InputBytes())
			for i := range in {
				in[i] = byte(i * 7)
			}
			plain, other := start(t, p, in), start(t, p, in)
			for next := uint64(50); plain.S.CC.Run != 0; {
				plain.Step()
				other.Step()
				if plain.Cycle() >= next && npu.TurnAll(other) {
					turned++
					next = plain.Cycle() + 97
				}
				if plain.S.Bus != other.S.Bus || plain.S.CC != other.S.CC || plain.S.Trav != other.S.Trav || plain.S.DMA.AXI != other.S.DMA.AXI {
					t.Fatalf("%s on %v: other control in cycle %d", name, c, plain.Cycle())
				}
				x, y := npu.Canonical(&other.S.Flops), npu.Canonical(&plain.S.Flops)
				x.DropValues()
				y.DropValues()
				if x != y && !x.TurnHalves(&y) {
					t.Fatalf("%s on %v, cycle %d: the states differ in more than halves", name, c, plain.Cycle())
				}
			}
			if plain.Status() != npu.Done || other.Status() != npu.Done || string(plain.Mem.SRAM) != string(other.Mem.SRAM) {
				t.Errorf("%s on %v ends otherwise", name, c)
			}
		}
	}
	if turned < 200 {
		t.Errorf("only %d turns were tried", turned)
	}
}
