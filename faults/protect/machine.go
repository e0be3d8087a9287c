package protect

import (
	"slices"

	"upset/faults"
	"upset/faults/campaign"
	"upset/faults/engine"
	"upset/faults/mechanism"
	"upset/netlist"
	"upset/npu"
)

// Population is the set of bits of a protected machine: those of the plain one,
// and behind them the bits that the mechanisms add.
type Population struct {
	base   campaign.Population
	design *mechanism.Design
	groups []campaign.Group
	added  []added
}

// added is a group of bits that mechanisms add to a block.
type added struct {
	parts []mechanism.Part
}

// NewPopulation joins a plain population with the bits of a design's mechanisms.
func NewPopulation(base campaign.Population, d *mechanism.Design) *Population {
	p := &Population{base: base, design: d, groups: slices.Clone(base.Groups())}
	scales := map[string]float64{}
	for _, g := range p.groups {
		if !g.SRAM {
			scales[g.Block] = g.Scale
		}
	}
	first := len(p.groups)
	for _, part := range d.Parts() {
		at := slices.IndexFunc(p.groups[first:], func(g campaign.Group) bool { return g.Block == part.Block && g.Class == part.Name })
		if at < 0 {
			at = len(p.added)
			p.groups = append(p.groups, campaign.Group{Block: part.Block, Class: part.Name, Scale: scales[part.Block]})
			p.added = append(p.added, added{})
		}
		p.groups[first+at].Bits += uint64(part.Bits)
		p.added[at].parts = append(p.added[at].parts, part)
	}
	return p
}

// scaleAs takes over the raw rates of another population of the same machine.
func (p *Population) scaleAs(o campaign.Population) {
	for i := range p.groups {
		for _, g := range o.Groups() {
			if g.Block == p.groups[i].Block && g.SRAM == p.groups[i].SRAM {
				p.groups[i].Scale = g.Scale
			}
		}
	}
}

// scale is the factor of the raw rate of a block's flops or RAM.
func (p *Population) scale(block string, sram bool) float64 {
	for _, g := range p.groups {
		if g.Block == block && g.SRAM == sram && g.Scale != 0 {
			return g.Scale
		}
	}
	return 1
}

// Digest names the machine with its mechanisms.
func (p *Population) Digest() string {
	return campaign.Digest([]any{p.base.Digest(), p.design.Digest(), p.groups})
}

// Groups lists the groups of the plain machine, then those of the mechanisms.
func (p *Population) Groups() []campaign.Group { return p.groups }

// Bit is a bit of a group.
func (p *Population) Bit(group int, k uint64) netlist.SiteID {
	first := len(p.groups) - len(p.added)
	if group < first {
		return p.base.Bit(group, k)
	}
	for _, part := range p.added[group-first].parts {
		if k < uint64(part.Bits) {
			return part.First + netlist.SiteID(k)
		}
		k -= uint64(part.Bits)
	}
	return 0
}

// Guards gives every worker a guard of its own. Sites without a mechanism have
// none: there the machine is the plain one.
func (p *Population) Guards() func(faults.Site) faults.Guard {
	g := Guard(p.design)
	return func(s faults.Site) faults.Guard {
		if !p.design.Protects(s.ID) {
			return nil
		}
		return g
	}
}

// Guard makes a guard for the mechanisms of a design.
func Guard(d *mechanism.Design) faults.Guard { return &guard{d.Guard(), d} }

// Standing makes a guard whose mechanisms all run beside the machine from the start of
// an inference, see [mechanism.Standing].
func Standing(e *engine.Engine, d *mechanism.Design) (faults.Guard, error) {
	m, err := e.Begin(0)
	if err != nil {
		return nil, err
	}
	g, err := d.NewStanding(m)
	return &guard{g, d}, err
}

// mechanisms are those of a design beside one machine.
type mechanisms interface {
	Upset(m *npu.Machine, cycle uint64, ids ...netlist.SiteID) (before, after uint8, r mechanism.Response, err error)
	Step(m *npu.Machine) (alarm bool)
	Active() bool
	Begin(m *npu.Machine)
	Agrees(m *npu.Machine) bool
	Corrected() bool
	Compares() bool
	Raised() mechanism.Kind
	AlarmLatency() uint64
	Follow(host func(m *npu.Machine))
}

