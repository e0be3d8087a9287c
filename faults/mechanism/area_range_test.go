package mechanism

import (
	"math"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// An overhead takes both its areas from one library: hardening all flops of a block adds
// the area of its flops there, over the logic there.
func TestSpansTakeOneLibraryAtATime(t *testing.T) {
	tab := netlist.New(isa.U55x128, npu.ECCSECDED)
	spans, err := Spans(tab, DefaultCells(), []Choice{{Block: "mac", Kind: Harden}, {Block: "cc", Kind: Watchdog}})
	if err != nil || len(spans) != len(netlist.MeasuredCosts()) {
		t.Fatalf("%+v, %v", spans, err)
	}
	for i, s := range spans {
		c := netlist.MeasuredCosts()[i].Costs
		logic, flops := 0.0, 0.0
		for _, a := range tab.Areas(&c) {
			logic += a.LogicGE()
			if a.Block == "mac" {
				flops = a.FlopGE
			}
		}
		// A counter of 32 bits, its decrement, load and comparison, and an alarm.
		dog := 32*(c.Flop+c.Adder+c.Mux+c.Gate) + c.Flop + 2*c.Gate
		if math.Abs(s.Adds.LogicGE-flops-dog) > 1e-6 || math.Abs(s.LogicGE-logic) > 1e-6 || math.Abs(s.Overhead()-(flops+dog)/logic) > 1e-9 {
			t.Errorf("%s: %+v, want %v over %v", s.Library, s, flops+dog, logic)
		}
	}
	if _, err := Spans(tab, DefaultCells(), []Choice{{Block: "pmu", Kind: Duplicate}}); err == nil {
		t.Error("a block that cannot be duplicated has an area")
	}
}
