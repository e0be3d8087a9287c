package mechanism

import (
	"math"
	"strings"
	"testing"

	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// The area counts every flop and voter that a mechanism has sites for, and no other.
func TestAreaCountsEverySite(t *testing.T) {
	for _, c := range isa.Configs {
		tab := netlist.New(c, npu.ECCSECDED)
		p := NewPricing(tab, tab.Areas(nil), nil, DefaultCells())
		for k := Parity; k < NumKinds; k++ {
			for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
				ch := Choice{Block: block, Kind: k}
				if k == SECDED || k == Lockstep || k.Checker() && k.home() != block {
					continue
				}
				d := design(t, tab, ch)
				want := map[string]int{}
				for _, part := range d.Parts() {
					if part.Name == "voter" {
						want["voter"] += part.Bits
					} else {
						want["flop"] += part.Bits
					}
				}
				items, err := p.Items(ch)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range items {
					want[i.Of] -= int(i.N)
				}
				if want["flop"] != 0 || want["voter"] != 0 {
					t.Errorf("%s on %s: %d flops and %d voters have sites and no area", ch, c, want["flop"], want["voter"])
				}
				if cost, err := p.Cost(ch); err != nil || math.Abs(cost.LogicGE-total(items)) > 1e-9*cost.LogicGE || cost.LogicGE <= 0 {
					t.Errorf("%s: area %v, parts %v: %v", ch, cost.LogicGE, total(items), err)
				}
			}
		}
	}
}

// Every mechanism with an alarm pays for the flop, for what holds it and for what joins
// it to the interrupt; parity also for its valid gating and for the tree of its alarms.
func TestAlarmsAreCounted(t *testing.T) {
	costs := netlist.DefaultCosts()
	tab := netlist.New(isa.U55x128, npu.ECCSECDED)
	p := NewPricing(tab, tab.Areas(nil), nil, DefaultCells())
	part := func(c Choice, what string) (n, ge float64) {
		items, err := p.Items(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if strings.HasPrefix(i.What, what) {
				n, ge = n+i.N, ge+i.GE()
			}
		}
		return n, ge
	}
	for _, c := range []Choice{
		{Block: "dma", Kind: Parity}, {Block: "dma", Kind: ParityAlways}, {Block: "dma", Kind: ParityInterleaved}, {Block: "dma", Kind: Duplicate},
		{Block: Whole, Kind: Lockstep}, {Block: "cc", Kind: Watchdog}, {Block: "traversal", Kind: Residue}, {Block: "wd", Kind: StreamCRC}, {Block: "mac", Kind: Checksum},
	} {
		if _, ge := part(c, "alarm"); math.Abs(ge-costs.Flop-2*costs.Gate) > 1e-9 {
			t.Errorf("%s: an alarm of %v GE", c, ge)
		}
	}
	groups := float64(p.ParityBits(Choice{Block: "dma", Kind: Parity}))
	if n, _ := part(Choice{Block: "dma", Kind: Parity}, "error collection"); n != groups-1 {
		t.Errorf("%v gates join %v groups", n, groups)
	}
	if n, ge := part(Choice{Block: "dma", Kind: Parity}, "valid"); n < 2 || n > groups+1 || ge <= costs.Gate*(n-1) {
		t.Errorf("valid gating of %v gates, %v GE, for %v groups", n, ge, groups)
	}
	if n, _ := part(Choice{Block: "dma", Kind: ParityAlways}, "valid"); n != 0 {
		t.Errorf("parity that is always checked has %v valid gates", n)
	}
	// A FIFO of 32 entries: each is compared with the head and the number of entries.
	if rule := rules["wd.val"]; rule.ge(&netlist.Costs{Adder: 7, Less: 4}, 32) != 32*5*(7+4) {
		t.Errorf("valid conditions of a FIFO take %v GE", rule.ge(&netlist.Costs{Adder: 7, Less: 4}, 32))
	}
}

// The unprotected machine with SECDED has the coders in its own area, and no
// mechanism is charged for them; a machine without it pays the same for adding it.
func TestCodersBelongToTheBaseline(t *testing.T) {
	for _, c := range isa.Configs {
		logic := func(ecc npu.ECC) (float64, Cost) {
			tab := netlist.New(c, ecc)
			p := NewPricing(tab, tab.Areas(nil), nil, DefaultCells())
			cost, err := p.Cost(Choice{Block: "sb", Kind: SECDED})
			if err != nil {
				t.Fatal(err)
			}
			n, _ := p.Logic()
			return n, cost
		}
		bare, adds := logic(npu.ECCNone)
		coded, none := logic(npu.ECCSECDED)
		if none != (Cost{}) || adds.LogicGE <= 0 || math.Abs(bare+adds.LogicGE-coded) > 1e-6 || adds.SRAMBits <= 0 {
			t.Errorf("%s: %v GE without the code, %v with it; adding it takes %+v, having it %+v", c, bare, coded, adds, none)
		}
	}
}

// Interleaving costs parity bits where elements are narrower than two full groups, and
// little else.
func TestInterleavingCosts(t *testing.T) {
	tab := netlist.New(isa.U55x128, npu.ECCSECDED)
	p := NewPricing(tab, tab.Areas(nil), nil, DefaultCells())
	for _, block := range []string{"cc", "traversal", "dma", "wd", "mac", "ao", "sb"} {
		a, err := p.Cost(Choice{Block: block, Kind: Parity})
		b, err2 := p.Cost(Choice{Block: block, Kind: ParityInterleaved})
		if err != nil || err2 != nil || b.LogicGE < a.LogicGE || b.LogicGE > 1.15*a.LogicGE {
			t.Errorf("%s: parity takes %v GE, interleaved %v", block, a.LogicGE, b.LogicGE)
		}
	}
}
