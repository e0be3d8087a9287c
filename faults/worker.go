package faults

import (
	"bytes"

	"upset/netlist"
	"upset/npu"
)

// Guard is a protection mechanism that runs beside the machine. It sees state
// and clock edges and applies the upset itself, since the upset may hit its own
// copies.
type Guard interface {
	// Upset applies the upset at the site. The machine is in its fault-free state
	// of that cycle. It returns the bit before and after, or done with an outcome
	// when the upset has no effect.
	Upset(m *npu.Machine, s Site) (before, after uint8, done bool, o Outcome, c Cause)
	// Step advances the machine by a clock and reports an alarm, which halts it.
	Step(m *npu.Machine) (alarm bool)
	// Active reports whether the mechanism still has to watch: its copies may
	// differ from the machine.
	Active() bool
}

// Follower is a guard with copies that the host's actions between two inferences
// reach as well.
type Follower interface {
	Follow(host func(m *npu.Machine))
}

// Worker runs injections one after the other on a machine of its own.
type Worker struct {
	e *Engine
	m *npu.Machine
}

// Worker returns a new worker.
func (e *Engine) Worker() (*Worker, error) {
	m, err := e.machine(e.golds[0].Input)
	if err != nil {
		return nil, err
	}
	return &Worker{e, m}, nil
}

// Inject performs one injection. With a guard the machine is protected by it.
func (w *Worker) Inject(input int, s Site, guard Guard) (Record, error) {
	e, g := w.e, w.e.golds[input]
	var place netlist.Place
	var err error
	if guard == nil { // a guard also knows sites behind the end of the table
		if place, err = e.table.Place(s.ID); err != nil {
			return Record{}, err
		}
	}
	r := Record{Site: s, Input: uint32(input), Op: uint16(g.opAt(s.Cycle))}
	w.seek(g, s.Cycle)
	if guard == nil {
		if done := w.pruned(&r, place); done {
			return r, nil
		}
		if r.Before, r.After, err = e.table.Flip(w.m, s.ID); err != nil {
			return Record{}, err
		}
	} else {
		var done bool
		r.Before, r.After, done, r.Outcome, r.Cause = guard.Upset(w.m, s)
		if done {
			r.Pruned, r.End = true, s.Cycle
			return r, nil
		}
	}
	w.resolve(&r, g, guard)
	return r, nil
}

// Plain performs one injection the slow way: from cycle 0 to the end of the
// inference, without checkpoints, early exit or pruning. Its record names the
// same outcome, output and end as Inject; only Inject's notes on how it got there
// (ToEnd, Pruned, and the end and cause of a run that became equal) may differ.
func (w *Worker) Plain(input int, s Site) (Record, error) {
	e, g := w.e, w.e.golds[input]
	r := Record{Site: s, Input: uint32(input), Op: uint16(g.opAt(s.Cycle))}
	var err error
	if w.m, err = e.machine(g.Input); err != nil {
		return Record{}, err
	}
	begin(w.m, e.program)
	w.m.Run(s.Cycle)
	if r.Before, r.After, err = e.table.Flip(w.m, s.ID); err != nil {
		return Record{}, err
	}
	w.m.Run(e.Watchdog())
	r.ToEnd, r.End = true, w.m.Cycle()
	w.classify(&r, g, nil)
	if r.Outcome == Masked && w.m.Events[npu.EvECC] != 0 {
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	}
	return r, nil
}

// seek brings the machine to a cycle of the fault-free run.
func (w *Worker) seek(g *Golden, cycle uint64) {
	g.points[g.before(cycle)].restore(w.m)
	w.m.Run(cycle)
}

// pruned settles sites whose outcome is known without simulation: registers that
// nothing depends on, single bits of RAM words whose code corrects them, and RAM
// words that are not read before they are written.
func (w *Worker) pruned(r *Record, p netlist.Place) bool {
	switch {
	case p.Register.Observer:
		r.Outcome, r.Cause = Masked, CauseObserver
	case p.Register.IsSRAM() && w.e.options.ECC == npu.ECCSECDED:
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	case p.Register.Name == "sb.mem" && w.e.life.dead(p.Element, r.Site.Cycle):
		r.Outcome, r.Cause = Masked, CauseDead
	default:
		return false
	}
	r.Before = w.e.table.Read(&w.m.S, r.Site.ID)
	r.After = r.Before ^ 1
	r.Pruned, r.End = true, r.Site.Cycle
	return true
}

