package engine

import (
	"bytes"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// alarmed names the outcome of a run in which a mechanism has just raised its alarm.
// What the NPU did before the alarm acts counts: a write to a foreign place, and a
// wrong output that was handed over. At latency 0 the clock of the alarm itself is
// held back: the alarm gates what would leave the NPU at that clock. The machine runs
// on to the watchdog's limit at the most.
func (w *Worker) alarmed(r *faults.Record, g *golden.Run, guard faults.Guard) {
	m := w.m
	r.Outcome, r.Cause, r.End = faults.Detected, faults.CauseAlarm, m.Cycle()
	latency := uint64(0)
	if a, ok := guard.(faults.Alarmer); ok {
		r.Alarm, latency = a.Raised(), a.AlarmLatency()
	}
	if w.strayBefore {
		r.Outcome = faults.StrayWrite
		return
	}
	if latency == 0 {
		return
	}
	r.Path = faults.PathEnd // whatever settled the alarm, the rest is simulated
	w.within(r.End+latency, nil)
	if m.S.Bus.Stray != 0 {
		r.Outcome = faults.StrayWrite
		return
	}
	if m.S.CC.Run != 0 || m.Status() != npu.Done {
		return
	}
	if out := w.e.Program().ReadOutputs(m.Mem); !bytes.Equal(out, g.Output) {
		w.faulty = out
		r.Output, r.Late, r.End = faults.HashOutput(out), m.Cycle() != g.Cycles, m.Cycle()
		w.corrupted(r, g, out)
	}
}

// alarmedLater is alarmed for an alarm in a later inference: harm before the alarm acts
// is that of a fault that was left behind. Behind is by how much the clock, which starts
// each later inference at the length of one, is behind the time that has passed.
func (w *Worker) alarmedLater(r *faults.Record, l *golden.Later, guard faults.Guard, behind int64) {
	first := *r
	w.alarmed(r, &golden.Run{Input: l.Input, Output: l.Output, Cycles: w.e.Cycles()}, guard)
	if r.Outcome == faults.Detected {
		r.End = uint64(int64(r.End) + behind)
		r.Output, r.Late, r.Path = first.Output, first.Late, first.Path
		return
	}
	alarm := r.Alarm
	*r, w.faulty = first, nil
	r.Outcome, r.Cause, r.Alarm = faults.Latent, faults.CauseResidue, alarm
}

// settled is the record of an upset that a mechanism settles at the moment it happens.
func (w *Worker) settled(r *faults.Record, g *golden.Run, guard faults.Guard) error {
	r.Path, r.End, r.Output = faults.PathMechanism, g.Cycles, g.Hash
	if r.Outcome == faults.Detected {
		r.Output, w.strayBefore = 0, false
		w.alarmed(r, g, guard)
	}
	return w.failed
}
