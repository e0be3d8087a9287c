package engine

import (
	"slices"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
)

// Looks for an early end (our choice): comparing costs about as much as ten cycles, and far
// less where control has gone another way, so that the distance grows with the time passed.
const (
	lookGrowth = 16  // the distance is a sixteenth of the points passed
	hangAfter  = 256 // cycles without an early end before a hang is looked for
	hangStep   = 256 // distance of these looks
	closeLooks = 16  // looks at every point once the bound operations are done
)

// pursuit is a run after an upset.
type pursuit struct {
	g     *golden.Run
	first int   // the first point behind the upset
	i     int   // the next point at which to look
	shift int64 // cycles that the run is behind the fault-free one
	bound binding
	alone bool // no mechanism beside the machine
}

// at is the cycle of the next look.
func (u *pursuit) at(now, limit uint64) uint64 {
	if u.i > u.g.End {
		return min(limit, now+hangStep)
	}
	return min(limit, uint64(int64(u.g.Points[u.i].Cycle)+u.shift))
}

// next moves to the point of the next look. It does not pass the point at which the
// operations that the upset is bound to are done: the looks behind it are close.
func (u *pursuit) next(f *stream.Stream) {
	if u.i >= u.g.End {
		u.i++
		return
	}
	far := u.i + 1 + (u.i-u.first)/lookGrowth
	if u.bound.known {
		if done := u.g.DoneAt(f, u.bound.last); done > u.i {
			far = min(far, done)
		} else if u.i < done+closeLooks {
			far = u.i + 1
		}
	}
	if k, _ := slices.BinarySearch(u.g.Begins, u.i+1); k < len(u.g.Begins) { // differences end there
		far = min(far, u.g.Begins[k])
	}
	u.i = min(u.g.End, far)
}

// resolve runs the machine after an upset until the outcome is known.
// The flops have done as they are told from a cycle on.
func (w *Worker) resolve(r *faults.Record, g *golden.Run, place netlist.Place, several bool, guard faults.Guard, from uint64) {
	m := w.m
	corrected := m.Events[npu.EvECC]
	u := pursuit{g: g, first: g.Before(from) + 1}
	u.i, w.seen = u.first, -1
	if w.follows(g) && watches(guard) && place.Register != nil && from == r.Site.Cycle && !several {
		u.bound = w.bound(place)
	}
	hang := from + hangAfter // the next look for a hang
	watch := guard == nil && !w.e.options.Engine.NoEarlyExit
	if u.alone = watch; watch && w.e.options.Model.Kind == faults.SEU {
		if from == r.Site.Cycle && w.outlasts(&w.base.S.Flops, nil) {
			w.hangs(r)
			return
		}
		w.jumpCommand(&u, place)
		w.dormant(&u, place)
	}
	at := place.Register != nil && waits(place) && from == r.Site.Cycle && !several
	if at && !w.e.options.Engine.NoEarlyExit && watches(guard) && faults.Quiet(guard, m) && w.follows(g) && w.traced(r, &u, &w.base.S.Flops, from, nil) {
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
		if m.Cycle() == u.at(0, w.limit()) && u.i <= g.End && (alone || faults.Quiet(guard, m)) && w.early(r, &u, corrected, alone || u.shift == 0 && watches(guard)) {
			return
		}
		if !alone && m.Cycle() == u.at(0, w.limit()) && u.i <= g.End && w.idle(r, &u, corrected, guard) {
			return
		}
		if m.Cycle() >= hang && m.S.CC.Run != 0 && !w.hung() {
			var stuck, alarm bool
			if alone {
				stuck = w.stuck() || w.drains()
			} else if stuck, alarm = w.stuckBeside(guard); alarm {
				w.alarmed(r, g, guard)
				return
			}
			if hang = m.Cycle() + hangStep; stuck {
				w.hangs(r)
				return
			}
		}
		if m.Cycle() >= u.at(0, w.limit()) {
			u.next(w.e.Stream)
		}
	}
	r.Path, r.End = faults.PathEnd, m.Cycle()
	if m.S.CC.Run == 0 && m.Status() != npu.Done {
		r.Path = faults.PathStopped
	}
	w.classify(r, g, guard)
	if r.Outcome == faults.Masked && m.Events[npu.EvECC] != corrected {
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	}
}

// hangs fills in the record of a run that is sure to be ended by the watchdog.
func (w *Worker) hangs(r *faults.Record) {
	w.ended(r, faults.DUEHang, faults.CauseWatchdog)
	r.Path, r.End = faults.PathHang, w.limit()
}

// follows reports whether differences can be followed without a clock.
func (w *Worker) follows(g *golden.Run) bool {
	return w.e.Dataflow != nil && g.Followed && !w.e.options.Engine.NoHandOff
}

// watches reports whether there is no guard, or one that is blind to values once it agrees.
func watches(guard faults.Guard) bool {
	w, ok := guard.(faults.Watcher)
	return guard == nil || ok && w.Watches()
}

// early looks for an early end at a point of the fault-free run.
//
// Beside a mechanism that goes on watching, nothing is done without a clock unless it is
// blind to values.
func (w *Worker) early(r *faults.Record, u *pursuit, corrected uint64, blind bool) bool {
	e, m, p := w.e, w.m, &u.g.Points[u.i]
	if e.options.Engine.NoEarlyExit || int64(m.Cycle()) != int64(p.Cycle)+u.shift || !e.Stream.SameJob(m, &p.Flops) {
		return false
	}
	if u.alone && u.shift == 0 && w.outlasts(&p.Flops, p) {
		w.hangs(r)
		return true
	}
	follows := blind && w.follows(u.g) && m.Events[npu.EvECC] == corrected && m.S.CC.Run != 0 && !w.hostHit()
	if ahead, ok := e.decide.outlook(&w.pair, e.Stream, &m.S.Flops, &p.Flops); ok && w.ramAlike(p) {
		var all bool
		if w.list, all = w.e.decide.changes(m, p, w.list[:0], maxChanges); !all {
			return false
		}
		if len(w.list) == 0 && ahead.Plain() {
			w.converged(r, u, corrected)
			return true
		}
		switch {
		case ahead.Blocked == stream.NoneBlocked:
			if follows && w.handOver(r, u, &ahead) {
				return true
			}
		case u.alone && u.shift == 0 && len(w.list) == 0 && len(ahead.Altered) == 0 && !ahead.Next && sameRAM(m, p) && w.jump(u, &ahead):
			return false
		}
	}
	if follows && w.traced(r, u, &p.Flops, p.Cycle, p) {
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
