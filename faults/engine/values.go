package engine

import (
	"upset/faults"
	"upset/faults/golden"
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
	"upset/npu/arith"
	"upset/npu/cone"
)

// Values: they are followed without a clock while they still wait in the datapath.
//
// Premise: no value of the datapath decides what the machine does next, so that the control
// of the fault-free state tells for each word of a weight block, of the sums so far or of
// the scale records which outputs it will enter (npu.Machine.WeightUses, SumAt,
// RecordInQueue, RecordInBuffer, LoadedRecord).
//
// Why it is exact: an output comes out of a sum that is larger by some, or of another
// record; what it then is in memory follows from the recorded sums by the arithmetic of the
// output stage, and what becomes of that from the hand-off. Sums wrap, so that differences
// add up in any order.
//
// Guarded by: TestValuesAreFollowed; planted: "forget a use", "forget a record".

// traced follows all that differs from a fault-free state of the same cycle, b, where that
// is values that wait and memory. The point is nil where the upset has just been applied:
// neither memory nor the shared buffer differ.
func (w *Worker) traced(r *faults.Record, u *pursuit, b *npu.Flops, cycle uint64, p *golden.Point) bool {
	e, m := w.e, w.m
	if m.S.RAM.SynLive != 0 {
		return false
	}
	h := w.handOffState()
	h.deviations, h.op = h.deviations[:0], [4]int{-1, -1, -1, -1}
	under, next := e.Stream.Under(b)
	for _, op := range under {
		if o := &e.Stream.Ops[op]; !o.DMA && !o.Host {
			h.op[o.Bank&3] = op
		}
	}
	trace := w.trace(u.g)
	if p == nil {
		w.pair.Set(e.Stream, &m.S.Flops, b)
	}
	if trace == nil || !w.waitingValues(trace) || p != nil && !w.waitingSums(p) {
		return false
	}
	w.list = w.list[:0]
	if p != nil {
		var all bool
		if w.list, all = e.decide.changes(m, p, w.list, maxChanges); !all {
			return false
		}
	}
	from := next
	for _, op := range under {
		o := &e.Dataflow.Ops[op]
		if touches(w.list, o.Constants) {
			return false
		}
		switch fo := &e.Stream.Ops[op]; {
		case fo.DMA || fo.Host || m.S.HasBegun(fo.Bank):
			if e.Stream.Reads(b, op) && touches(w.list, o.Reads) {
				if !e.Dataflow.Untouched(op, w.list, o.Reads, cycle) {
					return false
				}
				from = min(from, op)
			}
		default:
			from = min(from, op)
		}
	}
	h.ends = e.Ended(under, h.ends[:0])
	h.gather(w.list, e.Dataflow.Stores, under, e.Dataflow.Ops, cycle)
	if from < next && !h.begunAfresh(w.list, e.Dataflow.Ops[from:next]) {
		return false
	}
	return w.propagate(r, u, from, &stream.Outlook{Blocked: stream.NoneBlocked}, faults.PathValues)
}

// waitingValues notes what the registers that differ will enter. It reports false where
// others differ, or where that cannot be told.
func (w *Worker) waitingValues(trace *cone.Trace) bool {
	m := w.m
	x, y, ok := w.pair.Waiting()
	if !ok {
		return false
	}
	buf, queue, records, bias, scale, shift := &x.WD.Buf, &x.DMA.SclFIFO, &x.AOScale.Buf, &x.AO.Bias, &x.AO.Scale, &x.AO.Shift
	for k := range buf {
		for i := range buf[k] {
			if now, old := buf[k][i], y.WD.Buf[k][i]; now != old && !w.weightDeviates(trace, k, i, arith.SignExtend(uint64(now), 9)-arith.SignExtend(uint64(old), 9)) {
				return false
			}
		}
	}
	for n := range queue {
		d := queue[n] ^ y.DMA.SclFIFO[n]
		for k := 0; d != 0; k, d = k+1, d>>8 {
			if d&0xff == 0 {
				continue
			}
			if r, at, ok := m.RecordInQueue(n, k); !ok || !w.recordDeviates(r, at, uint8(d)) {
				return false
			}
		}
	}
	for k := range 2 * 8 {
		if d := uint8((records[k/8] ^ y.AOScale.Buf[k/8]) >> (8 * (k % 8))); d != 0 {
			if r, at, ok := m.RecordInBuffer(k); !ok || !w.recordDeviates(r, at, d) {
				return false
			}
		}
	}
	for i := range bias {
		v := cone.Deviation{Bias: bias[i] ^ y.AO.Bias[i], Scale: scale[i] ^ y.AO.Scale[i], Shift: shift[i] ^ y.AO.Shift[i]}
		if v.Bias == 0 && v.Scale == 0 && v.Shift == 0 {
			continue
		}
		r, ok := m.LoadedRecord(i)
		if !ok || !w.deviates(r, v) {
			return false
		}
	}
	return true
}

