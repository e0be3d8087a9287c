package npu_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/functional"
	"upset/npu/isa"
)

// granules are the units in which the shared buffer is allotted, in banks, by
// configuration: 8-bit and 16-bit inputs, 32-bit inputs, 32-bit and 40-bit sums
// (Vela 3.10).
var granules = [4][4]int{isa.U55x32: {2, 4, 4, 4}, isa.U55x64: {2, 4, 4, 8}, isa.U55x128: {4, 8, 8, 12}, isa.U55x256: {8, 16, 16, 20}}

// layout is a legal output block and its part of the shared buffer in banks.
type layout struct{ h, w, d, ibEnd, ib2, ab int }

// fit applies the allocation rule of the shared buffer (Vela 3.10).
func (k *maker) fit(w *window, elementwise, binary bool, b *layout) bool {
	lut := k.spec.ReservedLUT
	if w.table {
		lut = 2
	}
	limit := k.spec.SHRAMBanks - lut
	dh, dw := w.dilated()
	up, nearest := 1, 0
	if w.upscale != 0 {
		up = 2
	}
	if w.upscale == 1 {
		nearest = 1
	}
	ih := roundUp(ceilDiv((b.h-1)*w.sy+min(dh, 8)+nearest, up), k.spec.UBlockH)
	iw := roundUp(ceilDiv((b.w-1)*w.sx+min(dw, 8)+nearest, up), k.spec.UBlockW)
	depth := b.d
	if w.sums {
		depth = roundUp(min(w.ifmD, w.ifmBlk), 8)
		if w.ifmBytes == 2 {
			depth = roundUp(min(w.ifmD, w.ifmBlk), 4)
		}
	}
	g := granules[k.cfg]
	unit := g[0]
	if w.ifmBytes == 4 {
		unit = g[1]
	}
	ifm := roundUp(2*ceilDiv(ih*iw*roundUp(depth*w.ifmBytes, 8), isa.BankBytes), unit)
	b.ibEnd = 2 + ifm
	if elementwise {
		b.ib2 = b.ibEnd
		end := b.ibEnd
		if binary {
			end += ifm
		}
		b.ibEnd, b.ab = limit, limit
		return end <= limit
	}
	bytes, unit := 4, g[2]
	if w.acc40 {
		bytes, unit = 5, g[3]
	}
	ah := b.h
	if k.cfg == isa.U55x256 && w.ofmH == 1 && w.kh == 1 {
		ah = 1
	}
	b.ab = limit - roundUp(2*ceilDiv(ah*b.w*roundUp(b.d, 8)*bytes, isa.BankBytes), unit)
	return b.ibEnd <= b.ab
}

// drawBlock picks a legal block: any that fits.
func (k *maker) drawBlock(w *window, elementwise, binary bool) layout {
	s := k.spec
	var b layout
	for try := range 400 {
		shrink := 1 + try/20
		b.h = s.UBlockH * (1 + k.r.IntN(max(1, 32/s.UBlockH/shrink)))
		b.w = s.UBlockW * (1 + k.r.IntN(max(1, 64/s.UBlockW/shrink)))
		b.d = s.UBlockD * (1 + k.r.IntN(max(1, 128/s.UBlockD/shrink)))
		if k.chance(2) {
			b.h, b.w = min(b.h, roundUp(w.ofmH, s.UBlockH)), min(b.w, roundUp(w.ofmW, s.UBlockW))
		}
		if b.d < w.ofmD {
			b.d = roundUp(b.d, oneOf(k.r, 8, 16)) // Vela 3.10 splits the depth at multiples of 16
		}
		if b.d <= 128 && k.fit(w, elementwise, binary, &b) {
			return b
		}
	}
	b = layout{h: s.UBlockH, w: s.UBlockW, d: s.UBlockD}
	k.fit(w, elementwise, binary, &b)
	return b
}

