package functional

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"upset/npu/arith"
	"upset/npu/isa"
	"upset/npu/mlw"
)

// convCase describes a convolution or depthwise operation.
type convCase struct {
	ih, iw, ic, oc     int
	kh, kw             int
	sy, sx, dy, dx     int
	top, left          int
	bottom, right      int
	bytes, outBytes    int
	part, depthwise    bool
	brickIn, brickOut  bool
	upscale            int
	zpIn, zpOut        int
	acc40              bool
	round              int
	blockDepth, maxAbs int
}

func (c *convCase) outSize() (oh, ow int) {
	oh = (c.ih+c.top+c.bottom-((c.kh-1)*c.dy+1))/c.sy + 1
	ow = (c.iw+c.left+c.right-((c.kw-1)*c.dx+1))/c.sx + 1
	return oh, ow
}

func (c *convCase) stored() (h, w int) {
	if c.upscale != 0 {
		return (c.ih + 1) / 2, (c.iw + 1) / 2
	}
	return c.ih, c.iw
}

// naive computes the operation from its definition, one output at a time.
func (c *convCase) naive(in []int, w func(oc, ky, kx, ic int) int, recs []isa.ScaleRecord) []int {
	oh, ow := c.outSize()
	_, sw := c.stored()
	var out []int
	for oy := range oh {
		for ox := range ow {
			for oc := range c.oc {
				acc := int64(0)
				for ky := range c.kh {
					for kx := range c.kw {
						y, x := oy*c.sy-c.top+ky*c.dy, ox*c.sx-c.left+kx*c.dx
						if y < 0 || x < 0 || y >= c.ih || x >= c.iw {
							continue
						}
						if c.upscale == 2 && (y%2 != 0 || x%2 != 0) {
							continue
						}
						if c.upscale != 0 {
							y, x = y/2, x/2
						}
						pixel := in[(y*sw+x)*c.ic:]
						if c.depthwise {
							acc += int64((pixel[oc] - c.zpIn) * w(oc, ky, kx, 0))
							continue
						}
						for ic := range c.ic {
							acc += int64((pixel[ic] - c.zpIn) * w(oc, ky, kx, ic))
						}
					}
				}
				v := arith.Scale(acc+recs[oc].Bias, recs[oc].Scale, recs[oc].Shift, arith.Round(c.round))
				if c.outBytes != 4 {
					v = arith.Saturate(v+int64(c.zpOut), uint(8*c.outBytes))
				}
				out = append(out, int(arith.Saturate(v, 32)))
			}
		}
	}
	return out
}

// emit sets all registers for the case and places weights and scales in flash.
func (c *convCase) emit(r *rig, in, out shape, w func(oc, ky, kx, ic int) int, recs []isa.ScaleRecord) {
	t := mlw.Traversal{
		OD: c.oc, KH: c.kh, KW: c.kw, ID: c.ic, BlockDepth: c.blockDepth, UBlockDepth: r.cfg.Spec().UBlockD,
		IFMBits: 8 * c.bytes, Depthwise: c.depthwise, PartKernel: c.part, DilX: c.dx, DilY: c.dy,
	}
	if c.depthwise {
		t.ID = 1
	}
	var order []int16
	t.Order(func(oc, ky, kx, ic int) {
		v := 0
		if oc >= 0 {
			v = w(oc, ky, kx, ic)
		}
		order = append(order, int16(v))
	})
	scales := alignedScales(recs)
	copy(r.mem.Flash[256:], scales)
	stream := mlw.Encode(order)
	copy(r.mem.Flash[256+len(scales):], stream)
	r.ifm(in, 0)
	r.ofm(out, false, uint32(c.round))
	r.Set(isa.OFMBlkDepthM1, uint32(c.blockDepth-1))
	r.Set(isa.IFMPadTop, uint32(c.top))
	r.Set(isa.IFMPadLeft, uint32(c.left))
	r.Set(isa.IFMPadBottom, uint32(c.bottom))
	r.Set(isa.IFMPadRight, uint32(c.right))
	r.Set(isa.IFMUpscale, uint32(c.upscale))
	r.Set(isa.KernelHeightM1, uint32((c.kh-1)*c.dy))
	r.Set(isa.KernelWidthM1, uint32((c.kw-1)*c.dx))
	r.Set(isa.KernelStride, uint32((c.sx-1)&1|(c.sy-1)&1<<1|int(flag(c.part))<<2|(c.dx-1)<<3|(c.dy-1)<<4|(c.sx-1)>>1<<6|(c.sy-1)>>1<<9))
	r.Set(isa.AccFormat, flag(c.acc40))
	r.Set(isa.ScaleBase, 256)
	r.Set(isa.ScaleLength, uint32(len(scales)))
	r.Set(isa.WeightBase, uint32(256+len(scales)))
	r.Set(isa.WeightLength, uint32(len(stream)))
	if c.depthwise {
		r.Op(isa.OpDepthwise, 0)
	} else {
		r.Op(isa.OpConv, 0)
	}
}

