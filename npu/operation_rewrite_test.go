package npu_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// editor is one operation of a stream that is written anew: all registers as the
// operation sees them, and the stream that they go to.
type editor struct {
	isa.Registers
	d     isa.Decoded
	out   *isa.Stream
	r     *rand.Rand
	table [3]uint32 // source region, source and destination of the last table
	size  uint32    // its bytes
}

// flush writes every register that differs from what the new stream has set.
func (e *editor) flush() {
	for i, info := range isa.Table {
		switch {
		case info.Via == isa.ViaShift:
		case info.Shift >= 0:
			e.out.SetScale(isa.Reg(i), e.Registers[i], uint(e.Registers[info.Shift]))
		default:
			e.out.Set(isa.Reg(i), e.Registers[i])
		}
	}
}

// transfer copies by DMA before the operation, and waits for all on both sides.
func (e *editor) transfer(srcRegion, src, dstRegion, dst, n uint32) {
	e.out.Op(isa.OpKernelWait, 0)
	e.Registers[isa.DMA0SrcRegion], e.Registers[isa.DMA0Src] = srcRegion, src
	e.Registers[isa.DMA0DstRegion], e.Registers[isa.DMA0Dst] = dstRegion, dst
	e.Registers[isa.DMA0Len] = n
	e.flush()
	e.out.Op(isa.OpDMAStart, 0)
	e.out.Op(isa.OpDMAWait, 0)
}

// rewritten replays a stream and writes it anew with the registers of each
// operation as edit leaves them.
func rewritten(t *testing.T, p *network.Program, edit func(e *editor)) *network.Program {
	t.Helper()
	var regs isa.Registers
	var out isa.Stream
	e := editor{out: &out, r: rand.New(rand.NewPCG(uint64(p.Config), 23))}
	for _, c := range split(t, p.Commands) {
		if c.kind != isa.KindOp {
			payload := uint32(0)
			if len(c.words) > 1 {
				payload = c.words[1]
			}
			regs.Set(c.index, c.words[0], payload)
			continue
		}
		op, param := isa.Opcode(c.index), isa.Param(c.words[0])
		if op.Kernel() || op == isa.OpDMAStart {
			e.Registers, e.d = regs, isa.Decode(&regs, op, param)
			if op == isa.OpDMAStart && regs[isa.DMA0DstRegion]&0x100 != 0 {
				e.table, e.size = [3]uint32{regs[isa.DMA0SrcRegion], regs[isa.DMA0Src], regs[isa.DMA0Dst]}, regs[isa.DMA0Len]
			}
			edit(&e)
			e.flush()
		}
		out.Op(op, param)
	}
	return &network.Program{
		Name: p.Name, Config: p.Config, Commands: out.Words, Flash: p.Flash, ArenaSize: p.ArenaSize, FastSize: p.FastSize, Inputs: p.Inputs, Outputs: p.Outputs,
	}
}

// regionBases lists the registers that hold addresses, by their region register.
var regionBases = []struct {
	region isa.Reg
	bases  []isa.Reg
}{
	{isa.IFMRegion, []isa.Reg{isa.IFMBase0, isa.IFMBase1, isa.IFMBase2, isa.IFMBase3}},
	{isa.IFM2Region, []isa.Reg{isa.IFM2Base0, isa.IFM2Base1, isa.IFM2Base2, isa.IFM2Base3}},
	{isa.OFMRegion, []isa.Reg{isa.OFMBase0, isa.OFMBase1, isa.OFMBase2, isa.OFMBase3}},
	{isa.WeightRegion, []isa.Reg{isa.WeightBase}},
	{isa.ScaleRegion, []isa.Reg{isa.ScaleBase}},
	{isa.DMA0SrcRegion, []isa.Reg{isa.DMA0Src}},
	{isa.DMA0DstRegion, []isa.Reg{isa.DMA0Dst}},
}

// shift moves all addresses of one region to another one.
func (e *editor) shift(from, to, by uint32) {
	for _, g := range regionBases {
		if e.Registers[g.region] != from {
			continue
		}
		e.Registers[g.region] = to
		for _, b := range g.bases {
			e.Registers[b] += by
		}
	}
}

