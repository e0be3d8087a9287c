package mechanism

import (
	"fmt"

	"upset/netlist"
	"upset/npu"
)

// Standing runs every mechanism of a design beside one machine from the start of an
// inference, each with all of its own state and stepped at every clock: all parity
// bits, all copies of blocks and of flops, all checkers. It takes nothing from the
// fault-free run and is what [Guard], which wakes one mechanism at the upset, is
// compared with.
type Standing struct {
	d      *Design
	checks []beside
	parity []standingParity
	words  []parityWord
	wrong  int // groups whose parity is not that of their bit
	twins  []*standingTwin
	voted  []standingVote
	acted  bool // a voter has overruled a copy
	raised Kind

	machine *npu.Machine
	mine    npu.Journal
	starts  int // of the machine, before the clock
}

// NewStanding makes the mechanisms of a design for machines like m, which it does not
// change.
func (d *Design) NewStanding(m *npu.Machine) (*Standing, error) {
	mem := *m.Mem
	f := finder{t: d.table, m: npu.New(m.Config, m.Sys, m.ECC, &mem)}
	g := &Standing{d: d, checks: d.checks()}
	for i := range d.parts {
		p := &d.parts[i]
		switch p.Name {
		case "parity":
			for _, w := range p.words {
				x := standingParity{kind: p.Kind, site: w.parity, valid: w.valid}
				for k, id := range w.sites {
					at, err := f.at(id)
					if err != nil {
						return nil, err
					}
					if k > 0 && at.word != x.at.word {
						return nil, fmt.Errorf("%s: a parity group in two words", d.table.Name(id))
					}
					x.at.word, x.at.mask = at.word, x.at.mask|at.mask
				}
				if n := len(g.words); n == 0 || g.words[n-1].word != x.at.word {
					g.words = append(g.words, parityWord{word: x.at.word, first: len(g.parity)})
				}
				g.parity = append(g.parity, x)
				g.words[len(g.words)-1].end = len(g.parity)
			}
		case "copy":
			g.twins = append(g.twins, &standingTwin{kind: p.Kind, block: p.Block, part: p})
		case "voted":
			for k := range p.Bits / 2 {
				at, err := f.at(p.source(k))
				if err != nil {
					return nil, err
				}
				if n := len(g.voted); n > 0 && g.voted[n-1].at.word == at.word {
					g.voted[n-1].at.mask |= at.mask
				} else {
					g.voted = append(g.voted, standingVote{at: at})
				}
			}
		}
	}
	return g, nil
}

// Begin starts the mechanisms beside a machine at the start of an inference. Their
// flops are set as the reset and the host's writes set them.
func (g *Standing) Begin(m *npu.Machine) {
	g.machine, g.acted, g.raised = m, false, None
	for _, c := range g.checks {
		c.check.sync(m)
	}
	x := image(&m.S.Flops)
	for i := range g.words {
		w := &g.words[i]
		w.now = x[w.word]
		for k := w.first; k < w.end; k++ {
			g.parity[k].bit, g.parity[k].wrong = odd(w.now&g.parity[k].at.mask), false
		}
	}
	g.wrong = 0
	for i := range g.voted {
		v := &g.voted[i]
		own := x[v.at.word] & v.at.mask
		v.copies = [3]uint64{own, own, own}
	}
	for _, t := range g.twins {
		if t.m == nil || len(t.m.Mem.SRAM) != len(m.Mem.SRAM) {
			mem := *m.Mem
			mem.SRAM = make([]byte, len(m.Mem.SRAM))
			t.m = npu.New(m.Config, m.Sys, m.ECC, &mem)
		}
		copy(t.m.Mem.SRAM, m.Mem.SRAM)
		t.m.Mem.Flash = m.Mem.Flash
		t.m.WindowLo, t.m.WindowHi, t.m.Host = m.WindowLo, m.WindowHi, m.Host
		t.m.Load(&m.S)
		t.m.Probe.Journal = &t.wrote
		t.copy = m.S.Flops
	}
}

// Compares reports whether a copy differs from what it is compared with.
func (g *Standing) Compares() bool {
	for _, t := range g.twins {
		if !sameBlock(&g.machine.S.Flops, &t.copy, t.block) {
			return true
		}
	}
	return false
}

// Upset applies an event as [Guard.Upset] does.
func (g *Standing) Upset(m *npu.Machine, cycle uint64, ids ...netlist.SiteID) (before, after uint8, r Response, err error) {
	for i, id := range ids {
		b, a, next, err := g.upset(m, id, cycle)
		switch {
		case err != nil:
			return b, a, next, err
		case i == 0:
			before, after, r = b, a, next
		default:
			if r == Held {
				before, after = b, a
			}
			r = joined(r, next)
		}
	}
	return before, after, r, nil
}

