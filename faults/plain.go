package faults

import (
	"fmt"

	"upset/npu"
)

// Beginner is a guard that can run beside the machine from the start of an
// inference, instead of finding its state at the moment of the upset.
type Beginner interface {
	Begin(m *npu.Machine)
}

// PlainGuarded is Plain on a protected machine: the mechanisms run beside the
// machine from cycle 0 to the end.
func (w *Worker) PlainGuarded(input int, s Site, guard Guard) (Record, error) {
	if guard == nil {
		return w.Plain(input, s)
	}
	e, g := w.e, w.e.golds[input]
	w.faulty = nil
	r := Record{Site: s, Input: uint32(input), Op: uint16(g.opAt(s.Cycle))}
	hit, err := e.hit(s, guard)
	if err != nil {
		return Record{}, err
	}
	m, err := e.Begin(input)
	if err != nil {
		return Record{}, err
	}
	w.m, w.gold, w.faulty, w.failed, w.wrong = m, nil, nil, nil, 0
	w.struck, w.retried = g, 0
	w.watchHost(m)
	w.arm(0, 0)
	if b, ok := guard.(Beginner); ok {
		b.Begin(m)
	}
	if w.advance(s.Cycle, guard) {
		return Record{}, fmt.Errorf("input %d: a mechanism raises its alarm at cycle %d of the fault-free run", input, m.Cycle())
	}
	var done bool
	if r.Before, r.After, done, r.Outcome, r.Cause = guard.Upset(m, s, hit); done {
		err := w.settled(&r, g, guard)
		return r, err
	}
	if w.within(Never, guard) {
		w.alarmed(&r, g, guard)
		return r, w.failed
	}
	r.Path, r.End = PathEnd, m.Cycle()
	if err := w.classifyPlainly(&r, g, guard, false); err != nil {
		return Record{}, err
	}
	if r.Outcome == Masked && m.Events[npu.EvECC] != 0 {
		r.Outcome, r.Cause = Corrected, CauseRAMCode
	}
	w.forgiven(&r)
	voted(&r, guard)
	return r, nil
}