func (k *maker) setBlock(b layout, acc40 bool) {
	k.Set(isa.OFMBlkHeightM1, uint32(b.h-1))
	k.Set(isa.OFMBlkWidthM1, uint32(b.w-1))
	k.Set(isa.OFMBlkDepthM1, uint32(b.d-1))
	k.Set(isa.IFMIBEnd, uint32(b.ibEnd))
	k.Set(isa.IFM2IBStart, uint32(b.ib2))
	k.Set(isa.ABStart, uint32(b.ab))
	k.Set(isa.AccFormat, bit(acc40))
}

// extents draws an output size.
func (k *maker) extents(w *window) {
	r := k.r
	w.ofmH, w.ofmW, w.ofmD = 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(40)
	switch r.IntN(6) {
	case 0:
		w.ofmH, w.ofmW = 1, 1+r.IntN(20)
	case 1:
		w.ofmH, w.ofmW, w.ofmD = 1, 1, 1+r.IntN(200)
	case 2:
		w.ofmD = 1 + r.IntN(4)
	}
}

// input sets the first input map.
func (k *maker) input(w *window, addMode uint32, nhwc, signed bool) {
	brick := k.featureMap(ifmRegs, w.ifmH, w.ifmW, w.ifmD, w.ifmBytes, false, nhwc)
	k.Set(isa.IFMDepthM1, uint32(w.ifmD-1))
	k.Set(isa.IFMPrecision, bit(signed)|uint32(w.ifmBytes>>1)<<2|bit(brick)<<6|addMode<<8)
	k.zeroPoint(ifmRegs, w.ifmBytes, signed)
}

// convolution draws OP_CONV or OP_DEPTHWISE.
func (k *maker) convolution(depthwise bool) string {
	w := window{ifmBytes: oneOf(k.r, 1, 1, 2), ofmBytes: oneOf(k.r, 1, 1, 2, 4), table: k.chance(5), sums: !depthwise}
	k.extents(&w)
	k.drawWindow(&w, false)
	w.ifmD = 1 + k.r.IntN(40)
	for work := w.ofmH * w.ofmW * w.ofmD * w.kh * w.kw; !depthwise && work*w.ifmD > 400_000; {
		w.ifmD = w.ifmD/2 + 1
		if w.ifmD <= 2 {
			break
		}
	}
	w.partKernel = !depthwise && k.chance(2)
	w.acc40 = k.chance(3)
	w.ifmBlk = 32
	if w.partKernel || w.ifmBytes == 2 {
		w.ifmBlk = 16
	}
	if depthwise {
		w.ifmD = w.ofmD
	}
	b := k.drawBlock(&w, false, false)
	k.loadTable(w.table)
	k.input(&w, 0, false, k.chance(2))
	global := k.chance(5)
	k.output(&w, global)
	k.SetScale(isa.OFMScale, 1<<30+k.r.Uint32N(1<<30), uint(30+k.r.IntN(14)))
	k.setWindow(&w)
	k.weights(&w, depthwise, b.d)
	k.setBlock(b, w.acc40)
	k.dependency(w.table)
	op := isa.OpConv
	if depthwise {
		op = isa.OpDepthwise
	}
	k.Op(op, 0)
	return fmt.Sprintf("%v %+v %+v", op, w, b)
}

