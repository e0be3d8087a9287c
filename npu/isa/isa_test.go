package isa

import (
	"math/rand/v2"
	"strings"
	"testing"

	"upset/npu/arith"
)

func TestTableIsConsistent(t *testing.T) {
	type key struct {
		via    Via
		opcode uint16
	}
	seen := map[key]Reg{}
	names := map[string]Reg{}
	for r, info := range Table {
		reg := Reg(r)
		if !strings.HasPrefix(info.Name, "NPU_SET_") || info.Mask == 0 || info.Opcode > opcodeMask {
			t.Errorf("register %d: incomplete entry %+v", r, info)
		}
		if old, dup := seen[key{info.Via, info.Opcode}]; dup {
			t.Errorf("%s and %s share opcode %#x", info.Name, Table[old].Name, info.Opcode)
		}
		if old, dup := names[info.Name]; dup {
			t.Errorf("registers %d and %d are both named %s", old, r, info.Name)
		}
		seen[key{info.Via, info.Opcode}], names[info.Name] = reg, reg
		if info.Via == ViaParam && info.Mask > 0xffff {
			t.Errorf("%s: a parameter has 16 bits, the mask is %#x", info.Name, info.Mask)
		}
		if info.Shift >= 0 && (Table[info.Shift].Via != ViaShift || Table[info.Shift].Opcode != info.Opcode) {
			t.Errorf("%s: its shift register is %s", info.Name, Table[info.Shift].Name)
		}
	}
}

// TestOpcodes checks opcodes of the public register header that no compiled
// network sets, and those that exist only on the Ethos-U65.
func TestOpcodes(t *testing.T) {
	set := []struct {
		word uint32
		reg  Reg
	}{
		{0x0100, IFMPadTop}, {0x0103, IFMPadBottom}, {0x010f, IFMRegion}, {0x0124, AccFormat},
		{0x0130, DMA0SrcRegion}, {0x0180, IFM2Broadcast}, {0x018d, IFM2IBStart}, {0x018f, IFM2Region},
		{0x4003, IFMBase3}, {0x4024, OFMScale}, {0x4026, OPBScale}, {0x4032, DMA0Len}, {0x4086, IFM2StrideC},
	}
	for _, c := range set {
		want := KindSet
		if c.word&0x4000 != 0 {
			want = KindSet2
		}
		if k, r := Classify(c.word); k != want || Reg(r) != c.reg {
			t.Errorf("%#04x is kind %d register %d, want kind %d register %s", c.word, k, r, want, Table[c.reg].Name)
		}
	}
	for op := uint32(0x40a0); op <= 0x40a7; op++ {
		if k, r := Classify(op); k != KindSet2 || r != -1 {
			t.Errorf("USER_DEFINED %#x is kind %d register %d", op, k, r)
		}
	}
	for _, w := range []uint32{
		0x0004, 0x0007, 0x0123, 0x0132, 0x0133, 0x4033, 0x4034, 0x4090, 0x4093, 0x40a8, 0x01ff, // no such command
		0x0400, 0x2000, 0x8000, 0xc000, 0x8100, // reserved bits, control 2 and 3
		0x4100, 0x0024, 0x4011 | 0x1000, // the wrong control value
	} {
		if k, _ := Classify(w); k != KindInvalid {
			t.Errorf("%#04x is accepted as kind %d", w, k)
		}
	}
}

func TestStreamRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s Stream
	var want Registers
	for range 4000 {
		reg := Reg(rng.IntN(int(NumRegs)))
		if Table[reg].Via == ViaShift {
			continue
		}
		v := rng.Uint32()
		if sh := Table[reg].Shift; sh >= 0 {
			shift := uint(rng.IntN(64))
			s.SetScale(reg, v, shift)
			want[reg], want[sh] = v, uint32(shift)
			continue
		}
		s.Set(reg, v)
		want[reg] = v & Table[reg].Mask
	}
	n := len(s.Words)
	for reg := range Table {
		if Table[reg].Via != ViaShift && Table[reg].Shift < 0 && s.known[reg] {
			s.Set(Reg(reg), want[reg])
		}
	}
	if len(s.Words) != n {
		t.Errorf("unchanged values added %d words", len(s.Words)-n)
	}
	var got Registers
	for i := 0; i < n; i++ {
		w := s.Words[i]
		switch k, r := Classify(w); k {
		case KindSet:
			got.Set(r, w, 0)
		case KindSet2:
			i++
			got.Set(r, w, s.Words[i])
		default:
			t.Fatalf("word %d (%#08x) is kind %d", i, w, k)
		}
	}
	if got != want {
		t.Error("the registers after decoding differ from the values encoded")
	}
}

