package netlist

import (
	"math"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// Areas with the constants of each library lie between the low and the high ones, block by
// block, and the range of the flops is that of the measured flop.
func TestAreaRangeSpansTheLibraries(t *testing.T) {
	sets := MeasuredCosts()
	if len(sets) < 2 {
		t.Fatal("a range needs two libraries")
	}
	for _, c := range isa.Configs {
		tab := New(c, npu.ECCSECDED)
		low, high := tab.AreaRange()
		sumLow, sumHigh := 0.0, 0.0
		for i := range low {
			sumLow += low[i].LogicGE()
			sumHigh += high[i].LogicGE()
			if low[i].CombGE >= high[i].CombGE || low[i].FlopGE != 4*float64(low[i].Flops) || high[i].FlopGE != 6.75*float64(low[i].Flops) {
				t.Errorf("%s: from %+v to %+v", c, low[i], high[i])
			}
			for _, m := range sets {
				if a := tab.Areas(&m.Costs)[i]; a.CombGE < low[i].CombGE || a.CombGE > high[i].CombGE || a.FlopGE < low[i].FlopGE || a.FlopGE > high[i].FlopGE {
					t.Errorf("%s in %s: %+v, outside of %+v to %+v", c, m.Library, a, low[i], high[i])
				}
			}
		}
		if l, h := LogicRange(c, npu.ECCSECDED); math.Abs(l-sumLow) > 1e-6 || math.Abs(h-sumHigh) > 1e-6 {
			t.Errorf("%s: logic from %v to %v, blocks add up to %v and %v", c, l, h, sumLow, sumHigh)
		}
	}
}

// LogicRange is the whole logic area of a configuration in gate equivalents with the low
// and with the high end of every constant.
func LogicRange(c isa.Config, ecc npu.ECC) (low, high float64) {
	l, h := New(c, ecc).AreaRange()
	for i := range l {
		low += l[i].LogicGE()
		high += h[i].LogicGE()
	}
	return low, high
}
