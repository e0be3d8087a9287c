package engine

import (
	"slices"

	"upset/faults"
	"upset/npu"
)

// Hang: a machine that will never move again need not be run to its watchdog.
//
// Premise: a clock depends on nothing but the flops, the memories and the bus, and the bus
// on nothing but the cycle at which it answers what it was asked.
//
// Why it is exact: where no answer is due and the flops after a clock are those before it,
// counters that nothing reads apart, so they are after every other clock. The end is the
// limit of the watchdog, which no flop moves.
//
// Guarded by: TestInjectEqualsPlainWithAdapters, TestHangEndsAtWatchdog,
// TestHangProofCounts; planted: "hang anyway".

// stuck reports whether the machine is its own successor and nothing outside it
// waits for a later cycle: it will not move again.
func (w *Worker) stuck() bool {
	m := w.m
	if w.e.options.Engine.NoHangProof {
		return false
	}
	if !w.e.decide.rests(&m.S.Flops) {
		return false
	}
	before := m.S.Flops
	if w.seen >= 0 { // the clock counts as any other, see timeshift.go
		watchMilestones(m, &w.seen)
		defer func() { m.Probe.Note = nil }()
	}
	m.Step()
	return ownSuccessor(&before, m)
}

// stuckBeside is stuck for a machine beside a guard that watches: it and all that the guard
// holds are their own successors. The clock of the proof may raise an alarm.
func (w *Worker) stuckBeside(guard faults.Guard) (stuck, alarm bool) {
	m := w.m
	g, ok := guard.(faults.Watcher)
	if !ok || !g.Watches() || w.e.options.Engine.NoHangProof || !w.e.decide.rests(&m.S.Flops) {
		return false, false
	}
	before := m.S.Flops
	w.before = g.Held(w.before[:0])
	if w.advance(m.Cycle()+1, guard) {
		return false, true
	}
	w.behind = g.Held(w.behind[:0])
	return ownSuccessor(&before, m) && slices.Equal(w.before, w.behind), false
}

// Rests reports whether a machine, which has just done a clock from the given state, will
// never move again: it is its own successor, and nothing outside it waits for a later
// cycle.
func Rests(before *npu.Flops, m *npu.Machine) bool {
	return busSettled(before) && ownSuccessor(before, m)
}

// busSettled reports whether nothing outside the machine waits for a later cycle.
func busSettled(f *npu.Flops) bool {
	for p := range f.Bus.Port {
		if !f.Bus.Port[p].Settled(f.Bus.Cycle) {
			return false
		}
	}
	return true
}

// ownSuccessor reports whether a machine runs on and is what it was before the last clock.
func ownSuccessor(before *npu.Flops, m *npu.Machine) bool {
	after := m.S.Flops
	after.Bus.Cycle, after.PMU = before.Bus.Cycle, before.PMU
	if !before.DMA.Asks() {
		after.Bus.Gate = before.Bus.Gate
	}
	return after == *before && m.S.CC.Run != 0
}
