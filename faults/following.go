package faults

import (
	"bytes"

	"upset/npu"
)

// followed names the outcome of an inference that ended right by those that follow, of
// other inputs and without a reset. It is masked once nothing that they read differs any
// more from the fault-free machine at the same moment, latent as soon as one of them
// does not end as it should, and latent, too, if neither has come about after
// MaxFollowed of them.
//
// The same input would not do: what a fault makes the NPU read from the inference before
// would be right by chance.
func (w *Worker) followed(r *Record, guard Guard) {
	e, m := w.e, w.m
	w.struck = nil
	behind := int64(m.Cycle()) - int64(e.Cycles()) // of the true time, which the clock does not keep
	r.Outcome, r.Cause = Masked, CauseNone
	for k := 1; ; k++ {
		l, err := e.later(int(r.Input), k)
		if err != nil {
			w.failed = err
			return
		}
		host := func(m *npu.Machine) { again(m, e.program, l.input, e.Cycles()) }
		host(m)
		w.arm(0, e.Cycles())
		if f, ok := guard.(Follower); ok {
			f.Follow(host)
		}
		settled, corrected, err := e.settledAt(m, l, k)
		switch {
		case err != nil:
			w.failed = err
			return
		case settled && (quiet(guard, m) || k > MaxFollowed):
			if corrected {
				r.Outcome, r.Cause = Corrected, CauseRAMCode
			}
			return
		case k > MaxFollowed:
			if c, ok := guard.(Comparer); !ok || !c.Compares() {
				r.Outcome, r.Cause = Latent, CauseUnsettled
			}
			return
		}
		alarm, alike := w.along(l, guard)
		switch {
		case alike:
			return
		case alarm:
			w.alarmedLater(r, l, guard, behind)
			return
		case m.S.Bus.Stray != 0:
			r.Outcome, r.Cause = Latent, CauseResidue
			return
		case m.Status() != npu.Done:
			r.Outcome, r.Cause = Latent, CauseResidue
			return
		}
		raised := e.program.Alarmed(m.Mem)
		switch upTo := e.handedOver(len(l.output), raised); {
		case !bytes.Equal(e.program.ReadOutputs(m.Mem)[:upTo], l.output[:upTo]):
			r.Outcome, r.Cause = Latent, CauseResidue
			return
		case raised > 0:
			r.Outcome, r.Cause = Detected, CauseHost
			r.End = uint64(int64(e.Cycles()+e.found(raised)) + behind)
			return
		}
		behind += int64(m.Cycle()) - int64(e.Cycles())
	}
}

// along runs a later inference. It reports an alarm, or that the machine has become the
// fault-free one on the way. A hang ends as soon as it is proven.
func (w *Worker) along(l *later, guard Guard) (alarm, alike bool) {
	e, m := w.e, w.m
	for i := range l.points { // none but for the second inference
		q := &l.points[i]
		if m.S.CC.Run == 0 {
			return false, false
		}
		if w.within(q.cycle, guard) {
			return true, false
		}
		if w.hung() {
			return false, false
		}
		if !e.options.Engine.NoEarlyExit && m.S.CC.Run != 0 && quiet(guard, m) && w.rejoined(q) {
			return false, true
		}
	}
	for m.S.CC.Run != 0 && !w.hung() {
		if w.within(m.Cycle()+hangStep, guard) {
			return true, false
		}
		if (guard == nil || !guard.Active()) && m.S.CC.Run != 0 && !w.hung() && w.stuck() {
			return false, false
		}
	}
	return false, false
}

// rejoined reports whether the machine, within a later inference, has the same future as
// the fault-free one. Words of the shared buffer are dead that neither the rest of this
// inference reads nor the next one inherits.
func (w *Worker) rejoined(q *point) bool {
	e, m := w.e, w.m
	if m.S.Bus.Stray != 0 || m.S.RAM.SynLive != 0 || !e.sameJob(m, &q.flops) || !e.alike(&m.S.Flops, &q.flops) {
		return false
	}
	for i, old := range q.ram {
		a := m.S.RAM.Mem[i*ramPiece:]
		if bytes.Equal(a[:len(old)], old) {
			continue
		}
		for k := range old {
			at := i*ramPiece + k
			if a[k] != old[k] && (e.life == nil || !e.life.dead(at, q.cycle) || e.inherits.ram[0] != nil && e.inherits.ram[0][at]) {
				return false
			}
		}
	}
	list, _ := changes(m, q, w.list[:0], 1)
	return len(list) == 0
}
