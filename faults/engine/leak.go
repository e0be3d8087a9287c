package engine

import (
	"sync"

	"upset/faults"
	"upset/faults/golden"
	"upset/npu"
)

// Leak: a count of outstanding beats that an upset has left too high stays so for good.
//
// Premise: the counts of the input and the copy channel do nothing but hold a request back
// until there is room, so that the machine is a fault-free one whose channel keeps fewer
// beats under way. What it computes does not depend on how many these are.
//
// Why it is exact: a whole inference was simulated that began and ended with the same leak
// and nothing else that is read, took less than the watchdog allows and came out right;
// since control does not depend on the data, all behind it take their time in the same
// way. That leaves the outcome of what does not settle. What one run has shown of a leak
// holds for every other that begins an inference with it.
//
// Guarded by: TestLeaksEqualPlain, TestFewerBeatsAhead; planted: "leak anywhere".

// leak is a count that is too high at the beginning of an inference.
type leak struct {
	count int // of credits
	more  uint8
}

// credits are the counts, none of which outlives an inference without a fault.
var credits = [...]func(f *npu.Flops) *uint8{
	func(f *npu.Flops) *uint8 { return &f.DMA.IFM.Out },
	func(f *npu.Flops) *uint8 { return &f.DMA.M2M.Out },
}

// lasting are leaks that are known to stay. Workers share them.
type lasting struct {
	mu    sync.Mutex
	known map[leak]bool
}

func newLasting() *lasting { return &lasting{known: map[leak]bool{}} }

func (l *lasting) add(k leak) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[k] = true
}

func (l *lasting) has(k leak) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[k]
}

// leaks finds the count that alone differs from a fault-free machine at the start of the
// k-th inference behind the one with the fault. It is the zero value where there is none.
func (w *Worker) leaks(l *golden.Later, k int) leak {
	e, m := w.e, w.m
	if e.options.Engine.NoEarlyExit || m.S.RAM.SynLive != 0 || m.S.Bus.Stray != 0 || e.Inherits.KeepsData() || !e.Single() {
		return leak{}
	}
	for i, of := range e.decide.credits {
		x := m.S.Flops
		n := *of(&x)
		if n == 0 {
			continue
		}
		*of(&x) = 0
		if e.AlikeAtStart(&x, l, k) {
			return leak{i, n}
		}
	}
	return leak{}
}

// unsettled names the outcome of what a leak leaves behind.
func unsettled(r *faults.Record) { r.Outcome, r.Cause = faults.Latent, faults.CauseUnsettled }

// stays reports whether an inference has left a leak as it was.
func stays(now, before leak) bool { return now.more > 0 && now == before }