func align16(n int) int { return (n + 15) &^ 15 }

// inSRAM keeps weights, scales, tables and constants behind the feature maps, as
// for a system without flash. They arrive as a second input.
func inSRAM(t *testing.T, p *network.Program) *network.Program {
	at := align16(p.ArenaSize)
	v := rewritten(t, p, func(e *editor) { e.shift(0, 1, uint32(at)) })
	v.Flash = nil
	v.ArenaSize = at + len(p.Flash)
	v.Inputs = append(append([]network.Binding(nil), p.Inputs...), network.Binding{Name: "constants", Offset: at, Size: len(p.Flash)})
	return v
}

// moved shifts the arena.
func moved(t *testing.T, p *network.Program) *network.Program {
	const by = 16 * 37
	v := rewritten(t, p, func(e *editor) { e.shift(1, 1, by) })
	v.ArenaSize += by
	place := func(list []network.Binding) []network.Binding {
		list = append([]network.Binding(nil), list...)
		for i := range list {
			list[i].Offset += by
		}
		return list
	}
	v.Inputs, v.Outputs = place(p.Inputs), place(p.Outputs)
	return v
}

// buffered copies weights and scales to the arena before each operation.
func buffered(t *testing.T, p *network.Program) *network.Program {
	at, size := uint32(align16(p.ArenaSize)), uint32(0)
	v := rewritten(t, p, func(e *editor) {
		if !e.d.UsesWeights {
			return
		}
		n, k := e.d.WeightLen, e.d.ScaleLen
		e.transfer(uint32(e.d.WeightReg), e.d.WeightBase, 1, at, n)
		e.transfer(uint32(e.d.ScaleReg), e.d.ScaleBase, 1, at+n, k)
		e.Registers[isa.WeightRegion], e.Registers[isa.WeightBase] = 1, at
		e.Registers[isa.ScaleRegion], e.Registers[isa.ScaleBase] = 1, at+n
		size = max(size, n+k)
	})
	v.ArenaSize = int(at + size)
	return v
}

// resent loads the tables again before each operation that uses them.
func resent(t *testing.T, p *network.Program) *network.Program {
	return rewritten(t, p, func(e *editor) {
		if e.d.UsesLUT {
			e.transfer(e.table[0], e.table[1], 0x103, e.table[2], e.size)
		}
	})
}

// tiled describes every map that lies in one tile by four.
func tiled(t *testing.T, p *network.Program) *network.Program {
	return rewritten(t, p, func(e *editor) {
		d := &e.d
		e.tile(&d.OFM, ofmRegs, d.OFMH, d.OFMW)
		e.tile(&d.IFM, ifmRegs, d.SrcH, d.SrcW)
		if d.Binary && !d.UseScalar && !d.BcastH && !d.BcastW {
			e.tile(&d.IFM2, ifm2Regs, d.OFMH, d.OFMW)
		}
	})
}

func (e *editor) tile(f *isa.FeatureMap, g mapRegs, h, w int) {
	if f.Width0 < w || f.Height0 < h || e.d.Op == isa.OpDMAStart {
		return
	}
	w0, h0, h1 := 1+e.r.IntN(w), 1+e.r.IntN(h), 1+e.r.IntN(h)
	step := f.StrideX
	if f.Brick {
		step = uint32(16 * f.Bytes)
	}
	e.Registers[g.width0], e.Registers[g.width0+1], e.Registers[g.width0+2] = uint32(w0-1), uint32(h0-1), uint32(h1-1)
	right := f.Base[0] + uint32(w0)*step
	e.Registers[g.base+1] = right
	e.Registers[g.base+2] = f.Base[0] + uint32(h0)*f.StrideY
	e.Registers[g.base+3] = right + uint32(h1)*f.StrideY
}

