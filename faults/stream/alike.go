package stream

import (
	"upset/npu"
	"upset/npu/isa"
)

// Alike reports whether the flops of a, seen at the same point of the fault-free
// run as b, lead to the same future as those of b as far as the machine can tell:
// their canonical forms are equal, and configuration differs only where the rest
// of the stream does not look.
func (f *Stream) Alike(a, b *npu.Flops) bool {
	o, ok := f.Outlook(a, b)
	return ok && o.Plain()
}

// Outlook reports whether a and b are alike but for configuration that waits for
// later operations, and what that means for them.
func (f *Stream) Outlook(a, b *npu.Flops) (Outlook, bool) {
	if !quickAlike(a, b) {
		return Outlook{}, false
	}
	x, y := npu.Canonical(a), npu.Canonical(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	if x != y {
		return Outlook{}, false
	}
	return f.ahead(a, b, f.Where(b), npu.SameEffect)
}

// Waiting returns the canonical forms of two states whose configuration means the same,
// without it: what differs in them waits to be used. It reports false where the
// configuration differs or the states have gone different ways.
func (f *Stream) Waiting(a, b *npu.Flops) (x, y npu.Flops, ok bool) {
	if !quickAlike(a, b) {
		return x, y, false
	}
	x, y = npu.Canonical(a), npu.Canonical(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	if x.CC != y.CC {
		return x, y, false
	}
	o, ok := f.ahead(a, b, f.Where(b), npu.SameEffect)
	return x, y, ok && o.Plain()
}

// quickAlike compares a few registers that are always in use, which settles most
// comparisons of states that have gone different ways.
func quickAlike(a, b *npu.Flops) bool {
	return a.CC.Offset == b.CC.Offset && a.CC.JobsOut == b.CC.JobsOut && a.SB.IBFull == b.SB.IBFull && a.SB.ABFull == b.SB.ABFull &&
		a.DMA.WgtCnt == b.DMA.WgtCnt && a.WD.Fill == b.WD.Fill && a.CC.Run == b.CC.Run
}

// withoutSetup clears what outlook compares.
func withoutSetup(cc *npu.CCState) {
	cc.QSize, cc.QConfig, cc.RegionCfg, cc.BaseP = 0, 0, 0, [8]uint32{}
	cc.Burst, cc.MaxReads, cc.MaxWrites = [4]uint8{}, [4]uint8{}, [4]uint8{}
	cc.Bank, cc.OpCode, cc.OpParam = [4]isa.Registers{}, [4]uint8{}, [4]uint8{}
}

// SameControl reports whether two states differ in values only.
func (f *Stream) SameControl(a, b *npu.Flops) bool {
	_, ok := f.ValuesOnly(a, b)
	return ok
}

// ValuesOnly reports whether two states differ only in values of the datapath and in
// configuration that enters nothing but the arithmetic.
func (f *Stream) ValuesOnly(a, b *npu.Flops) (Outlook, bool) {
	if !quickAlike(a, b) {
		return Outlook{}, false
	}
	x, y := npu.Control(a), npu.Control(b)
	withoutSetup(&x.CC)
	withoutSetup(&y.CC)
	if x != y {
		return Outlook{}, false
	}
	o, ok := f.ahead(a, b, f.Where(b), npu.SameControl)
	return o, ok && o.Blocked == NoneBlocked
}
