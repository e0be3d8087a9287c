package compile

import "upset/npu/isa"

// Register fields (Arm U55 register header).
const (
	precisionSigned = 1
	formatBrick     = 1 << 6
	globalScaleBit  = 1 << 8
	addModeShift    = 8
	roundShift      = 14
	broadcastSwap   = 1 << 6
	broadcastScalar = 1 << 7
	dmaInternal     = 0x103 // destination of a table: shared buffer, core mask 3
	stopMask        = 0xffff
)

// emit writes the command stream.
func (g *graph) emit() []uint32 {
	e := &emitter{g: g, done: -1}
	for i, k := range g.kernels {
		e.transfers(i, k)
		e.ifm(k)
		e.ofm(k)
		e.kernel(k)
		e.scales(k)
		e.block(k)
		if k.elementwise() && k.binary() {
			e.ifm2(k)
		}
		e.s.Set(isa.BlockDep, uint32(g.blockDep(i)))
		if e.dma && (k.wbuf != nil || k.lut != nil) {
			e.s.Op(isa.OpDMAWait, 0)
			e.dma = false
		}
		e.s.Op(k.op, uint32(k.mode))
		e.prefetchTable(i)
	}
	e.s.Op(isa.OpStop, stopMask)
	return e.s.Words
}

// emitter is the state of emission.
type emitter struct {
	g     *graph
	s     isa.Stream
	dma   bool   // a transfer is in flight
	done  int    // last kernel that is known to have finished
	table *table // contents of the LUT memory
}

// featureMap emits the registers that IFM, IFM2 and OFM have in common; base and
// w0 are the first of the registers, which follow each other in the table.
func (e *emitter) featureMap(v *view, region, base, w0, zp isa.Reg) {
	x, y, c := v.strides()
	e.s.Set(region, uint32(v.buf.region()))
	e.s.Set(base, uint32(v.base()))
	h0, w0Value := v.h, v.w
	if v.tileH > 0 {
		h0, w0Value = v.tileH, v.tileW
	}
	for i := range v.tiles {
		at := 0
		if v.tileH > 0 {
			at = v.base() + v.tiles[i]
		}
		e.s.Set(base+1+isa.Reg(i), uint32(at))
	}
	e.s.Set(w0, uint32(w0Value-1))
	e.s.Set(w0+1, uint32(h0-1))
	e.s.Set(w0+2, uint32(h0-1))
	e.s.Set(base+4, uint32(x))
	e.s.Set(base+5, uint32(y))
	e.s.Set(base+6, uint32(c))
	e.s.SetSigned(zp, v.zp)
}

// sizeCode encodes an element size.
func sizeCode(elem int) uint32 {
	switch elem {
	case 2:
		return 1
	case 4:
		return 2
	}
	return 0
}

// signedness returns the sign bit of a precision register.
func signedness(v *view) uint32 {
	if v.buf.unsigned {
		return 0
	}
	return precisionSigned
}

// format returns the format field of a precision register.
func format(v *view) uint32 {
	if v.buf.brick {
		return formatBrick
	}
	return 0
}

func (e *emitter) ifm(k *kernel) {
	e.featureMap(&k.ifm, isa.IFMRegion, isa.IFMBase0, isa.IFMWidth0M1, isa.IFMZeroPoint)
	e.s.Set(isa.IFMDepthM1, uint32(k.ifm.d-1))
	e.s.Set(isa.IFMPrecision, signedness(&k.ifm)|sizeCode(k.ifm.elem)<<2|format(&k.ifm)|uint32(k.addMode)<<addModeShift)
	e.s.Set(isa.IFMUpscale, uint32(k.upscale))
	if !k.elementwise() {
		e.s.Set(isa.IFMPadTop, uint32(k.top))
		e.s.Set(isa.IFMPadLeft, uint32(k.left))
		e.s.Set(isa.IFMPadRight, uint32(k.right))
		e.s.Set(isa.IFMPadBottom, uint32(k.bottom))
	}
}

