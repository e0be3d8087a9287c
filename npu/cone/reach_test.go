package cone_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"upset/npu/cone"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// window is an operation whose result can be said by hand: bytes in, sums or largest values of
// 16 bits out, without a zero point, and with weights of which each is one.
type window struct {
	name        string
	kind        cone.Kind
	in, out     int // channels
	h, w        int // outputs
	k           int // taps each way
	dil, stride int
	pad         int
	upscale     int
}

var windows = []window{
	{name: "1 × 1 convolution", kind: cone.Conv, in: 16, out: 24, h: 4, w: 5, k: 1, dil: 1, stride: 1},
	{name: "3 × 3 convolution with padding", kind: cone.Conv, in: 5, out: 9, h: 5, w: 4, k: 3, dil: 1, stride: 1, pad: 1},
	{name: "strided convolution", kind: cone.Conv, in: 4, out: 8, h: 3, w: 3, k: 3, dil: 1, stride: 2, pad: 1},
	{name: "strides that leave inputs out", kind: cone.Conv, in: 3, out: 4, h: 3, w: 3, k: 1, dil: 1, stride: 2},
	{name: "dilated convolution", kind: cone.Conv, in: 3, out: 5, h: 4, w: 4, k: 2, dil: 2, stride: 1, pad: 1},
	{name: "convolution of an image twice as large", kind: cone.Conv, in: 3, out: 5, h: 6, w: 6, k: 3, dil: 1, stride: 1, pad: 1, upscale: 1},
	{name: "transposed convolution", kind: cone.Conv, in: 3, out: 5, h: 6, w: 6, k: 3, dil: 1, stride: 1, pad: 1, upscale: 2},
	{name: "depthwise", kind: cone.Depthwise, in: 19, out: 19, h: 4, w: 4, k: 3, dil: 1, stride: 1, pad: 1},
	{name: "strided depthwise", kind: cone.Depthwise, in: 8, out: 8, h: 3, w: 4, k: 2, dil: 1, stride: 2},
	{name: "sum of a window", kind: cone.AveragePool, in: 17, out: 17, h: 3, w: 3, k: 2, dil: 1, stride: 2},
	{name: "sum of overlapping windows", kind: cone.AveragePool, in: 4, out: 4, h: 4, w: 4, k: 3, dil: 1, stride: 1},
	{name: "largest of a window", kind: cone.MaxPool, in: 9, out: 9, h: 3, w: 3, k: 2, dil: 1, stride: 2},
	{name: "largest of overlapping windows", kind: cone.MaxPool, in: 4, out: 4, h: 4, w: 4, k: 3, dil: 1, stride: 1, pad: 1},
	{name: "sum over all channels", kind: cone.ReduceSum, in: 12, out: 1, h: 3, w: 3, k: 1, dil: 1, stride: 1},
}

const sumsAt = 1 << 14 // of the outputs in SRAM

// stored is the extent of the input along an axis with so many outputs.
func (o *window) stored(outs int) (up, src int) {
	up = (outs-1)*o.stride + (o.k-1)*o.dil + 1 - 2*o.pad
	if o.upscale > 0 {
		return up, (up + 1) / 2
	}
	return up, up
}

