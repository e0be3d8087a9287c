package npu_test

import (
	"encoding/binary"
	"math/rand/v2"

	"upset/models/network"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// Places in the arena of a random stream: random bytes to read, then an area for
// each operation's output, then one for what DMA brings.
const (
	readArea    = 96 << 10
	writeArea   = 96 << 10
	maxMakerOps = 3
	bufferArea  = 64 << 10
	makerArena  = readArea + maxMakerOps*writeArea + bufferArea
)

// maker draws the registers of operations without a compiler: any combination
// that the architecture defines.
type maker struct {
	isa.Stream
	r     *rand.Rand
	cfg   isa.Config
	spec  *isa.Spec
	flash []byte
	next  uint32 // free place in the output area
	limit uint32
	after bool // the operation before used a table
}

// oneOf picks an element.
func oneOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// chance is true once in n times.
func (k *maker) chance(n int) bool { return k.r.IntN(n) == 0 }

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func roundUp(x, m int) int { return (x + m - 1) / m * m }

func ceilDiv(x, m int) int { return (x + m - 1) / m }

// mapRegs are the registers of one feature map.
type mapRegs struct{ base, width0, region, zeroPoint isa.Reg }

var (
	ifmRegs  = mapRegs{isa.IFMBase0, isa.IFMWidth0M1, isa.IFMRegion, isa.IFMZeroPoint}
	ifm2Regs = mapRegs{isa.IFM2Base0, isa.IFM2Width0M1, isa.IFM2Region, isa.IFM2ZeroPoint}
	ofmRegs  = mapRegs{isa.OFMBase0, isa.OFMWidth0M1, isa.OFMRegion, isa.OFMZeroPoint}
)

// featureMap sets the registers of an h × w × c map, in one to four tiles, and
// returns whether it has bricks. Tiles of an output do not overlap.
func (k *maker) featureMap(g mapRegs, h, w, c, e int, out, nhwc bool) bool {
	brick := !nhwc && k.chance(2)
	w0, h0, h1 := w, h, h
	if k.chance(3) {
		w0, h0, h1 = 1+k.r.IntN(w), 1+k.r.IntN(h), 1+k.r.IntN(h)
	}
	var x, y, cs int
	switch {
	case brick:
		x, cs = 16*e, 16*e*w+16*k.r.IntN(2)
		y = cs*ceilDiv(c, 16) + 16*k.r.IntN(3)
		if k.chance(3) { // bricks outside, rows inside
			y = x*w + 16*k.r.IntN(2)
			cs = y * h
		}
	case k.chance(4): // transposed
		y = e * (c + k.r.IntN(3))
		x, cs = y*h+e*k.r.IntN(3), e
	default:
		x, cs = e*(c+k.r.IntN(2)*k.r.IntN(9)), e
		y = x*w + e*k.r.IntN(2)*k.r.IntN(20)
	}
	size := max(y*h+cs*ceilDiv(c, 16)+x*w, 1) // never less than the map
	if brick {
		size = max(y*h, cs*ceilDiv(c, 16)+y) + x*w
	}
	zero := k.chance(3) // unused bases are zero
	for t := range 4 {
		used := t == 0 || t == 1 && w0 < w || t == 2 && h0 < h || t == 3 && w0 < w && h1 < h
		if !used && zero {
			k.Set(g.base+isa.Reg(t), 0)
			continue
		}
		k.Set(g.base+isa.Reg(t), k.allocate(size, e, brick, out))
	}
	k.Set(g.base+4, uint32(x))
	k.Set(g.base+5, uint32(y))
	k.Set(g.base+6, uint32(cs))
	k.Set(g.width0, uint32(w0-1))
	k.Set(g.width0+1, uint32(h0-1))
	k.Set(g.width0+2, uint32(h1-1))
	k.Set(g.region, oneOf(k.r, uint32(1), 2))
	return brick
}

// allocate returns a place of so many bytes: anywhere in the random bytes for an
// input, the next free one for an output.
func (k *maker) allocate(size, e int, brick, out bool) uint32 {
	align := uint32(e)
	if brick {
		align = 16
	}
	if !out {
		return uint32(k.r.IntN(max(1, readArea-size))) / align * align
	}
	at := (k.next + align - 1 + uint32(k.r.IntN(3))*align) / align * align
	k.next = at + uint32(size)
	return at
}

// zeroPoint sets a zero point within the type.
func (k *maker) zeroPoint(g mapRegs, e int, signed bool) {
	v := 0
	if e < 4 && k.chance(2) {
		v = k.r.IntN(1 << (8 * e))
		if signed {
			v -= 1 << (8*e - 1)
		}
	}
	k.SetSigned(g.zeroPoint, v)
}

// window is the geometry of a kernel operation.
type window struct {
	kh, kw, sy, sx, dy, dx     int
	top, left, bottom, right   int
	upscale                    int
	partKernel                 bool
	ifmH, ifmW, ifmD           int // stored
	ofmH, ofmW, ofmD           int
	ifmBytes, ofmBytes, ifmBlk int
	acc40, table, sums         bool
}

func (w *window) dilated() (h, wd int) { return (w.kh-1)*w.dy + 1, (w.kw-1)*w.dx + 1 }

// drawWindow picks kernel, strides, dilation and padding, and derives the input.
func (k *maker) drawWindow(w *window, pool bool) {
	r := k.r
	w.sy, w.sx, w.dy, w.dx = 1+r.IntN(3), 1+r.IntN(3), 1, 1
	w.kh, w.kw = 1+r.IntN(4), 1+r.IntN(4)
	if k.chance(5) {
		w.kh, w.kw = 1+r.IntN(18), 1+r.IntN(11)
	}
	if k.chance(4) {
		w.kh, w.kw = 1, 1
	}
	if !pool {
		w.dy, w.dx = 1+r.IntN(4)/3, 1+r.IntN(4)/3
	}
	if k.chance(4) {
		w.upscale, w.sy, w.sx = 1+r.IntN(2), 1, 1
	}
	if pool && w.upscale == 2 {
		w.upscale = 1 // zeros are only inserted for convolutions
	}
	dh, dw := w.dilated()
	if k.chance(2) {
		w.top, w.bottom = r.IntN(min(dh, 100)), r.IntN(min(dh, 100))
		w.left, w.right = r.IntN(min(dw, 100)), r.IntN(min(dw, 100))
	}
	ih, iw := (w.ofmH-1)*w.sy+dh-w.top-w.bottom, (w.ofmW-1)*w.sx+dw-w.left-w.right
	if ih < 1 || iw < 1 {
		w.top, w.bottom, w.left, w.right = 0, 0, 0, 0
		ih, iw = (w.ofmH-1)*w.sy+dh, (w.ofmW-1)*w.sx+dw
	}
	if w.upscale != 0 {
		ih, iw = (ih+1)/2, (iw+1)/2
	}
	w.ifmH, w.ifmW = ih, iw
}

// setWindow writes the kernel registers.
func (k *maker) setWindow(w *window) {
	dh, dw := w.dilated()
	k.Set(isa.KernelHeightM1, uint32(dh-1))
	k.Set(isa.KernelWidthM1, uint32(dw-1))
	k.Set(isa.KernelStride, uint32((w.sx-1)&1|(w.sy-1)&1<<1|(w.dx-1)<<3|(w.dy-1)<<4|(w.sx-1)>>1<<6|(w.sy-1)>>1<<9)|bit(w.partKernel)<<2)
	k.Set(isa.IFMPadTop, uint32(w.top))
	k.Set(isa.IFMPadLeft, uint32(w.left))
	k.Set(isa.IFMPadRight, uint32(w.right))
	k.Set(isa.IFMPadBottom, uint32(w.bottom))
	k.Set(isa.IFMUpscale, uint32(w.upscale))
}

// output sets the output map, its type, activation and rounding.
func (k *maker) output(w *window, global bool) {
	r := k.r
	signed := k.chance(2) || w.ofmBytes == 4
	brick := k.featureMap(ofmRegs, w.ofmH, w.ofmW, w.ofmD, w.ofmBytes, true, false)
	k.Set(isa.OFMHeightM1, uint32(w.ofmH-1))
	k.Set(isa.OFMWidthM1, uint32(w.ofmW-1))
	k.Set(isa.OFMDepthM1, uint32(w.ofmD-1))
	k.Set(isa.OFMPrecision, bit(signed)|uint32(w.ofmBytes>>1)<<1|bit(brick)<<6|bit(global)<<8|uint32(r.IntN(3))<<14)
	k.zeroPoint(ofmRegs, w.ofmBytes, signed)
	act, clip := 0, 0
	switch {
	case w.table:
		act = 16
		switch w.ofmBytes {
		case 1:
			act += r.IntN(8)
		case 4:
			act, clip = 16+4*r.IntN(2), 3
		}
	case k.chance(6) && w.ofmBytes < 4:
		act = oneOf(r, isa.ActTanh, isa.ActSigmoid)
	}
	k.Set(isa.Activation, uint32(act|clip<<12))
	half := 1 << (8*min(w.ofmBytes, 2) - 1)
	lo, hi := 0, 2*half-1
	if signed {
		lo, hi = -half, half-1
	}
	if k.chance(2) {
		lo += r.IntN(half)
		hi -= r.IntN(half)
	}
	k.SetSigned(isa.ActivationMin, lo)
	k.SetSigned(isa.ActivationMax, hi)
}

// scale draws a scale and shift that keep most results of so many bits in range,
// or anything.
func (k *maker) scale(bits int) (uint32, uint) {
	if k.chance(6) {
		return k.r.Uint32(), uint(k.r.IntN(64))
	}
	return 1<<30 + k.r.Uint32N(1<<30), uint(max(0, min(63, 28+bits+k.r.IntN(6))))
}

// loadTable fills the tables by DMA when the operation uses one.
func (k *maker) loadTable(used bool) {
	if !used {
		return
	}
	at := k.inFlash(func(b []byte) []byte {
		for range isa.LUTBytes / 4 {
			b = binary.LittleEndian.AppendUint32(b, k.r.Uint32())
		}
		return b
	})
	k.Op(isa.OpKernelWait, 0)
	k.transfer(0, at, 0x103, uint32(k.spec.LUTStart()), isa.LUTBytes)
}

func (k *maker) transfer(srcRegion, src, dstRegion, dst, n uint32) {
	k.Set(isa.DMA0SrcRegion, srcRegion)
	k.Set(isa.DMA0Src, src)
	k.Set(isa.DMA0DstRegion, dstRegion)
	k.Set(isa.DMA0Dst, dst)
	k.Set(isa.DMA0Len, n)
	k.Op(isa.OpDMAStart, 0)
	k.Op(isa.OpDMAWait, 0)
}

// inFlash appends data at a multiple of 16 and returns its place.
func (k *maker) inFlash(add func([]byte) []byte) uint32 {
	for len(k.flash)%16 != 0 {
		k.flash = append(k.flash, 0)
	}
	at := len(k.flash)
	k.flash = add(k.flash)
	for len(k.flash)%16 != 0 {
		k.flash = append(k.flash, 0)
	}
	return uint32(at)
}

// weights encodes random weights and scale records, in flash or copied to the
// arena by DMA first.
func (k *maker) weights(w *window, depthwise bool, blockDepth int) {
	r := k.r
	t := mlw.Traversal{
		OD: w.ofmD, KH: w.kh, KW: w.kw, ID: w.ifmD, BlockDepth: blockDepth, UBlockDepth: k.spec.UBlockD, IFMBits: 8 * w.ifmBytes,
		Depthwise: depthwise, PartKernel: w.partKernel && !depthwise, DilX: w.dx, DilY: w.dy,
	}
	if depthwise {
		t.ID = 1
	}
	spread, zeros := oneOf(r, 2, 20, 256), oneOf(r, 1, 2, 10)
	var list []int16
	t.Order(func(oc, _, _, _ int) {
		v := 0
		if oc >= 0 && r.IntN(10) >= zeros-1 {
			v = r.IntN(2*spread-1) - spread + 1
		}
		list = append(list, int16(v))
	})
	scales := k.inFlash(func(b []byte) []byte {
		for range w.ofmD {
			scale, shift := k.scale(8 * (w.ifmBytes - w.ofmBytes + 1))
			bias := uint64(int64(r.IntN(1<<20) - 1<<19))
			if k.chance(20) {
				bias = r.Uint64()
			}
			var rec [10]byte
			binary.LittleEndian.PutUint64(rec[:], bias)
			binary.LittleEndian.PutUint32(rec[5:], scale)
			rec[9] = byte(shift)
			b = append(b, rec[:]...)
		}
		return b
	})
	stream := k.inFlash(func(b []byte) []byte { return append(b, mlw.Encode(list)...) })
	end := uint32(len(k.flash))
	region := uint32(0)
	if at := uint32(makerArena - bufferArea); k.chance(3) && end-scales < bufferArea {
		k.Op(isa.OpKernelWait, 0)
		k.transfer(0, scales, 1, at, end-scales)
		scales, stream, end, region = at, at+stream-scales, at+end-scales, 1
	}
	k.Set(isa.WeightRegion, region)
	k.Set(isa.WeightBase, stream)
	k.Set(isa.WeightLength, end-stream)
	k.Set(isa.ScaleRegion, region)
	k.Set(isa.ScaleBase, scales)
	k.Set(isa.ScaleLength, uint32(roundUp(10*w.ofmD, 16)))
}

// program ends the stream.
func (k *maker) program() *network.Program {
	k.Op(isa.OpStop, 0xffff)
	return &network.Program{
		Name: "random", Config: k.cfg, Commands: k.Words, Flash: k.flash, ArenaSize: makerArena,
		Inputs: []network.Binding{{Name: "memory", Size: readArea}}, Outputs: []network.Binding{{Name: "memory", Size: makerArena}},
	}
}