// upset applies it to one cell.
func (g *Standing) upset(m *npu.Machine, id netlist.SiteID, cycle uint64) (before, after uint8, r Response, err error) {
	t := g.d.table
	p, k := g.d.find(id)
	switch {
	case p == nil:
		kind := g.d.kindOf(id)
		if (kind == Harden || kind == HardenLight) && !g.d.flips(id, cycle, g.d.cells.Of(kind).SER) {
			before = t.Read(&m.S, id)
			return before, before, Held, nil
		}
		if kind == Triplicate {
			return g.upsetVote(m, id, 0, false)
		}
		if before, after, err = t.Flip(m, id); err != nil {
			return before, after, Live, err
		}
		if place, err := t.Place(id); err == nil && place.Register.IsSRAM() {
			for _, x := range g.twins { // one RAM for both copies
				if _, _, err := t.Flip(x.m, id); err != nil {
					return before, after, Live, err
				}
			}
		}
		return before, after, g.stopped(kind), nil
	case p.Name == "alarm":
		g.raised = p.Kind
		return 0, 1, Alarm, nil
	case p.Name == "check":
		for _, c := range g.checks {
			if c.first == p.First {
				r, bit := registerOf(c.check, k)
				*r.word ^= 1 << bit
				after = uint8(*r.word >> bit & 1)
			}
		}
		return after ^ 1, after, Live, nil
	case p.Name == "parity":
		for i := range g.parity {
			if x := &g.parity[i]; x.site == id {
				x.bit ^= 1
				g.judge(x, image(&m.S.Flops)[x.at.word])
				return x.bit ^ 1, x.bit, Live, nil
			}
		}
	case p.Name == "copy":
		for _, x := range g.twins {
			if x.part == p {
				x.look(m)
				before, after, err = t.Flip(x.m, p.source(k))
				x.copy = x.m.S.Flops
				return before, after, g.stopped(p.Kind), err
			}
		}
	case p.Name == "voter" && !g.d.flips(id, cycle, g.d.cells.Voter):
		before = t.Read(&m.S, p.source(k))
		return before, before, Faded, nil
	case p.Name == "voted", p.Name == "voter":
		return g.upsetVote(m, p.source(k), 1+k/max(1, p.Bits/2), p.Name == "voter")
	}
	return 0, 0, Live, fmt.Errorf("site %d belongs to no mechanism", id)
}

// stopped is the response to a flip that stops the clock: comparators and parity see
// it without one.
func (g *Standing) stopped(kind Kind) Response {
	stop := g.machine.S.CC.Run == 0
	for _, t := range g.twins {
		if t.block == Whole || t.block == "cc" {
			stop = stop || t.copy.CC.Run == 0
		}
	}
	switch kind {
	case Parity, ParityAlways, ParityInterleaved, Duplicate, Lockstep:
		if stop {
			g.raised = kind
			return Alarm
		}
	}
	return Live
}

// Step advances the machine by a clock beside all mechanisms and reports an alarm.
func (g *Standing) Step(m *npu.Machine) (alarm bool) {
	if g.Before(m) {
		return true
	}
	m.Step()
	alarm = g.After(m)
	m.Probe.Journal = nil
	return alarm
}

// Before is the part of [Standing.Step] before the clock, for a machine that somebody else
// steps. Where the design has copies the machine's stores go to its journal, which the
// caller takes off behind the clock, when all that stand beside the machine have seen it.
func (g *Standing) Before(m *npu.Machine) (alarm bool) {
	g.vote(m)
	for _, c := range g.checks {
		if c.check.before(m) {
			g.raised = c.kind
			return true
		}
	}
	if g.reread(m, false); g.wrong > 0 {
		for i := range g.parity {
			if p := &g.parity[i]; p.wrong && (p.valid == nil || p.valid(m)) {
				g.raised = p.kind
				return true
			}
		}
	}
	for _, t := range g.twins {
		t.look(m)
	}
	if len(g.twins) > 0 && m.Probe.Journal == nil {
		g.mine.Clear()
		m.Probe.Journal = &g.mine
	}
	g.starts = m.Starts
	return false
}

// After is the part of [Standing.Step] behind the clock.
func (g *Standing) After(m *npu.Machine) (alarm bool) {
	for _, t := range g.twins {
		if t.step(m, m.Probe.Journal) && !alarm {
			g.raised, alarm = t.kind, true
		}
	}
	if alarm {
		return true
	}
	g.load(m)
	for _, c := range g.checks {
		if c.check.after(m) && !alarm {
			g.raised, alarm = c.kind, true
		}
	}
	if m.Starts != g.starts {
		g.Follow(func(*npu.Machine) {}) // the copies have a host of their own
	}
	return alarm
}

// Active reports that the mechanisms run to the end.
func (g *Standing) Active() bool { return true }

// Agrees reports nothing: a run under these mechanisms has no early end.
func (g *Standing) Agrees(*npu.Machine) bool { return false }

// Corrected reports whether a voter has overruled a copy.
func (g *Standing) Corrected() bool { return g.acted }

// Raised is the mechanism that has raised the alarm.
func (g *Standing) Raised() Kind { return g.raised }

// AlarmLatency is the number of clocks for which the NPU goes on after an alarm.
func (g *Standing) AlarmLatency() uint64 { return g.d.latency }

// Follow applies to the copies what the host does to the machine between two
// inferences: copies of flops load what it writes, and so do parity bits.
func (g *Standing) Follow(host func(*npu.Machine)) {
	for _, t := range g.twins {
		// The copy as it stands, beside what the machine showed at its last clock.
		host(t.m)
		t.copy = t.m.S.Flops
	}
	x := image(&g.machine.S.Flops)
	g.reread(g.machine, true)
	for i := range g.voted {
		v := &g.voted[i]
		own := x[v.at.word] & v.at.mask
		v.copies = [3]uint64{own, own, own}
	}
	for _, c := range g.checks {
		if w, ok := c.check.(*watchdog); ok {
			w.restart(g.machine)
		}
	}
}
