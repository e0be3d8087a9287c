package engine

import (
	"upset/faults/golden"
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Outlast: an operation that has become so large that it outlasts the watchdog need not be run
// up to it.
//
// Premise: the MAC array takes a token a clock at the most and the output stage a step for each
// of its own; the array's counters and the settings of its bank decide how many are to come,
// and no unit is more than a few blocks in front of another; no operation behind it begins
// before.
//
// Why it is exact: nothing but the number of rows or columns of the outputs, and of the inputs
// that follows from it, differs from the fault-free run, so that what is decoded and parsed is as
// there, only later, as long as the operation overwrites nothing that decides about that.
// As far as it comes it reads memory, and writes its window: nothing can end the run
// before its watchdog.
//
// Guarded by: TestLargeOutputs, TestOverestimatedOperation.

// outlasts reports whether the machine is sure to be ended by the watchdog, which differs in
// its flops alone from a fault-free state of the same cycle, that of a point if there is one.
func (w *Worker) outlasts(b *npu.Flops, p *golden.Point) bool {
	e, m := w.e, w.m
	if e.options.Engine.NoHangProof || e.Dataflow == nil {
		return false
	}
	f := &m.S.Flops
	other, any := [4]bool{}, false
	for k := range f.CC.Bank {
		if f.CC.Bank[k] == b.CC.Bank[k] {
			continue
		}
		x := f.CC.Bank[k]
		x[isa.OFMWidthM1], x[isa.OFMHeightM1] = b.CC.Bank[k][isa.OFMWidthM1], b.CC.Bank[k][isa.OFMHeightM1]
		if x != b.CC.Bank[k] {
			return false
		}
		other[k], any = true, true
	}
	if !any {
		return false
	}
	r, ok := e.decide.reach(m, w.limit()-min(w.limit(), m.Cycle()))
	if !ok || !other[r.Bank&3] {
		return false
	}
	lo, hi, ok := m.WriteRange(r)
	if !ok || lo < uint64(m.WindowLo) || hi > uint64(m.WindowHi) || e.decides(b, cone.Range{Lo: uint32(lo), Hi: uint32(hi)}) {
		return false
	}
	if lo, hi, ok = m.ReadRange(r); !ok || !inside(lo, hi, isa.SRAMBase, isa.SRAMSize) && !inside(lo, hi, isa.FlashBase, isa.FlashSize) {
		return false
	}
	if p != nil {
		if list, _ := e.decide.changes(m, p, w.list[:0], 1); len(list) > 0 || !sameRAM(m, p) {
			return false
		}
	}
	x, y := *f, *b
	x.CC.Bank = b.CC.Bank
	for k := range other {
		if other[k] { // derived from it
			x.CC.IFMW[k], x.CC.IFMH[k] = b.CC.IFMW[k], b.CC.IFMH[k]
		}
	}
	// The passes over weights and scale records must be those of the larger operation: it
	// has begun as such.
	mine, ok := m.PassesOf(&x, r.Bank)
	others, found := m.PassesOf(&y, r.Bank)
	if !ok || !found {
		return false
	}
	is := &b.CC.Bank[r.Bank]
	for i, more := 0, m.MorePasses(r.Bank, int(is[isa.OFMHeightM1])+1, int(is[isa.OFMWidthM1])+1); i < len(mine); i++ {
		if *mine[i]-*others[i] != more {
			return false
		}
		*mine[i] = *others[i]
	}
	return e.alike(&x, b)
}

// inside reports whether a range lies within size bytes from a base.
func inside(lo, hi, base, size uint64) bool { return lo >= base && hi <= base+size }

// decides reports whether a range of memory holds bytes that decide what the machine does from
// a fault-free state on, as long as no other operation begins: commands, and the constants
// of operations under way.
func (e *Engine) decides(b *npu.Flops, r cone.Range) bool {
	list := []cone.Range{r}
	commands := cone.Range{Lo: b.DMA.CmdAddr, Hi: b.DMA.CmdAddr + 8*b.DMA.CmdLeft}
	if commands.Hi < commands.Lo || overlap(list, []cone.Range{commands}) {
		return true
	}
	under, _ := e.Stream.Under(b)
	for _, op := range under {
		if overlap(list, e.Dataflow.Ops[op].Constants) {
			return true
		}
	}
	return false
}
