package isa

import (
	"math"

	"upset/npu/arith"
)

// FeatureMap is the decoded description of an input or output feature map.
type FeatureMap struct {
	Base             [4]uint32 // tile bases, byte offsets in the region
	Width0           int       // width of tiles 0 and 2
	Height0, Height1 int       // heights of tiles 0 and 1
	StrideX, StrideY uint32    // bytes
	StrideC          uint32    // bytes between 16-channel bricks
	Region           int
	Bytes            int // element size: 1, 2 or 4
	Signed           bool
	Brick            bool // NHCWB16
	ZeroPoint        int32
}

// Decoded is the register file as an operation sees it. It is a pure function
// of the registers, the opcode and its parameter, total on any bit pattern.
type Decoded struct {
	Op   Opcode
	Mode int // pooling or elementwise mode

	IFM, IFM2, OFM   FeatureMap
	OFMW, OFMH, OFMD int
	IFMW, IFMH, IFMD int // derived extent, in the upscaled domain (at least 1)
	SrcW, SrcH       int // extent of the stored IFM: IFMW and IFMH before upscaling
	Upscale          int // 0 none, 1 nearest, 2 zeros

	PadTop, PadLeft, PadRight, PadBottom int
	KW, KH                               int // undilated kernel
	DilKW, DilKH                         int // dilated kernel
	DilX, DilY, StrideX, StrideY         int
	PartKernel                           bool
	Depthwise                            bool

	BlkW, BlkH, BlkD int
	IFMBlkD          int // IFM depth handled by one block job
	Acc40            bool
	Round            arith.Round
	GlobalScale      bool // one scale from OFM_SCALE; never where a mean divides by its valid taps
	AddMode          int  // 0 both 16-bit, 1 OPA 32-bit, 2 OPB 32-bit
	OFMScale         uint32
	OFMShift         uint
	OPAScale         uint32
	OPAShift         uint
	OPBScale         uint32
	Act              int // 0 none, 3 tanh, 4 sigmoid, 16..23 table
	ClipRange        int
	ActMin, ActMax   int32

	Binary      bool // elementwise with two operands
	UseScalar   bool
	Scalar      int32 // IFM2_SCALAR before its zero point
	Swap        bool  // A = IFM2, B = IFM
	BcastH      bool
	BcastW      bool
	BcastC      bool
	WeightBase  uint32
	WeightLen   uint32
	WeightReg   int
	ScaleBase   uint32
	ScaleLen    uint32
	ScaleReg    int
	BlockDep    int
	IBEnd       int // bytes
	IB2Start    int // bytes
	ABStart     int // bytes
	UsesWeights bool
	UsesScales  bool // per-channel records from the scale stream
	UsesMAC     bool
	UsesLUT     bool
}

// CopyValues takes the fields over that only enter the arithmetic: zero points,
// clamps, scales, the scalar operand and the rounding. Nothing that an operation
// reads, where it writes and how long it takes follows from them.
func (d *Decoded) CopyValues(from *Decoded) {
	d.IFM.ZeroPoint, d.IFM2.ZeroPoint, d.OFM.ZeroPoint = from.IFM.ZeroPoint, from.IFM2.ZeroPoint, from.OFM.ZeroPoint
	d.ActMin, d.ActMax = from.ActMin, from.ActMax
	d.OFMScale, d.OFMShift = from.OFMScale, from.OFMShift
	d.OPAScale, d.OPAShift, d.OPBScale = from.OPAScale, from.OPAShift, from.OPBScale
	d.Scalar, d.Round = from.Scalar, from.Round
}

// Accumulator formats (Arm U55 register header). Vela 3.10 never asks for AccFloat,
// whose arithmetic is not public: it and the reserved value 3 are computed as
// AccInt32 (our choice).
const (
	AccInt32 = 0
	AccInt40 = 1
	AccFloat = 2 // S5.10
)

// PaddedMeanCountsTaps lets an average pool with padding divide by the number of
// valid taps, whatever the scale mode of OFM_PRECISION says. Inferred from streams:
// Vela 3.10 clears the bit for such a pool, Vela 4.2 to 5.1 set it with an
// OFM_SCALE of 1, which taken literally would saturate the output.
const PaddedMeanCountsTaps = true

// ReservedUpscaleIs is what the undefined value of IFM_UPSCALE stands for: no
// upscaling (our choice).
const (
	reservedUpscale   = 3
	ReservedUpscaleIs = 0
)

func signed16(v uint32, signed bool) int32 {
	if signed {
		return int32(int16(v))
	}
	return int32(v & 0xffff)
}

