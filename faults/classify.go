package faults

import (
	"bytes"

	"upset/npu"
)

// classify names the outcome of a run that went to its end.
func (w *Worker) classify(r *Record, g *Golden, guard Guard) {
	m, e := w.m, w.e
	causes := [...]Cause{npu.BusError: CauseBusError, npu.ParseError: CauseParseError, npu.DecoderFault: CauseDecoder, npu.ECCFault: CauseECC}
	switch st := m.Status(); st {
	case npu.Running, npu.Timeout:
		w.ended(r, DUEHang, CauseWatchdog)
		return
	case npu.Done:
	default:
		w.ended(r, DUEDetected, causes[st])
		return
	}
	out := e.program.ReadOutputs(m.Mem)
	r.Output = hashOutput(out)
	r.Late = m.Cycle() != g.Cycles
	if !bytes.Equal(out, g.Output) {
		w.faulty = out
	}
	switch {
	case m.S.Bus.Stray != 0:
		r.Outcome, r.Cause = StrayWrite, CauseStray
	case !bytes.Equal(out, g.Output):
		w.corrupted(r, g, out)
	case e.options.AssumeReload:
		r.Outcome, r.Cause = Masked, CauseNone
	default:
		w.nextInference(r, g, guard)
	}
}

// ended names the outcome of a run that something ended before its time: that which
// ended it or, where the run had written outside its window by then, the stray write.
func (w *Worker) ended(r *Record, o Outcome, c Cause) {
	r.Outcome, r.Cause = o, c
	if w.m.S.Bus.Stray != 0 {
		r.Outcome = StrayWrite
	}
}

// corrupted names the outcome of a wrong output.
func (w *Worker) corrupted(r *Record, g *Golden, out []byte) {
	r.Outcome, r.Cause = SDCTolerable, CauseOutput
	critical, err := w.e.criterion.Critical(w.e.program, g.Input, g.Output, out)
	if err != nil {
		w.failed = err
	}
	if critical {
		r.Outcome = SDCCritical
	}
}

// nextInference runs the following inference, of another input, from what the fault
// left behind. The same input would not do: what a fault makes the NPU read from the
// inference before would be right by chance. The
// residue is harmful when that inference does not end as it should.
func (w *Worker) nextInference(r *Record, g *Golden, guard Guard) {
	m, p := w.m, w.e.program
	again(m, p, g.Next, g.Cycles)
	if f, ok := guard.(Follower); ok {
		f.Follow(func(m *npu.Machine) { again(m, p, g.Next, g.Cycles) })
	}
	limit := g.Cycles + w.e.Watchdog()
	r.Outcome, r.Cause = Masked, CauseNone
	for i := g.end + 1; i < len(g.points) && m.S.CC.Run != 0; i++ {
		if w.advance(g.points[i].cycle, guard) {
			r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
			return
		}
		if quiet(guard, m) && !w.e.options.Engine.NoEarlyExit {
			q := &g.points[i]
			if m.S.Bus.Stray == 0 && w.e.alike(&m.S.Flops, &q.flops) && w.e.ramAlike(m, q) {
				if list, _ := changes(m, q, w.list[:0], 1); len(list) == 0 {
					return
				}
			}
		}
	}
	if w.advance(limit, guard) {
		r.Outcome, r.Cause, r.End = Detected, CauseAlarm, m.Cycle()
		return
	}
	if m.Status() == npu.Done && m.S.Bus.Stray == 0 && bytes.Equal(p.ReadOutputs(m.Mem), g.nextOutput) {
		return
	}
	r.Outcome, r.Cause = Latent, CauseResidue
}