func TestDecodeFields(t *testing.T) {
	var r Registers
	r[IFMPrecision] = 1 | 1<<2 | 1<<6 | 2<<8 // signed 16-bit bricks, OPB 32-bit
	r[OFMPrecision] = 1 | 2<<1 | 1<<8 | 2<<14
	r[IFMZeroPoint], r[OFMZeroPoint] = 0xff80, 0x8000
	r[KernelStride] = 1 | 1<<9 | 1<<2 | 1<<4 // stride x 2, y 3, part-kernel, dilation y 2
	r[KernelWidthM1], r[KernelHeightM1] = 2, 4
	r[OFMWidthM1], r[OFMHeightM1], r[OFMDepthM1] = 9, 4, 7
	r[IFMPadTop], r[IFMPadBottom], r[IFMPadLeft] = 2, 1, 1
	r[Activation] = 0x3010
	r[ActivationMin], r[ActivationMax] = 0xfff0, 5
	r[AccFormat], r[IFMIBEnd], r[ABStart] = 1, 6, 20
	d := Decode(&r, OpConv, 0)
	checks := []struct {
		name      string
		got, want int64
	}{
		{"ifm bytes", int64(d.IFM.Bytes), 2}, {"ofm bytes", int64(d.OFM.Bytes), 4},
		{"ifm zp", int64(d.IFM.ZeroPoint), -128}, {"ofm zp", int64(d.OFM.ZeroPoint), -32768},
		{"add mode", int64(d.AddMode), 2}, {"round", int64(d.Round), 2},
		{"stride x", int64(d.StrideX), 2}, {"stride y", int64(d.StrideY), 3},
		{"kernel w", int64(d.KW), 3}, {"kernel h", int64(d.KH), 3}, {"dilation y", int64(d.DilY), 2},
		{"ifm w", int64(d.IFMW), 9*2 + 3 - 1}, {"ifm h", int64(d.IFMH), 4*3 + 5 - 3},
		{"act", int64(d.Act), 16}, {"min", int64(d.ActMin), -16},
		{"ib end", int64(d.IBEnd), 6144}, {"ab start", int64(d.ABStart), 20480}, {"ifm block depth", int64(d.IFMBlkD), 16},
	}
	for _, c := range checks {
		if c.got != c.want {
			t.Errorf("%s is %d, want %d", c.name, c.got, c.want)
		}
	}
	if !d.IFM.Brick || d.OFM.Brick || !d.IFM.Signed || !d.GlobalScale || !d.PartKernel || !d.Acc40 || !d.UsesLUT || d.UsesScales || !d.UsesWeights {
		t.Errorf("flags are wrong: %+v", d)
	}
	if lo, hi := d.ClipBounds(); lo != -128 || hi != 127 {
		t.Errorf("forced s8 clips to [%d, %d]", lo, hi)
	}
}

// TestAddr compares addresses with the rules worked out by hand.
func TestAddr(t *testing.T) {
	nhwc := FeatureMap{Base: [4]uint32{1000, 2000, 3000, 4000}, Width0: 4, Height0: 3, Height1: 2, StrideX: 6, StrideY: 100, Bytes: 2}
	brick := nhwc
	brick.Brick, brick.StrideC = true, 5000
	for _, c := range []struct {
		f       *FeatureMap
		y, x, c int
		want    uint32
	}{
		{&nhwc, 0, 0, 0, 1000}, {&nhwc, 2, 3, 2, 1000 + 200 + 18 + 4},
		{&nhwc, 2, 4, 0, 4000}, // right tile, HEIGHT1 = 2: the lower one
		{&nhwc, 1, 5, 1, 2000 + 100 + 6 + 2},
		{&nhwc, 3, 0, 0, 3000}, {&nhwc, 4, 2, 0, 3000 + 100 + 12},
		{&brick, 1, 2, 0, 1000 + 100 + 64}, {&brick, 1, 2, 35, 1000 + 100 + 64 + 2*5000 + 6},
		{&brick, 3, 5, 16, 4000 + 100 + 32 + 5000},
	} {
		if got := c.f.Addr(c.y, c.x, c.c); got != c.want {
			t.Errorf("brick %v (%d,%d,%d): %d, want %d", c.f.Brick, c.y, c.x, c.c, got, c.want)
		}
	}
}

func TestMemory(t *testing.T) {
	m := Memory{SRAM: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Flash: []byte{0xaa}}
	if v, ok := m.Read8(SRAMBase + 13); !ok || v != 0x0a09 {
		t.Errorf("the tail of the image reads %#x, %v", v, ok)
	}
	if v, ok := m.Byte(FlashBase); !ok || v != 0xaa {
		t.Errorf("flash reads %#x, %v", v, ok)
	}
	for addr, want := range map[uint32]bool{
		0: false, SRAMBase - 1: false, SRAMBase: true, SRAMBase + SRAMSize - 1: true, SRAMBase + SRAMSize: false,
		FlashBase - 1: false, FlashBase + FlashSize - 1: true, FlashBase + FlashSize: false, 0xffffffff: false,
	} {
		if _, ok := m.Byte(addr); ok != want {
			t.Errorf("read at %#x: mapped is %v, want %v", addr, ok, want)
		}
		write := want && addr < FlashBase
		if ok := m.SetByte(addr, 7); ok != write || m.Writable(addr) != write {
			t.Errorf("write at %#x: accepted is %v, want %v", addr, ok, write)
		}
	}
	if m.SRAM[0] != 7 || m.Flash[0] != 0xaa {
		t.Error("a write went to the wrong place")
	}
}