func alignedScales(recs []isa.ScaleRecord) []byte {
	var b []byte
	for _, s := range recs {
		for i := range 5 {
			b = append(b, byte(s.Bias>>(8*i)))
		}
		b = append(b, byte(s.Scale), byte(s.Scale>>8), byte(s.Scale>>16), byte(s.Scale>>24), byte(s.Shift))
	}
	for len(b)%16 != 0 {
		b = append(b, 0)
	}
	return b
}

func randomConv(rng *rand.Rand) convCase {
	pick := func(a ...int) int { return a[rng.IntN(len(a))] }
	c := convCase{
		ih: 3 + rng.IntN(8), iw: 3 + rng.IntN(8), ic: 1 + rng.IntN(40), oc: 1 + rng.IntN(20),
		kh: 1 + rng.IntN(3), kw: 1 + rng.IntN(3), sy: 1 + rng.IntN(3), sx: 1 + rng.IntN(3), dy: 1 + rng.IntN(2), dx: 1 + rng.IntN(2),
		bytes: pick(1, 1, 2), outBytes: pick(1, 2, 4), part: rng.IntN(2) == 0, depthwise: rng.IntN(3) == 0,
		brickIn: rng.IntN(2) == 0, brickOut: rng.IntN(2) == 0, upscale: pick(0, 0, 0, 1, 2),
		zpIn: rng.IntN(200) - 100, zpOut: rng.IntN(100) - 50, acc40: rng.IntN(2) == 0, round: pick(0, 1, 2),
		blockDepth: pick(8, 16, 32), maxAbs: pick(3, 255),
	}
	if rng.IntN(5) == 0 {
		c.ih, c.iw, c.kh, c.kw, c.ic = 13, 12, 9+rng.IntN(3), 9, 1+rng.IntN(9)
		c.dy, c.dx = 1, 1
	}
	if c.depthwise {
		c.part, c.oc = false, c.ic
	}
	c.top, c.left = rng.IntN((c.kh-1)*c.dy+1), rng.IntN((c.kw-1)*c.dx+1)
	c.bottom, c.right = rng.IntN((c.kh-1)*c.dy+1), rng.IntN((c.kw-1)*c.dx+1)
	// The extent that the machine derives ends where the last window ends.
	for (c.ih+c.top+c.bottom-((c.kh-1)*c.dy+1)) < 0 || (c.iw+c.left+c.right-((c.kw-1)*c.dx+1)) < 0 {
		c.ih, c.iw = c.ih+2, c.iw+2
	}
	oh, ow := c.outSize()
	c.ih = (oh-1)*c.sy + (c.kh-1)*c.dy + 1 - c.top - c.bottom
	c.iw = (ow-1)*c.sx + (c.kw-1)*c.dx + 1 - c.left - c.right
	return c
}

