package faults

import (
	"sort"

	"upset/netlist"
	"upset/npu"
)

// Much of what an upset of the configuration does is waiting: the parser runs ahead
// of the operations under way, and what it holds is not looked at before they make
// room. Until then the machine is the fault-free one but for the bits that wait, so
// that this time need not be simulated.

// jump leaves out the time until the operation that will look at the registers that
// differ, which must be all that differs, is issued. It reports false where there
// is no point in between.
func (w *Worker) jump(u *pursuit, ahead *outlook) bool {
	f, g := w.e.future, u.g
	word := len(f.commands)
	if ahead.blocked < len(f.ops) {
		word = f.ops[ahead.blocked].word
	}
	to := g.lastWith(func(s *npu.Flops) bool { return w.e.where(s) <= word && s.CC.Run != 0 })
	if to <= u.i {
		return false
	}
	// The operation is issued from the bank that is being filled then; the others
	// were filled for operations that do not look.
	p := &g.points[u.i].flops.CC
	x, y := w.m.S.CC.Bank[p.Cur&3], p.Bank[p.Cur&3]
	w.land(u, to)
	cc := &w.m.S.CC
	for _, r := range ahead.differ {
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
	job := w.e.jobAt(&w.base.S.Flops)
	to := u.g.lastWith(func(s *npu.Flops) bool {
		at := w.e.jobAt(s)
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
	u.g.points[to].restore(w.m)
	w.m.S.Bus.Stray = stray
	w.armedAs()
	w.jumped, w.seen = true, -1
	u.i, u.first = to, to
}

// lastWith returns the last point of the first inference, from its beginning on, up
// to which a condition holds that never holds again.
func (g *Golden) lastWith(holds func(*npu.Flops) bool) int {
	return sort.Search(g.end, func(i int) bool { return !holds(&g.points[i].flops) }) - 1
}
