package engine

import (
	"upset/faults"
	"upset/npu"
)

// The driver arms a watchdog when it starts the NPU. Where a program has several jobs it
// does so for each of them, and what the host does in between takes no time.

// arm is what the driver does when it starts a job on the machine that takes the upsets.
func (w *Worker) arm(job int, at uint64) {
	w.job, w.armed = max(0, min(job, len(w.e.Stream.Begins)-1)), at
}

// armedAs arms the watchdog as it is in the first inference without a fault at the
// cycle of the machine that takes the upsets.
func (w *Worker) armedAs() {
	k := w.e.Stream.JobAt(&w.m.S.Flops)
	w.arm(k, w.e.Stream.Begins[k])
}

// limit is the cycle at which the watchdog ends the job under way.
func (w *Worker) limit() uint64 { return w.armed + w.e.WatchdogOf(w.job) }

// hung reports whether the watchdog ends the job under way now.
func (w *Worker) hung() bool { return w.m.S.CC.Run != 0 && w.m.Cycle() >= w.limit() }

// within runs to a cycle, or to the end by the watchdog, under the guard's eye. It
// reports an alarm. No step is as long as the margin of a job that begins within it.
func (w *Worker) within(cycle uint64, guard faults.Guard) (alarm bool) {
	for w.m.S.CC.Run != 0 && w.m.Cycle() < min(cycle, w.limit()) {
		if w.advance(min(cycle, w.limit(), w.m.Cycle()+hangStep), guard) {
			return true
		}
	}
	return false
}

// hold is within for a machine with a flop that does not do as it is told.
func (w *Worker) hold(f *forced, cycle uint64) {
	f.apply(w.m)
	for w.m.S.CC.Run != 0 && w.m.Cycle() < min(cycle, w.limit()) {
		w.m.Step()
		f.apply(w.m)
	}
}

// delay moves the end of a record that is settled at a point of the fault-free run, so
// many cycles behind it. A job that would end behind its watchdog's limit is one that it
// ended; a stray write remains one.
func (w *Worker) delay(r *faults.Record, shift int64) {
	r.End = uint64(int64(r.End) + shift)
	r.Late = shift != 0 && r.Outcome != faults.Detected
	if limit := w.limit(); int64(w.e.Found(w.job+1))+shift > int64(limit) {
		if r.Outcome != faults.StrayWrite {
			r.Outcome = faults.DUEHang
		}
		r.Cause, r.Late, r.End, r.Output = faults.CauseWatchdog, false, limit, 0
	}
}

// hostStarted tells the watchdog of a job that the host has just started.
func (w *Worker) hostStarted(m *npu.Machine) { w.arm(w.e.Program().Job(m.Mem), m.Cycle()) }
