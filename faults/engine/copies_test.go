package engine

import (
	"math/rand/v2"
	"testing"

	"upset/faults"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// copies is a guard that holds a second machine and rings as soon as anything outside the
// central control differs. Its upsets hit the machine at even cycles, the copy at odd ones.
type copies struct {
	e            *Engine
	twin         *npu.Machine
	on           bool
	mine, theirs npu.Journal
}

func (c *copies) Beside(id netlist.SiteID, _ int) []netlist.SiteID { return []netlist.SiteID{id} }

func (c *copies) Upset(m *npu.Machine, s faults.Site, _ []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, cause faults.Cause) {
	mem := *m.Mem
	mem.SRAM = append([]byte(nil), m.Mem.SRAM...)
	c.twin = npu.New(m.Config, m.Sys, m.ECC, &mem)
	c.twin.Host, c.twin.WindowLo, c.twin.WindowHi = m.Host, m.WindowLo, m.WindowHi
	c.twin.Load(&m.S)
	c.twin.Probe.Journal, c.on = &c.theirs, true
	struck := m
	if s.Cycle%2 != 0 {
		struck = c.twin
	}
	before, after, _ = c.e.table.Flip(struck, s.ID)
	return before, after, false, 0, 0
}

func (c *copies) Step(m *npu.Machine) bool {
	if !c.on {
		m.Step()
		return false
	}
	c.mine.Clear()
	c.theirs.Clear()
	m.Probe.Journal = &c.mine
	m.Step()
	m.Probe.Journal = nil
	c.twin.Step()
	x, y := m.S.Flops, c.twin.S.Flops
	c.on = x.CC != y.CC
	pins := func(f *npu.Flops) [3]uint8 { return [3]uint8{f.CC.Run, f.CC.IRQ, f.CC.ParseErr} }
	differ := pins(&x) != pins(&y)
	x.CC, x.PMU = y.CC, y.PMU
	return differ || x != y || !c.mine.Equal(&c.theirs)
}

func (c *copies) Active() bool { return c.on }

func (c *copies) Follow(host func(m *npu.Machine)) {
	if c.on {
		host(c.twin)
	}
}

func (c *copies) Compares() bool { return c.on }

func (c *copies) Copy() *npu.Flops {
	if !c.on {
		return nil
	}
	return &c.twin.S.Flops
}

// Upsets in one of two copies of the configuration end alike on the fast and on the plain
// engine, and many of them end early; an engine that takes every register for one at which
// nobody looks is found out.
func TestIdleCopies(t *testing.T) {
	for name, c := range map[string]struct {
		unseen func(a, b *npu.Flops) bool
	}{
		"as it is":        {nil},
		"never looked at": {stream.OnlySetup},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine(t, "fashion-tiny", isa.U55x128, 2, faults.Options{})
			if c.unseen != nil {
				e.decide.unseen = c.unseen
			}
			var sites []netlist.SiteID
			for _, r := range e.Table().Select(netlist.Filter{Only: []string{"cc.bank*", "cc.op*", "cc.basep*", "cc.burst*", "cc.max*", "cc.ifm*"}}) {
				for b := range r.Bits() {
					sites = append(sites, r.First+netlist.SiteID(b))
				}
			}
			w, judge, rng := worker(t, e), worker(t, e), rand.New(rand.NewPCG(3, 1))
			early, alarms, differ := 0, 0, 0
			for range 250 {
				s := faults.Site{ID: sites[rng.IntN(len(sites))], Cycle: rng.Uint64N(e.Cycles())}
				fast, err := w.Inject(0, s, &copies{e: e})
				if err != nil {
					t.Fatal(err)
				}
				plain, err := judge.PlainGuarded(0, s, &copies{e: e})
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case !fast.Same(plain):
					if differ++; c.unseen == nil {
						t.Errorf("%s@%d: fast %+v, plain %+v", e.Table().Name(s.ID), s.Cycle, fast, plain)
					}
				case fast.Path == faults.PathConverged:
					early++
				case plain.Outcome == faults.Detected:
					alarms++
				}
			}
			t.Logf("%d end early, %d by an alarm, %d differ", early, alarms, differ)
			if c.unseen == nil && (early < 50 || alarms < 10) || c.unseen != nil && differ == 0 {
				t.Errorf("%d end early, %d by an alarm, %d differ", early, alarms, differ)
			}
		})
	}
}