func elementBytes(code uint32) int { return 1 << min(code&3, 2) }

func featureMap(r *Registers, base, w0, region, zp Reg, bytes int, signed, brick bool) FeatureMap {
	f := FeatureMap{
		Width0: int(r[w0]) + 1, Height0: int(r[w0+1]) + 1, Height1: int(r[w0+2]) + 1,
		StrideX: r[base+4], StrideY: r[base+5], StrideC: r[base+6],
		Region: int(r[region] & 7), Bytes: bytes, Signed: signed, Brick: brick,
		ZeroPoint: signed16(r[zp], signed),
	}
	copy(f.Base[:], r[base:base+4])
	return f
}

// Decode reads the registers for an operation. It never fails: any bit pattern
// describes some operation, as in hardware.
func Decode(r *Registers, op Opcode, param uint32) Decoded {
	d := Decoded{Op: op}
	switch op {
	case OpPool:
		d.Mode = int(param & 7)
	case OpElementwise:
		d.Mode = int(param & 0x3f)
	}
	p := r[IFMPrecision]
	ifmBytes, ifmSigned := elementBytes(p>>2), p&1 != 0
	d.IFM = featureMap(r, IFMBase0, IFMWidth0M1, IFMRegion, IFMZeroPoint, ifmBytes, ifmSigned, p>>6&3 == 1)
	d.AddMode = int(p >> 8 & 3)
	p2 := r[IFM2Precision]
	d.IFM2 = featureMap(r, IFM2Base0, IFM2Width0M1, IFM2Region, IFM2ZeroPoint, ifmBytes, ifmSigned, p2>>6&3 == 1)
	q := r[OFMPrecision]
	d.OFM = featureMap(r, OFMBase0, OFMWidth0M1, OFMRegion, OFMZeroPoint, elementBytes(q>>1), q&1 != 0, q>>6&3 == 1)
	d.GlobalScale = q>>8&1 != 0
	d.Round = arith.Round(q >> 14 & 3)

	d.OFMW, d.OFMH, d.OFMD = int(r[OFMWidthM1])+1, int(r[OFMHeightM1])+1, int(r[OFMDepthM1])+1
	d.IFMD = int(r[IFMDepthM1]) + 1
	d.decodeKernel(r)
	d.decodeBlocks(r)

	d.OFMScale, d.OFMShift = r[OFMScale], uint(r[OFMScaleShift])
	d.OPAScale, d.OPAShift, d.OPBScale = r[OPAScale], uint(r[OPAScaleShift]), r[OPBScale]
	a := r[Activation]
	d.Act, d.ClipRange = int(a&0x1f), int(a>>12&7)
	d.ActMin, d.ActMax = signed16(r[ActivationMin], d.OFM.Signed), signed16(r[ActivationMax], d.OFM.Signed)
	d.UsesLUT = d.Act >= 16 && d.Act <= 23

	d.WeightBase, d.WeightLen, d.WeightReg = r[WeightBase], r[WeightLength], int(r[WeightRegion])
	d.ScaleBase, d.ScaleLen, d.ScaleReg = r[ScaleBase], r[ScaleLength], int(r[ScaleRegion])
	d.UsesWeights = op == OpConv || op == OpDepthwise
	d.UsesScales = d.UsesWeights && !d.GlobalScale
	d.UsesMAC = op != OpElementwise
	if PaddedMeanCountsTaps && op == OpPool && d.Mode&3 == PoolAverage && d.padded() {
		d.GlobalScale = false
	}

	if op == OpElementwise {
		d.decodeElementwise(r)
	}
	return d
}

// padded reports whether any of the padding registers is not zero.
func (d *Decoded) padded() bool { return d.PadTop|d.PadLeft|d.PadRight|d.PadBottom != 0 }