// reblocked gives every kernel operation another legal block of the same depth,
// on which the order of the weights depends.
func reblocked(t *testing.T, p *network.Program) *network.Program {
	return rewritten(t, p, func(e *editor) {
		d := &e.d
		if d.Op == isa.OpDMAStart {
			return
		}
		k := &maker{r: e.r, cfg: p.Config, spec: p.Config.Spec()}
		w := window{
			kh: d.KH, kw: d.KW, sy: d.StrideY, sx: d.StrideX, dy: d.DilY, dx: d.DilX, upscale: d.Upscale, partKernel: d.PartKernel,
			ifmD: d.IFMD, ofmH: d.OFMH, ofmW: d.OFMW, ofmD: d.OFMD, ifmBytes: d.IFM.Bytes, ofmBytes: d.OFM.Bytes, ifmBlk: d.IFMBlkD,
			acc40: d.Acc40, table: d.UsesLUT, sums: d.Op == isa.OpConv || d.Op == isa.OpPool && d.Mode == isa.PoolReduceSum,
		}
		binary, elementwise := d.Binary && !d.UseScalar, d.Op == isa.OpElementwise
		for range 50 {
			b := layout{h: k.spec.UBlockH * (1 + e.r.IntN(32/k.spec.UBlockH)), w: k.spec.UBlockW * (1 + e.r.IntN(64/k.spec.UBlockW)), d: d.BlkD}
			if e.r.IntN(2) == 0 {
				b.h, b.w = min(b.h, d.BlkH), min(b.w, d.BlkW)
			}
			if !k.fit(&w, elementwise, binary, &b) {
				continue
			}
			e.Registers[isa.OFMBlkHeightM1], e.Registers[isa.OFMBlkWidthM1] = uint32(b.h-1), uint32(b.w-1)
			e.Registers[isa.IFMIBEnd], e.Registers[isa.ABStart] = uint32(b.ibEnd), uint32(b.ab)
			if elementwise {
				e.Registers[isa.IFM2IBStart] = uint32(b.ib2)
			}
			break
		}
		e.Registers[isa.BlockDep] = 0
	})
}

// TestRewrittenStreams places data, tables and blocks of Vela's streams as other
// memory modes, options and versions of a compiler do. The outputs stay the same
// on both machines.
func TestRewrittenStreams(t *testing.T) {
	variants := []struct {
		name string
		make func(*testing.T, *network.Program) *network.Program
	}{
		{"constants in SRAM", inSRAM},
		{"arena at another place", moved},
		{"weights copied before use", buffered},
		{"tables sent again", resent},
		{"four tiles", tiled},
		{"other blocks", reblocked},
		{"all at once", func(t *testing.T, p *network.Program) *network.Program {
			return tiled(t, reblocked(t, buffered(t, resent(t, inSRAM(t, moved(t, p))))))
		}},
	}
	names := []string{"kws_ref_model", "ops/softmax_int8", "ops/leaky_relu_diff", "ops/tconv_2x2_s2_valid"}
	if full() {
		names = append(names, "vww_96_int8", "pretrainedResnet_quant", "ad01_int8", "seanet_conv9_int16", "str_ww_ref_model", "ops/tanh_int16_gen",
			"ops/resize_nn_2x", "ops/avgpool_3x3_same_int16", "ops/conv_9x9")
	}
	for _, c := range isa.Configs {
		for _, name := range names {
			p, input := velaProgram(t, c, name), goldenInput(t, name)
			plain := load(t, p, input, npu.DefaultSystem(), npu.ECCNone)
			if st := plain.Run(50_000_000); st != npu.Done {
				t.Fatal(st)
			}
			want := p.ReadOutputs(plain.Mem)
			for _, v := range variants {
				t.Run(c.String()+"/"+name+"/"+v.name, func(t *testing.T) {
					q, in := v.make(t, p), input
					if len(q.Inputs) > len(p.Inputs) {
						in = append(bytes.Clone(input), p.Flash...)
					}
					if got, _ := compareMachines(t, q, in); !bytes.Equal(got, want) {
						t.Errorf("the output differs: %s", diff(got, want))
					}
				})
			}
		}
	}
}
