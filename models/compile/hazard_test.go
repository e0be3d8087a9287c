package compile

import (
	"fmt"
	"path/filepath"
	"testing"

	"upset/npu/isa"
)

// stretch is a byte range of the arena or of the lookup table.
type stretch struct {
	from, to uint32
	table    bool
}

func (a stretch) meets(b stretch) bool { return a.table == b.table && a.from < b.to && b.from < a.to }

// issued is an operation as the checker remembers it.
type issued struct {
	d             isa.Decoded
	reads, writes []stretch
}

// mapRange returns the bytes of a feature map box, as one range.
func mapRange(f *isa.FeatureMap, h, w, d int) []stretch {
	if f.Region != regionArena {
		return nil
	}
	lo, hi := f.Addr(0, 0, 0), uint32(0)
	for _, y := range []int{0, h - 1} {
		for _, x := range []int{0, w - 1} {
			for _, c := range []int{0, d - 1} {
				a := f.Addr(y, x, c)
				lo, hi = min(lo, a), max(hi, a+uint32(f.Bytes))
			}
		}
	}
	return []stretch{{lo, hi, false}}
}

// describe lists what a kernel reads and writes.
func describe(d isa.Decoded, cfg isa.Config) issued {
	op := issued{d: d}
	op.reads = mapRange(&d.IFM, d.SrcH, d.SrcW, d.IFMD)
	if d.Binary && !d.UseScalar {
		h, w, c := d.OFMH, d.OFMW, d.OFMD
		if d.BcastH {
			h = 1
		}
		if d.BcastW {
			w = 1
		}
		if d.BcastC {
			c = 1
		}
		op.reads = append(op.reads, mapRange(&d.IFM2, h, w, c)...)
	}
	if d.UsesWeights && d.WeightReg == regionArena {
		op.reads = append(op.reads, stretch{d.WeightBase, d.WeightBase + d.WeightLen, false})
		op.reads = append(op.reads, stretch{d.ScaleBase, d.ScaleBase + d.ScaleLen, false})
	}
	op.writes = mapRange(&d.OFM, d.OFMH, d.OFMW, d.OFMD)
	lut := uint32(cfg.Spec().LUTStart())
	switch {
	case d.UsesLUT:
		op.reads = append(op.reads, stretch{lut, lut + isa.LUTBytes, true})
	case cfg.Spec().ReservedLUT == 0:
		op.writes = append(op.writes, stretch{lut, lut + isa.LUTBytes, true})
	}
	return op
}

// conflict reports whether two operations that run at once would disturb each
// other.
func conflict(a, b issued) bool {
	pairs := func(x, y []stretch) bool {
		for _, p := range x {
			for _, q := range y {
				if p.meets(q) {
					return true
				}
			}
		}
		return false
	}
	return pairs(a.writes, b.reads) || pairs(a.writes, b.writes) || pairs(a.reads, b.writes)
}

// hazards returns what is wrong with the pairs of operations that the waits of a
// stream allow to overlap.
func hazards(cfg isa.Config, words []uint32) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var regs isa.Registers
	var kernels, dmas []issued
	finished := 0 // kernels known to be done
	for i := 0; i < len(words); i++ {
		kind, reg := isa.Classify(words[i])
		switch kind {
		case isa.KindSet:
			regs.Set(reg, words[i], 0)
			continue
		case isa.KindSet2:
			i++
			regs.Set(reg, words[i-1], words[i])
			continue
		case isa.KindInvalid:
			wrong("word %d: %#x is no command", i, words[i])
			return problems
		}
		param := isa.Param(words[i])
		switch op := isa.Opcode(reg); {
		case op == isa.OpDMAStart:
			if len(dmas) > 0 {
				wrong("word %d: two transfers at once", i)
			}
			dst := stretch{regs[isa.DMA0Dst], regs[isa.DMA0Dst] + regs[isa.DMA0Len], regs[isa.DMA0DstRegion] != regionArena}
			d := issued{writes: []stretch{dst}}
			for n, k := range kernels[finished:] {
				if conflict(d, k) {
					wrong("word %d: transfer disturbs kernel %d", i, finished+n)
				}
			}
			dmas = append(dmas, d)
		case op == isa.OpDMAWait:
			dmas = dmas[:min(len(dmas), int(param))]
		case op == isa.OpKernelWait:
			finished = max(finished, len(kernels)-int(param))
		case op.Kernel():
			k := describe(isa.Decode(&regs, op, param), cfg)
			for _, d := range dmas {
				if conflict(d, k) {
					wrong("word %d: kernel %d runs against a transfer", i, len(kernels))
				}
			}
			if s := blockDepProblem(cfg, kernels, k); s != "" {
				wrong("word %d: %s", i, s)
			}
			kernels = append(kernels, k)
		}
	}
	return problems
}

// blocks returns the OFM blocks of a kernel in order, at most n from an end.
func (k *issued) blocks(n int, fromEnd bool) []box {
	d := &k.d
	var all []box
	for y := 0; y < d.OFMH; y += d.BlkH {
		for x := 0; x < d.OFMW; x += d.BlkW {
			for z := 0; z < d.OFMD; z += d.BlkD {
				all = append(all, box{y, min(y+d.BlkH, d.OFMH), x, min(x+d.BlkW, d.OFMW), z, min(z+d.BlkD, d.OFMD)})
			}
		}
	}
	if fromEnd {
		return all[max(0, len(all)-n):]
	}
	return all[:min(n, len(all))]
}