// weightDeviates notes the sums that a weight of a block enters that is larger by some.
func (w *Worker) weightDeviates(trace *cone.Trace, buf, i int, more int64) bool {
	h, good := w.hand, true
	return w.e.decide.weightUses(w.m, buf, i, func(o npu.Output, in npu.Input) {
		op := h.op[o.Bank]
		if op < 0 {
			good = false
			return
		}
		sum, ok := h.runner.Product(trace, op, in.Y, in.X, in.C, more)
		good = good && ok
		if sum != 0 {
			h.deviations = append(h.deviations, cone.Deviation{Op: op, Y: o.Y, X: o.X, C: o.C, Sum: sum})
		}
	}) && good
}

// recordDeviates is deviates for a byte of a record.
func (w *Worker) recordDeviates(r npu.Record, at int, d uint8) bool {
	switch {
	case at < 0:
		return true // padding
	case at < 5:
		return w.deviates(r, cone.Deviation{Bias: uint64(d) << (8 * at)})
	case at < 9:
		return w.deviates(r, cone.Deviation{Scale: uint32(d) << (8 * (at - 5))})
	}
	return w.deviates(r, cone.Deviation{Shift: d & 0x3f})
}

// deviates notes the outputs that a record scales that differs in the given bits.
func (w *Worker) deviates(r npu.Record, v cone.Deviation) bool {
	h := w.hand
	if v.Op = h.op[r.Bank&3]; v.Op < 0 {
		return false
	}
	w.e.decide.recordUses(w.m, r, func(o npu.Output) {
		v.Y, v.X, v.C = o.Y, o.X, o.C
		h.deviations = append(h.deviations, v)
	})
	return true
}

// waitingSums notes the sums in the shared buffer that differ from a point, and reports
// false where something else differs there that is still to be read.
func (w *Worker) waitingSums(p *golden.Point) bool {
	e, m := w.e, w.m
	end := -1 // of the last sum
	for i, old := range p.RAM {
		now := m.S.RAM.Mem[i*golden.RAMPiece : i*golden.RAMPiece+len(old)]
		if string(now) == string(old) {
			continue
		}
		for k := range old {
			at := i*golden.RAMPiece + k
			if now[k] == old[k] || at < end {
				continue
			}
			if e.Life == nil {
				return false
			}
			if e.Life.Dead(at, p.Cycle) {
				continue
			}
			o, word, ok := m.SumAt(at)
			if !ok || w.hand.op[o.Bank] < 0 || word < i*golden.RAMPiece || word+4 > (i+1)*golden.RAMPiece {
				return false
			}
			sum := int64(0)
			for j := range 4 {
				q := word - i*golden.RAMPiece + j
				sum += (int64(now[q]) - int64(old[q])) << (8 * j)
			}
			w.hand.deviations = append(w.hand.deviations, cone.Deviation{Op: w.hand.op[o.Bank], Y: o.Y, X: o.X, C: o.C, Sum: sum})
			end = word + 4
		}
	}
	return true
}

// waits reports whether an upset of a register may be traced at once.
func waits(p netlist.Place) bool {
	switch p.Register.Name {
	case "wd.buf", "dma.sclfifo", "ao.record.buf", "ao.bias", "ao.scale", "ao.shift":
		return true
	}
	return false
}
