package mechanism

import (
	"math/rand/v2"

	"upset/netlist"
	"upset/npu"
)

// Response is what a mechanism makes of an upset at the moment it happens.
type Response uint8

// Responses.
const (
	Live  Response = iota // the bit flipped; the machine and its guard go on
	Held                  // the hardened cell kept its value
	Alarm                 // the alarm itself was hit, or sees the upset at once
	Faded                 // the pulse at a voter's output was not taken over
)

// Guard runs the mechanisms of a design beside one machine: all checkers, and
// of the mechanisms that change registers the one that an upset hits. The others of
// these see equal copies and right parity as long as nothing they watch is upset,
// so that they never act.
type Guard struct {
	d      *Design
	checks []beside
	begun  bool // the checkers run beside the machine and need no sync
	voters []voter
	acted  bool // a voter has overruled a copy

	watch  Kind
	acting Kind      // the mechanism that watches, as it was chosen
	raised Kind      // the mechanism that has raised the alarm
	block  string    // of the duplicated block
	words  []watched // of parity

	starts  [2][]difference // at the last starts of later inferences
	started int

	machine, twin *npu.Machine
	mine, theirs  npu.Journal
}

// Guard returns a new guard. It serves one injection after the other.
func (d *Design) Guard() *Guard { return &Guard{d: d, checks: d.checks()} }

// upset applies an upset to the first bit that an event hits, see [Guard.Upset].
func (g *Guard) upset(m *npu.Machine, id netlist.SiteID, cycle uint64) (before, after uint8, r Response, err error) {
	g.watch, g.acting, g.raised = None, None, None
	g.acted, g.voters, g.words, g.started = false, g.voters[:0], g.words[:0], 0
	if !g.begun {
		g.sync(m)
	}
	g.begun = false
	p, k := g.d.find(id)
	if p == nil {
		return g.upsetMachine(m, id, cycle)
	}
	g.machine, g.acting = m, p.Kind
	switch p.Name {
	case "alarm":
		g.raised = p.Kind
		return 0, 1, Alarm, nil
	case "voted":
		return g.upsetCopy(m, p.source(k), 1+k/(p.Bits/2))
	case "voter":
		if !g.d.flips(id, cycle, g.d.cells.Voter) {
			before = g.d.table.Read(&m.S, p.source(k))
			return before, before, Faded, nil
		}
		before, after, err = g.d.table.Flip(m, p.source(k))
		return before, after, g.seen(), err
	case "check":
		before, after = g.flipCheck(p, k)
		return before, after, Live, nil
	case "parity":
		w := g.look(m, p.words[k])
		w.bit ^= 1
		return w.bit ^ 1, w.bit, Live, nil
	}
	g.pair(m, p.Block)
	before, after, err = g.d.table.Flip(g.twin, p.source(k))
	return before, after, g.seen(), err
}

// sync gives the checkers what they hold beside a fault-free machine.
func (g *Guard) sync(m *npu.Machine) {
	for _, c := range g.checks {
		c.check.sync(m)
	}
}

// Begin starts the checkers beside a machine at the start of an inference. The
// caller steps both up to the upset.
func (g *Guard) Begin(m *npu.Machine) {
	g.watch, g.begun = None, true
	g.sync(m)
}

// upsetMachine applies an upset to a bit of the machine itself.
func (g *Guard) upsetMachine(m *npu.Machine, id netlist.SiteID, cycle uint64) (before, after uint8, r Response, err error) {
	t := g.d.table
	kind := g.d.kindOf(id)
	g.acting = kind
	switch kind {
	case HardenLight, Harden:
		if !g.d.flips(id, cycle, g.d.cells.Of(kind).SER) {
			before = t.Read(&m.S, id)
			return before, before, Held, nil
		}
	case Triplicate:
		return g.upsetCopy(m, id, 0)
	case Parity, ParityAlways, ParityInterleaved:
		g.look(m, g.d.groups[id])
	case Lockstep:
		g.pair(m, Whole)
	case Duplicate:
		place, err := t.Place(id)
		if err != nil {
			return 0, 0, Live, err
		}
		g.pair(m, place.Register.Block)
	}
	before, after, err = t.Flip(m, id)
	g.machine = m
	return before, after, g.seen(), err
}

// seen is the response to a flip that stops the clock: the comparator and the
// parity check see it without one.
func (g *Guard) seen() Response {
	switch {
	case g.watch == None, g.watch == Parity && !g.odd():
	case g.machine != nil && g.machine.S.CC.Run == 0,
		g.watch == Duplicate && g.twin.S.CC.Run == 0:
		g.raised = g.acting
		return Alarm
	}
	return Live
}

// flips draws whether an upset flips a hardened cell, or a pulse is taken over: a stream of its own for
// every site and cycle.
func (d *Design) flips(id netlist.SiteID, cycle uint64, ser float64) bool {
	mixed := (cycle + 1) * 0x9E3779B97F4A7C15 // golden ratio of SplitMix64 (Steele, Lea, Flood, 2014)
	return rand.New(rand.NewPCG(d.seed, mixed^uint64(id)<<32)).Float64() < ser
}