// pooling draws OP_POOL.
func (k *maker) pooling() string {
	mode := uint32(k.r.IntN(3))
	w := window{ifmBytes: oneOf(k.r, 1, 1, 2), ofmBytes: oneOf(k.r, 1, 1, 2, 4), table: k.chance(5), sums: mode == isa.PoolReduceSum}
	k.extents(&w)
	w.ofmD = min(w.ofmD, 64)
	k.drawWindow(&w, true)
	w.ifmD, w.ifmBlk = w.ofmD, 32
	nhwc := false
	if mode == isa.PoolReduceSum {
		w = window{
			ifmBytes: oneOf(k.r, 1, 2, 4), ofmBytes: w.ofmBytes, table: w.table, sums: true, kh: 1, kw: 1, sy: 1, sx: 1, dy: 1, dx: 1,
			ofmH: w.ofmH, ofmW: w.ofmW, ofmD: 1, ifmH: w.ofmH, ifmW: w.ofmW, ifmD: 1 + k.r.IntN(100), ifmBlk: 32,
		}
		nhwc = w.ifmBytes == 4
	}
	if w.ifmBytes == 2 {
		w.ifmBlk = 16
	}
	w.acc40 = w.ifmBytes == 2 && k.chance(3)
	b := k.drawBlock(&w, false, false)
	k.loadTable(w.table)
	k.input(&w, 0, nhwc, k.chance(2) || w.ifmBytes == 4)
	padded := w.top|w.left|w.right|w.bottom != 0
	k.output(&w, mode == isa.PoolReduceSum || mode == isa.PoolAverage && !padded)
	scale, shift := k.scale(8 * (w.ifmBytes - w.ofmBytes))
	k.SetScale(isa.OFMScale, scale, shift)
	k.setWindow(&w)
	k.setBlock(b, w.acc40)
	k.dependency(w.table)
	k.Op(isa.OpPool, mode)
	return fmt.Sprintf("pool %d %+v %+v", mode, w, b)
}

// elementwise draws OP_ELEMENTWISE.
func (k *maker) elementwise() string {
	r := k.r
	mode := uint32(r.IntN(isa.ElemSHL + 1))
	unary := mode == isa.ElemLRelu || mode == isa.ElemAbs || mode == isa.ElemCLZ
	w := window{
		kh: 1, kw: 1, sy: 1, sx: 1, dy: 1, dx: 1, ifmBytes: oneOf(r, 1, 1, 2, 4), ofmBytes: oneOf(r, 1, 1, 2, 4), table: k.chance(5),
	}
	if mode >= isa.ElemCLZ {
		w.ifmBytes = 4
	}
	k.extents(&w)
	w.ifmH, w.ifmW, w.ifmD = w.ofmH, w.ofmW, w.ofmD
	scalar := !unary && k.chance(4)
	binary := !unary && !scalar
	b := k.drawBlock(&w, true, binary)
	k.loadTable(w.table)
	signed := k.chance(2) || w.ifmBytes == 4
	addMode := uint32(r.IntN(3))
	k.input(&w, addMode, false, signed)
	k.output(&w, true)
	scale, shift := k.scale(8 * (w.ifmBytes - w.ofmBytes))
	k.SetScale(isa.OFMScale, scale, shift)
	scale, shift = k.scale(0)
	if addMode == 0 {
		scale, shift = uint32(r.IntN(1<<16)), 0
	}
	k.SetScale(isa.OPAScale, scale, shift)
	k.Set(isa.OPBScale, uint32(r.IntN(1<<16)))
	if !unary {
		cast := uint32(r.IntN(8)) * bit(k.chance(2))
		h, wd, c := w.ofmH, w.ofmW, w.ofmD
		if cast&1 != 0 {
			h = 1
		}
		if cast&2 != 0 {
			wd = 1
		}
		if cast&4 != 0 {
			c = 1
		}
		brick := k.featureMap(ifm2Regs, h, wd, c, w.ifmBytes, false, false)
		k.Set(isa.IFM2Precision, bit(signed)|uint32(w.ifmBytes>>1)<<2|bit(brick)<<6)
		k.zeroPoint(ifm2Regs, w.ifmBytes, signed)
		k.Set(isa.IFM2Broadcast, cast|uint32(r.IntN(2))<<6|bit(scalar)<<7)
		k.Set(isa.IFM2Scalar, r.Uint32N(1<<min(16, 8*w.ifmBytes)))
	}
	k.setBlock(b, false)
	k.dependency(w.table)
	k.Op(isa.OpElementwise, mode)
	return fmt.Sprintf("elementwise %d broadcast and order %v scalar %v %+v %+v", mode, binary, scalar, w, b)
}

