package engine

import (
	"sync"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/npu"
)

// decisions are the questions on whose answers the shortcuts rest. Tests put wrong answers
// in their place, to show that the comparison with plain runs finds them.
type decisions struct {
	// outlook compares the flops of a run with those of the fault-free one, and leaves the
	// pair to further questions about them.
	outlook func(p *stream.Pair, f *stream.Stream, a, b *npu.Flops) (stream.Outlook, bool)
	// changes lists what differs in memory.
	changes func(m *npu.Machine, p *golden.Point, list []golden.Change, limit int) ([]golden.Change, bool)
	// unseen says whether nobody will ever look at what differs.
	unseen func(a, b *npu.Flops) bool
	// lookedAt says whether a unit may have looked at configuration that differs.
	lookedAt func(f *npu.Flops, l stream.Look) bool
	// held says whether a register that differs may still be dormant.
	held func(d *npu.Dormant, l *npu.Limits, f *npu.Flops, v, w uint32) bool
	// weightUses and recordUses name what values that wait will enter.
	weightUses func(m *npu.Machine, buf, index int, f func(npu.Output, npu.Input)) bool
	recordUses func(m *npu.Machine, r npu.Record, f func(npu.Output))
	// credits are the counts that only hold requests back.
	credits []func(f *npu.Flops) *uint8
	// forGood says whether a leak, seen before an inference and the one before, stays.
	forGood func(now, before leak) bool
	// repeats says whether copies of a duplicated block differ as they did two inferences before.
	repeats func(g faults.Repeater, settled func(m *npu.Machine) bool) bool
	// skipDrain lets the time pass in which a stream is discarded.
	skipDrain func(d *npu.Drain, m *npu.Machine, limit uint64) uint64
	// valuesOnly says whether only values differ, perhaps with other halves of double buffers.
	valuesOnly func(p *stream.Pair, halves bool) (stream.Outlook, bool)
	// reach says what an operation comes to, at the most, that cannot be over by then.
	reach func(m *npu.Machine, clocks uint64) (npu.Reach, bool)
	// rests says that nothing outside the machine waits for a later cycle.
	rests func(f *npu.Flops) bool
	// key stands for a state in the cache.
	key func(w *Worker, u *pursuit, input int, corrected uint64) cacheKey
}

// standard are the right answers.
func (e *Engine) standard() decisions {
	return decisions{outlook, golden.Changes, e.Stream.Unseen, e.Stream.LookedAt, held, (*npu.Machine).WeightUses, (*npu.Machine).RecordUses, credits[:], stays, faults.Repeater.Repeats, (*npu.Drain).Skip, (*stream.Pair).ValuesOnly, (*npu.Machine).Reach, busSettled, (*Worker).key}
}

// pairs keeps the memory of comparisons, which is large.
var pairs = sync.Pool{New: func() any { return new(stream.Pair) }}

// alike reports whether two states have the same future.
func (e *Engine) alike(a, b *npu.Flops) bool {
	p := pairs.Get().(*stream.Pair)
	defer pairs.Put(p)
	o, ok := e.decide.outlook(p, e.Stream, a, b)
	return ok && o.Plain()
}

func outlook(p *stream.Pair, f *stream.Stream, a, b *npu.Flops) (stream.Outlook, bool) {
	p.Set(f, a, b)
	return p.Outlook()
}

func held(d *npu.Dormant, l *npu.Limits, f *npu.Flops, v, w uint32) bool { return d.Held(l, f, v, w) }