// written marks the bytes of an OFM block.
func (k *issued) written(b box, set map[uint32]bool) {
	for y := b.y0; y < b.y1; y++ {
		for x := b.x0; x < b.x1; x++ {
			for c := b.c0; c < b.c1; c++ {
				set[k.d.OFM.Addr(y, x, c)] = true
			}
		}
	}
}

// readsAny reports whether an OFM block needs one of the bytes.
func (k *issued) readsAny(b box, set map[uint32]bool) bool {
	d := &k.d
	hit := func(f *isa.FeatureMap, y0, y1, x0, x1, c0, c1 int) bool {
		if f.Region != regionArena {
			return false
		}
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				for c := c0; c < c1; c++ {
					if set[f.Addr(y, x, c)] {
						return true
					}
				}
			}
		}
		return false
	}
	if d.Op == isa.OpElementwise {
		if hit(&d.IFM, b.y0, b.y1, b.x0, b.x1, b.c0, b.c1) {
			return true
		}
		if !d.Binary || d.UseScalar {
			return false
		}
		if d.BcastH {
			b.y0, b.y1 = 0, 1
		}
		if d.BcastW {
			b.x0, b.x1 = 0, 1
		}
		if d.BcastC {
			b.c0, b.c1 = 0, 1
		}
		return hit(&d.IFM2, b.y0, b.y1, b.x0, b.x1, b.c0, b.c1)
	}
	if d.Op == isa.OpConv || d.Op == isa.OpPool && d.Mode == isa.PoolReduceSum {
		b.c0, b.c1 = 0, d.IFMD
	}
	up := 0
	if d.Upscale != 0 {
		up = 1
	}
	at := func(o, stride, pad, more, limit int) int { return min(max(o*stride-pad+more, 0), limit) }
	return hit(&d.IFM,
		at(b.y0, d.StrideY, d.PadTop, 0, d.IFMH)>>up, (at(b.y1-1, d.StrideY, d.PadTop, d.DilKH, d.IFMH)+up)>>up,
		at(b.x0, d.StrideX, d.PadLeft, 0, d.IFMW)>>up, (at(b.x1-1, d.StrideX, d.PadLeft, d.DilKW, d.IFMW)+up)>>up, b.c0, b.c1)
}

// steps is the number of block jobs of an OFM block.
func (k *issued) steps() int {
	if k.d.Op == isa.OpConv || k.d.Op == isa.OpPool && k.d.Mode == isa.PoolReduceSum {
		return ceilDiv(k.d.IFMD, k.d.IFMBlkD)
	}
	return 1
}

// blockDepProblem checks that job j of kernel k reads nothing that one of the
// BLOCKDEP-j jobs before k still writes, however many kernels they come from.
func blockDepProblem(cfg isa.Config, before []issued, k issued) string {
	if n := len(before); n > 0 && cfg.Spec().ReservedLUT == 0 && before[n-1].d.UsesLUT && !k.d.UsesLUT && k.d.BlockDep != 0 {
		return fmt.Sprintf("kernel %d takes the banks of a table in use", n)
	}
	inputs := k.blocks(k.d.BlockDep, false)
	for j := 0; j < k.d.BlockDep; j++ {
		block := j / k.steps()
		if block >= len(inputs) {
			break
		}
		left := k.d.BlockDep - j
		for p := len(before) - 1; p >= 0 && left > 0; p-- {
			writing := map[uint32]bool{}
			blocks := before[p].blocks(ceilDiv(left, before[p].steps()), true)
			for _, b := range blocks {
				before[p].written(b, writing)
			}
			if k.readsAny(inputs[block], writing) {
				return fmt.Sprintf("kernel %d, job %d reads what kernel %d may not have written", len(before), j, p)
			}
			left -= len(before[p].blocks(1<<30, true)) * before[p].steps()
		}
	}
	return ""
}

func TestStreamsHaveNoHazards(t *testing.T) {
	dir := shared(t)
	for _, name := range networks {
		if name[:3] == "mob" && !full() {
			continue
		}
		for _, c := range isa.Configs {
			p, err := Compile(load(t, filepath.Join(dir, "models", name+".tflite")), Options{Config: c})
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+"/"+c.String(), func(t *testing.T) {
				for _, problem := range hazards(c, p.Commands) {
					t.Error(problem)
				}
			})
		}
	}
}

// The checker must see what it is meant to see.
func TestHazardsAreSeen(t *testing.T) {
	m := load(t, filepath.Join(shared(t), "models", "kws_ref_model.tflite"))
	for name, mutate := range map[string]func(words []uint32) []uint32{
		"no restriction of block jobs": func(words []uint32) []uint32 {
			for i, w := range words {
				if w&0xffff == uint32(isa.Table[isa.BlockDep].Opcode) {
					words[i] = w&0xffff | 3<<16
				}
			}
			return words
		},
		"no wait for kernels":   func(words []uint32) []uint32 { return without(words, isa.OpKernelWait) },
		"no wait for transfers": func(words []uint32) []uint32 { return without(words, isa.OpDMAWait) },
	} {
		p, err := Compile(m, Options{Config: isa.U55x64})
		if err != nil {
			t.Fatal(err)
		}
		if len(hazards(isa.U55x64, mutate(p.Commands))) == 0 {
			t.Errorf("%s: no hazard found", name)
		}
	}
}

// without removes an operation from a stream.
func without(words []uint32, op isa.Opcode) []uint32 {
	var kept []uint32
	for i := 0; i < len(words); i++ {
		kind, reg := isa.Classify(words[i])
		if kind == isa.KindOp && isa.Opcode(reg) == op {
			continue
		}
		kept = append(kept, words[i])
		if kind == isa.KindSet2 {
			i++
			kept = append(kept, words[i])
		}
	}
	return kept
}
