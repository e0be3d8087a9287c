package engine

import (
	"bytes"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// later names the outcome of an inference that ended right by those that follow, of
// other inputs and without a reset. It is masked once nothing that they read differs any
// more from the fault-free machine at the same moment, latent as soon as one of them
// does not end as it should, and latent, too, if neither has come about after
// faults.MaxFollowed of them.
//
// The same input would not do: what a fault makes the NPU read from the inference before
// would be right by chance.
func (w *Worker) later(r *faults.Record, guard faults.Guard) {
	e, m := w.e, w.m
	w.struck = nil
	behind := int64(m.Cycle()) - int64(e.Cycles()) // of the true time, which the clock does not keep
	r.Outcome, r.Cause = faults.Masked, faults.CauseNone
	var leaked leak
	for k := 1; ; k++ {
		l, err := e.Later(int(r.Input), k)
		if err != nil {
			w.failed = err
			return
		}
		host := func(m *npu.Machine) { golden.Again(m, e.Program(), l.Input, e.Cycles()) }
		host(m)
		w.arm(0, e.Cycles())
		if f, ok := guard.(faults.Follower); ok {
			f.Follow(host)
		}
		settled, corrected, err := e.SettledAt(m, l, k)
		again := w.repeats(l, k, guard)
		switch {
		case err != nil:
			w.failed = err
			return
		case settled && (faults.Quiet(guard, m) || k > faults.MaxFollowed):
			if corrected {
				r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
			}
			return
		case again:
			return
		case k > faults.MaxFollowed:
			if c, ok := guard.(faults.Comparer); !ok || !c.Compares() {
				unsettled(r)
			}
			return
		}
		if guard == nil {
			now := w.leaks(l, k)
			if e.decide.forGood(now, leaked) {
				e.stay.add(now)
			}
			if e.stay.has(now) {
				unsettled(r)
				return
			}
			leaked = now
		}
		alarm, alike := w.along(l, guard)
		switch {
		case alike:
			return
		case alarm:
			w.alarmedLater(r, l, guard, behind)
			return
		case m.S.Bus.Stray != 0:
			r.Outcome, r.Cause = faults.Latent, faults.CauseResidue
			return
		case m.Status() != npu.Done:
			r.Outcome, r.Cause = faults.Latent, faults.CauseResidue
			return
		}
		raised := e.Program().Alarmed(m.Mem)
		switch upTo := e.handedOver(len(l.Output), raised); {
		case !bytes.Equal(e.Program().ReadOutputs(m.Mem)[:upTo], l.Output[:upTo]):
			r.Outcome, r.Cause = faults.Latent, faults.CauseResidue
			return
		case raised > 0:
			r.Outcome, r.Cause = faults.Detected, faults.CauseHost
			r.End = uint64(int64(e.Cycles()+e.Found(raised)) + behind)
			return
		}
		behind += int64(m.Cycle()) - int64(e.Cycles())
	}
}

// along runs a later inference. It reports an alarm, or that the machine has become the
// fault-free one on the way. A hang ends as soon as it is proven.
func (w *Worker) along(l *golden.Later, guard faults.Guard) (alarm, alike bool) {
	e, m := w.e, w.m
	for i := range l.Points { // none but for the second inference
		q := &l.Points[i]
		if m.S.CC.Run == 0 {
			return false, false
		}
		if w.within(q.Cycle, guard) {
			return true, false
		}
		if w.hung() {
			return false, false
		}
		if !e.options.Engine.NoEarlyExit && m.S.CC.Run != 0 && faults.Quiet(guard, m) && w.rejoined(q) {
			return false, true
		}
	}
	for m.S.CC.Run != 0 && !w.hung() {
		if w.within(m.Cycle()+hangStep, guard) {
			return true, false
		}
		if m.S.CC.Run == 0 || w.hung() {
			continue
		}
		if guard == nil || !guard.Active() {
			if w.stuck() {
				return false, false
			}
		} else if stuck, alarm := w.stuckBeside(guard); stuck || alarm {
			return alarm, false
		}
	}
	return false, false
}

// rejoined reports whether the machine, within a later inference, has the same future as
// the fault-free one. Words of the shared buffer are dead that neither the rest of this
// inference reads nor the next one inherits.
func (w *Worker) rejoined(q *golden.Point) bool {
	e, m := w.e, w.m
	if m.S.Bus.Stray != 0 || m.S.RAM.SynLive != 0 || !e.Stream.SameJob(m, &q.Flops) || !e.alike(&m.S.Flops, &q.Flops) {
		return false
	}
	for i, old := range q.RAM {
		a := m.S.RAM.Mem[i*golden.RAMPiece:]
		if bytes.Equal(a[:len(old)], old) {
			continue
		}
		for k := range old {
			at := i*golden.RAMPiece + k
			if a[k] != old[k] && (e.Life == nil || !e.Life.Dead(at, q.Cycle) || e.Inherits.RAM[0] != nil && e.Inherits.RAM[0][at]) {
				return false
			}
		}
	}
	list, _ := w.e.decide.changes(m, q, w.list[:0], 1)
	return len(list) == 0
}
