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
	case w.judged(r, g, out, e.program.Alarmed(m.Mem), int64(m.Cycle())-int64(g.Cycles)):
	case e.options.AssumeReload:
		r.Outcome, r.Cause = Masked, CauseNone
	default:
		w.followed(r, guard)
	}
}

// classifyPlainly is classify without any shortcut. With reload the NPU is taken to be
// reset before the next inference.
func (w *Worker) classifyPlainly(r *Record, g *Golden, guard Guard, reload bool) error {
	fast := w.e
	defer func() { w.e = fast }()
	w.e, w.failed = fast.plain(), nil
	w.e.options.AssumeReload = fast.options.AssumeReload || reload
	w.classify(r, g, guard)
	return w.failed
}

// ended names the outcome of a run that something ended before its time: that which
// ended it or, where the run had written outside its window by then, the stray write. For
// alarms see alarmed.
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
