package compile

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"testing"

	"upset/models/tflite"
	"upset/npu/isa"
)

// velaOperations calls visit for every operation of a network compiled by Vela.
func velaOperations(t testing.TB, m *tflite.Model, visit func(d isa.Decoded, regs *isa.Registers, flash []byte)) {
	t.Helper()
	for _, s := range velaCommands(m) {
		var regs isa.Registers
		for i := 0; i < len(s.words); i++ {
			switch kind, reg := isa.Classify(s.words[i]); kind {
			case isa.KindSet:
				regs.Set(reg, s.words[i], 0)
			case isa.KindSet2:
				i++
				regs.Set(reg, s.words[i-1], s.words[i])
			case isa.KindOp:
				visit(isa.Decode(&regs, isa.Opcode(reg), isa.Param(s.words[i])), &regs, s.flash)
			}
		}
	}
}

// kernelOf rebuilds what the allocation rule needs to know about an operation.
func kernelOf(d *isa.Decoded) *kernel {
	k := &kernel{op: d.Op, mode: d.Mode, partKernel: d.PartKernel, acc40: d.Acc40, scalar: d.UseScalar}
	k.window = window{kh: d.KH, kw: d.KW, sy: d.StrideY, sx: d.StrideX, dy: d.DilY, dx: d.DilX, upscale: d.Upscale}
	k.ifm = view{h: d.IFMH, w: d.IFMW, d: d.IFMD, elem: d.IFM.Bytes}
	k.ofm = view{h: d.OFMH, w: d.OFMW, d: d.OFMD, elem: d.OFM.Bytes}
	if d.Binary && !d.UseScalar {
		k.ifm2 = &view{}
	}
	if d.UsesLUT {
		k.lut = &table{}
	}
	return k
}

// Our rule must call every block that Vela chose legal and divide the shared
// buffer in the same way.
func TestBlockRuleAgainstVela(t *testing.T) {
	dir := shared(t)
	for _, c := range isa.Configs {
		count := 0
		for _, pattern := range []string{"*_vela.tflite", "ops/*_vela.tflite"} {
			files, _ := filepath.Glob(filepath.Join(dir, "vela", "ethos-"+c.String(), pattern))
			for _, file := range files {
				velaOperations(t, load(t, file), func(d isa.Decoded, _ *isa.Registers, _ []byte) {
					if !d.Op.Kernel() {
						return
					}
					count++
					k := kernelOf(&d)
					if d.BlkD%splitDepth != 0 && d.BlkD < d.OFMD {
						t.Errorf("%s %s: block depth %d of %d", c, filepath.Base(file), d.BlkD, d.OFMD)
					}
					b, ok := k.fit(c, d.BlkH, d.BlkW, d.BlkD)
					if !ok || b.ibEnd*isa.BankBytes != d.IBEnd || b.abStart*isa.BankBytes != d.ABStart || k.ifm2 != nil && b.ib2*isa.BankBytes != d.IB2Start {
						t.Errorf("%s %s: block %dx%dx%d gives %+v, Vela has %d/%d/%d", c, filepath.Base(file),
							d.BlkH, d.BlkW, d.BlkD, b, d.IBEnd, d.IB2Start, d.ABStart)
					}
				})
			}
		}
		if count < 100 {
			t.Errorf("%s: only %d operations found", c, count)
		}
		t.Logf("%s: %d operations", c, count)
	}
}

// The exponential table must be the one Vela stores for the same softmax.
func TestExpTableAgainstVela(t *testing.T) {
	dir := shared(t)
	for _, name := range []string{"kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "micro_speech_quantized"} {
		m := load(t, filepath.Join(dir, "models", name+".tflite"))
		g := &m.Subgraphs[0]
		op := &g.Operators[len(g.Operators)-1]
		want := expTable(op.Options.Beta, scale(&g.Tensors[op.Inputs[0]]))
		found := false
		velaOperations(t, load(t, filepath.Join(dir, "vela", "ethos-u55-128", name+"_vela.tflite")), func(d isa.Decoded, regs *isa.Registers, flash []byte) {
			if d.Op == isa.OpDMAStart && regs[isa.DMA0DstRegion] != regionArena {
				at := regs[isa.DMA0Src]
				found = found || bytes.Equal(flash[at:at+1024], want)
			}
		})
		if !found {
			t.Errorf("%s: table differs from Vela's", name)
		}
	}
}

func TestChooseBlock(t *testing.T) {
	b := &buffer{}
	for _, c := range isa.Configs {
		s := c.Spec()
		for _, size := range [][3]int{{1, 1, 1}, {1, 1, 1000}, {7, 7, 320}, {97, 3, 33}, {48, 48, 8}} {
			k := &kernel{op: isa.OpConv, filter: &filter{}, window: window{kh: 3, kw: 3, sy: 2, sx: 1, dy: 1, dx: 1}}
			k.ifm = view{buf: b, h: 2 * size[0], w: size[1], d: 40, elem: 1}
			k.ofm = view{buf: b, h: size[0], w: size[1], d: size[2], elem: 1}
			if err := k.chooseBlock(c, nil); err != nil {
				t.Errorf("%s %v: %v", c, size, err)
				continue
			}
			if k.blk.h%s.UBlockH != 0 || k.blk.w%s.UBlockW != 0 || k.blk.d%s.UBlockD != 0 || k.blk.ibEnd > k.blk.abStart {
				t.Errorf("%s %v: illegal block %+v", c, size, k.blk)
			}
		}
		huge := &kernel{op: isa.OpPool, window: window{kh: 256, kw: 256, sy: 4, sx: 4, dy: 1, dx: 1}}
		huge.ifm = view{buf: b, h: 256, w: 256, d: 8, elem: 4}
		huge.ofm = view{buf: b, h: 1, w: 1, d: 8, elem: 1}
		if err := huge.chooseBlock(c, nil); err != nil {
			t.Errorf("%s: large window in sub-kernels: %v", c, err)
		}
	}
}

func TestScaleStream(t *testing.T) {
	got := scaleStream(&filter{od: 2, bias: []int64{-2, 1 << 38}, scale: []uint32{0x40000001, 7}, shift: []uint{35, 63}})
	if len(got) != 32 {
		t.Fatalf("%d bytes, want 32", len(got))
	}
	want := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0x40, 35, 0, 0, 0, 0, 0x40, 7, 0, 0, 0, 63}
	if !bytes.Equal(got[:20], want) || binary.LittleEndian.Uint64(got[20:]) != 0 {
		t.Fatalf("got %x, want %x", got, want)
	}
}

func TestPackKeepsLiveBuffersApart(t *testing.T) {
	var list []*buffer
	for i := 0; i < 40; i++ {
		first := i * 7 % 13
		list = append(list, &buffer{size: 1 + i*37%211, first: first, last: first + i%5})
	}
	total := pack(list)
	for i, a := range list {
		if a.offset%alignment != 0 || a.offset+a.size > total {
			t.Errorf("buffer %d at %d of %d", i, a.offset, total)
		}
		for j, b := range list[:i] {
			if a.first <= b.last && b.first <= a.last && a.offset < b.offset+b.size && b.offset < a.offset+a.size {
				t.Errorf("buffers %d and %d overlap while both live", i, j)
			}
		}
	}
}
