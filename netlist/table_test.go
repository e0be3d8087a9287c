package netlist

import (
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

func TestTotals(t *testing.T) {
	for _, c := range isa.Configs {
		tab := New(c, npu.ECCNone)
		by := map[string]int{}
		flops := 0
		for i := range tab.Registers {
			r := &tab.Registers[i]
			if r.IsSRAM() {
				by["sram"] += r.Bits()
				continue
			}
			by[r.Block] += r.Bits()
			flops += r.Bits()
		}
		t.Log(c, flops, by)
		if by["sram"] != c.Spec().SHRAMBytes()*8 {
			t.Errorf("%v: %d SRAM bits", c, by["sram"])
		}
	}
}
