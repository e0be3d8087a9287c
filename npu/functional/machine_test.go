package functional

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"upset/npu/isa"
	"upset/npu/mlw"
)

func TestPooling(t *testing.T) {
	in := shape{3, 3, 2, 1, 0, false, 4}
	values := []int{3, -9, 2, 8, 3, -7, 4, 6, 5, -5, 6, 4, 7, -3, 8, 2, 7, -1}
	cases := []struct {
		name        string
		mode        uint32
		global      bool
		out         shape
		kernel, pad uint32
		stride      uint32
		scale       uint32
		shift       uint
		want        []int
	}{
		// 3×3 windows with stride 2 and one row and column of padding.
		{"max keeps the zero point", isa.PoolMax, false, shape{2, 2, 2, 1, 512, false, 4}, 2, 1, 3, 0, 0, []int{5, 8, 6, 8, 8, 6, 8, 4}},
		// Sums of the valid taps over their number, ties away from zero.
		{"average of valid taps", isa.PoolAverage, false, shape{2, 2, 2, 1, 512, false, 4}, 2, 1, 3, 0, 0, []int{3, 0, 4, 0, 6, 0, 7, 0}},
		{"average with a global scale", isa.PoolAverage, true, shape{1, 1, 2, 1, 512, false, 0}, 2, 0, 0, 1 << 31, 33, []int{2, -10}},
		{"sum over channels", isa.PoolReduceSum, true, shape{3, 3, 1, 4, 512, false, 0}, 0, 0, 0, 1, 0, []int{-14, 2, -12, 2, -8, 2, -4, 2, -2}},
	}
	for _, c := range cases {
		r := newRig(isa.U55x256)
		r.put(in, values)
		r.ifm(in, 0)
		r.ofm(c.out, c.global, 2)
		r.Set(isa.KernelHeightM1, c.kernel)
		r.Set(isa.KernelWidthM1, c.kernel)
		r.Set(isa.KernelStride, c.stride)
		for reg := isa.IFMPadTop; reg <= isa.IFMPadBottom; reg++ {
			r.Set(reg, c.pad)
		}
		r.SetScale(isa.OFMScale, c.scale, c.shift)
		r.Op(isa.OpPool, c.mode)
		r.run(t)
		equal(t, c.name, r.take(c.out), c.want)
	}
}

// TestTiles reads a map from four tiles and writes it to another arrangement.
func TestTiles(t *testing.T) {
	in := shape{4, 6, 3, 1, 0, false, 0}
	r := newRig(isa.U55x128)
	r.ifm(in, 0)
	r.ofm(shape{4, 6, 3, 1, 1024, false, 0}, true, 0)
	r.Set(isa.IFMWidth0M1, 3)
	r.Set(isa.IFMHeight0M1, 2)
	r.Set(isa.IFMHeight1M1, 0)
	for i, base := range []uint32{100, 200, 300, 400} {
		r.Set(isa.IFMBase0+isa.Reg(i), base)
	}
	var want []int
	for y := range 4 {
		for x := range 6 {
			for c := range 3 {
				ty, tx, tile := y, x, 0
				if x >= 4 {
					tx, tile = x-4, 1
				}
				if h := []int{3, 1}[tile]; y >= h {
					ty, tile = y-h, tile+2
				}
				v := y*18 + x*3 + c
				r.mem.SRAM[100+100*tile+ty*18+tx*3+c] = byte(v)
				want = append(want, v)
			}
		}
	}
	r.SetScale(isa.OFMScale, 1, 0)
	r.Op(isa.OpPool, isa.PoolAverage)
	r.run(t)
	equal(t, "tiles", r.take(shape{4, 6, 3, 1, 1024, false, 0}), want)
}