// advance runs to a cycle, under the guard's eye while it watches. It reports an
// alarm.
func (w *Worker) advance(cycle uint64, guard Guard) (alarm bool) {
	for guard != nil && guard.Active() {
		if w.m.S.CC.Run == 0 || w.m.Cycle() >= cycle {
			return false
		}
		if guard.Step(w.m) {
			return true
		}
	}
	w.m.Run(cycle)
	return false
}

// resolve runs the machine after an upset until the outcome is known.
func (w *Worker) resolve(r *Record, g *Golden, guard Guard) {
	m, limit := w.m, w.e.Watchdog()
	corrected := m.Events[npu.EvECC]
	for i := g.before(r.Site.Cycle) + 1; ; i++ {
		at := limit
		if i <= g.end {
			at = g.points[i].cycle
		}
		if w.advance(at, guard) {
			r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
			return
		}
		if m.S.CC.Run == 0 && i < g.end || m.Cycle() >= limit || i > g.end {
			break
		}
		if (guard == nil || !guard.Active()) && g.points[i].equal(m) {
			r.Outcome, r.Cause, r.End = Masked, CauseConverged, m.Cycle()
			if m.Events[npu.EvECC] != corrected {
				r.Outcome, r.Cause = Corrected, CauseRAMCode
			}
			return
		}
		if m.S.CC.Run == 0 {
			break
		}
	}
	r.ToEnd, r.End = true, m.Cycle()
	w.classify(r, g, guard)
	if r.Outcome == Masked && m.Events[npu.EvECC] != corrected {
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	}
}

// classify names the outcome of a run that went to its end.
func (w *Worker) classify(r *Record, g *Golden, guard Guard) {
	m, e := w.m, w.e
	causes := [...]Cause{npu.BusError: CauseBusError, npu.ParseError: CauseParseError, npu.DecoderFault: CauseDecoder, npu.ECCFault: CauseECC}
	switch st := m.Status(); st {
	case npu.Running, npu.Timeout:
		r.Outcome, r.Cause = DUEHang, CauseWatchdog
		return
	case npu.Done:
	default:
		r.Outcome, r.Cause = DUEDetected, causes[st]
		return
	}
	out := e.program.ReadOutputs(m.Mem)
	r.Output = hashOutput(out)
	r.Late = m.Cycle() != g.Cycles
	wrong := !bytes.Equal(out, g.Output)
	switch {
	case m.S.Bus.Stray != 0:
		r.Outcome, r.Cause = StrayWrite, CauseStray
	case wrong:
		r.Outcome, r.Cause = SDCTolerable, CauseOutput
		if e.criterion.Critical(e.program, g.Input, g.Output, out) {
			r.Outcome = SDCCritical
		}
	case e.options.AssumeReload:
		r.Outcome, r.Cause = Masked, CauseHarmless
	default:
		w.nextInference(r, g, guard)
	}
}

// nextInference runs the following inference from what the fault left behind. The
// residue is harmful when that inference does not end as it should.
func (w *Worker) nextInference(r *Record, g *Golden, guard Guard) {
	m, p := w.m, w.e.program
	again(m, p, g.Input, g.Cycles)
	if f, ok := guard.(Follower); ok {
		f.Follow(func(m *npu.Machine) { again(m, p, g.Input, g.Cycles) })
	}
	limit := g.Cycles + w.e.Watchdog()
	for i := g.end + 1; i < len(g.points) && m.S.CC.Run != 0; i++ {
		if w.advance(g.points[i].cycle, guard) {
			r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
			return
		}
		if (guard == nil || !guard.Active()) && g.points[i].equal(m) {
			r.Outcome, r.Cause = Masked, CauseHarmless
			return
		}
	}
	if w.advance(limit, guard) {
		r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
		return
	}
	if m.Status() == npu.Done && m.S.Bus.Stray == 0 && bytes.Equal(p.ReadOutputs(m.Mem), g.Output) {
		r.Outcome, r.Cause = Masked, CauseHarmless
		return
	}
	r.Outcome, r.Cause = Latent, CauseResidue
}