func (e *emitter) ifm2(k *kernel) {
	b := k.broadcast
	if k.swap {
		b |= broadcastSwap
	}
	p := signedness(&k.ifm) | sizeCode(k.ifm.elem)<<2
	if k.scalar {
		b |= broadcastScalar
		e.s.SetSigned(isa.IFM2Scalar, k.scalarVal)
		e.s.Set(isa.IFM2ZeroPoint, 0)
	} else {
		e.featureMap(k.ifm2, isa.IFM2Region, isa.IFM2Base0, isa.IFM2Width0M1, isa.IFM2ZeroPoint)
		p |= format(k.ifm2)
	}
	e.s.Set(isa.IFM2Precision, p)
	e.s.Set(isa.IFM2Broadcast, b)
	e.s.Set(isa.IFM2IBStart, uint32(k.blk.ib2))
}

func (e *emitter) ofm(k *kernel) {
	v := &k.ofm
	e.featureMap(v, isa.OFMRegion, isa.OFMBase0, isa.OFMWidth0M1, isa.OFMZeroPoint)
	e.s.Set(isa.OFMWidthM1, uint32(v.w-1))
	e.s.Set(isa.OFMHeightM1, uint32(v.h-1))
	e.s.Set(isa.OFMDepthM1, uint32(v.d-1))
	p := signedness(v) | sizeCode(v.elem)<<1 | format(v) | uint32(k.round)<<roundShift
	if k.global {
		p |= globalScaleBit
	}
	e.s.Set(isa.OFMPrecision, p)
	e.s.Set(isa.Activation, uint32(k.act)|uint32(k.clip)<<12)
	e.s.SetSigned(isa.ActivationMin, k.actMin)
	e.s.SetSigned(isa.ActivationMax, k.actMax)
}

// kernel emits the window and the weights.
func (e *emitter) kernel(k *kernel) {
	if k.elementwise() {
		return
	}
	kh, kw := k.dilated()
	e.s.Set(isa.KernelHeightM1, uint32(kh-1))
	e.s.Set(isa.KernelWidthM1, uint32(kw-1))
	sx, sy := uint32(k.sx-1), uint32(k.sy-1)
	stride := sx&1 | sy&1<<1 | uint32(k.dx-1)<<3 | uint32(k.dy-1)<<4 | sx>>1<<6 | sy>>1<<9
	if k.partKernel {
		stride |= 1 << 2
	}
	e.s.Set(isa.KernelStride, stride)
	if k.filter == nil {
		return
	}
	region, base := uint32(regionFlash), k.code.offset
	if k.wbuf != nil {
		region, base = regionArena, k.wbuf.offset
	}
	e.s.Set(isa.WeightRegion, region)
	e.s.Set(isa.WeightBase, uint32(base+k.code.scales))
	e.s.Set(isa.WeightLength, uint32(k.code.weights))
	e.s.Set(isa.ScaleRegion, region)
	e.s.Set(isa.ScaleBase, uint32(base))
	e.s.Set(isa.ScaleLength, uint32(k.code.scales))
}

// scales emits the scale registers that the operation uses.
func (e *emitter) scales(k *kernel) {
	if k.global {
		e.s.SetScale(isa.OFMScale, k.ofmScale.scale, k.ofmScale.shift)
	}
	if k.elementwise() && (k.mode == isa.ElemAdd || k.mode == isa.ElemSub) {
		e.s.SetScale(isa.OPAScale, k.opa.scale, k.opa.shift)
		e.s.Set(isa.OPBScale, k.opb)
	}
}

func (e *emitter) block(k *kernel) {
	e.s.Set(isa.OFMBlkHeightM1, uint32(k.blk.h-1))
	e.s.Set(isa.OFMBlkWidthM1, uint32(k.blk.w-1))
	e.s.Set(isa.OFMBlkDepthM1, uint32(k.blk.d-1))
	e.s.Set(isa.IFMIBEnd, uint32(k.blk.ibEnd))
	e.s.Set(isa.ABStart, uint32(k.blk.abStart))
	acc := uint32(0)
	if k.acc40 {
		acc = 1
	}
	e.s.Set(isa.AccFormat, acc)
}
