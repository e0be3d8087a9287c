package faults

import (
	"bytes"
	"fmt"

	"upset/npu"
	"upset/npu/isa"
)

// Configuration waits. The parser runs ahead of the operations under way, so that what an
// upset has changed in a bank of registers, a base pointer or a port's limits is not
// looked at before a unit comes to the operation that finds it. Until then the machine is
// the fault-free one but for these bits, and the clock may be set to the last checkpoint
// in front of the first look.
//
// Premise: no unit looks at the bank of the operation that was issued last before it has
// come there, and those that come early look at no more than npu.Looks says.
// TestNobodyLooksEarly holds it against the machine, clock by clock.

// await leaves out the time until the first unit looks at the configuration that differs,
// which must be all that differs. It reports false where there is no point in between.
func (w *Worker) await(u *pursuit) bool {
	e, p := w.e, &u.g.points[u.i]
	if len(e.jobs) > 1 || !onlySetup(&w.m.S.Flops, &p.flops) || !sameRAM(w.m, p) {
		return false
	}
	x := w.m.S.CC
	l, ok := e.firstLook(&x, &p.flops)
	if !ok {
		return false
	}
	to := u.g.lastWith(func(s *npu.Flops) bool { return s.CC.Run != 0 && !e.lookedAt(s, l) })
	if debugEarly != nil {
		debugEarly(fmt.Sprintf("await op %d looks %+v to %d %d", l.op, l.units, to, u.g.points[to].cycle))
		for k := to - 1; k < to+3; k++ {
			s := &u.g.points[k].flops
			debugEarly(fmt.Sprint(s.CC.Cur, s.CC.OpValid, s.Trav, s.DMA.Wgt, s.DMA.Scl, s.AOScale, s.CC.JobIndex, e.lookedAt(s, l)))
		}
	}
	if to <= u.i {
		return false
	}
	var all bool
	if w.list, all = changes(w.m, p, w.list[:0], 1); !all || len(w.list) > 0 {
		return false
	}
	w.land(u, to)
	e.carrySetup(&w.m.S.Flops, &x, &p.flops, l.op)
	w.m.Touched()
	return true
}

// look is the first operation that finds something else, and the units that see it. Op
// is one past the last where no operation does.
type look struct {
	op    int
	units npu.Looks
}

// onlySetup reports whether two states differ in configuration alone.
func onlySetup(a, b *npu.Flops) bool {
	if !quickAlike(a, b) {
		return false
	}
	x := *a
	x.PMU = b.PMU
	c, d := &x.CC, &b.CC
	c.Bank, c.OpCode, c.OpParam, c.IFMW, c.IFMH = d.Bank, d.OpCode, d.OpParam, d.IFMW, d.IFMH
	c.BaseP, c.RegionCfg, c.Burst, c.MaxReads, c.MaxWrites = d.BaseP, d.RegionCfg, d.Burst, d.MaxReads, d.MaxWrites
	return x == *b
}

// sameRAM reports whether the shared buffer is that of a point.
func sameRAM(m *npu.Machine, p *point) bool {
	if m.S.RAM.SynLive != 0 {
		return false
	}
	for i, r := range p.ram {
		if !bytes.Equal(m.S.RAM.Mem[i*ramPiece:i*ramPiece+len(r)], r) {
			return false
		}
	}
	return true
}

// regionsDiffer lists the regions whose base, port or limits differ, a bit for each. It
// reports false where the command channel sees the difference.
func regionsDiffer(x, y *npu.CCState) (list uint8, ok bool) {
	for l := range y.Burst {
		if x.Burst[l] == y.Burst[l] && x.MaxReads[l] == y.MaxReads[l] && x.MaxWrites[l] == y.MaxWrites[l] {
			continue
		}
		if l == int(y.QConfig&3) {
			return 0, false
		}
		for k := range y.BaseP {
			if int(y.RegionCfg>>(2*k)&3) == l {
				list |= 1 << k
			}
		}
	}
	for k := range y.BaseP {
		if x.BaseP[k] != y.BaseP[k] || (x.RegionCfg^y.RegionCfg)>>(2*k)&3 != 0 {
			list |= 1 << k
		}
	}
	return list, true
}

