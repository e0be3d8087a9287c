package mechanism

import (
	"testing"

	"upset/netlist"
)

// bitsOf are the sites of bits of an element of a register.
func bitsOf(t *testing.T, tab *netlist.Table, name string, bits ...int) (out []netlist.SiteID) {
	t.Helper()
	for i := range tab.Registers {
		if r := &tab.Registers[i]; r.Name == name {
			for _, b := range bits {
				out = append(out, r.First+netlist.SiteID(b))
			}
		}
	}
	if len(out) != len(bits) {
		t.Fatalf("no register %s", name)
	}
	return out
}

// A pulse leaves several wrong bits of several registers. Parity sees an odd number of them in a
// group and no even one, and none where its bit took over the wrong value as well; so does the
// residue of counters. Neither hardened cells nor voters keep a pulse out. A copy sees it.
func TestPulse(t *testing.T) {
	for _, c := range []struct {
		name     string
		choice   Choice
		register string
		bits     []int
		apart    bool // an alarm before or at the next clock where check bits are right
		stays    bool // the machine keeps the wrong value
	}{
		{"parity, odd", Choice{Block: "cc", Kind: ParityAlways}, "cc.basep", []int{3}, true, true},
		{"parity, even", Choice{Block: "cc", Kind: ParityAlways}, "cc.basep", []int{3, 9}, false, true},
		{"parity, three", Choice{Block: "cc", Kind: ParityAlways}, "cc.basep", []int{3, 9, 11}, true, true},
		{"parity, even over two groups", Choice{Block: "cc", Kind: ParityAlways}, "cc.basep", []int{3, 40}, true, true},
		{"hardened", Choice{Block: "cc", Kind: Harden}, "cc.basep", []int{3, 9}, false, true},
		{"three copies", Choice{Block: "cc", Kind: Triplicate}, "cc.basep", []int{3, 9}, false, true},
		{"residue", Choice{Block: "traversal", Kind: Residue}, "traversal.mac.oy", []int{0}, true, false},
		{"residue, a multiple of three", Choice{Block: "traversal", Kind: Residue}, "traversal.mac.oy", []int{10, 11}, false, false},
	} {
		for _, together := range []bool{false, true} {
			g, m, _, tab := standing(t, c.choice)
			for i := 0; m.S.Trav.MAC.On == 0 || i < 500; i++ {
				if g.Step(m) {
					t.Fatalf("%s: alarm without a fault", c.name)
				}
			}
			ids := bitsOf(t, tab, c.register, c.bits...)
			var was []uint8
			for _, id := range ids {
				was = append(was, tab.Read(&m.S, id))
			}
			before, after, err := g.Pulse(m, together, ids...)
			if err != nil || before != was[0] || after == before {
				t.Fatalf("%s: %d to %d, %v", c.name, before, after, err)
			}
			alarm := g.Step(m)
			if want := c.apart && !together; alarm != want {
				t.Errorf("%s, together %v: alarm %v, want %v", c.name, together, alarm, want)
			}
			if g.Corrected() {
				t.Errorf("%s: a voter has overruled a copy", c.name)
			}
			for k, id := range ids {
				if !alarm && c.stays && tab.Read(&m.S, id) == was[k] {
					t.Errorf("%s, together %v: %s is right again", c.name, together, tab.Name(id))
				}
			}
		}
	}
	// Copies have logic of their own, so that they stay right and tell.
	for _, together := range []bool{false, true} {
		g, m, d, tab := standing(t, Choice{Block: "cc", Kind: Duplicate})
		ids := bitsOf(t, tab, "cc.basep", 3, 9)
		if _, _, err := g.Pulse(m, together, ids...); err != nil {
			t.Fatal(err)
		}
		if !g.Compares() {
			t.Error("the copy took the pulse over")
		}
		if _, _, err := g.Pulse(m, together, netlist.SiteID(d.Bits()-1)); err == nil {
			t.Error("a pulse at a flop of a mechanism")
		}
	}
}