// dependency sets BLOCKDEP: anything, since no operation reads what another one
// writes, except after a table whose banks the operation may use.
func (k *maker) dependency(table bool) {
	n := uint32(k.r.IntN(4))
	if k.after && !table && k.spec.ReservedLUT == 0 {
		n = 0
	}
	k.after = table
	k.Set(isa.BlockDep, n)
}

// operation draws one operation whose output goes to area i.
func (k *maker) operation(i int) string {
	k.next = readArea + uint32(i)*writeArea
	k.limit = k.next + writeArea
	switch k.r.IntN(5) {
	case 0, 1:
		return k.convolution(false)
	case 2:
		return k.convolution(true)
	case 3:
		return k.pooling()
	}
	return k.elementwise()
}

// randomStream draws a program of one to three operations, or false where an
// output needs too much room.
func randomStream(c isa.Config, seed uint64) (p *network.Program, input []byte, what []string, ok bool) {
	k := &maker{r: rand.New(rand.NewPCG(seed, uint64(c))), cfg: c, spec: c.Spec()}
	for i := range 1 + k.r.IntN(maxMakerOps) {
		what = append(what, k.operation(i))
		if k.next > k.limit {
			return nil, nil, nil, false
		}
	}
	input = make([]byte, readArea)
	for i := range input {
		input[i] = byte(k.r.Uint32())
	}
	if k.chance(4) { // extremes
		for i := range input {
			input[i] = oneOf(k.r, byte(0x80), 0x7f, 0xff, 0)
		}
	}
	return k.program(), input, what, true
}

// sameMemory runs a program on both machines, one of them with a system around it, and
// compares all of the memory. What stood there before the outputs is not zero, so that what
// a machine writes between and behind them shows.
func sameMemory(p *network.Program, input []byte, sys npu.System) error {
	var fmem, mem isa.Memory
	for _, m := range []*isa.Memory{&fmem, &mem} {
		if err := p.Load(m, input); err != nil {
			return err
		}
		for i := readArea; i < len(m.SRAM); i++ {
			m.SRAM[i] = 0xa5
		}
	}
	if err := functional.New(p.Config, &fmem, p.Bases()).Run(p.Commands); err != nil {
		return err
	}
	m := npu.New(p.Config, sys, npu.ECCNone, &mem)
	p.Start(m)
	if st := m.Run(10_000_000); st != npu.Done {
		return fmt.Errorf("the machine ended with %v: %s", st, m.Describe())
	}
	if bytes.Equal(mem.SRAM, fmem.SRAM) {
		return nil
	}
	area := 0
	for i := range mem.SRAM {
		if mem.SRAM[i] != fmem.SRAM[i] {
			area = (i - readArea) / writeArea
			break
		}
	}
	return fmt.Errorf("memory differs, first in the output of operation %d: %s", area, diff(mem.SRAM, fmem.SRAM))
}

// TestRandomOperations compares all of the memory after streams of random
// registers on both machines.
func TestRandomOperations(t *testing.T) {
	n := 60
	if full() {
		n = 3000
	}
	for _, c := range isa.Configs {
		t.Run(c.String(), func(t *testing.T) {
			ran, failed := 0, 0
			for seed := range uint64(n) {
				p, input, what, ok := randomStream(c, seed)
				if !ok {
					continue
				}
				ran++
				if err := sameMemory(p, input, npu.DefaultSystem()); err != nil {
					t.Errorf("seed %d: %v", seed, err)
					for i, w := range what {
						t.Logf("operation %d: %s", i, w)
					}
					if failed++; failed == 5 {
						t.Fatal("further differences are not listed")
					}
				}
			}
			if ran < n/2 {
				t.Errorf("only %d of %d streams fit their memory", ran, n)
			}
		})
	}
}
