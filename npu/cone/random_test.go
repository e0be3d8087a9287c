package cone_test

import (
	"math/rand/v2"
	"testing"

	"upset/npu/cone"
	"upset/npu/isa"
	"upset/npu/mlw"
)

const (
	arena    = 1 << 15 // bytes of SRAM
	flashEnd = 1 << 16
)

// maker draws streams with every kind of operation on small feature maps.
type maker struct {
	isa.Stream
	r     *rand.Rand
	flash []byte
	used  int
}

func (m *maker) coin() bool { return m.r.IntN(2) == 0 }

// place writes the registers of a feature map of h × w × c elements, in one tile
// or four, dense or with gaps.
func (m *maker) place(base, w0, region, zp isa.Reg, h, w, c, size int, brick bool, region1 uint32) {
	e := uint32(size)
	x, z := uint32(c)*e, e
	if m.r.IntN(3) == 0 {
		x += e * m.r.Uint32N(3)
	}
	y := x * uint32(w)
	if brick {
		x, z = 16*e, 16*e*uint32(w)
		y = z * uint32((c+15)/16)
	}
	m.Set(region, region1)
	start := m.r.Uint32N(arena/4) &^ 15
	m.Set(base, start)
	for i := range isa.Reg(3) {
		m.Set(base+1+i, start+uint32(i+1)*arena/8)
	}
	m.Set(base+4, x)
	m.Set(base+5, y)
	m.Set(base+6, z)
	tw, th := w, h
	if m.r.IntN(3) == 0 {
		tw, th = 1+m.r.IntN(w), 1+m.r.IntN(h)
	}
	m.Set(w0, uint32(tw-1))
	m.Set(w0+1, uint32(th-1))
	m.Set(w0+2, uint32(th-1))
	m.SetSigned(zp, m.r.IntN(40)-20)
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// operation appends one random operation.
func (m *maker) operation(cfg isa.Config) {
	r := m.r
	op := []isa.Opcode{isa.OpConv, isa.OpConv, isa.OpDepthwise, isa.OpPool, isa.OpElementwise, isa.OpDMAStart}[r.IntN(6)]
	if op == isa.OpDMAStart {
		m.Set(isa.DMA0SrcRegion, 1)
		m.Set(isa.DMA0DstRegion, 1|bit(r.IntN(6) == 0)<<8)
		m.Set(isa.DMA0Src, r.Uint32N(arena/2))
		m.Set(isa.DMA0Dst, r.Uint32N(arena/2))
		m.Set(isa.DMA0Len, r.Uint32N(arena/4))
		m.Op(op, 0)
		return
	}
	h, w, c := 1+r.IntN(6), 1+r.IntN(6), 1+r.IntN(36)
	size, out := []int{1, 1, 2, 4}[r.IntN(4)], []int{1, 1, 2, 4}[r.IntN(4)]
	id := 1 + r.IntN(36)
	k := uint32(0)
	if op != isa.OpElementwise {
		k = r.Uint32N(4)
	}
	m.Set(isa.KernelWidthM1, k)
	m.Set(isa.KernelHeightM1, k)
	m.Set(isa.KernelStride, r.Uint32N(1<<5))
	for pad := isa.IFMPadTop; pad <= isa.IFMPadBottom; pad++ {
		m.Set(pad, r.Uint32N(k+1))
	}
	m.Set(isa.IFMUpscale, r.Uint32N(3))
	m.Set(isa.IFMDepthM1, uint32(id-1))
	brick, signed := m.coin(), bit(m.coin())
	m.Set(isa.IFMPrecision, signed|uint32(size>>1)<<2|bit(brick)<<6|r.Uint32N(3)<<8)
	m.place(isa.IFMBase0, isa.IFMWidth0M1, isa.IFMRegion, isa.IFMZeroPoint, 2*h+4, 2*w+4, max(id, c), size, brick, 1)
	m.Set(isa.IFM2Precision, signed|uint32(size>>1)<<2|bit(brick)<<6)
	m.place(isa.IFM2Base0, isa.IFM2Width0M1, isa.IFM2Region, isa.IFM2ZeroPoint, h, w, c, size, brick, 1)
	m.Set(isa.IFM2Broadcast, r.Uint32N(256))
	m.Set(isa.IFM2Scalar, r.Uint32N(100))
	m.Set(isa.OPAScale, r.Uint32N(1<<31))
	m.Set(isa.OPBScale, r.Uint32N(1<<16))
	global, brickOut := m.coin(), m.coin()
	m.Set(isa.OFMPrecision, bit(m.coin())|uint32(out>>1)<<1|bit(brickOut)<<6|bit(global)<<8|r.Uint32N(3)<<14)
	m.place(isa.OFMBase0, isa.OFMWidth0M1, isa.OFMRegion, isa.OFMZeroPoint, h, w, c, out, brickOut, 1)
	m.Set(isa.OFMHeightM1, uint32(h-1))
	m.Set(isa.OFMWidthM1, uint32(w-1))
	m.Set(isa.OFMDepthM1, uint32(c-1))
	m.Set(isa.OFMBlkDepthM1, 15)
	m.SetScale(isa.OFMScale, 1<<30+r.Uint32N(1<<30), 30+uint(r.IntN(12)))
	m.SetSigned(isa.ActivationMin, -120)
	m.Set(isa.ActivationMax, 120)
	m.Set(isa.AccFormat, r.Uint32N(2))
	m.Set(isa.Activation, []uint32{0, 0, 0, 3, 4, 16, 18}[r.IntN(7)])
	if op == isa.OpConv || op == isa.OpDepthwise {
		m.constants(cfg, op, k, c, id, size)
	}
	m.Op(op, r.Uint32N(10))
}

// constants puts random weights and scale records in flash.
func (m *maker) constants(cfg isa.Config, op isa.Opcode, k uint32, c, id, size int) {
	var regs isa.Registers
	for w := 0; w < len(m.Words); w++ {
		if kind, reg := isa.Classify(m.Words[w]); kind == isa.KindSet2 {
			regs.Set(reg, m.Words[w], m.Words[w+1])
			w++
		} else if kind == isa.KindSet {
			regs.Set(reg, m.Words[w], 0)
		}
	}
	d := isa.Decode(&regs, op, 0)
	t := mlw.Traversal{
		OD: c, KH: d.KH, KW: d.KW, ID: id, BlockDepth: d.BlkD, UBlockDepth: cfg.Spec().UBlockD, IFMBits: 8 * size,
		Depthwise: d.Depthwise, PartKernel: d.PartKernel && !d.Depthwise, DilX: d.DilX, DilY: d.DilY,
	}
	if t.Depthwise {
		t.ID = 1
	}
	var w []int16
	t.Order(func(oc, _, _, _ int) {
		v := int16(0)
		if oc >= 0 {
			v = int16(m.r.IntN(511) - 255)
		}
		w = append(w, v)
	})
	put := func(b []byte, region, base, length isa.Reg) {
		m.used = (m.used + 15) &^ 15
		m.Set(region, 0)
		m.Set(base, uint32(m.used))
		m.Set(length, uint32(len(b)+15)&^15)
		m.used += copy(m.flash[m.used:], b)
	}
	put(mlw.Encode(w), isa.WeightRegion, isa.WeightBase, isa.WeightLength)
	records := make([]byte, 10*c)
	for i := range c {
		rec := records[10*i:]
		bias := m.r.IntN(1<<17) - 1<<16
		if m.r.IntN(9) == 0 {
			bias = m.r.IntN(1<<39) - 1<<38
		}
		for j := range 5 {
			rec[j] = byte(bias >> (8 * j))
		}
		for j := range 4 {
			rec[5+j] = byte(m.r.Uint32())
		}
		rec[9] = byte(32 + m.r.IntN(16))
	}
	put(records, isa.ScaleRegion, isa.ScaleBase, isa.ScaleLength)
}

// randomStream draws a stream of a few operations that run one into another.
func randomStream(r *rand.Rand) *stream {
	s := &stream{config: isa.Configs[r.IntN(4)], bases: [8]uint32{isa.FlashBase, isa.SRAMBase}}
	m := maker{r: r, flash: make([]byte, 4*flashEnd)}
	for range 1 + r.IntN(4) {
		m.operation(s.config)
	}
	m.Op(isa.OpStop, 0)
	s.commands, s.mem.Flash = m.Words, m.flash
	s.mem.SRAM = make([]byte, arena)
	for i := range s.mem.SRAM {
		s.mem.SRAM[i] = byte(r.Uint32())
	}
	return s
}

// TestRandomStreams follows differences through streams that no compiler writes:
// all kinds and widths, gaps, tiles that overlap, outputs over inputs. Every second one is
// followed with vectors, the others without.
func TestRandomStreams(t *testing.T) {
	n := 400
	if full() {
		n = 6000
	}
	var all outcome
	skipped := 0
	kinds := map[cone.Kind]int{}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 77))
		s := randomStream(r)
		defer cone.Vectors(i%2 == 0)()
		p, err := cone.New(s.config, s.commands, s.bases, &s.mem)
		if err != nil {
			skipped++
			continue
		}
		if _, err := p.Record(s.fresh()); err != nil {
			skipped++
			continue
		}
		for _, o := range p.Ops() {
			kinds[o.Kind]++
		}
		done := s.compare(t, r, 12)
		if t.Failed() {
			t.Fatalf("stream %d", i)
		}
		all.exact += done.exact
		all.refused += done.refused
		all.opaque += done.opaque
	}
	t.Logf("%d streams skipped, %d samples exact, %d refused, %d operations refused, %v", skipped, all.exact, all.refused, all.opaque, kinds)
	if skipped > n/3 || all.exact < 5*n || len(kinds) < 8 {
		t.Errorf("%d streams skipped, %d samples exact, kinds %v: too little is tested", skipped, all.exact, kinds)
	}
}
