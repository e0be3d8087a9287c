package engine

import (
	"upset/faults/stream"
	"upset/netlist"
	"upset/npu"
)

// Skip: the time in which a wrong bit waits is left out.
//
// Premise: the parser runs ahead of the operations under way, and what it holds is not
// looked at before they make room. Until then the machine is the fault-free one but for the
// bits that wait.
//
// Why it is exact: the run is put at a checkpoint in front of the first look, and the bits
// that wait are inverted there: it is the state that stepping would have come to. Nothing
// else may differ when it is left, not even a word of the shared buffer that the fault-free
// run does not read again: the operation that looks at the bits may do something else than
// in the fault-free run, and read it. Writes to foreign places stay counted.
//
// Guarded by: TestSkipKeepsWhatDiffers, TestSwitches, TestInjectEqualsPlain.

// jump leaves out the time until the operation that will look at the registers that
// differ, which must be all that differs, is issued. It reports false where there
// is no point in between.
func (w *Worker) jump(u *pursuit, ahead *stream.Outlook) bool {
	f, g := w.e.Stream, u.g
	word := len(f.Commands)
	if ahead.Blocked < len(f.Ops) {
		word = f.Ops[ahead.Blocked].Word
	}
	to := g.LastWith(func(s *npu.Flops) bool { return w.e.Stream.Where(s) <= word && s.CC.Run != 0 })
	if to <= u.i {
		return false
	}
	// The operation is issued from the bank that is being filled then; the others
	// were filled for operations that do not look.
	p := &g.Points[u.i].Flops.CC
	x, y := w.m.S.CC.Bank[p.Cur&3], p.Bank[p.Cur&3]
	w.land(u, to)
	cc := &w.m.S.CC
	for _, r := range ahead.Differ {
		cc.Bank[cc.Cur&3][r] ^= x[r] ^ y[r]
	}
	w.m.Touched()
	return true
}

// jumpCommand leaves out the time until the parser takes a word of the stream out of
// the command queue, in which the upset has just been applied.
func (w *Worker) jumpCommand(u *pursuit, p netlist.Place) {
	if p.Register == nil || p.Register.Name != "dma.cmdfifo" {
		return
	}
	d, cc := &w.base.S.DMA, &w.base.S.CC
	slots := uint32(len(d.CmdFIFO))
	behind := (uint32(p.Element) - uint32(d.CmdHead)) % slots
	if behind >= uint32(d.CmdCnt) {
		return
	}
	offset := (cc.Offset/8+behind)*8 + uint32(p.Bit)/32*4
	job := w.e.Stream.JobAt(&w.base.S.Flops)
	to := u.g.LastWith(func(s *npu.Flops) bool {
		at := w.e.Stream.JobAt(s)
		return at < job || at == job && s.CC.Offset <= offset && s.CC.Run != 0
	})
	if to < u.first || cc.Offset > offset {
		return
	}
	flipped := w.m.S.DMA.CmdFIFO[p.Element] ^ d.CmdFIFO[p.Element]
	w.land(u, to)
	w.m.S.DMA.CmdFIFO[p.Element] ^= flipped
}

// land puts the machine at a point of the fault-free run.
func (w *Worker) land(u *pursuit, to int) {
	stray := w.m.S.Bus.Stray // what was written before stays written
	u.g.Points[to].Restore(w.m)
	w.m.S.Bus.Stray = stray
	w.armedAs()
	w.jumped, w.seen = true, -1
	u.i, u.first = to, to
}
