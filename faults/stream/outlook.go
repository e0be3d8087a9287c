package stream

import (
	"upset/npu"
	"upset/npu/cone"
	"upset/npu/isa"
)

// Outlook is what the configuration of a state that differs from the fault-free run
// means for the operations to come.
type Outlook struct {
	Altered []cone.Altered // those that will compute with other values
	Next    bool           // the next inference will, too
	Blocked int            // the first that will do something else, or noneBlocked
	Differ  []int          // the registers in which it will differ
}

const NoneBlocked = -1

// Plain reports whether nothing to come looks at what differs.
func (o *Outlook) Plain() bool {
	return o.Blocked == NoneBlocked && len(o.Altered) == 0 && !o.Next
}

// ahead reports whether the operations under way are configured the same as in the
// fault-free state b at a word, in the given sense, and what is to come. Values of the
// arithmetic decide neither what the machine does nor when.
func (f *Stream) ahead(a, b *npu.Flops, at int, same func(isa.Config, *npu.Setup, *npu.Setup) bool) (o Outlook, ok bool) {
	o.Blocked = NoneBlocked
	if !f.banksAlike(a, b, at, same) {
		return o, false
	}
	f.walk(&a.CC.Bank[b.CC.Cur&3], &b.CC.Bank[b.CC.Cur&3], at, func(op int, s *npu.Setup, differ []int, again bool) bool {
		switch {
		case f.Ops[op].DMA || !npu.SameControl(f.config, s, &f.Ops[op].Setup):
			o.Blocked, o.Differ = op, differ
			if again {
				o.Blocked = len(f.Ops)
			}
			return false
		case again:
			o.Next = true
		default:
			o.Altered = append(o.Altered, cone.Altered{Op: op, Decoded: isa.Decode(&s.Registers, s.Op, s.Param)})
		}
		return true
	})
	return o, true
}

// banksAlike compares the pointers to the stream and the configuration of the
// operations under way.
func (f *Stream) banksAlike(a, b *npu.Flops, at int, same func(isa.Config, *npu.Setup, *npu.Setup) bool) bool {
	x, y := &a.CC, &b.CC
	if x.QSize < y.QSize || x.QConfig != y.QConfig {
		return false
	}
	if !f.regionsAlike(x, y, f.used(b, at)) || x.Cur != y.Cur {
		return false
	}
	for k := range y.Bank {
		if k == int(y.Cur&3) || b.Left(uint8(k)) {
			continue
		}
		if x.Bank[k] == y.Bank[k] && x.OpCode[k] == y.OpCode[k] && x.OpParam[k] == y.OpParam[k] {
			continue
		}
		s := npu.Setup{Registers: x.Bank[k], Op: isa.Opcode(x.OpCode[k]), Param: uint32(x.OpParam[k])}
		t := npu.Setup{Registers: y.Bank[k], Op: isa.Opcode(y.OpCode[k]), Param: uint32(y.OpParam[k])}
		if !same(f.config, &s, &t) {
			return false
		}
	}
	return true
}

// used are the regions that operations under way or still to come use.
func (f *Stream) used(b *npu.Flops, pos int) uint8 {
	first := f.opAt[min(pos, len(f.Commands))]
	busy := 0
	for _, v := range b.CC.OpValid {
		busy += int(v)
	}
	for first > 0 && busy > 0 {
		first--
		if !f.Ops[first].DMA && !f.Ops[first].Host {
			busy--
		}
	}
	var u uint8
	if first < len(f.Ops) {
		u = f.Ops[first].regions
	}
	if m := &b.DMA.M2M; m.On != 0 {
		u |= 1<<(m.SrcReg&7) | 1<<(m.DstReg&7)
	}
	return u
}

// regionsAlike compares base pointers and port limits of the regions in use.
func (f *Stream) regionsAlike(x, y *npu.CCState, used uint8) bool {
	limits := uint8(1) << (y.QConfig & 3)
	for k := range y.BaseP {
		if used>>k&1 == 0 {
			continue
		}
		if x.BaseP[k] != y.BaseP[k] || (x.RegionCfg^y.RegionCfg)>>(2*k)&3 != 0 {
			return false
		}
		limits |= 1 << (y.RegionCfg >> (2 * k) & 3)
	}
	for l := range y.Burst {
		if limits>>l&1 == 0 {
			continue
		}
		if x.Burst[l] != y.Burst[l] ||
			x.MaxReads[l] != y.MaxReads[l] && x.MaxReads[l] < f.mostReads[l>>1] ||
			x.MaxWrites[l] != y.MaxWrites[l] && x.MaxWrites[l] < max(f.mostWrites[0], f.mostWrites[1]) {
			return false
		}
	}
	return true
}

// walk follows the registers that differ in the bank that is being filled through
// the rest of the stream and once more through the whole of it, until they are set
// anew. It calls see for each operation that looks at one of them, with what that
// operation will find, and stops where see says no.
func (f *Stream) walk(a, b *isa.Registers, pos int, see func(op int, s *npu.Setup, differ []int, again bool) bool) {
	var differ []int
	for r := range b {
		if a[r] != b[r] {
			differ = append(differ, r)
		}
	}
	for pass := range 2 {
		from := pos
		if pass > 0 {
			from = 0
		}
		for i := f.opAt[min(from, len(f.Commands))]; i < len(f.Ops) && len(differ) > 0; i++ {
			o := &f.Ops[i]
			if o.Host {
				if o.reset {
					return // nothing is left of what differs
				}
				continue
			}
			left := differ[:0]
			for _, r := range differ {
				if !f.setBetween(r, from, o.Word) {
					left = append(left, r)
				}
			}
			differ = left
			from = o.Word
			if s, same := f.indifferent(o, a, differ); !same && !see(i, &s, differ, pass > 0) {
				return
			}
		}
	}
}

// indifferent reports whether an operation does the same with the given registers
// taken from a, and returns its setup with them.
func (f *Stream) indifferent(o *Op, a *isa.Registers, differ []int) (s npu.Setup, same bool) {
	if len(differ) == 0 {
		return s, true
	}
	s = o.Setup
	for _, r := range differ {
		if o.DMA && (r == int(isa.DMA0SrcRegion) || r == int(isa.DMA0DstRegion) || r == int(isa.DMA0Src) || r == int(isa.DMA0Dst) || r == int(isa.DMA0Len)) {
			return s, false
		}
		s.Registers[r] = a[r]
	}
	return s, o.DMA || npu.SameEffect(f.config, &s, &o.Setup)
}
