package engine

import (
	"sort"

	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Hand-off: when nothing differs but memory, the rest is computed without a clock.
//
// Premise: what the machine does, and when, never depends on values, so that every
// operation still reads and writes what it does in the fault-free run; and operations under
// way have either read the wrong bytes not yet, or will not read them.
//
// Why it is exact: operations behind that point are computed by the functional arithmetic
// on the bytes that differ; bytes that the operations under way write again are right. The
// functional machine is compared with the clocked one in every fault-free run.
//
// Guarded by: TestShortcutsEqualPlain, TestTablesReadBeforeTheHandOff, TestSeveralJobs;
// planted: "drop byte".

// maxChanges bounds the bytes that are handed over (our choice).
const maxChanges = 1 << 20

// handOff is a worker's part of it.
type handOff struct {
	runner *cone.Runner
	diff   []cone.Byte
	marks  []uint64 // a bit per byte of SRAM: it differs and is not written again
	ends   []uint64
	macs   int64 // multiply-accumulates spent

	of    *golden.Run // whose trace it is
	trace *cone.Trace

	stay, gone []golden.Change // bytes that are not written again, and those that are

	deviations []cone.Deviation // outputs that values on their way will make wrong
	op         [4]int           // the operation in each bank, or -1
}

// handOver goes on without a clock from a point where nothing differs but memory, in
// the bytes of w.list, and values that later operations will find in their
// registers. It reports false where that is not possible, or not yet.
// An operation under way that reads such bytes, but none of them up to now, is
// taken for one that has not begun.
func (w *Worker) handOver(r *faults.Record, u *pursuit, ahead *stream.Outlook) bool {
	e, p := w.e, &u.g.Points[u.i]
	h := w.handOffState()
	under, next := e.Stream.Under(&p.Flops)
	from := next
	for _, op := range under {
		o := &e.Dataflow.Ops[op]
		if touches(w.list, o.Constants) {
			return false
		}
		if !e.Stream.Reads(&p.Flops, op) || !touches(w.list, o.Reads) {
			continue
		}
		if !e.Dataflow.Untouched(op, w.list, o.Reads, p.Cycle) {
			return false
		}
		from = min(from, op)
	}
	h.ends = e.Ended(under, h.ends[:0])
	h.gather(w.list, e.Dataflow.Stores, under, e.Dataflow.Ops, p.Cycle)
	if from < next && !h.begunAfresh(w.list, e.Dataflow.Ops[from:next]) {
		return false
	}
	h.deviations = h.deviations[:0]
	return w.propagate(r, u, from, ahead, faults.PathHandOff)
}

// trace is the run of an input without a clock. A worker holds the last one, since all
// workers together may work on more inputs than there is room for.
func (w *Worker) trace(g *golden.Run) *cone.Trace {
	if h := w.handOffState(); h.of != g {
		h.of, h.trace = g, w.e.TraceOf(g)
	}
	return w.hand.trace
}

// handOffState returns the worker's memory for the hand-off.
func (w *Worker) handOffState() *handOff {
	if w.hand == nil {
		w.hand = &handOff{runner: w.e.Dataflow.Program.Runner(), marks: make([]uint64, (len(w.m.Mem.SRAM)+63)/64)}
	}
	return w.hand
}

// MACs returns the multiply-accumulates that the worker has spent on following
// differences without a clock.
func (w *Worker) MACs() int64 {
	if w.hand == nil {
		return 0
	}
	return w.hand.macs
}

// begunAfresh reports whether operations that have begun may be taken for ones that have
// not: none of the bytes of the list that lie in what they write stays, since all that
// differs there is still to be written, nor is one read that they write before.
func (h *handOff) begunAfresh(list []golden.Change, ops []cone.Op) bool {
	h.stay = h.stay[:0]
	for _, b := range h.diff {
		h.stay = append(h.stay, golden.Change(b))
	}
	h.gone = h.gone[:0]
	k := 0
	for _, c := range list {
		if k < len(h.stay) && h.stay[k].Addr == c.Addr {
			k++
			continue
		}
		h.gone = append(h.gone, c)
	}
	for i := range ops {
		if touches(h.stay, ops[i].Writes) {
			return false
		}
		for k := range ops[i:] { // what one reads before itself or a later one writes it
			for _, c := range h.gone {
				if covers(ops[i+k].Writes, c.Addr) && (covers(ops[i].Reads, c.Addr) || covers(ops[i].Constants, c.Addr)) {
					return false
				}
			}
		}
	}
	return true
}

// without fills diff with the bytes of the list that none of the operations writes.
func (h *handOff) without(list []golden.Change, ops []cone.Op) {
	h.diff = h.diff[:0]
	for _, c := range list {
		if !written(ops, c.Addr) {
			h.diff = append(h.diff, cone.Byte{Addr: c.Addr, Value: c.Value})
		}
	}
}

func written(ops []cone.Op, addr uint32) bool {
	for i := range ops {
		if covers(ops[i].Writes, addr) {
			return true
		}
	}
	return false
}

// covers reports whether one of the ranges holds a byte.
func covers(list []cone.Range, addr uint32) bool {
	for _, r := range list {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// overlap reports whether two lists of ranges have a byte in common.
func overlap(a, b []cone.Range) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Lo < y.Hi && y.Lo < x.Hi {
				return true
			}
		}
	}
	return false
}