func (d *Decoded) decodeKernel(r *Registers) {
	d.PadTop, d.PadLeft = int(r[IFMPadTop]), int(r[IFMPadLeft])
	d.PadRight, d.PadBottom = int(r[IFMPadRight]), int(r[IFMPadBottom])
	s := r[KernelStride]
	d.StrideX = int(s&1|s>>6&1<<1) + 1
	d.StrideY = int(s>>1&1|s>>9&1<<1) + 1
	d.PartKernel = s>>2&1 != 0
	d.DilX, d.DilY = int(s>>3&1)+1, int(s>>4&1)+1
	d.DilKW, d.DilKH = int(r[KernelWidthM1])+1, int(r[KernelHeightM1])+1
	d.KW, d.KH = int(r[KernelWidthM1])/d.DilX+1, int(r[KernelHeightM1])/d.DilY+1
	d.Depthwise = d.Op == OpDepthwise
	d.Upscale = int(r[IFMUpscale] & 3)
	if d.Upscale == reservedUpscale {
		d.Upscale = ReservedUpscaleIs
	}
	if d.Op == OpElementwise {
		d.KW, d.KH, d.DilKW, d.DilKH, d.DilX, d.DilY, d.StrideX, d.StrideY = 1, 1, 1, 1, 1, 1, 1, 1
		d.PadTop, d.PadLeft, d.PadRight, d.PadBottom, d.Upscale = 0, 0, 0, 0, 0
	}
	d.IFMW = max(1, (d.OFMW-1)*d.StrideX+d.DilKW-d.PadLeft-d.PadRight)
	d.IFMH = max(1, (d.OFMH-1)*d.StrideY+d.DilKH-d.PadTop-d.PadBottom)
	d.SrcW, d.SrcH = d.IFMW, d.IFMH
	if d.Upscale != 0 {
		d.SrcW, d.SrcH = (d.IFMW+1)/2, (d.IFMH+1)/2
	}
}

func (d *Decoded) decodeBlocks(r *Registers) {
	d.BlkW, d.BlkH, d.BlkD = int(r[OFMBlkWidthM1])+1, int(r[OFMBlkHeightM1])+1, int(r[OFMBlkDepthM1])+1
	d.Acc40 = r[AccFormat] == AccInt40
	d.BlockDep = int(r[BlockDep])
	d.IBEnd = int(r[IFMIBEnd]) * BankBytes
	d.IB2Start = int(r[IFM2IBStart]) * BankBytes
	d.ABStart = int(r[ABStart]) * BankBytes
	d.IFMBlkD = d.IFMBlockDepth()
}

// IFMBlockDepth is the IFM depth that one block job handles: 16 or 32 channels
// where the operation sums over channels, else the OFM block depth.
func (d *Decoded) IFMBlockDepth() int {
	if d.Op == OpConv || d.Op == OpPool && d.Mode == PoolReduceSum {
		if d.PartKernel || d.IFM.Bytes == 2 {
			return 16
		}
		return 32
	}
	return d.BlkD
}

// Binary reports whether an operation has two operands.
func Binary(op Opcode, param uint32) bool {
	m := int(param & 0x3f)
	return op == OpElementwise && m != ElemLRelu && m != ElemAbs && m != ElemCLZ
}

func (d *Decoded) decodeElementwise(r *Registers) {
	b := r[IFM2Broadcast]
	if Binary(d.Op, uint32(d.Mode)) {
		d.Binary = true
		d.UseScalar = b>>7&1 != 0
		d.Swap = b>>6&1 != 0
	}
	d.BcastH, d.BcastW, d.BcastC = b&1 != 0, b>>1&1 != 0, b>>2&1 != 0
	d.Scalar = signed16(r[IFM2Scalar], d.IFM.Signed)
	d.IFMD = d.OFMD
	d.Round = d.elementRound()
}

// Addr returns the byte offset in the region of element (y, x, c), with the
// tile rule of the architecture. Arithmetic wraps at 32 bits as in hardware.
func (f *FeatureMap) Addr(y, x, c int) uint32 {
	tile, h := 0, f.Height0
	if x >= f.Width0 {
		x -= f.Width0
		tile, h = 1, f.Height1
	}
	if y >= h {
		y -= h
		tile += 2
	}
	a := f.Base[tile] + uint32(y)*f.StrideY
	if f.Brick {
		return a + uint32(c>>4)*f.StrideC + uint32(x)*16*uint32(f.Bytes) + uint32(c&15)*uint32(f.Bytes)
	}
	return a + uint32(x)*f.StrideX + uint32(c)*uint32(f.Bytes)
}

// Lanes is the number of channels that are stored of a map of depth c: NHCWB16 fills its
// last brick. Nobody reads what stands behind the last channel; it is written as zero.
func (f *FeatureMap) Lanes(c int) int {
	if f.Brick {
		return (c + BrickDepth - 1) &^ (BrickDepth - 1)
	}
	return c
}

// BrickDepth is the number of channels in a brick of NHCWB16.
const BrickDepth = 16

// ClipBounds returns the inclusive range that the output stage clamps to.
func (d *Decoded) ClipBounds() (lo, hi int64) {
	switch d.ClipRange {
	case 2:
		return 0, math.MaxUint8
	case 3:
		return math.MinInt8, math.MaxInt8
	case 5:
		return math.MinInt16, math.MaxInt16
	}
	return int64(d.ActMin), int64(d.ActMax)
}
