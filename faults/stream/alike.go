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
	var p Pair
	p.Set(f, a, b)
	return p.Outlook()
}

// Pair is two states at the same point of the stream, b the fault-free one. It makes their
// canonical forms once for all questions about them; the states must not change meanwhile.
type Pair struct {
	stream *Stream
	a, b   *npu.Flops
	x, y   npu.Flops // canonical, without what ahead compares
	form   form
	turned bool // x stands at the other halves than a
}

// form is what a pair holds of its states.
type form uint8

const (
	unknown   form = iota
	apart          // quickAlike tells them apart
	canonical      // their canonical forms
	control        // these without values
)

// Set starts with two states.
func (p *Pair) Set(f *Stream, a, b *npu.Flops) { p.stream, p.a, p.b, p.form = f, a, b, unknown }

// make makes the canonical forms unless a quick look tells the states apart.
func (p *Pair) make() bool {
	switch p.form {
	case apart:
		return false
	case canonical:
		return true
	}
	if !quickAlike(p.a, p.b) {
		p.form = apart
		return false
	}
	p.x.Canonical(p.a)
	p.y.Canonical(p.b)
	withoutSetup(&p.x.CC)
	withoutSetup(&p.y.CC)
	p.form, p.turned = canonical, false
	return true
}

// Outlook is [Stream.Outlook].
func (p *Pair) Outlook() (Outlook, bool) {
	if !p.make() || p.x != p.y {
		return Outlook{}, false
	}
	return p.ahead(npu.SameEffect)
}

// Waiting returns the canonical forms of two states whose configuration means the same,
// without it, and that differ in nothing but values that wait to be used: decoded weights,
// scale records in their queue, in its buffer and in the output stage. It reports false
// otherwise. The forms are the pair's: they hold until its next question and must not be
// written to.
func (p *Pair) Waiting() (x, y *npu.Flops, ok bool) {
	if !p.make() || !p.onlyWaiting() {
		return nil, nil, false
	}
	o, ok := p.ahead(npu.SameEffect)
	return &p.x, &p.y, ok && o.Plain()
}

func (p *Pair) onlyWaiting() bool {
	x, y := &p.x, &p.y
	if x.CC != y.CC || x.MAC != y.MAC || x.SB != y.SB {
		return false
	}
	buf, queue, records, bias, scale, shift := x.WD.Buf, x.DMA.SclFIFO, x.AOScale.Buf, x.AO.Bias, x.AO.Scale, x.AO.Shift
	x.WD.Buf, x.DMA.SclFIFO, x.AOScale.Buf, x.AO.Bias, x.AO.Scale, x.AO.Shift = y.WD.Buf, y.DMA.SclFIFO, y.AOScale.Buf, y.AO.Bias, y.AO.Scale, y.AO.Shift
	same := *x == *y
	x.WD.Buf, x.DMA.SclFIFO, x.AOScale.Buf, x.AO.Bias, x.AO.Scale, x.AO.Shift = buf, queue, records, bias, scale, shift
	return same
}

// ValuesOnly reports whether two states differ only in values of the datapath and in
// configuration that enters nothing but the arithmetic. Where halves may stand for each
// other, see [npu.Flops.TurnHalves], these may be exchanged; the next inference then begins
// with other ones, too.
func (p *Pair) ValuesOnly(halves bool) (Outlook, bool) {
	if p.form != control {
		if !p.make() {
			return Outlook{}, false
		}
		p.x.DropValues()
		p.y.DropValues()
		p.form = control
	}
	if p.x != p.y {
		if p.turned = halves && p.x.TurnHalves(&p.y); !p.turned || p.x != p.y {
			return Outlook{}, false
		}
	}
	o, ok := p.ahead(npu.SameControl)
	o.Next = o.Next || p.turned
	return o, ok && o.Blocked == NoneBlocked
}

func (p *Pair) ahead(same func(isa.Config, *npu.Setup, *npu.Setup) bool) (Outlook, bool) {
	return p.stream.ahead(p.a, p.b, p.stream.Where(p.b), same)
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
	var p Pair
	p.Set(f, a, b)
	_, ok := p.ValuesOnly(false)
	return ok
}