// firstLook finds the first operation, under way or to come, that finds something else
// in the configuration x than in that of the fault-free state s.
func (e *Engine) firstLook(x *npu.CCState, s *npu.Flops) (look, bool) {
	f, y := e.future, &s.CC
	regions, ok := regionsDiffer(x, y)
	if !ok {
		return look{}, false
	}
	under, next := e.under(s)
	for k := len(under) - 1; k >= 0; k-- { // the oldest first
		o := &f.ops[under[k]]
		b := o.bank
		if o.dma {
			if o.regionsUsed()&regions != 0 {
				return look{}, false
			}
			continue
		}
		s := npu.Setup{Registers: x.Bank[b], Op: isa.Opcode(x.OpCode[b]), Param: uint32(x.OpParam[b])}
		t := npu.Setup{Registers: y.Bank[b], Op: isa.Opcode(y.OpCode[b]), Param: uint32(y.OpParam[b])}
		if l := npu.LooksOf(f.config, &s, &t).Join(npu.RegionLooks(f.config, &t, regions)); l.Any() {
			return look{under[k], l}, true
		}
		if x.IFMW[b] != y.IFMW[b] || x.IFMH[b] != y.IFMH[b] {
			return look{}, false
		}
	}
	a, b := &x.Bank[y.Cur&3], &y.Bank[y.Cur&3]
	at := e.where(s)
	for i := next; i < len(f.ops); i++ {
		o := &f.ops[i]
		s := o.setup
		seen := false // by a transfer
		for r := range b {
			if a[r] != b[r] && !f.setBetween(r, at, o.word) {
				s.Registers[r] = a[r]
				seen = seen || o.dma && transferRegister(r)
			}
		}
		if o.dma {
			if seen || o.regionsUsed()&regions != 0 {
				return look{i, npu.Looks{Begin: true}}, true
			}
			continue
		}
		if l := npu.LooksOf(f.config, &s, &o.setup).Join(npu.RegionLooks(f.config, &o.setup, regions)); l.Any() {
			return look{i, l}, true
		}
	}
	return look{op: len(f.ops)}, true
}

// transferRegister reports whether a transfer looks at a register.
func transferRegister(r int) bool {
	switch isa.Reg(r) {
	case isa.DMA0SrcRegion, isa.DMA0DstRegion, isa.DMA0Src, isa.DMA0Dst, isa.DMA0Len:
		return true
	}
	return false
}

// lookedAt reports whether, in a fault-free state, the first look may have been.
func (e *Engine) lookedAt(s *npu.Flops, l look) bool {
	f := e.future
	if l.op >= len(f.ops) {
		return false
	}
	o, at := &f.ops[l.op], e.where(s)
	if at <= o.word {
		return false
	}
	if o.dma {
		return true
	}
	for i := l.op + 1; i < f.opAt[min(at, len(f.commands))]; i++ {
		if !f.ops[i].dma && !f.ops[i].host {
			return true // it was issued when the one before had retired
		}
	}
	return s.Reached(o.bank, l.units)
}

// carrySetup writes the configuration that differs, x against the fault-free state s,
// into a later state up to which nobody has looked at it: as the parser has left it in
// the bank that is being filled, and in that of the operation that looks first.
func (e *Engine) carrySetup(to *npu.Flops, x *npu.CCState, s *npu.Flops, op int) {
	f, y, c := e.future, &s.CC, &to.CC
	from, now := e.where(s), e.where(to)
	c.BaseP, c.RegionCfg, c.Burst, c.MaxReads, c.MaxWrites = x.BaseP, x.RegionCfg, x.Burst, x.MaxReads, x.MaxWrites
	carry := func(dst *isa.Registers, word int) {
		for r := range dst {
			if d := x.Bank[y.Cur&3][r] ^ y.Bank[y.Cur&3][r]; d != 0 && !f.setBetween(r, from, word) {
				dst[r] ^= d
			}
		}
	}
	carry(&c.Bank[c.Cur&3], now)
	if op >= len(f.ops) || f.ops[op].dma || f.ops[op].word >= now {
		return
	}
	o := &f.ops[op]
	b := o.bank
	if o.word < from { // it was issued before
		c.Bank[b], c.OpCode[b], c.OpParam[b], c.IFMW[b], c.IFMH[b] = x.Bank[b], x.OpCode[b], x.OpParam[b], x.IFMW[b], x.IFMH[b]
		return
	}
	carry(&c.Bank[b], o.word)
	c.SetExtent(b)
}
