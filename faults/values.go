package faults

import (
	"upset/netlist"
	"upset/npu"
	"upset/npu/arith"
	"upset/npu/cone"
)

// Values are followed without a clock while they still wait in the datapath. No value of
// it decides what the machine does next, so that the control of the fault-free state tells
// for each word of a weight block, of the sums so far or of the scale records which outputs
// it will enter: an output comes out of a sum that is larger by some, or of another
// record. What it then is in memory follows from the recorded sums, and what becomes of
// that from the hand-off.
//
// Premise: npu.Machine.WeightUses, SumAt, RecordInQueue, RecordInBuffer and LoadedRecord
// name all uses that are still to come. TestValuesAreFollowed compares with plain runs.

// traced follows all that differs from a fault-free state of the same cycle, b, where that
// is values that wait and memory. The point is nil where the upset has just been applied:
// neither memory nor the shared buffer differ.
func (w *Worker) traced(r *Record, u *pursuit, b *npu.Flops, cycle uint64, p *point) bool {
	e, m := w.e, w.m
	if m.S.RAM.SynLive != 0 || !quickAlike(&m.S.Flops, b) {
		return false
	}
	h := w.handOffState()
	h.deviations, h.op = h.deviations[:0], [4]int{-1, -1, -1, -1}
	under, next := e.under(b)
	for _, op := range under {
		if o := &e.future.ops[op]; !o.dma && !o.host {
			h.op[o.bank&3] = op
		}
	}
	trace := e.traceOf(u.g)
	if trace == nil || !w.waitingValues(trace, b) || p != nil && !w.waitingSums(p) {
		return false
	}
	w.list = w.list[:0]
	if p != nil {
		var all bool
		if w.list, all = changes(m, p, w.list, maxChanges); !all {
			return false
		}
	}
	from := next
	for _, op := range under {
		o := &e.follow.ops[op]
		if touches(w.list, o.Constants) {
			return false
		}
		switch fo := &e.future.ops[op]; {
		case fo.dma || fo.host || m.S.HasBegun(fo.bank):
			if e.reads(b, op) && touches(w.list, o.Reads) {
				if !e.follow.untouched(op, w.list, o.Reads, cycle) {
					return false
				}
				from = min(from, op)
			}
		default:
			from = min(from, op)
		}
	}
	h.ends = u.g.ends(e.future, e.jobs, under, h.ends[:0])
	h.gather(w.list, e.follow.stores, under, e.follow.ops, cycle)
	if from < next && !h.begunAfresh(w.list, e.follow.ops[from:next]) {
		return false
	}
	return w.propagate(r, u, from, &outlook{blocked: noneBlocked}, PathValues)
}

// waitingValues notes what the registers that differ will enter. It reports false where
// others differ, or where that cannot be told.
func (w *Worker) waitingValues(trace *cone.Trace, b *npu.Flops) bool {
	e, m := w.e, w.m
	x, y := npu.Canonical(&m.S.Flops), npu.Canonical(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	buf, queue, records, bias, scale, shift := x.WD.Buf, x.DMA.SclFIFO, x.AOScale.Buf, x.AO.Bias, x.AO.Scale, x.AO.Shift
	x.WD.Buf, x.DMA.SclFIFO, x.AOScale.Buf, x.AO.Bias, x.AO.Scale, x.AO.Shift = y.WD.Buf, y.DMA.SclFIFO, y.AOScale.Buf, y.AO.Bias, y.AO.Scale, y.AO.Shift
	if x != y {
		return false
	}
	if o, ok := e.future.outlook(&m.S.Flops, b, e.where(b), npu.SameEffect); !ok || !o.plain() {
		return false
	}
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
	for k := range 2 * codeWord {
		if d := uint8((records[k/codeWord] ^ y.AOScale.Buf[k/codeWord]) >> (8 * (k % codeWord))); d != 0 {
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
	return w.m.WeightUses(buf, i, func(o npu.Output, in npu.Input) {
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
	w.m.RecordUses(r, func(o npu.Output) {
		v.Y, v.X, v.C = o.Y, o.X, o.C
		h.deviations = append(h.deviations, v)
	})
	return true
}

// waitingSums notes the sums in the shared buffer that differ from a point, and reports
// false where something else differs there that is still to be read.
func (w *Worker) waitingSums(p *point) bool {
	e, m := w.e, w.m
	end := -1 // of the last sum
	for i, old := range p.ram {
		now := m.S.RAM.Mem[i*ramPiece : i*ramPiece+len(old)]
		if string(now) == string(old) {
			continue
		}
		for k := range old {
			at := i*ramPiece + k
			if now[k] == old[k] || at < end {
				continue
			}
			if e.life == nil {
				return false
			}
			if e.life.dead(at, p.cycle) {
				continue
			}
			o, word, ok := m.SumAt(at)
			if !ok || w.hand.op[o.Bank] < 0 || word < i*ramPiece || word+4 > (i+1)*ramPiece {
				return false
			}
			sum := int64(0)
			for j := range 4 {
				q := word - i*ramPiece + j
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