// stream is the command stream of the operation.
func (o *window) stream(t *testing.T, cfg isa.Config, r *rand.Rand) *stream {
	t.Helper()
	var m isa.Stream
	_, ih := o.stored(o.h)
	_, iw := o.stored(o.w)
	m.Set(isa.KernelWidthM1, uint32((o.k-1)*o.dil))
	m.Set(isa.KernelHeightM1, uint32((o.k-1)*o.dil))
	m.Set(isa.KernelStride, uint32(o.stride-1)|uint32(o.stride-1)<<1|uint32(o.dil-1)<<3|uint32(o.dil-1)<<4)
	for pad := isa.IFMPadTop; pad <= isa.IFMPadBottom; pad++ {
		m.Set(pad, uint32(o.pad))
	}
	m.Set(isa.IFMUpscale, uint32(o.upscale))
	m.Set(isa.IFMDepthM1, uint32(o.in-1))
	m.Set(isa.IFMPrecision, 1)
	m.Set(isa.OFMPrecision, 1|1<<1|1<<8|2<<14)
	place := func(base, w0, region isa.Reg, start, h, w, c, size int) {
		m.Set(region, 1)
		m.Set(base, uint32(start))
		m.Set(base+4, uint32(c*size))
		m.Set(base+5, uint32(w*c*size))
		m.Set(base+6, uint32(size))
		m.Set(w0, uint32(w-1))
		m.Set(w0+1, uint32(h-1))
		m.Set(w0+2, uint32(h-1))
	}
	place(isa.IFMBase0, isa.IFMWidth0M1, isa.IFMRegion, 0, ih, iw, o.in, 1)
	place(isa.OFMBase0, isa.OFMWidth0M1, isa.OFMRegion, sumsAt, o.h, o.w, o.out, 2)
	m.Set(isa.OFMHeightM1, uint32(o.h-1))
	m.Set(isa.OFMWidthM1, uint32(o.w-1))
	m.Set(isa.OFMDepthM1, uint32(o.out-1))
	m.Set(isa.OFMBlkDepthM1, 15)
	m.SetScale(isa.OFMScale, 1<<30, 30)
	m.SetSigned(isa.ActivationMin, -1<<15)
	m.Set(isa.ActivationMax, 1<<15-1)
	op := map[cone.Kind]isa.Opcode{cone.Conv: isa.OpConv, cone.Depthwise: isa.OpDepthwise, cone.AveragePool: isa.OpPool, cone.MaxPool: isa.OpPool, cone.ReduceSum: isa.OpPool}[o.kind]
	s := &stream{config: cfg, bases: [8]uint32{isa.FlashBase, isa.SRAMBase}}
	if op != isa.OpPool {
		ones := mlw.Traversal{
			OD: o.out, KH: o.k, KW: o.k, ID: o.in, BlockDepth: 16, UBlockDepth: cfg.Spec().UBlockD, IFMBits: 8,
			Depthwise: o.kind == cone.Depthwise, DilX: o.dil, DilY: o.dil,
		}
		if ones.Depthwise {
			ones.ID = 1
		}
		var w []int16
		ones.Order(func(oc, _, _, _ int) {
			v := int16(0)
			if oc >= 0 {
				v = 1
			}
			w = append(w, v)
		})
		s.mem.Flash = mlw.Encode(w)
		for len(s.mem.Flash)%16 != 0 {
			s.mem.Flash = append(s.mem.Flash, 0)
		}
		m.Set(isa.WeightRegion, 0)
		m.Set(isa.WeightBase, 0)
		m.Set(isa.WeightLength, uint32(len(s.mem.Flash)))
	}
	m.Op(op, map[cone.Kind]uint32{cone.MaxPool: isa.PoolMax, cone.AveragePool: isa.PoolAverage, cone.ReduceSum: isa.PoolReduceSum}[o.kind])
	m.Op(isa.OpStop, 0)
	s.commands, s.mem.SRAM = m.Words, make([]byte, 1<<15)
	for i := range ih * iw * o.in {
		s.mem.SRAM[i] = byte(r.IntN(41) - 20)
	}
	return s
}

// result is the operation by its definition. It also counts, for each input element, the taps
// that reach it.
func (o *window) result(sram []byte) (out []int16, taps []int) {
	uh, ih := o.stored(o.h)
	uw, iw := o.stored(o.w)
	taps = make([]int, ih*iw*o.in)
	for y := range o.h {
		for x := range o.w {
			for c := range o.out {
				sum, best := 0, -1<<15
				o.each(y, x, uh, uw, func(u, v int) {
					if o.upscale == 2 && (u%2 != 0 || v%2 != 0) {
						best = max(best, 0)
						return
					}
					if o.upscale > 0 {
						u, v = u/2, v/2
					}
					for ic := range o.in {
						if o.kind != cone.Conv && o.kind != cone.ReduceSum && ic != c {
							continue
						}
						e := (u*iw+v)*o.in + ic
						sum += int(int8(sram[e]))
						best = max(best, int(int8(sram[e])))
						taps[e]++
					}
				})
				if o.kind == cone.MaxPool {
					sum = best
				}
				out = append(out, int16(sum))
			}
		}
	}
	return out, taps
}

// each calls f for the taps of an output that are not padding.
func (o *window) each(y, x, uh, uw int, f func(u, v int)) {
	for ky := range o.k {
		for kx := range o.k {
			u, v := y*o.stride-o.pad+ky*o.dil, x*o.stride-o.pad+kx*o.dil
			if u >= 0 && v >= 0 && u < uh && v < uw {
				f(u, v)
			}
		}
	}
}

