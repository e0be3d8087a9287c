package engine

import (
	"bytes"
	"fmt"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// Plain performs one injection the slow way: from cycle 0 to the end of the
// inference, without checkpoints, early exit or pruning. Its record says the same
// as that of Inject.
func (w *Worker) Plain(input int, s faults.Site) (faults.Record, error) {
	e, g := w.e, w.e.Golden(input)
	w.faulty, w.wrong, w.retried, w.struck = nil, 0, 0, g
	r := faults.Record{Site: s, Input: uint32(input), Op: uint16(g.OpAt(s.Cycle))}
	if e.options.Model.Permanent() {
		err := w.stuckAt(&r, g)
		return r, err
	}
	if caught, err := w.caught(&r, g); !caught || err != nil {
		return r, err
	}
	m, err := e.Machine(g.Input)
	if err != nil {
		return faults.Record{}, err
	}
	w.m, w.gold = m, nil
	w.watchHost(m)
	e.Program().Start(m)
	w.arm(0, 0)
	m.Run(s.Cycle)
	if e.options.Model.Kind == faults.Intermittent {
		if err := w.glitch(&r); err != nil {
			return faults.Record{}, err
		}
	} else if r.Before, r.After, _, err = e.flip(m, s); err != nil {
		return faults.Record{}, err
	}
	w.within(faults.Never, nil)
	r.Path, r.End = faults.PathEnd, m.Cycle()
	if err := w.classifyPlainly(&r, g, nil, false); err != nil {
		return faults.Record{}, err
	}
	if r.Outcome == faults.Masked && m.Events[npu.EvECC] != 0 {
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	}
	w.forgiven(&r)
	return r, nil
}

// PlainGuarded is Plain on a protected machine: the mechanisms run beside the
// machine from cycle 0 to the end.
func (w *Worker) PlainGuarded(input int, s faults.Site, guard faults.Guard) (faults.Record, error) {
	if guard == nil {
		return w.Plain(input, s)
	}
	e, g := w.e, w.e.Golden(input)
	w.faulty = nil
	r := faults.Record{Site: s, Input: uint32(input), Op: uint16(g.OpAt(s.Cycle))}
	hit, err := e.hit(s, guard)
	if err != nil {
		return faults.Record{}, err
	}
	m, err := e.Begin(input)
	if err != nil {
		return faults.Record{}, err
	}
	w.m, w.gold, w.faulty, w.failed, w.wrong = m, nil, nil, nil, 0
	w.struck, w.retried = g, 0
	w.watchHost(m)
	w.arm(0, 0)
	if b, ok := guard.(faults.Beginner); ok {
		b.Begin(m)
	}
	if w.advance(s.Cycle, guard) {
		return faults.Record{}, fmt.Errorf("input %d: a mechanism raises its alarm at cycle %d of the fault-free run", input, m.Cycle())
	}
	var done bool
	if r.Before, r.After, done, r.Outcome, r.Cause = guard.Upset(m, s, hit); done {
		err := w.settled(&r, g, guard)
		return r, err
	}
	if w.within(faults.Never, guard) {
		w.alarmed(&r, g, guard)
		return r, w.failed
	}
	r.Path, r.End = faults.PathEnd, m.Cycle()
	if err := w.classifyPlainly(&r, g, guard, false); err != nil {
		return faults.Record{}, err
	}
	if r.Outcome == faults.Masked && m.Events[npu.EvECC] != 0 {
		r.Outcome, r.Cause = faults.Corrected, faults.CauseRAMCode
	}
	w.forgiven(&r)
	voted(&r, guard)
	return r, nil
}

// classify names the outcome of a run that went to its end.
func (w *Worker) classify(r *faults.Record, g *golden.Run, guard faults.Guard) {
	m, e := w.m, w.e
	causes := [...]faults.Cause{npu.BusError: faults.CauseBusError, npu.ParseError: faults.CauseParseError, npu.DecoderFault: faults.CauseDecoder, npu.ECCFault: faults.CauseECC}
	switch st := m.Status(); st {
	case npu.Running, npu.Timeout:
		w.ended(r, faults.DUEHang, faults.CauseWatchdog)
		return
	case npu.Done:
	default:
		w.ended(r, faults.DUEDetected, causes[st])
		return
	}
	out := e.Program().ReadOutputs(m.Mem)
	r.Output = faults.HashOutput(out)
	r.Late = m.Cycle() != g.Cycles
	if !bytes.Equal(out, g.Output) {
		w.faulty = out
	}
	switch {
	case m.S.Bus.Stray != 0:
		r.Outcome, r.Cause = faults.StrayWrite, faults.CauseStray
	case w.judged(r, g, out, e.Program().Alarmed(m.Mem), int64(m.Cycle())-int64(g.Cycles)):
	case e.options.AssumeReload:
		r.Outcome, r.Cause = faults.Masked, faults.CauseNone
	default:
		w.later(r, guard)
	}
}

// classifyPlainly is classify without any shortcut. With reload the NPU is taken to be
// reset before the next inference.
func (w *Worker) classifyPlainly(r *faults.Record, g *golden.Run, guard faults.Guard, reload bool) error {
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
func (w *Worker) ended(r *faults.Record, o faults.Outcome, c faults.Cause) {
	r.Outcome, r.Cause = o, c
	if w.m.S.Bus.Stray != 0 {
		r.Outcome = faults.StrayWrite
	}
}

// corrupted names the outcome of a wrong output.
func (w *Worker) corrupted(r *faults.Record, g *golden.Run, out []byte) {
	r.Outcome, r.Cause = faults.SDCTolerable, faults.CauseOutput
	critical, err := w.e.criterion.Critical(w.e.Program(), g.Input, g.Output, out)
	if err != nil {
		w.failed = err
	}
	if critical {
		r.Outcome = faults.SDCCritical
	}
}

// voted names the outcome of an upset that a voter has corrected.
func voted(r *faults.Record, guard faults.Guard) {
	if v, ok := guard.(faults.Voter); ok && r.Outcome == faults.Masked && v.Corrected() {
		r.Outcome, r.Cause = faults.Corrected, faults.CauseVoted
	}
}
