package faults

import (
	"bytes"

	"upset/npu"
)

// Alarmer is a guard that says more of its alarm than that there was one.
type Alarmer interface {
	// Raised is the number of the mechanism that has raised the alarm, from 1 on.
	Raised() uint8
	// AlarmLatency is the number of clocks that the NPU goes on for after an alarm,
	// before the alarm stops it. At 0 it stops before its next clock.
	AlarmLatency() uint64
}

// Latency is the number of cycles from the upset to the alarm, to the stop of the NPU
// or to the end by the watchdog; ok is false for records without any of them.
// Inferences follow each other without a pause.
func (r Record) Latency() (cycles uint64, ok bool) {
	switch r.Outcome {
	case Detected, DUEDetected, DUEHang:
		return r.End - min(r.End, r.Site.Cycle), true
	}
	return 0, false
}

// InLaterInference reports an alarm that was raised after the inference of the upset
// had ended with the right output.
func (r Record) InLaterInference() bool { return r.Outcome == Detected && r.Output != 0 }

// alarmed names the outcome of a run in which a mechanism has just raised its alarm.
// What the NPU did before the alarm acts counts: a write to a foreign place, and a
// wrong output that was handed over. At latency 0 the clock of the alarm itself is
// held back: the alarm gates what would leave the NPU at that clock. The machine runs
// on to the watchdog's limit at the most.
func (w *Worker) alarmed(r *Record, g *Golden, guard Guard) {
	m := w.m
	r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
	latency := uint64(0)
	if a, ok := guard.(Alarmer); ok {
		r.Alarm, latency = a.Raised(), a.AlarmLatency()
	}
	if w.strayBefore {
		r.Outcome = StrayWrite
		return
	}
	if latency == 0 {
		return
	}
	r.Path = PathEnd // whatever settled the alarm, the rest is simulated
	w.within(r.End+latency, nil)
	if m.S.Bus.Stray != 0 {
		r.Outcome = StrayWrite
		return
	}
	if m.S.CC.Run != 0 || m.Status() != npu.Done {
		return
	}
	if out := w.e.program.ReadOutputs(m.Mem); !bytes.Equal(out, g.Output) {
		w.faulty = out
		r.Output, r.Late, r.End = hashOutput(out), m.Cycle() != g.Cycles, m.Cycle()
		w.corrupted(r, g, out)
	}
}

// alarmedLater is alarmed for an alarm in a later inference: harm before the alarm acts
// is that of a fault that was left behind. Behind is by how much the clock, which starts
// each later inference at the length of one, is behind the time that has passed.
func (w *Worker) alarmedLater(r *Record, l *later, guard Guard, behind int64) {
	first := *r
	w.alarmed(r, &Golden{Input: l.input, Output: l.output, Cycles: w.e.Cycles()}, guard)
	if r.Outcome == Detected {
		r.End = uint64(int64(r.End) + behind)
		r.Output, r.Late, r.Path = first.Output, first.Late, first.Path
		return
	}
	alarm := r.Alarm
	*r, w.faulty = first, nil
	r.Outcome, r.Cause, r.Alarm = Latent, CauseResidue, alarm
}

// settled is the record of an upset that a mechanism settles at the moment it happens.
func (w *Worker) settled(r *Record, g *Golden, guard Guard) error {
	r.Path, r.End, r.Output = PathMechanism, g.Cycles, g.hash
	if r.Outcome == Detected {
		r.Output, w.strayBefore = 0, false
		w.alarmed(r, g, guard)
	}
	return w.failed
}