// Active reports whether a mechanism still has to watch.
func (g *Guard) Active() bool { return g.watch != None || len(g.checks) > 0 }

// Agrees reports whether the mechanisms hold what those of a fault-free run hold
// when the machine is in this state: if it is one of the fault-free run, no
// mechanism will ever act.
func (g *Guard) Agrees(m *npu.Machine) bool {
	if g.watch != None {
		return false
	}
	for _, c := range g.checks {
		if !c.check.agrees(m) {
			return false
		}
	}
	return true
}

// Watches reports whether checkers alone are active. What they hold beside each other goes
// through the same operations: counters and their residue, a stream of weights and its CRC,
// dot products and their checksum, whose operands are the same.
func (g *Guard) Watches() bool { return g.watch == None }

// Held appends what the registers of the checkers hold.
func (g *Guard) Held(list []uint64) []uint64 {
	for _, c := range g.checks {
		for _, r := range c.check.regs() {
			list = append(list, *r.word)
		}
	}
	return list
}

// Raised is the mechanism that has raised the alarm since the upset, None where there
// was no alarm. Of several at one clock it is the first of the design.
func (g *Guard) Raised() Kind { return g.raised }

// AlarmLatency is the number of clocks for which the NPU goes on after an alarm.
func (g *Guard) AlarmLatency() uint64 { return g.d.latency }

// Compares reports whether a copy is compared with what the upset has hit.
func (g *Guard) Compares() bool { return g.watch == Duplicate }

// Copy returns the flops of the copy that is compared with the machine, nil where there is
// none or a checker watches, too.
func (g *Guard) Copy() *npu.Flops {
	if g.watch != Duplicate || len(g.checks) > 0 {
		return nil
	}
	return &g.twin.S.Flops
}

// Corrected reports whether a voter has overruled a copy since the upset.
func (g *Guard) Corrected() bool { return g.acted }

// Step advances the machine by a clock under the mechanisms' eye and reports an
// alarm. Parity is checked before the clock; duplication compares after it.
func (g *Guard) Step(m *npu.Machine) (alarm bool) {
	for _, c := range g.checks {
		if c.check.before(m) {
			g.raised = c.kind
			return true
		}
	}
	starts := m.Starts
	switch g.watch {
	case Parity:
		alarm = g.checkParity(m)
	case Duplicate:
		alarm = g.stepPair(m)
	case Triplicate:
		g.vote(m)
	default:
		m.Step()
	}
	if alarm {
		g.raised = g.acting
		return true
	}
	for _, c := range g.checks {
		if c.check.after(m) && !alarm {
			g.raised, alarm = c.kind, true
		}
	}
	if m.Starts != starts {
		g.Follow(func(*npu.Machine) {}) // the copy has a host of its own
	}
	return alarm
}

// pair makes the twin: a machine equal to this one, whose block is the copy.
// Everything else of the twin is no hardware: as long as no alarm is raised, it
// equals the machine's own, and serves to show what the copy would write.
func (g *Guard) pair(m *npu.Machine, block string) {
	if g.twin == nil || len(g.twin.Mem.SRAM) != len(m.Mem.SRAM) {
		mem := *m.Mem
		mem.SRAM = make([]byte, len(m.Mem.SRAM))
		g.twin = npu.New(m.Config, m.Sys, m.ECC, &mem)
	}
	copy(g.twin.Mem.SRAM, m.Mem.SRAM)
	g.twin.Mem.Flash = m.Mem.Flash
	g.twin.WindowLo, g.twin.WindowHi, g.twin.Host = m.WindowLo, m.WindowHi, m.Host
	g.twin.Load(&m.S)
	g.twin.Probe.Journal = &g.theirs
	g.block, g.watch, g.machine = block, Duplicate, m
}

// stepPair steps the machine and its twin and compares what both have stored
// outside the block. When the two copies of the block are equal again, nothing is
// left to watch.
func (g *Guard) stepPair(m *npu.Machine) (alarm bool) {
	g.mine.Clear()
	g.theirs.Clear()
	m.Probe.Journal = &g.mine
	m.Step()
	m.Probe.Journal = nil
	g.twin.Step()
	a, b := &m.S.Flops, &g.twin.S.Flops
	switch {
	case !g.mine.Equal(&g.theirs):
		return true
	case g.block == Whole && (a.Bus != b.Bus || pins(&a.CC) != pins(&b.CC)):
		return true
	case g.block != Whole && !sameRest(a, b, g.block):
		return true
	}
	if sameBlock(a, b, g.block) {
		g.watch = None
	}
	return false
}

// Follow applies to the copies what the host does to the machine between two
// inferences.
func (g *Guard) Follow(host func(*npu.Machine)) {
	if g.watch == Duplicate {
		host(g.twin)
	}
	for _, c := range g.checks {
		if w, ok := c.check.(*watchdog); ok {
			w.restart(g.machine)
		}
	}
}