// propagate follows the bytes of the hand-off, and operations with other values in
// their registers, from an operation to the end of the inference and fills in the
// record. It reports false where it must be seen on the clock what becomes of it:
// for example registers that will still be wrong in the next inference.
func (w *Worker) propagate(r *faults.Record, u *pursuit, from int, ahead *stream.Outlook, path faults.Path) bool {
	e, g := w.e, u.g
	var left []cone.Byte
	var macs int64
	var err error
	if h := w.hand; len(h.deviations) > 0 {
		left, macs, err = h.runner.PropagateDeviating(w.trace(g), from, h.diff, h.deviations)
	} else {
		left, macs, err = h.runner.PropagateAltered(w.trace(g), from, h.diff, ahead.Altered)
	}
	w.hand.macs += macs
	if err != nil {
		return false
	}
	out, wrong := w.patched(g, left)
	alarm := e.leftAlarm(left)
	if alarm == 0 && !wrong && !e.options.AssumeReload && (ahead.Next || e.Inherits.Reads(left)) {
		return false
	}
	if w.hand.runner.Forgiven() {
		w.wrong++
	}
	settle(r, g, path)
	if wrong || alarm > 0 {
		if out == nil {
			out = g.Output
		}
		r.Output = faults.HashOutput(out)
		w.judged(r, g, out, alarm, 0)
	}
	w.strayed(r)
	w.delay(r, u.shift)
	return true
}

// touches reports whether a byte of the list lies in one of the ranges.
func touches(list []golden.Change, ranges []cone.Range) bool {
	for _, r := range ranges {
		i := sort.Search(len(list), func(i int) bool { return list[i].Addr >= r.Lo })
		if i < len(list) && list[i].Addr < r.Hi {
			return true
		}
	}
	return false
}

// gather fills diff with the bytes of the list that the operations under way do not
// write again after the given cycle: what they still write is right.
func (h *handOff) gather(list []golden.Change, stores []golden.Stored, under []int, ops []cone.Op, after uint64) {
	for _, c := range list {
		o := c.Addr - isa.SRAMBase
		h.marks[o>>6] |= 1 << (o & 63)
	}
	first := sort.Search(len(stores), func(i int) bool { return stores[i].Cycle > after })
	for k, op := range under {
		for i := first; i < len(stores) && stores[i].Cycle <= h.ends[k]; i++ {
			s := &stores[i]
			o := s.Addr - isa.SRAMBase
			if int(o>>6) >= len(h.marks) || h.marks[o>>6]>>(o&63)&uint64(s.Strb) == 0 {
				continue
			}
			for _, r := range ops[op].Writes {
				if s.Addr+7 >= r.Lo && s.Addr < r.Hi {
					h.marks[o>>6] &^= uint64(s.Strb) << (o & 63)
				}
			}
		}
	}
	h.diff = h.diff[:0]
	for _, c := range list {
		o := c.Addr - isa.SRAMBase
		if h.marks[o>>6]>>(o&63)&1 != 0 {
			h.diff = append(h.diff, cone.Byte{Addr: c.Addr, Value: c.Value})
			h.marks[o>>6] &^= 1 << (o & 63)
		}
	}
}

// patched returns the output with the given bytes changed and whether it is wrong.
func (w *Worker) patched(g *golden.Run, left []cone.Byte) (out []byte, wrong bool) {
	at := 0
	for _, b := range w.e.Program().Outputs {
		for _, c := range left {
			if o := int(c.Addr-isa.SRAMBase) - b.Offset; o >= 0 && o < b.Size {
				if out == nil {
					out = append([]byte(nil), g.Output...)
				}
				out[at+o] = c.Value
				wrong = true
			}
		}
		at += b.Size
	}
	return out, wrong
}
