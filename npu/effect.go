package npu

import "upset/npu/isa"

// Setup is what the central control holds of an operation: the registers of its
// bank, its opcode and parameter.
type Setup struct {
	Registers isa.Registers
	Op        isa.Opcode
	Param     uint32
}

// SameEffect reports whether an operation does the same with either setup. The
// machine sees the registers only through values derived from them; this compares
// those that an operation of its kind looks at.
func SameEffect(c isa.Config, a, b *Setup) bool {
	s := c.Spec()
	x, y := a.params(s), b.params(s)
	return x == y
}

// SameControl reports whether an operation differs between the two setups at most
// in values of its arithmetic (isa.Decoded.CopyValues): it reads and writes the same
// places in the same cycles.
func SameControl(c isa.Config, a, b *Setup) bool {
	s := c.Spec()
	x, y := a.params(s), b.params(s)
	x.CopyValues(&y.Decoded)
	x.actLo, x.actHi = y.actLo, y.actHi
	return x == y
}

func (u *Setup) params(s *isa.Spec) params {
	p := params{Decoded: isa.Decode(&u.Registers, u.Op, u.Param)}
	p.IFMW, p.IFMH = p.IFMW&(1<<19-1), p.IFMH&(1<<19-1)
	p.derive(s)
	p.reduce()
	return p
}

// reduce clears what an operation of this kind does not look at.
func (p *params) reduce() {
	p.DilKW, p.DilKH, p.PadRight, p.PadBottom = 0, 0, 0, 0 // only the extents follow from them
	if p.kind != kindConv {
		p.PartKernel = false
		if p.kind != kindReduce && p.kind != kindElementwise {
			p.IFMD = 0
		}
	}
	if !p.UsesWeights {
		p.WeightBase, p.WeightLen, p.WeightReg = 0, 0, 0
	}
	if !p.UsesScales {
		p.ScaleBase, p.ScaleLen, p.ScaleReg = 0, 0, 0
	}
	if p.UsesScales || p.kind == kindMax || p.kind == kindAverage && !p.GlobalScale {
		p.OFMScale, p.OFMShift = 0, 0
	}
	switch p.ClipRange {
	case 2, 3, 5:
		p.ActMin, p.ActMax = 0, 0
	}
	p.reduceOperands()
	reduceMap(&p.IFM, p.SrcW, p.SrcH)
	reduceMap(&p.IFM2, p.OFMW, p.OFMH)
	reduceMap(&p.OFM, p.OFMW, p.OFMH)
}

func (p *params) reduceOperands() {
	if p.kind == kindElementwise {
		p.ABStart, p.abHalf = 0, 0
	} else {
		p.OPAScale, p.OPAShift, p.OPBScale, p.AddMode = 0, 0, 0, 0
	}
	switch {
	case !p.Binary:
		p.IFM2, p.Scalar, p.UseScalar, p.Swap = isa.FeatureMap{}, 0, false, false
		p.BcastH, p.BcastW, p.BcastC = false, false, false
	case p.UseScalar:
		f := p.IFM2
		p.IFM2 = isa.FeatureMap{Bytes: f.Bytes, Signed: f.Signed, ZeroPoint: f.ZeroPoint}
		p.BcastH, p.BcastW, p.BcastC = false, false, false
	default:
		p.Scalar = 0
	}
}

// reduceMap clears the tiles that a map of this extent does not reach and the
// stride that its format does not use.
func reduceMap(f *isa.FeatureMap, w, h int) {
	if f.Width0 >= w {
		f.Width0, f.Height1 = w, 0
		f.Base[1], f.Base[3] = 0, 0
	} else if f.Height1 >= h {
		f.Height1 = h
		f.Base[3] = 0
	}
	if f.Height0 >= h {
		f.Height0 = h
		f.Base[2] = 0
	}
	if f.Brick {
		f.StrideX = 0
	} else {
		f.StrideC = 0
	}
}
