package stream

import (
	"upset/npu"
	"upset/npu/isa"
)

// Look is the first operation that finds something else, and the units that see it. Op
// is one past the last where no operation does.
type Look struct {
	Op    int
	Units npu.Looks
}

// OnlySetup reports whether two states differ in configuration alone.
func OnlySetup(a, b *npu.Flops) bool {
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

// FirstLook finds the first operation, under way or to come, that finds something else
// in the configuration x than in that of the fault-free state s.
func (f *Stream) FirstLook(x *npu.CCState, s *npu.Flops) (Look, bool) {
	y := &s.CC
	regions, ok := regionsDiffer(x, y)
	if !ok {
		return Look{}, false
	}
	under, next := f.Under(s)
	for k := len(under) - 1; k >= 0; k-- { // the oldest first
		o := &f.Ops[under[k]]
		b := o.Bank
		if o.DMA {
			if o.regionsUsed()&regions != 0 {
				return Look{}, false
			}
			continue
		}
		s := npu.Setup{Registers: x.Bank[b], Op: isa.Opcode(x.OpCode[b]), Param: uint32(x.OpParam[b])}
		t := npu.Setup{Registers: y.Bank[b], Op: isa.Opcode(y.OpCode[b]), Param: uint32(y.OpParam[b])}
		if l := npu.LooksOf(f.config, &s, &t).Join(npu.RegionLooks(f.config, &t, regions)); l.Any() {
			return Look{under[k], l}, true
		}
		if x.IFMW[b] != y.IFMW[b] || x.IFMH[b] != y.IFMH[b] {
			return Look{}, false
		}
	}
	a, b := &x.Bank[y.Cur&3], &y.Bank[y.Cur&3]
	at := f.Where(s)
	for i := next; i < len(f.Ops); i++ {
		o := &f.Ops[i]
		s := o.Setup
		seen := false // by a transfer
		for r := range b {
			if a[r] != b[r] && !f.setBetween(r, at, o.Word) {
				s.Registers[r] = a[r]
				seen = seen || o.DMA && transferRegister(r)
			}
		}
		if o.DMA {
			if seen || o.regionsUsed()&regions != 0 {
				return Look{i, npu.Looks{Begin: true}}, true
			}
			continue
		}
		if l := npu.LooksOf(f.config, &s, &o.Setup).Join(npu.RegionLooks(f.config, &o.Setup, regions)); l.Any() {
			return Look{i, l}, true
		}
	}
	return Look{Op: len(f.Ops)}, true
}

// transferRegister reports whether a transfer looks at a register.
func transferRegister(r int) bool {
	switch isa.Reg(r) {
	case isa.DMA0SrcRegion, isa.DMA0DstRegion, isa.DMA0Src, isa.DMA0Dst, isa.DMA0Len:
		return true
	}
	return false
}

// Unseen reports whether a state differs from the fault-free state b in nothing but
// registers of the configuration at which no unit looks, neither in the rest of this
// inference nor in any behind it: the bits stay as they are, or are set anew, and nothing
// else follows from them. Programs of several jobs are left out.
func (f *Stream) Unseen(a, b *npu.Flops) bool {
	if len(f.Begins) > 1 || !OnlySetup(a, b) {
		return false
	}
	x, y := &a.CC, &b.CC
	if list, ok := regionsDiffer(x, y); !ok || list != 0 || x.IFMW != y.IFMW || x.IFMH != y.IFMH {
		return false
	}
	if l, ok := f.FirstLook(x, b); !ok || l.Op < len(f.Ops) {
		return false
	}
	// Those behind find the registers of the bank that is being filled, if they are not set.
	p, q := &x.Bank[y.Cur&3], &y.Bank[y.Cur&3]
	if *p == *q {
		return true
	}
	for i := range f.Ops {
		o := &f.Ops[i]
		s := o.Setup
		for r := range q {
			if p[r] != q[r] {
				if s.Registers[r] = p[r]; o.DMA && transferRegister(r) {
					return false
				}
			}
		}
		if !o.DMA && !o.Host && npu.LooksOf(f.config, &s, &o.Setup).Any() {
			return false
		}
	}
	return true
}

// LookedAt reports whether, in a fault-free state, the first look may have been.
func (f *Stream) LookedAt(s *npu.Flops, l Look) bool {
	if l.Op >= len(f.Ops) {
		return false
	}
	o, at := &f.Ops[l.Op], f.Where(s)
	if at <= o.Word {
		return false
	}
	if o.DMA {
		return true
	}
	for i := l.Op + 1; i < f.opAt[min(at, len(f.Commands))]; i++ {
		if !f.Ops[i].DMA && !f.Ops[i].Host {
			return true // it was issued when the one before had retired
		}
	}
	return s.Reached(o.Bank, l.Units)
}

// CarrySetup writes the configuration that differs, x against the fault-free state s,
// into a later state up to which nobody has looked at it: as the parser has left it in
// the bank that is being filled, and in that of the operation that looks first.
func (f *Stream) CarrySetup(to *npu.Flops, x *npu.CCState, s *npu.Flops, op int) {
	y, c := &s.CC, &to.CC
	from, now := f.Where(s), f.Where(to)
	c.BaseP, c.RegionCfg, c.Burst, c.MaxReads, c.MaxWrites = x.BaseP, x.RegionCfg, x.Burst, x.MaxReads, x.MaxWrites
	carry := func(dst *isa.Registers, word int) {
		for r := range dst {
			if d := x.Bank[y.Cur&3][r] ^ y.Bank[y.Cur&3][r]; d != 0 && !f.setBetween(r, from, word) {
				dst[r] ^= d
			}
		}
	}
	carry(&c.Bank[c.Cur&3], now)
	if op >= len(f.Ops) || f.Ops[op].DMA || f.Ops[op].Word >= now {
		return
	}
	o := &f.Ops[op]
	b := o.Bank
	if o.Word < from { // it was issued before
		c.Bank[b], c.OpCode[b], c.OpParam[b], c.IFMW[b], c.IFMH[b] = x.Bank[b], x.OpCode[b], x.OpParam[b], x.IFMW[b], x.IFMH[b]
		return
	}
	carry(&c.Bank[b], o.Word)
	c.SetExtent(b)
}