// A wrong input reaches the outputs that take it by the definition of the operation, with the
// value that this gives, and no others; the work is that of the taps that it meets.
func TestReachByDefinition(t *testing.T) {
	for i, o := range windows {
		r := rand.New(rand.NewPCG(uint64(i), 31))
		s := o.stream(t, isa.Configs[i%4], r)
		p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		if got := p.Ops()[0].Kind; got != o.kind {
			t.Fatalf("%s is read as %s", o.name, got)
		}
		golden := s.fresh()
		trace, err := p.Record(golden)
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		was, taps := o.result(s.mem.SRAM)
		for e, v := range was {
			if got := int16(binary.LittleEndian.Uint16(golden.SRAM[sumsAt+2*e:])); got != v {
				t.Fatalf("%s: output %d is %d, by hand %d", o.name, e, got, v)
			}
		}
		run, unseen := p.Runner(), 0
		for e := range taps {
			before := s.mem.SRAM[e]
			s.mem.SRAM[e] ^= 1 << r.IntN(4)
			left, macs, err := run.Propagate(trace, 0, []cone.Byte{{Addr: isa.SRAMBase + uint32(e), Value: s.mem.SRAM[e]}})
			if err != nil {
				t.Fatalf("%s: %v", o.name, err)
			}
			now, _ := o.result(s.mem.SRAM)
			got := s.fresh().SRAM
			copy(got[sumsAt:], golden.SRAM[sumsAt:])
			for _, b := range left {
				got[b.Addr-isa.SRAMBase] = b.Value
			}
			changed := 0
			for k, v := range now {
				if x := int16(binary.LittleEndian.Uint16(got[sumsAt+2*k:])); x != v {
					t.Fatalf("%s: input %d from %d to %d: output %d is %d, by hand %d", o.name, e, int8(before), int8(s.mem.SRAM[e]), k, x, v)
				}
				if v != was[k] {
					changed++
				}
			}
			want := int64(taps[e])
			if o.kind == cone.MaxPool {
				want *= int64(o.k * o.k) // of each window that it meets
			}
			if o.kind != cone.MaxPool && (changed > 0) != (taps[e] > 0) || macs != want {
				t.Fatalf("%s: input %d changes %d outputs with %d MACs, and meets %d taps", o.name, e, changed, macs, taps[e])
			}
			if changed == 0 {
				unseen++
			}
			s.mem.SRAM[e] = before
		}
		if unseen == len(taps) {
			t.Errorf("%s: no input changes an output", o.name)
		}
	}
}

// A copy moves wrong bytes by the distance of source and destination, drops those that stood
// at the destination, and leaves others; a table is not followed.
func TestCopiesMove(t *testing.T) {
	const src, dst, n = 256, 1024, 200
	build := func(internal bool) (*cone.Program, *cone.Trace) {
		var m isa.Stream
		m.Set(isa.DMA0SrcRegion, 1)
		m.Set(isa.DMA0DstRegion, 1|bit(internal)<<8)
		m.Set(isa.DMA0Src, src+3) // the low bits have no effect
		m.Set(isa.DMA0Dst, dst)
		m.Set(isa.DMA0Len, n)
		m.Op(isa.OpDMAStart, 0)
		m.Op(isa.OpStop, 0)
		mem := &isa.Memory{SRAM: make([]byte, 1<<12)}
		p, err := cone.New(isa.U55x128, m.Words, [8]uint32{isa.FlashBase, isa.SRAMBase}, mem)
		if err != nil {
			t.Fatal(err)
		}
		trace, err := p.Record(mem)
		if err != nil {
			t.Fatal(err)
		}
		return p, trace
	}
	p, trace := build(false)
	tables, tablesTrace := build(true)
	if o := tables.Ops()[0]; o.Kind != cone.Table || len(o.Writes) != 0 || p.Ops()[0].Kind != cone.Copy {
		t.Errorf("a copy is a %s, one of tables a %s that writes %v", p.Ops()[0].Kind, o.Kind, o.Writes)
	}
	for _, c := range []struct {
		at   uint32
		want []uint32 // where it is wrong behind the copy
	}{
		{src - 1, []uint32{src - 1}},
		{src, []uint32{src, dst}},
		{src + n - 1, []uint32{src + n - 1, dst + n - 1}},
		{src + n, []uint32{src + n}},
		{dst - 1, []uint32{dst - 1}},
		{dst, nil},
		{dst + n - 1, nil},
		{dst + n, []uint32{dst + n}},
	} {
		diff := []cone.Byte{{Addr: isa.SRAMBase + c.at, Value: 7}}
		left, macs, err := p.Runner().Propagate(trace, 0, diff)
		if err != nil || macs != 0 || len(left) != len(c.want) {
			t.Fatalf("byte %d leaves %v after %d MACs, %v; want it at %d", c.at, left, macs, err, c.want)
		}
		for i, b := range left {
			if b.Addr != isa.SRAMBase+c.want[i] || b.Value != 7 {
				t.Errorf("byte %d leaves %v, want it at %d", c.at, left, c.want)
			}
		}
		left, _, err = tables.Runner().Propagate(tablesTrace, 0, diff)
		source := c.at >= src && c.at < src+n
		if errors.Is(err, cone.ErrClock) != source || !source && (len(left) != 1 || left[0] != diff[0]) {
			t.Errorf("byte %d before tables are filled leaves %v, %v", c.at, left, err)
		}
	}
}