func TestDMAAndHook(t *testing.T) {
	r := newRig(isa.U55x128)
	for i := range 64 {
		r.mem.Flash[i] = byte(i + 1)
	}
	r.Set(isa.DMA0SrcRegion, 0)
	r.Set(isa.DMA0Src, 16)
	r.Set(isa.DMA0DstRegion, 1)
	r.Set(isa.DMA0Dst, 128)
	r.Set(isa.DMA0Len, 32)
	r.Op(isa.OpDMAStart, 0)
	r.Op(isa.OpDMAWait, 0)
	r.Op(isa.OpDMAStart, 0)
	r.Op(isa.OpStop, 0)
	m := r.machine()
	var seen []string
	m.AfterOp = func(index int, op isa.Opcode, _ *isa.Decoded) { seen = append(seen, fmt.Sprint(index, op)) }
	if err := m.Run(r.Words); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) != "[0 NPU_OP_DMA_START 1 NPU_OP_DMA_START]" || m.index != 2 {
		t.Errorf("hook saw %v", seen)
	}
	if string(r.mem.SRAM[128:160]) != string(r.mem.Flash[16:48]) || r.mem.SRAM[160] != 0 || r.mem.SRAM[127] != 0 {
		t.Error("DMA copied other bytes")
	}
}

// TestContinue stops a run at every operation and goes on in a new machine.
func TestContinue(t *testing.T) {
	build := func() *rig {
		r := newRig(isa.U55x128)
		in := shape{1, 1, 8, 1, 0, false, 0}
		r.put(in, []int{1, 2, 3, 4, 5, 6, 7, 8})
		r.ifm(in, 0)
		r.ofm(in, true, 0)
		for i := range 4 {
			r.SetScale(isa.OFMScale, uint32(i+2), 0)
			r.Op(isa.OpElementwise, isa.ElemAbs)
		}
		r.Op(isa.OpStop, 0)
		return r
	}
	whole := build()
	if err := whole.machine().Run(whole.Words); err != nil {
		t.Fatal(err)
	}
	for stop := range 4 {
		r := build()
		first, second := r.machine(), r.machine()
		word := 0
		first.AfterOp = func(index int, _ isa.Opcode, _ *isa.Decoded) {
			if index == stop {
				word = first.Word + 1
				second.Registers = first.Registers
			}
		}
		half := append([]uint32(nil), r.Words...)
		seen := 0
		for i, w := range half {
			if w&0xffff == uint32(isa.OpElementwise) {
				if seen == stop {
					half = append(half[:i+1], uint32(isa.OpStop))
					break
				}
				seen++
			}
		}
		if err := first.Run(half); err != nil {
			t.Fatal(err)
		}
		if err := second.RunFrom(r.Words, word); err != nil {
			t.Fatal(err)
		}
		if string(r.mem.SRAM) != string(whole.mem.SRAM) {
			t.Errorf("continuing after operation %d gives another result", stop)
		}
	}
}