// TestConvolution compares random operations with their definition on all
// configurations.
func TestConvolution(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for i := range 150 {
		c := randomConv(rng)
		if c.ih < 1 || c.iw < 1 {
			continue
		}
		r := newRig(isa.Configs[i%4])
		sh, sw := c.stored()
		oh, ow := c.outSize()
		in := shape{sh, sw, c.ic, c.bytes, 0, c.brickIn, c.zpIn}
		out := shape{oh, ow, c.oc, c.outBytes, arenaBytes / 2, c.brickOut, c.zpOut}
		values := make([]int, in.elements())
		for i := range values {
			values[i] = rng.IntN(1<<(8*c.bytes)) - 1<<(8*c.bytes-1)
		}
		weights := make([]int, c.oc*c.kh*c.kw*c.ic)
		for i := range weights {
			weights[i] = rng.IntN(2*c.maxAbs+1) - c.maxAbs
		}
		w := func(oc, ky, kx, ic int) int { return weights[((oc*c.kh+ky)*c.kw+kx)*c.ic+ic] }
		recs := make([]isa.ScaleRecord, c.oc)
		for i := range recs {
			recs[i] = isa.ScaleRecord{Bias: int64(rng.IntN(1<<20)) - 1<<19, Scale: 1<<30 + rng.Uint32N(1<<30), Shift: uint(36 + rng.IntN(14))}
		}
		name := fmt.Sprintf("case %d (%+v)", i, c)
		r.put(in, values)
		c.emit(r, in, out, w, recs)
		r.run(t)
		equal(t, name, r.take(out), c.naive(values, w, recs))
	}
}

// TestAccumulatorWraps drives accumulators beyond their width.
func TestAccumulatorWraps(t *testing.T) {
	for _, acc40 := range []bool{false, true} {
		c := convCase{
			ih: 1, iw: 1, ic: 512, oc: 1, kh: 1, kw: 1, sy: 1, sx: 1, dy: 1, dx: 1,
			bytes: 2, outBytes: 4, acc40: acc40, blockDepth: 16, round: 2,
		}
		r := newRig(isa.U55x128)
		in, out := shape{1, 1, 512, 2, 0, false, 0}, shape{1, 1, 1, 4, 4096, false, 0}
		values := make([]int, 512)
		for i := range values {
			values[i] = 32767
		}
		r.put(in, values)
		c.emit(r, in, out, func(_, _, _, _ int) int { return 255 }, []isa.ScaleRecord{{Bias: 3, Scale: 1, Shift: 8}})
		r.run(t)
		sum := int64(512 * 32767 * 255)
		if !acc40 {
			sum = int64(int32(sum))
		}
		equal(t, fmt.Sprintf("acc40 %v", acc40), r.take(out), []int{int((sum + 3 + 128) >> 8)})
	}
}

func BenchmarkConv(b *testing.B) {
	c := convCase{
		ih: 25, iw: 5, ic: 64, oc: 64, kh: 1, kw: 1, sy: 1, sx: 1, dy: 1, dx: 1,
		bytes: 1, outBytes: 1, blockDepth: 32,
	}
	benchmark(b, c)
}

func BenchmarkConv3x3(b *testing.B) {
	c := convCase{
		ih: 16, iw: 16, ic: 32, oc: 32, kh: 3, kw: 3, sy: 1, sx: 1, dy: 1, dx: 1, top: 1, left: 1, bottom: 1, right: 1,
		bytes: 1, outBytes: 1, blockDepth: 32,
	}
	benchmark(b, c)
}

func BenchmarkDepthwise(b *testing.B) {
	c := convCase{
		ih: 25, iw: 5, ic: 64, oc: 64, kh: 3, kw: 3, sy: 1, sx: 1, dy: 1, dx: 1, top: 1, left: 1, bottom: 1, right: 1,
		bytes: 1, outBytes: 1, blockDepth: 32, depthwise: true,
	}
	benchmark(b, c)
}

func benchmark(b *testing.B, c convCase) {
	r := newRig(isa.U55x128)
	oh, ow := c.outSize()
	in, out := shape{c.ih, c.iw, c.ic, 1, 0, true, 3}, shape{oh, ow, c.oc, 1, arenaBytes / 2, true, 0}
	recs := make([]isa.ScaleRecord, c.oc)
	for i := range recs {
		recs[i] = isa.ScaleRecord{Scale: 1 << 30, Shift: 40}
	}
	c.emit(r, in, out, func(oc, ky, kx, ic int) int { return (oc*7+ky*5+kx*3+ic)%255 - 127 }, recs)
	r.Op(isa.OpStop, 0)
	m := r.machine()
	macs := float64(oh * ow * c.oc * c.kh * c.kw)
	if !c.depthwise {
		macs *= float64(c.ic)
	}
	for b.Loop() {
		if err := m.Run(r.Words); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(macs*float64(b.N)/1e6/b.Elapsed().Seconds(), "MMAC/s")
}
