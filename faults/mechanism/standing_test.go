package mechanism

import (
	"testing"

	"upset/netlist"
	"upset/npu"
)

// standing returns mechanisms beside a machine, from some way into an inference on.
func standing(t testing.TB, choices ...Choice) (*Standing, *npu.Machine, *Design, *netlist.Table) {
	t.Helper()
	m, tab := running(t, 0)
	d := design(t, tab, choices...)
	g, err := d.NewStanding(m)
	if err != nil {
		t.Fatal(err)
	}
	g.Begin(m)
	return g, m, d, tab
}

// All mechanisms at once run beside a fault-free machine without an alarm and without
// disturbing it.
func TestStandingMechanismsDoNotDisturb(t *testing.T) {
	g, m, _, _ := standing(t,
		Choice{Block: "cc", Kind: ParityAlways}, Choice{Block: "traversal", Kind: Triplicate}, Choice{Block: "dma", Kind: Parity},
		Choice{Block: "wd", Kind: Duplicate}, Choice{Block: "mac", Kind: Parity}, Choice{Block: "ao", Kind: Duplicate}, Choice{Block: "sb", Kind: Triplicate},
		Choice{Block: "mac", Kind: Checksum}, Choice{Block: "traversal", Kind: Residue},
	)
	plain, _ := running(t, 0)
	for range 3000 {
		if g.Step(m) {
			t.Fatalf("alarm of %s at cycle %d", g.Raised(), m.Cycle())
		}
		plain.Step()
		if m.S.Flops != plain.S.Flops {
			t.Fatalf("the machine is not the plain one at cycle %d", m.Cycle())
		}
	}
	if g.Corrected() {
		t.Error("a voter has overruled a copy of a fault-free machine")
	}
}

// The state of every mechanism is its own from the start: what goes wrong in it before
// the upset shows, without any upset.
func TestStandingMechanismsHaveStateOfTheirOwn(t *testing.T) {
	cases := []struct {
		choice Choice
		spoil  func(g *Standing)
		alarm  bool
	}{
		{Choice{Block: "cc", Kind: ParityAlways}, func(g *Standing) { p := &g.parity[3]; p.bit ^= 1; g.judge(p, image(&g.machine.S.Flops)[p.at.word]) }, true},
		{Choice{Block: "mac", Kind: Duplicate}, func(g *Standing) { g.twins[0].copy.MAC.Run ^= 1 }, true},
		{Choice{Block: Whole, Kind: Lockstep}, func(g *Standing) { g.twins[0].copy.MAC.Run ^= 1 }, true},
		{Choice{Block: "traversal", Kind: Residue}, func(g *Standing) { g.checks[0].check.(*residue).on[0] ^= 1 }, true},
		{Choice{Block: "traversal", Kind: Triplicate}, func(g *Standing) { v := &g.voted[0]; v.copies[1] ^= v.at.mask & -v.at.mask }, false},
	}
	for _, tc := range cases {
		g, m, _, _ := standing(t, tc.choice)
		for range 500 {
			if g.Step(m) {
				t.Fatal("alarm")
			}
		}
		tc.spoil(g)
		alarm := false
		for range 2500 {
			if alarm = g.Step(m); alarm {
				break
			}
		}
		if alarm != tc.alarm || alarm && g.Raised() != tc.choice.Kind || g.Corrected() != !tc.alarm {
			t.Errorf("%s: alarm %v of %s, corrected %v", tc.choice, alarm, g.Raised(), g.Corrected())
		}
	}
}

// A voter's copies stand for the machine's bit: what hits one of them is never seen
// outside, and what hits the voter is.
func TestStandingVoter(t *testing.T) {
	for which, part := range []string{"", "voted", "voted", "voter"} {
		g, m, d, tab := standing(t, Choice{Block: "cc", Kind: Triplicate})
		plain, _ := running(t, 0)
		for range 800 {
			g.Step(m)
			plain.Step()
		}
		base := site(t, tab, "cc.run.0")
		id := base
		if part != "" {
			id = copyIn(t, d, base, part, max(0, which-1)%2)
		}
		if _, _, r, err := g.Upset(m, m.Cycle(), id); err != nil || r != Live {
			t.Fatal(r, err)
		}
		if hit := m.S.Flops != plain.S.Flops; hit != (part == "voter") {
			t.Errorf("%s: the machine differs: %v", d.Name(id), hit)
		}
		if part == "voter" {
			continue // it has stopped the clock
		}
		g.Step(m)
		plain.Step()
		if m.S.Flops != plain.S.Flops || !g.Corrected() {
			t.Errorf("%s: corrected %v", d.Name(id), g.Corrected())
		}
	}
}