func TestFaults(t *testing.T) {
	conv := func(r *rig) {
		in := shape{1, 1, 8, 1, 0, false, 0}
		r.ifm(in, 0)
		r.ofm(in, false, 0)
		r.Set(isa.ScaleLength, 80)
		r.Set(isa.WeightLength, 16)
	}
	cases := []struct {
		name  string
		kind  Kind
		build func(r *rig)
	}{
		{"unknown word", ParseError, func(r *rig) { r.Words = append(r.Words, 0xffff) }},
		{"cut off command", ParseError, func(r *rig) { r.Words = append(r.Words, 0x4000) }},
		{"no stop", ParseError, func(r *rig) { r.Op(isa.OpIRQ, 0) }},
		{"undefined mode", ParseError, func(r *rig) { r.Op(isa.OpElementwise, 10) }},
		{"read outside", BusError, func(r *rig) { conv(r); r.Set(isa.IFMRegion, 5); r.Op(isa.OpPool, 0) }},
		{"write to flash", BusError, func(r *rig) { conv(r); r.Set(isa.OFMRegion, 0); r.Op(isa.OpPool, 0) }},
		{"DMA outside", BusError, func(r *rig) { r.Set(isa.DMA0Len, 16); r.Set(isa.DMA0SrcRegion, 3); r.Op(isa.OpDMAStart, 0) }},
		{"DMA too long", BusError, func(r *rig) { r.Set(isa.DMA0Len, 0xfffffff0); r.Op(isa.OpDMAStart, 0) }},
		{"DMA to flash", BusError, func(r *rig) { r.Set(isa.DMA0Len, 16); r.Op(isa.OpDMAStart, 0) }},
		{"weights outside", BusError, func(r *rig) { conv(r); r.Set(isa.WeightRegion, 4); r.Op(isa.OpConv, 0) }},
		{"scales outside", BusError, func(r *rig) {
			conv(r)
			copy(r.mem.Flash[1024:], zeroWeights)
			r.Set(isa.WeightBase, 1024)
			r.Set(isa.ScaleRegion, 4)
			r.Op(isa.OpConv, 0)
		}},
		{"no weights", DecoderFault, func(r *rig) { conv(r); r.Set(isa.WeightLength, 0); r.Op(isa.OpConv, 0) }},
		{"bad weights", DecoderFault, func(r *rig) { conv(r); r.mem.Flash[0] = 5; r.Op(isa.OpDepthwise, 0) }},
		{"few scales", Starved, func(r *rig) {
			conv(r)
			copy(r.mem.Flash[1024:], zeroWeights)
			r.Set(isa.WeightBase, 1024)
			r.Set(isa.ScaleLength, 64)
			r.Op(isa.OpConv, 0)
		}},
		{"huge kernel", WorkLimit, func(r *rig) {
			conv(r)
			r.Set(isa.KernelHeightM1, 0xffff)
			r.Set(isa.KernelWidthM1, 0xffff)
			r.Op(isa.OpConv, 0)
		}},
		{"huge map", WorkLimit, func(r *rig) {
			conv(r)
			r.Set(isa.OFMHeightM1, 0xffff)
			r.Set(isa.OFMWidthM1, 0xffff)
			r.Op(isa.OpPool, 1)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(isa.U55x128)
			c.build(r)
			if c.name != "no stop" {
				r.Op(isa.OpStop, 0)
			}
			if c.name == "cut off command" {
				r.Words = r.Words[:len(r.Words)-1]
			}
			wantFault(t, r.machine().Run(r.Words), c.kind)
		})
	}
}

// zeroWeights covers an operation with 8 input and 8 output channels.
var zeroWeights = mlw.Encode(make([]int16, 256))

// FuzzRun checks that any stream ends in bounded time without a panic. Words
// are drawn from the command table, so that operations are reached.
func FuzzRun(f *testing.F) {
	f.Add(uint64(1), []byte{})
	f.Add(uint64(2), []byte{2, 0, 3, 0, 5, 0, 6, 0, 16, 0})
	f.Fuzz(func(t *testing.T, seed uint64, raw []byte) {
		r := newRig(isa.Configs[seed%4])
		rng := rand.New(rand.NewPCG(seed, 9))
		for i := range r.mem.Flash {
			r.mem.Flash[i] = byte(rng.Uint32())
		}
		in := shape{3, 4, 20, 1 << (seed >> 2 & 1), 0, seed>>3&1 != 0, 1}
		r.ifm(in, 0)
		r.ofm(shape{3, 4, 20, 1 << (seed >> 4 & 1), 4096, false, 2}, seed>>5&1 != 0, 2)
		r.Set(isa.WeightLength, 4096)
		r.Set(isa.ScaleLength, 0xffff0)
		r.Set(isa.ScaleRegion, 1)
		for ; len(raw) >= 6; raw = raw[6:] {
			reg := isa.Reg(binary.LittleEndian.Uint16(raw) % uint16(isa.NumRegs))
			v := binary.LittleEndian.Uint32(raw[2:])
			switch {
			case isa.Table[reg].Via == isa.ViaShift:
				r.Op([]isa.Opcode{isa.OpConv, isa.OpDepthwise, isa.OpPool, isa.OpElementwise, isa.OpDMAStart}[v%5], v>>8&7)
			case isa.Table[reg].Shift >= 0:
				r.SetScale(reg, v, uint(v&63))
			default:
				r.Set(reg, v)
			}
		}
		for _, w := range raw {
			r.Words = append(r.Words, uint32(w)<<8|uint32(w))
		}
		for _, op := range []isa.Opcode{isa.OpPool, isa.OpElementwise, isa.OpConv} {
			r.Op(op, uint32(seed>>6&15))
		}
		m := r.machine()
		m.Limit = 1 << 20
		start := time.Now()
		_ = m.Run(r.Words)
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("the run took %v", d)
		}
	})
}
