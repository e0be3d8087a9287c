package engine

import (
	"bytes"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// A program may have several jobs: command streams that the host starts one after the
// other, as those of a network that runs on the NPU in parts, or those of the frames of a
// sequence. An inference is then all of them, and what the host does between two is part
// of the run: it takes no time and its memory lies in the SRAM.

// hostHit reports whether a stray write may have reached the memory of the host, which
// then may do something else than it does for the hand-off.
func (w *Worker) hostHit() bool { return len(w.e.Program().Jobs) > 0 && w.m.S.Bus.Stray != 0 }

// watchHost makes the machine that takes the upsets tell when the host takes over
// something else than in the fault-free run.
func (w *Worker) watchHost(m *npu.Machine) {
	host := m.Host
	if host == nil {
		return
	}
	m.Host = func(m *npu.Machine) bool {
		if m.Status() != npu.Done {
			if host(m) {
				w.retried++
				w.hostStarted(m)
				return true
			}
			return false
		}
		k := w.e.Program().Job(m.Mem) + 1
		if g := w.struck; g != nil && k > 0 && k < len(g.Handed) && g.Handed[k] != w.e.Handed(m.Mem, k) {
			w.wrong++
		}
		if host(m) {
			w.hostStarted(m)
			return true
		}
		return false
	}
}

// forgiven names what the host did about a fault that ends masked: it ran a job once
// more, or it was handed something wrong without an effect.
func (w *Worker) forgiven(r *faults.Record) {
	switch {
	case r.Outcome != faults.Masked || r.Cause != faults.CauseNone:
	case w.retried > 0:
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRetried
	case w.wrong > 0:
		r.Cause = faults.CauseForgiven
	}
}

// judged names the outcome of a run that has come to its end with an output and perhaps
// an alarm of the host: at the bound behind so many jobs, 0 for none. Outputs of frames
// in front of the alarm were handed over; those from it on are not used. Late is the
// number of cycles by which the run is behind. It reports false where the output is
// right and there is no alarm.
func (w *Worker) judged(r *faults.Record, g *golden.Run, out []byte, alarm int, late int64) bool {
	e, upTo := w.e, w.e.handedOver(len(out), alarm)
	if !bytes.Equal(out[:upTo], g.Output[:upTo]) {
		w.faulty = out
		w.corrupted(r, g, append(out[:upTo:upTo], g.Output[upTo:]...))
		return true
	}
	if alarm == 0 {
		return false
	}
	r.Outcome, r.Cause, r.Output, r.Late = faults.Detected, faults.CauseHost, 0, false
	r.End = uint64(int64(e.Found(alarm)) + late)
	return true
}

// handedOver is how much of an output was used: that of the frames in front of an alarm.
func (e *Engine) handedOver(bytes, alarm int) int {
	if alarm > 0 && alarm <= len(e.Program().Jobs) {
		return bytes / max(1, e.Program().Frames) * e.Program().Jobs[alarm-1].Frame
	}
	return bytes
}

// leftAlarm is the alarm of the host in the bytes that differ at the end of a run.
func (e *Engine) leftAlarm(left []cone.Byte) int {
	at, v := e.Program().AlarmPlace(), uint32(0)
	if at < 0 {
		return 0
	}
	for _, b := range left {
		if k := int(b.Addr-isa.SRAMBase) - at; k >= 0 && k < 4 {
			v |= uint32(b.Value) << (8 * k)
		}
	}
	return int(v)
}
