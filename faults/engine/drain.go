package engine

import "upset/npu"

// Drain: a machine that does nothing but discard a stream, beat by beat, need not do so on
// the clock.
//
// Premise: what is discarded decides nothing, and beats of one memory take as long at one
// address as at another, a whole number of bursts away.
//
// Why it is exact: a stretch of clocks is seen after which the flops are those of before,
// with the addresses of the stream and the beats that are left moved by as many; as long as
// beats are left the same clocks follow again. Nothing is stored in them.
//
// Guarded by: TestDrainsEqualPlain; planted: "endless drain".

// drainWatch is the number of clocks in which a machine must come back to where it was (our
// choice: four bursts of 256 bytes from the default flash take 1,024).
const drainWatch = 1536

// drains leaves out time in which the machine only discards a stream. It reports that the
// watchdog ends the run before that is over.
func (w *Worker) drains() (hang bool) {
	m := w.m
	if w.e.options.Engine.NoHangProof {
		return false
	}
	d, ok := m.Draining()
	if !ok {
		return false
	}
	journal := &w.journal
	watchMilestones(m, &w.seen)
	m.Probe.Journal = journal
	defer func() { m.Probe = npu.Probe{} }()
	for range drainWatch {
		if m.S.CC.Run == 0 || w.hung() {
			return false
		}
		journal.Clear()
		m.Step()
		if len(journal.Stores()) > 0 {
			return false
		}
		if cycles, ok := d.Period(m); ok {
			return w.e.decide.skipDrain(&d, m, w.limit()) > 0 && m.Cycle()+cycles > w.limit()
		}
	}
	return false
}
