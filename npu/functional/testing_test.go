package functional

import (
	"encoding/binary"
	"errors"
	"testing"

	"upset/npu/isa"
)

// rig builds a stream and the memory it runs on: region 0 is flash, region 1
// the arena.
type rig struct {
	isa.Stream
	mem isa.Memory
	cfg isa.Config
}

const arenaBytes = 1 << 16

func newRig(cfg isa.Config) *rig {
	r := &rig{cfg: cfg}
	r.mem.SRAM = make([]byte, arenaBytes)
	r.mem.Flash = make([]byte, arenaBytes)
	return r
}

func (r *rig) machine() *Machine {
	return New(r.cfg, &r.mem, [8]uint32{isa.FlashBase, isa.SRAMBase})
}

// run ends the stream and executes it.
func (r *rig) run(t testing.TB) *Machine {
	t.Helper()
	r.Op(isa.OpStop, 0xffff)
	m := r.machine()
	if err := m.Run(r.Words); err != nil {
		t.Fatal(err)
	}
	return m
}

// shape is a feature map in the arena for set.
type shape struct {
	h, w, c, bytes int
	base           uint32
	brick          bool
	zp             int
}

func (s shape) elements() int { return s.h * s.w * s.c }

// strides are those of a dense map.
func (s shape) strides() (x, y, c uint32) {
	e := uint32(s.bytes)
	if s.brick {
		x, c = 16*e, 16*e*uint32(s.w)
		return x, c * uint32((s.c+15)/16), c
	}
	return uint32(s.c) * e, uint32(s.c) * e * uint32(s.w), e
}

func (s shape) featureMap() isa.FeatureMap {
	f := isa.FeatureMap{Width0: s.w, Height0: s.h, Height1: s.h, Bytes: s.bytes, Signed: true, Brick: s.brick, Region: 1}
	f.Base[0] = s.base
	f.StrideX, f.StrideY, f.StrideC = s.strides()
	return f
}

// set writes the registers of one feature map. base, w0, region and zp are the
// first registers of its groups.
func (r *rig) set(s shape, base, w0, region, zp isa.Reg) {
	x, y, c := s.strides()
	r.Set(region, 1)
	r.Set(base, s.base)
	r.Set(base+4, x)
	r.Set(base+5, y)
	r.Set(base+6, c)
	r.Set(w0, uint32(s.w-1))
	r.Set(w0+1, uint32(s.h-1))
	r.Set(w0+2, uint32(s.h-1))
	r.SetSigned(zp, s.zp)
}

func log2(bytes int) uint32 { return uint32(bytes >> 1) }

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func (r *rig) ifm(s shape, addMode uint32) {
	r.set(s, isa.IFMBase0, isa.IFMWidth0M1, isa.IFMRegion, isa.IFMZeroPoint)
	r.Set(isa.IFMDepthM1, uint32(s.c-1))
	r.Set(isa.IFMPrecision, 1|log2(s.bytes)<<2|flag(s.brick)<<6|addMode<<8)
}

func (r *rig) ifm2(s shape, broadcast uint32) {
	r.set(s, isa.IFM2Base0, isa.IFM2Width0M1, isa.IFM2Region, isa.IFM2ZeroPoint)
	r.Set(isa.IFM2Precision, 1|log2(s.bytes)<<2|flag(s.brick)<<6)
	r.Set(isa.IFM2Broadcast, broadcast)
}

// ofm sets the output with the full clamp range of its type.
func (r *rig) ofm(s shape, global bool, round uint32) {
	r.set(s, isa.OFMBase0, isa.OFMWidth0M1, isa.OFMRegion, isa.OFMZeroPoint)
	r.Set(isa.OFMWidthM1, uint32(s.w-1))
	r.Set(isa.OFMHeightM1, uint32(s.h-1))
	r.Set(isa.OFMDepthM1, uint32(s.c-1))
	r.Set(isa.OFMPrecision, 1|log2(s.bytes)<<1|flag(s.brick)<<6|flag(global)<<8|round<<14)
	lo, hi := -1<<(8*min(s.bytes, 2)-1), 1<<(8*min(s.bytes, 2)-1)-1
	r.SetSigned(isa.ActivationMin, lo)
	r.SetSigned(isa.ActivationMax, hi)
	r.Set(isa.OFMBlkWidthM1, 7)
	r.Set(isa.OFMBlkHeightM1, 3)
	r.Set(isa.OFMBlkDepthM1, 15)
}

// put stores HWC values in a feature map, take reads them.
func (r *rig) put(s shape, values []int) {
	f := s.featureMap()
	var b [4]byte
	for i, v := range values {
		x := i / s.c
		at := f.Addr(x/s.w, x%s.w, i%s.c)
		binary.LittleEndian.PutUint32(b[:], uint32(v))
		copy(r.mem.SRAM[at:at+uint32(s.bytes)], b[:])
	}
}

func (r *rig) take(s shape) []int {
	f := s.featureMap()
	values := make([]int, s.elements())
	for i := range values {
		x := i / s.c
		b := r.mem.SRAM[f.Addr(x/s.w, x%s.w, i%s.c):]
		switch s.bytes {
		case 1:
			values[i] = int(int8(b[0]))
		case 2:
			values[i] = int(int16(binary.LittleEndian.Uint16(b)))
		default:
			values[i] = int(int32(binary.LittleEndian.Uint32(b)))
		}
	}
	return values
}

func equal(t testing.TB, what string, got, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: element %d is %d, want %d", what, i, got[i], want[i])
		}
	}
}

func wantFault(t testing.TB, err error, kind Kind) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Kind != kind {
		t.Errorf("error is %v, want a %s", err, kind)
	}
}
