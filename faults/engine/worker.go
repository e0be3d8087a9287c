package engine

import (
	"math/bits"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
)

// Worker runs injections one after the other. It has two machines: one walks along
// the fault-free run, the other is a copy of it that takes the upset. Injections
// in the order of inputs and cycles share the walk.
type Worker struct {
	e    *Engine
	m    *npu.Machine // takes the upset
	base *npu.Machine // fault-free
	gold *golden.Run  // run that base walks along, nil before the first
	list []golden.Change
	pair stream.Pair // the run and the fault-free one at the look under way
	hand *handOff
	seen int // operations begun and done since the upset

	looked lookup
	alive  int    // a word of the shared buffer that differed, and mattered, at an earlier look
	faulty []byte // output of the last injection where it differs
	failed error  // of a user's criterion
	jumped bool   // m's memory came from a checkpoint since they were last equal

	strayBefore bool        // a foreign place was written before the last clock under a guard
	struck      *golden.Run // the fault-free run of the inference with the upset, nil in those behind it
	retried     int         // jobs that the host has run once more since the upset
	wrong       int         // times that the host took over something wrong since the upset

	journal npu.Journal // of clocks in which a stream is discarded

	before, behind []uint64 // what a guard holds before and behind a clock

	job   int    // of m, that the watchdog is armed for
	armed uint64 // cycle at which it was
}

// Worker returns a new worker.
func (e *Engine) Worker() (*Worker, error) {
	m, err := e.Machine(e.Golden(0).Input)
	if err != nil {
		return nil, err
	}
	base, err := e.Machine(e.Golden(0).Input)
	if err != nil {
		return nil, err
	}
	w := &Worker{e: e, m: m, base: base}
	w.watchHost(m)
	return w, nil
}

// Stepped is the number of clocks that the worker's machines have made.
func (w *Worker) Stepped() uint64 { return w.m.Events[npu.EvActive] + w.base.Events[npu.EvActive] }

// Pursued is the number of clocks of the machine that takes the upsets alone: the work that
// shortcuts save.
func (w *Worker) Pursued() uint64 { return w.m.Events[npu.EvActive] }

// Output is the output of the last injection where it differs from the fault-free one,
// else nil: where it is right, where there is none, and where it was looked up in a
// cache. It is valid until the next injection.
func (w *Worker) Output() []byte { return w.faulty }

// Inject performs one injection. With a guard the machine is protected by it.
func (w *Worker) Inject(input int, s faults.Site, guard faults.Guard) (faults.Record, error) {
	e, g := w.e, w.e.Golden(input)
	place, err := e.table.Place(s.ID)
	if err != nil && guard == nil { // a guard also knows sites behind the end of the table
		return faults.Record{}, err
	}
	r := faults.Record{Site: s, Input: uint32(input), Op: uint16(g.OpAt(s.Cycle))}
	w.faulty, w.failed, w.wrong, w.retried, w.struck = nil, nil, 0, 0, g
	model := e.options.Model.Kind
	var hit []netlist.SiteID
	if guard != nil {
		if hit, err = e.hit(s, guard); err != nil {
			return faults.Record{}, err
		}
	}
	if e.options.Model.Permanent() {
		err := w.stuckAt(&r, g)
		return r, err
	}
	if caught, err := w.caught(&r, g); !caught || err != nil {
		return r, err
	}
	w.fork(g, s.Cycle)
	from := s.Cycle
	several := false // registers were struck
	switch {
	case model == faults.Intermittent:
		if err := w.glitch(&r); err != nil {
			return faults.Record{}, err
		}
		from = w.m.Cycle()
	case guard == nil:
		if w.prunedRAM(&r, g, place) {
			return r, nil
		}
		var cells []netlist.SiteID
		if r.Before, r.After, cells, err = e.flip(w.m, s); err != nil {
			return faults.Record{}, err
		}
		if w.prunedCells(&r, g, cells) || w.prunedFlop(&r, g, place, cells) {
			return r, nil
		}
		several = !e.sameRegister(place, cells)
	default:
		var done bool
		r.Before, r.After, done, r.Outcome, r.Cause = guard.Upset(w.m, s, hit)
		several = place.Register == nil || !e.sameRegister(place, hit)
		if done {
			err := w.settled(&r, g, guard)
			return r, err
		}
		if faults.Quiet(guard, w.m) && !e.options.Engine.NoPruning && w.m.S.RAM == w.base.S.RAM && e.alike(&w.m.S.Flops, &w.base.S.Flops) {
			settle(&r, g, faults.PathDead)
			return r, nil
		}
	}
	w.looked.begin()
	w.resolve(&r, g, place, several, guard, from)
	if w.failed != nil {
		return faults.Record{}, w.failed
	}
	if err := w.remember(&r); err != nil {
		return faults.Record{}, err
	}
	w.forgiven(&r)
	voted(&r, guard)
	return r, nil
}

// seek brings the machine to a cycle of the fault-free run.
func (w *Worker) seek(g *golden.Run, cycle uint64) {
	w.gold = nil
	g.Points[g.Before(cycle)].Restore(w.m)
	w.m.Run(cycle)
	w.armedAs()
}

// fork brings both machines to a cycle of the fault-free run.
func (w *Worker) fork(g *golden.Run, cycle uint64) {
	i := g.Before(cycle)
	whole := w.gold == nil
	if w.gold != g || w.base.Cycle() > cycle || w.base.Cycle() < g.Points[i].Cycle {
		g.Points[i].Restore(w.base)
		whole = true
	}
	w.gold = g
	w.base.Run(cycle)
	copyMachine(w.m, w.base, whole || w.jumped)
	w.jumped = false
	w.armedAs()
}

// copyMachine makes m equal to base: all of its memory, or the pages that either
// has written since they were last equal.
func copyMachine(m, base *npu.Machine, whole bool) {
	m.S.Flops = base.S.Flops
	n := m.Spec.SHRAMBytes()
	copy(m.S.RAM.Mem[:n], base.S.RAM.Mem[:n])
	if m.S.RAM.SynLive != 0 || base.S.RAM.SynLive != 0 {
		m.S.RAM.Syn, m.S.RAM.SynLive = base.S.RAM.Syn, base.S.RAM.SynLive
	}
	if whole {
		copy(m.Mem.SRAM, base.Mem.SRAM)
	} else {
		for k := range m.Writes {
			for set := m.Writes[k] | base.Writes[k]; set != 0; set &= set - 1 {
				lo := (k<<6 + bits.TrailingZeros64(set)) << npu.PageShift
				if lo < len(m.Mem.SRAM) {
					copy(m.Mem.SRAM[lo:min(lo+1<<npu.PageShift, len(m.Mem.SRAM))], base.Mem.SRAM[lo:])
				}
			}
		}
	}
	m.Writes, base.Writes = npu.Pages{}, npu.Pages{}
	m.Touched()
}

// advance runs to a cycle, under the guard's eye while it watches. It reports an
// alarm.
func (w *Worker) advance(cycle uint64, guard faults.Guard) (alarm bool) {
	for guard != nil && guard.Active() {
		if w.m.S.CC.Run == 0 || w.m.Cycle() >= cycle {
			return false
		}
		w.strayBefore = w.m.S.Bus.Stray != 0
		if guard.Step(w.m) {
			return true
		}
	}
	w.m.Run(cycle)
	return false
}