func TestConfigs(t *testing.T) {
	for _, c := range Configs {
		s := c.Spec()
		if got, err := ParseConfig(c.String()); err != nil || got != c {
			t.Errorf("%s parses as %v, %v", c, got, err)
		}
		if s.UBlockH*s.UBlockW*s.UBlockD*8 != s.MACs {
			t.Errorf("%s: micro-block and MACs disagree", c)
		}
		if w := s.ConfigWord; 1<<(w&0xf) != s.MACs || int(w>>8&0xff) != s.SHRAMBanks {
			t.Errorf("%s: CONFIG word %#x disagrees with the constants", c, w)
		}
	}
	if _, err := ParseConfig("u65-256"); err == nil {
		t.Error("u65-256 is accepted")
	}
}

// TestActivate follows values through zero point, clamp, activation and table.
func TestActivate(t *testing.T) {
	table := func(offset int) uint32 { return uint32(offset)&0xff | uint32(offset+1)&0xff<<8 | 3<<16 }
	for _, c := range []struct {
		name  string
		d     Decoded
		v     int64
		want  uint32
		bytes int
	}{
		{"32 bits saturate", Decoded{ActMin: -5, ActMax: 5}, 1 << 40, 1<<31 - 1, 4},
		{"32 bits ignore zero point and clamp", Decoded{ActMin: -5, ActMax: 5}, -77, 0xffffffb3, 4},
		{"zero point before clamp", Decoded{ActMin: -128, ActMax: 100}, 90, 100, 1},
		{"clamp below", Decoded{ActMin: -7, ActMax: 7}, -90, 0xfffffff9, 1},
		{"forced u8", Decoded{ClipRange: 2}, -300, 0, 2},
		{"forced s16", Decoded{ClipRange: 5}, 70000, 32767, 2},
		{"sigmoid of zero", Decoded{Act: ActSigmoid, ActMin: -32768, ActMax: 32767}, -20, 16384 - 13 + 20, 2},
		{"8-bit table 1", Decoded{Act: 17, UsesLUT: true, ActMin: -128, ActMax: 127}, -128 - 20, 0, 1},
		{"32-bit table", Decoded{Act: 16, UsesLUT: true, ClipRange: 3}, -127 - 20, 4 | 5<<8 | 3<<16, 4},
		{"16-bit table", Decoded{Act: 16, UsesLUT: true, ActMin: -32768, ActMax: 32767}, -32768 + 64 - 20, 0x100 + 2, 2},
	} {
		d := c.d
		d.OFM = FeatureMap{Bytes: c.bytes, Signed: true, ZeroPoint: 20}
		if got := d.Activate(c.v, table); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}

// FuzzDecode checks that any registers give a decoded view with positive sizes,
// and that its output stage stays within the tables.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint16(2), uint32(0))
	f.Fuzz(func(t *testing.T, raw []byte, op uint16, param uint32) {
		var r Registers
		for i := range r {
			for j := 0; j < 4 && 4*i+j < len(raw); j++ {
				r[i] |= uint32(raw[4*i+j]) << (8 * j)
			}
			r[i] &= Table[i].Mask
		}
		d := Decode(&r, Opcode(op&opcodeMask), param&0xffff)
		for _, v := range []int{d.OFMW, d.OFMH, d.OFMD, d.IFMW, d.IFMH, d.IFMD, d.SrcW, d.SrcH, d.KW, d.KH, d.StrideX, d.StrideY, d.BlkW, d.BlkH, d.BlkD, d.IFMBlkD} {
			if v < 1 || v > 1<<19 {
				t.Fatalf("size %d in %+v", v, d)
			}
		}
		d.IFM.Addr(d.SrcH-1, d.SrcW-1, d.IFMD-1)
		a, b := int64(int32(r[IFMBase0])), int64(int32(r[IFMBase1]))
		v, scale, shift := d.Combine(a, b)
		if shift > 63 {
			t.Fatalf("shift %d", shift)
		}
		d.Activate(arith.Scale(v, scale, shift, d.Round), func(offset int) uint32 {
			if offset < 0 || offset > LUTBytes-4 {
				t.Fatalf("table read at %d in %+v", offset, d)
			}
			return uint32(offset) * 0x01010101
		})
	})
}
