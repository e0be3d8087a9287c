package npu

import "upset/npu/isa"

// An operation that was issued waits for the one before it. Until the units come to its
// bank nobody looks at its registers, and those that come early look at few of them:
// the weight and scale channels fetch ahead, the decoder fills two weight blocks, and the
// others prepare what the layout of the shared buffer asks for.

// Looks says which units will find something else in a bank of registers.
type Looks struct {
	Weights bool // the weight channel
	Scales  bool // the scale channel
	Decoder bool // the weight decoder
	Records bool // the unpacking of scale records
	Front   bool // the units that prepare for an operation before its first job
	Begin   bool // whoever has a part in its jobs
}

// Any reports whether any unit will.
func (l Looks) Any() bool { return l != Looks{} }

// Join adds the looks of another difference.
func (l Looks) Join(k Looks) Looks {
	return Looks{l.Weights || k.Weights, l.Scales || k.Scales, l.Decoder || k.Decoder, l.Records || k.Records, l.Front || k.Front, l.Begin || k.Begin}
}

// LooksOf compares two setups of an operation as the units see them.
func LooksOf(c isa.Config, a, b *Setup) (l Looks) {
	if *a == *b {
		return l
	}
	s := c.Spec()
	x, y := a.whole(s), b.whole(s)
	l.Weights = x.weightView() != y.weightView()
	l.Scales = x.scaleView() != y.scaleView()
	l.Records = x.recordView() != y.recordView()
	l.Decoder = x.decoderView() != y.decoderView()
	l.Front = x.frontView() != y.frontView()
	l.Begin = !SameEffect(c, a, b)
	return l
}

// RegionLooks tells which units address one of the regions, a bit for each, for an
// operation.
func RegionLooks(c isa.Config, u *Setup, regions uint8) (l Looks) {
	p := u.whole(c.Spec())
	in := func(region int) bool { return regions>>(region&7)&1 != 0 }
	l.Weights = p.UsesWeights && in(p.WeightReg)
	l.Scales = p.UsesScales && in(p.ScaleReg)
	l.Begin = in(p.IFM.Region) || in(p.IFM2.Region) || in(p.OFM.Region) // IFM2 also where it is not in use
	return l
}

// whole is the decoded view of a setup as the machine holds it.
func (u *Setup) whole(s *isa.Spec) params {
	p := params{Decoded: isa.Decode(&u.Registers, u.Op, u.Param)}
	p.IFMW, p.IFMH = max(1, p.IFMW&(1<<19-1)), max(1, p.IFMH&(1<<19-1))
	p.derive(s)
	return p
}

type streamView struct {
	used         bool
	region       int
	base, length uint32
	passes       int
}

func (p *params) weightView() streamView {
	if !p.UsesWeights {
		return streamView{}
	}
	return streamView{true, p.WeightReg, p.WeightBase, p.WeightLen, p.blocksX * p.blocksY}
}

func (p *params) scaleView() streamView {
	if !p.UsesScales {
		return streamView{}
	}
	return streamView{true, p.ScaleReg, p.ScaleBase, p.ScaleLen, p.blocksX * p.blocksY}
}

func (p *params) recordView() [5]int {
	if !p.UsesScales {
		return [5]int{}
	}
	return [5]int{1, p.blocksX * p.blocksY, int(p.ScaleLen), p.BlkD, p.OFMD}
}

func (p *params) decoderView() [19]int {
	if !p.UsesWeights {
		return [19]int{}
	}
	return [...]int{
		1, int(p.WeightLen), int(p.kind), p.wblock, p.taps, int(flag(p.PartKernel)), p.KW, p.KH, p.subX, p.subY,
		p.BlkW, p.BlkH, p.BlkD, p.OFMW, p.OFMH, p.OFMD, p.IFMBlkD, p.IFMD, p.depthN,
	}
}

func (p *params) frontView() [10]int {
	return [...]int{
		int(p.kind), int(flag(p.UsesMAC)), int(flag(p.UsesWeights)), int(flag(p.UsesScales)), int(flag(p.UsesLUT)),
		p.IBEnd >> 10, p.IB2Start >> 10, p.ABStart >> 10, p.ibHalf, p.BlockDep,
	}
}

// Reached reports whether one of the units that look has come to an operation that was
// issued from a bank and that is the last one issued. Such an operation begins when the
// one before it has retired; earlier ones have moved on.
func (f *Flops) Reached(bank uint8, l Looks) bool {
	t, b := &f.Trav, bank&3
	begun := t.IFM.Bank == b && t.IFM.On != 0 && f.CC.JobIndex != 0 || t.IFM.Bank == (b+1)&3
	return begun || f.DMA.IFM.Loading != 0 && f.DMA.IFM.LoadBank == b || f.MAC.Run != 0 && t.MAC.Bank == b ||
		l.Weights && passed(f.DMA.Wgt.Bank, b) || l.Scales && passed(f.DMA.Scl.Bank, b) ||
		l.Decoder && passed(t.WD.Bank, b) || l.Records && passed(f.AOScale.Bank, b) ||
		l.Front && (passed(t.IFM.Bank, b) || passed(t.MAC.Bank, b) || passed(t.AO.Bank, b) || passed(t.OFM.Bank, b))
}

// passed reports whether a unit has come to the bank of the last operation issued or
// has left it for the one that is being filled.
func passed(at, bank uint8) bool { return at == bank || at == (bank+1)&3 }

// SetExtent derives the extent of the input of a bank anew, as at its issue.
func (cc *CCState) SetExtent(bank uint8) {
	b := bank & 3
	d := isa.Decode(&cc.Bank[b], isa.Opcode(cc.OpCode[b]), uint32(cc.OpParam[b]))
	cc.IFMW[b], cc.IFMH[b] = uint32(d.IFMW)&(1<<19-1), uint32(d.IFMH)&(1<<19-1)
}

// Begun reports whether the operation at the input channel has begun its first job.
func (f *Flops) Begun() bool { return f.Trav.IFM.On != 0 && f.CC.JobIndex != 0 }

// Left reports whether no unit will look at the registers of a bank again before they are
// set anew: those of an operation that has retired or only waits to, as far as the layout
// of the buffers does not follow from them.
func (f *Flops) Left(bank uint8) bool {
	t, b := &f.Trav, bank&3
	if t.IFM.On == 0 && t.IFM.Bank == (b+1)&3 {
		return false // the layout before counts where an operation starts
	}
	if f.CC.OpValid[b] == 0 {
		return true
	}
	waits := f.DMA.OFM.Ending != 0 && t.OFM.Bank == b && f.CC.JobsPrev == 0 && f.Begun()
	return waits && t.IFM.Bank != b && (f.DMA.IFM.Loading == 0 || f.DMA.IFM.LoadBank != b) && t.WD.Bank != b && t.MAC.Bank != b && t.AO.Bank != b &&
		f.DMA.Wgt.Bank != b && f.DMA.Scl.Bank != b && f.AOScale.Bank != b
}

// HasBegun reports whether the operation in a bank, which is under way, has begun its first
// job.
func (f *Flops) HasBegun(bank uint8) bool {
	switch (f.Trav.IFM.Bank - bank) & 3 {
	case 0:
		return f.Begun()
	case 3: // the input channel is at the one before
		return false
	}
	return true
}
