package faults

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"upset/netlist"
	"upset/npu"
)

// Guard is a protection mechanism that runs beside the machine. It sees state
// and clock edges and applies the upset itself, since the upset may hit its own
// copies.
type Guard interface {
	// Upset applies the event at the site to the cells that it hits, the site first.
	// The machine is in its fault-free state of that cycle. It returns the value of
	// the first cell that flips before and after, or done with an outcome when the
	// event has no effect.
	Upset(m *npu.Machine, s Site, cells []netlist.SiteID) (before, after uint8, done bool, o Outcome, c Cause)
	// Beside lists the cells that an event of n cells hits at a bit of the mechanism's
	// own, that bit first.
	Beside(id netlist.SiteID, n int) []netlist.SiteID
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

// Worker runs injections one after the other. It has two machines: one walks along
// the fault-free run, the other is a copy of it that takes the upset. Injections
// in the order of inputs and cycles share the walk.
type Worker struct {
	e    *Engine
	m    *npu.Machine // takes the upset
	base *npu.Machine // fault-free
	gold *Golden      // run that base walks along, nil before the first
	list []change
	hand *handOff
	seen int // operations begun and done since the upset

	looked lookup
	faulty []byte // output of the last injection where it differs
	failed error  // of a user's criterion
	jumped bool   // m's memory came from a checkpoint since they were last equal

	strayBefore bool    // a foreign place was written before the last clock under a guard
	struck      *Golden // the fault-free run of the inference with the upset, nil in those behind it
	retried     int     // jobs that the host has run once more since the upset
	wrong       int     // times that the host took over something wrong since the upset

	job   int    // of m, that the watchdog is armed for
	armed uint64 // cycle at which it was
}

// Worker returns a new worker.
func (e *Engine) Worker() (*Worker, error) {
	m, err := e.machine(e.golds[0].Input)
	if err != nil {
		return nil, err
	}
	base, err := e.machine(e.golds[0].Input)
	if err != nil {
		return nil, err
	}
	w := &Worker{e: e, m: m, base: base}
	w.watchHost(m)
	return w, nil
}

// Output is the output of the last injection where it differs from the fault-free one,
// else nil: where it is right, where there is none, and where it was looked up in a
// cache. It is valid until the next injection.
func (w *Worker) Output() []byte { return w.faulty }

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
	w.faulty, w.failed, w.wrong, w.retried, w.struck = nil, nil, 0, 0, g
	model := e.options.Model.Kind
	var hit []netlist.SiteID
	if guard != nil {
		if hit, err = e.hit(s, guard); err != nil {
			return Record{}, err
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
	case model == Intermittent:
		if err := w.glitch(&r); err != nil {
			return Record{}, err
		}
		from = w.m.Cycle()
	case guard == nil:
		if w.prunedRAM(&r, g, place) {
			return r, nil
		}
		var cells []netlist.SiteID
		if r.Before, r.After, cells, err = e.flip(w.m, s); err != nil {
			return Record{}, err
		}
		if w.prunedCells(&r, g, cells) || w.prunedFlop(&r, g, place, cells) {
			return r, nil
		}
		several = !e.sameRegister(place, cells)
	default:
		var done bool
		r.Before, r.After, done, r.Outcome, r.Cause = guard.Upset(w.m, s, hit)
		if done {
			err := w.settled(&r, g, guard)
			return r, err
		}
		if quiet(guard, w.m) && !e.options.Engine.NoPruning && w.m.S.RAM == w.base.S.RAM && e.alike(&w.m.S.Flops, &w.base.S.Flops) {
			r.settle(g, PathDead)
			return r, nil
		}
	}
	w.looked.begin()
	w.resolve(&r, g, place, several, guard, from)
	if w.failed != nil {
		return Record{}, w.failed
	}
	if err := w.remember(&r); err != nil {
		return Record{}, err
	}
	w.forgiven(&r)
	voted(&r, guard)
	return r, nil
}

// Plain performs one injection the slow way: from cycle 0 to the end of the
// inference, without checkpoints, early exit or pruning. Its record says the same
// as that of Inject.
func (w *Worker) Plain(input int, s Site) (Record, error) {
	e, g := w.e, w.e.golds[input]
	w.faulty, w.wrong, w.retried, w.struck = nil, 0, 0, g
	r := Record{Site: s, Input: uint32(input), Op: uint16(g.opAt(s.Cycle))}
	if e.options.Model.Permanent() {
		err := w.stuckAt(&r, g)
		return r, err
	}
	if caught, err := w.caught(&r, g); !caught || err != nil {
		return r, err
	}
	m, err := e.machine(g.Input)
	if err != nil {
		return Record{}, err
	}
	w.m, w.gold = m, nil
	w.watchHost(m)
	e.program.Start(m)
	w.arm(0, 0)
	m.Run(s.Cycle)
	if e.options.Model.Kind == Intermittent {
		if err := w.glitch(&r); err != nil {
			return Record{}, err
		}
	} else if r.Before, r.After, _, err = e.flip(m, s); err != nil {
		return Record{}, err
	}
	w.within(Never, nil)
	r.Path, r.End = PathEnd, m.Cycle()
	if err := w.classifyPlainly(&r, g, nil, false); err != nil {
		return Record{}, err
	}
	if r.Outcome == Masked && m.Events[npu.EvECC] != 0 {
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	}
	w.forgiven(&r)
	return r, nil
}

// seek brings the machine to a cycle of the fault-free run.
func (w *Worker) seek(g *Golden, cycle uint64) {
	w.gold = nil
	g.points[g.before(cycle)].restore(w.m)
	w.m.Run(cycle)
	w.armedAs()
}

// fork brings both machines to a cycle of the fault-free run.
func (w *Worker) fork(g *Golden, cycle uint64) {
	i := g.before(cycle)
	whole := w.gold == nil
	if w.gold != g || w.base.Cycle() > cycle || w.base.Cycle() < g.points[i].cycle {
		g.points[i].restore(w.base)
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
func (w *Worker) advance(cycle uint64, guard Guard) (alarm bool) {
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

// Looks for an early end (our choice): comparing costs about as much as ten cycles,
// so that the distance grows with the time passed.
const (
	lookGrowth = 6    // the distance is a sixth of the points passed
	hangAfter  = 1024 // cycles without an early end before a hang is looked for
	hangStep   = 1024 // distance of these looks
	closeLooks = 16   // looks at every point once the bound operations are done
)

// pursuit is a run after an upset.
type pursuit struct {
	g     *Golden
	first int   // the first point behind the upset
	i     int   // the next point at which to look
	shift int64 // cycles that the run is behind the fault-free one
	bound binding
	alone bool // no mechanism beside the machine
}

// at is the cycle of the next look.
func (u *pursuit) at(now, limit uint64) uint64 {
	if u.i > u.g.end {
		return min(limit, now+hangStep)
	}
	return min(limit, uint64(int64(u.g.points[u.i].cycle)+u.shift))
}

// next moves to the point of the next look. It does not pass the point at which the
// operations that the upset is bound to are done: the looks behind it are close.
func (u *pursuit) next(f *future) {
	if u.i >= u.g.end {
		u.i++
		return
	}
	far := u.i + 1 + (u.i-u.first)/lookGrowth
	if u.bound.known {
		if done := u.g.doneAt(f, u.bound.last); done > u.i {
			far = min(far, done)
		} else if u.i < done+closeLooks {
			far = u.i + 1
		}
	}
	if k, _ := slices.BinarySearch(u.g.begins, u.i+1); k < len(u.g.begins) { // differences end there
		far = min(far, u.g.begins[k])
	}
	u.i = min(u.g.end, far)
}

// doneAt is the first point at which an operation is done.
func (g *Golden) doneAt(f *future, op int) int {
	for op > 0 && (f.ops[op].dma || f.ops[op].host) {
		op--
	}
	if op < 0 || f.ops[op].dma || f.ops[op].host || f.ops[op].kernel >= len(g.Ops) {
		return 0
	}
	end := g.Ops[f.ops[op].kernel].End
	return sort.Search(g.end, func(i int) bool { return g.points[i].cycle > end })
}

// resolve runs the machine after an upset until the outcome is known.
// The flops have done as they are told from a cycle on.
func (w *Worker) resolve(r *Record, g *Golden, place netlist.Place, several bool, guard Guard, from uint64) {
	m := w.m
	corrected := m.Events[npu.EvECC]
	u := pursuit{g: g, first: g.before(from) + 1}
	u.i, w.seen = u.first, -1
	if w.follows(g) && guard == nil && from == r.Site.Cycle && !several {
		u.bound = w.bound(place)
	}
	hang := from + hangAfter // the next look for a hang
	watch := guard == nil && !w.e.options.Engine.NoEarlyExit
	if u.alone = watch; watch && w.e.options.Model.Kind == SEU {
		w.jumpCommand(&u, place)
	}
	if watch && place.Register != nil && waits(place) && from == r.Site.Cycle && !several && w.follows(g) && w.traced(r, &u, &w.base.S.Flops, from, nil) {
		return
	}
	for m.S.CC.Run != 0 && !w.hung() {
		look := u.at(m.Cycle(), w.limit())
		to := min(look, m.Cycle()+hangStep)
		if watch {
			w.advanceShifting(&u, to)
		} else if w.advance(to, guard) {
			w.alarmed(r, g, guard)
			return
		}
		alone := guard == nil || !guard.Active()
		if m.Cycle() == u.at(0, w.limit()) && (alone || quiet(guard, m)) && u.i <= g.end && w.early(r, &u, corrected, alone) {
			return
		}
		if alone && m.Cycle() >= hang && m.S.CC.Run != 0 && !w.hung() {
			if hang = m.Cycle() + hangStep; w.stuck() {
				w.ended(r, DUEHang, CauseWatchdog)
				r.Path, r.End = PathHang, w.limit()
				return
			}
		}
		if m.Cycle() >= u.at(0, w.limit()) {
			u.next(w.e.future)
		}
	}
	r.Path, r.End = PathEnd, m.Cycle()
	if m.S.CC.Run == 0 && m.Status() != npu.Done {
		r.Path = PathStopped
	}
	w.classify(r, g, guard)
	if r.Outcome == Masked && m.Events[npu.EvECC] != corrected {
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	}
}

// strayed names the outcome of a settled record with writes to foreign places.
func (w *Worker) strayed(r *Record) {
	if w.m.S.Bus.Stray != 0 {
		r.Outcome, r.Cause = StrayWrite, CauseStray
	}
}

// follows reports whether differences can be followed without a clock.
func (w *Worker) follows(g *Golden) bool {
	return w.e.follow != nil && g.followed && !w.e.options.Engine.NoHandOff
}

var debugEarly func(string)

// early looks for an early end at a point of the fault-free run.
//
// Beside a mechanism that goes on watching, nothing is done without a clock.
func (w *Worker) early(r *Record, u *pursuit, corrected uint64, alone bool) bool {
	e, m, p := w.e, w.m, &u.g.points[u.i]
	if e.options.Engine.NoEarlyExit || int64(m.Cycle()) != int64(p.cycle)+u.shift || !e.sameJob(m, &p.flops) {
		return false
	}
	if debugEarly != nil {
		ah, ok := e.outlook(&m.S.Flops, &p.flops)
		_, vo := e.valuesOnly(&m.S.Flops, &p.flops)
		un, nx := e.under(&p.flops)
		debugEarly(fmt.Sprintf("look %d i=%d shift=%d outlook %v blocked %d altered %d next %v ram %v valuesonly %v bound %v under %v next %d begin %v", m.Cycle(), u.i, u.shift, ok, ah.blocked, len(ah.altered), ah.next, e.ramAlike(m, p), vo, u.bound, un, nx, p.begin))
	}
	follows := alone && w.follows(u.g) && m.Events[npu.EvECC] == corrected && m.S.CC.Run != 0 && !w.hostHit()
	if ahead, ok := e.outlook(&m.S.Flops, &p.flops); ok && e.ramAlike(m, p) {
		var all bool
		if w.list, all = changes(m, p, w.list[:0], maxChanges); !all {
			return false
		}
		if len(w.list) == 0 && ahead.plain() {
			r.settle(u.g, PathConverged)
			if u.shift != 0 {
				r.Path = PathShifted
			}
			if m.Events[npu.EvECC] != corrected {
				r.Outcome, r.Cause = Corrected, CauseRAMCode
			}
			w.strayed(r)
			w.delay(r, u.shift)
			return true
		}
		switch {
		case ahead.blocked == noneBlocked:
			if follows && w.handOver(r, u, &ahead) {
				return true
			}
		case u.alone && u.shift == 0 && len(w.list) == 0 && len(ahead.altered) == 0 && !ahead.next && w.jump(u, &ahead):
			return false
		}
	}
	if follows && u.alone && w.traced(r, u, &p.flops, p.cycle, p) {
		return true
	}
	if u.alone && u.shift == 0 && w.await(u) {
		return false
	}
	if follows && !u.bound.known {
		w.rebound(u)
	}
	if follows && u.bound.known && w.carried(r, u) {
		return true
	}
	return u.alone && w.find(r, u, corrected)
}

// stuck reports whether the machine is its own successor and nothing outside it
// waits for a later cycle: it will not move again.
func (w *Worker) stuck() bool {
	m := w.m
	if w.e.options.Engine.NoHangProof {
		return false
	}
	if !w.e.planted.hangAnyway && !settled(&m.S.Flops) {
		return false
	}
	before := m.S.Flops
	m.Step()
	return ownSuccessor(&before, m)
}

// Stepped returns the clocks that the worker has stepped the machine that takes the
// upsets, over all injections: the work that shortcuts save, which no other load on the
// computer changes.
func (w *Worker) Stepped() uint64 { return w.m.Events[npu.EvActive] }