// guard lets a mechanism's guard take part in an injection.
type guard struct {
	inner  mechanisms
	design *mechanism.Design
}

// Beside lists the cells of an event at a bit of a mechanism.
func (g *guard) Beside(id netlist.SiteID, n int) []netlist.SiteID { return g.design.Beside(id, n) }

// Upset applies the event and names the outcome where the mechanism settles it.
func (g *guard) Upset(m *npu.Machine, s faults.Site, cells []netlist.SiteID) (before, after uint8, done bool, o faults.Outcome, c faults.Cause) {
	before, after, r, err := g.inner.Upset(m, s.Cycle, cells...)
	switch {
	case err != nil:
		// A site that does not exist is never drawn.
		return 0, 0, true, faults.StrayWrite, faults.CauseStray
	case r == mechanism.Held:
		return before, after, true, faults.Masked, faults.CauseHardened
	case r == mechanism.Faded:
		return before, after, true, faults.Masked, faults.CauseFaded
	case r == mechanism.Alarm:
		return before, after, true, faults.Detected, faults.CauseAlarm
	}
	return before, after, false, 0, 0
}

// Step advances the machine by a clock.
func (g *guard) Step(m *npu.Machine) (alarm bool) { return g.inner.Step(m) }

// Active reports whether the mechanism still watches.
func (g *guard) Active() bool { return g.inner.Active() }

// Raised is the kind of the mechanism that has raised the alarm.
func (g *guard) Raised() uint8 { return uint8(g.inner.Raised()) }

// AlarmLatency is the number of clocks for which the NPU goes on after an alarm.
func (g *guard) AlarmLatency() uint64 { return g.inner.AlarmLatency() }

// Begin starts the mechanisms beside a machine at the start of an inference.
func (g *guard) Begin(m *npu.Machine) { g.inner.Begin(m) }

// Agrees reports whether the mechanisms hold what those of a fault-free run hold.
func (g *guard) Agrees(m *npu.Machine) bool { return g.inner.Agrees(m) }

// Watches reports whether checkers alone are active. Mechanisms that run from the start of
// an inference tell of none.
func (g *guard) Watches() bool {
	inner, ok := g.inner.(*mechanism.Guard)
	return ok && inner.Watches()
}

// Held appends what the registers of the checkers hold.
func (g *guard) Held(list []uint64) []uint64 {
	if inner, ok := g.inner.(*mechanism.Guard); ok {
		return inner.Held(list)
	}
	return list
}

// Corrected reports whether a voter has overruled a copy.
func (g *guard) Corrected() bool { return g.inner.Corrected() }

// Compares reports whether a copy is compared with what the upset has hit.
func (g *guard) Compares() bool { return g.inner.Compares() }

// Copy returns the flops of a copy that is compared with the machine. Mechanisms that run
// from the start of an inference tell of none.
func (g *guard) Copy() *npu.Flops {
	if inner, ok := g.inner.(*mechanism.Guard); ok {
		return inner.Copy()
	}
	return nil
}

// Repeats reports whether copies differ as they did two inferences before.
func (g *guard) Repeats(settled func(m *npu.Machine) bool) bool {
	r, ok := g.inner.(faults.Repeater)
	return ok && r.Repeats(settled)
}

// Follow lets the host act on the mechanism's copies as on the machine.
func (g *guard) Follow(host func(m *npu.Machine)) { g.inner.Follow(host) }

// Stick stands beside a flop that is stuck. Mechanisms that run from the start of an
// inference are for upsets alone.
func (g *guard) Stick(m *npu.Machine, id netlist.SiteID, force func()) (outvoted, alarm bool) {
	inner, ok := g.inner.(*mechanism.Guard)
	if !ok {
		force()
		return false, false
	}
	outvoted, alarm, err := inner.Stick(m, id, force)
	if err != nil {
		force() // a site that does not exist is never drawn
	}
	return outvoted, alarm
}

// Hold advances the machine by a clock beside a flop that is stuck.
func (g *guard) Hold(m *npu.Machine, force func()) (alarm bool) {
	if inner, ok := g.inner.(*mechanism.Guard); ok {
		return inner.Hold(m, force)
	}
	alarm = g.inner.Step(m)
	force()
	return alarm
}
