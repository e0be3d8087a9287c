package stream_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"upset/faults/stream"
	"upset/models/network"
	"upset/npu"
	"upset/npu/isa"
)

// made is a stream of two pools and a copy on 8 × 8 × 16 maps; the second pool has a clamp of
// its own. Its words: those of the operations come with it.
func made() (f *stream.Stream, pool, second, copied int) {
	var s isa.Stream
	s.Set(isa.IFMRegion, 1)
	s.Set(isa.OFMRegion, 2)
	s.Set(isa.OFMBase0, 4096)
	for _, r := range []isa.Reg{isa.IFMWidth0M1, isa.IFMHeight0M1, isa.OFMWidthM1, isa.OFMHeightM1, isa.OFMWidth0M1, isa.OFMHeight0M1} {
		s.Set(r, 7)
	}
	s.Set(isa.OFMDepthM1, 15)
	s.Set(isa.IFMDepthM1, 15)
	s.Set(isa.IFMStrideX, 16)
	s.Set(isa.IFMStrideY, 128)
	s.Set(isa.OFMStrideX, 16)
	s.Set(isa.OFMStrideY, 128)
	s.Set(isa.IFMPrecision, 1)
	s.Set(isa.OFMPrecision, 1|1<<8)
	s.SetSigned(isa.ActivationMin, -128)
	s.Set(isa.ActivationMax, 127)
	s.Set(isa.OFMBlkWidthM1, 7)
	s.Set(isa.OFMBlkHeightM1, 7)
	s.Set(isa.OFMBlkDepthM1, 15)
	pool = len(s.Words)
	s.Op(isa.OpPool, isa.PoolAverage)
	s.Set(isa.ActivationMax, 100)
	s.Set(isa.IFMRegion, 2)
	second = len(s.Words)
	s.Op(isa.OpPool, isa.PoolAverage)
	s.Set(isa.DMA0SrcRegion, 3)
	s.Set(isa.DMA0DstRegion, 4)
	s.Set(isa.DMA0Len, 64)
	copied = len(s.Words)
	s.Op(isa.OpDMAStart, 0)
	s.Op(isa.OpDMAWait, 0)
	s.Op(isa.OpStop, 0)
	return stream.New(&network.Program{Name: "made", Config: isa.U55x64, Commands: s.Words}), pool, second, copied
}

// standing is a state in which the parser is at a word and nothing is under way; the bank
// being filled holds what the stream has set up to there.
func standing(f *stream.Stream, word int) npu.Flops {
	var s npu.Flops
	s.CC.Run, s.CC.Offset = 1, uint32(4*word)
	for i := 0; i < word; i++ {
		switch kind, r := isa.Classify(f.Commands[i]); kind {
		case isa.KindSet:
			s.CC.Bank[0].Set(r, f.Commands[i], 0)
		case isa.KindSet2:
			s.CC.Bank[0].Set(r, f.Commands[i], f.Commands[i+1])
			i++
		}
	}
	return s
}

// What a wrong register means follows from who looks at it before it is set anew: by hand.
func TestOutlookOfAMadeStream(t *testing.T) {
	f, pool, second, copied := made()
	end := len(f.Commands)
	if len(f.Ops) != 3 || f.Ops[0].Word != pool || f.Ops[1].Word != second || f.Ops[2].Word != copied || !f.Ops[2].DMA {
		t.Fatalf("operations: %+v", f.Ops)
	}
	cases := []struct {
		name    string
		word    int
		reg     isa.Reg
		flip    uint32
		blocked int
		altered []int
		next    bool
	}{
		{"a clamp that the next pool uses alone", pool, isa.ActivationMax, 1, stream.NoneBlocked, []int{0}, false},
		{"the same, set anew before the second", pool + 1, isa.ActivationMax, 1, stream.NoneBlocked, nil, false},
		{"a clamp that all use, this inference and the next", pool, isa.ActivationMin, 2, stream.NoneBlocked, []int{0, 1}, false},
		{"a clamp behind the last pool", copied, isa.ActivationMax, 1, stream.NoneBlocked, nil, false},
		{"a zero point that nobody sets", copied, isa.OFMZeroPoint, 1, stream.NoneBlocked, nil, true},
		{"the same in front of both", pool, isa.OFMZeroPoint, 1, stream.NoneBlocked, []int{0, 1}, true},
		{"an extent of the next pool", pool, isa.OFMHeightM1, 1, 0, nil, false},
		{"an extent of the second pool", pool + 1, isa.OFMHeightM1, 1, 1, nil, false},
		{"an extent that is set again before anybody looks", copied, isa.OFMHeightM1, 1, stream.NoneBlocked, nil, false},
		{"a padding that nobody sets", copied, isa.IFMPadTop, 1, 3, nil, false},
		{"a base of a tile that the map does not reach", pool, isa.IFMBase0 + 3, 64, stream.NoneBlocked, nil, false},
		{"the scalar of a pool", pool, isa.IFM2Scalar, 1, stream.NoneBlocked, nil, false},
		{"the weights of a pool", pool, isa.WeightBase, 1, stream.NoneBlocked, nil, false},
		{"the length of the copy, set anew", pool, isa.DMA0Len, 8, stream.NoneBlocked, nil, false},
		{"the length of the copy", copied, isa.DMA0Len, 8, 2, nil, false},
		{"the source of the copy, which nobody sets", pool, isa.DMA0Src, 8, 2, nil, false},
		{"the source of the copy of the next inference", end - 1, isa.DMA0Src, 8, 3, nil, false},
		{"the source region of the copy", pool, isa.DMA0SrcRegion, 1, stream.NoneBlocked, nil, false},
	}
	for _, c := range cases {
		b := standing(f, c.word)
		a := b
		a.CC.Bank[0][c.reg] ^= c.flip
		o, ok := f.Outlook(&a, &b)
		var altered []int
		for _, x := range o.Altered {
			altered = append(altered, x.Op)
			want := f.Ops[x.Op].Setup
			want.Registers[c.reg] ^= c.flip
			if x.Decoded != isa.Decode(&want.Registers, want.Op, want.Param) {
				t.Errorf("%s: operation %d is altered otherwise", c.name, x.Op)
			}
		}
		if !ok || o.Blocked != c.blocked || !slices.Equal(altered, c.altered) || o.Next != c.next {
			t.Errorf("%s: %t, blocked %d, altered %v, next %t; want %d, %v, %t", c.name, ok, o.Blocked, altered, o.Next, c.blocked, c.altered, c.next)
		}
		if c.blocked >= 0 && !slices.Equal(o.Differ, []int{int(c.reg)}) {
			t.Errorf("%s: registers %v differ", c.name, o.Differ)
		}
		if plain := c.blocked < 0 && c.altered == nil && !c.next; f.Alike(&a, &b) != plain {
			t.Errorf("%s: alike %t", c.name, !plain)
		}
		if f.SameControl(&a, &b) != (c.blocked < 0) {
			t.Errorf("%s: same control %t", c.name, c.blocked >= 0)
		}
	}
}

// Regions matter as long as an operation uses them, and no longer; pointers to the stream and
// what says where the machine stands always do.
func TestRegionsInUse(t *testing.T) {
	f, pool, second, copied := made()
	used := func(word, region int) bool { // by hand
		switch {
		case word <= pool:
			return region >= 1 && region <= 4
		case word <= second:
			return region >= 2 && region <= 4
		case word <= copied:
			return region == 3 || region == 4
		}
		return false
	}
	for _, word := range []int{0, pool, pool + 1, second, second + 1, copied, copied + 1, len(f.Commands)} {
		for region := range 8 {
			b := standing(f, word)
			for part, change := range []func(a *npu.Flops){
				func(a *npu.Flops) { a.CC.BaseP[region] ^= 1 << 20 },
				func(a *npu.Flops) { a.CC.RegionCfg ^= 1 << (2 * region) },
			} {
				a := b
				change(&a)
				if got := f.Alike(&a, &b); got == used(word, region) {
					t.Errorf("word %d, region %d, part %d: alike %t", word, region, part, got)
				}
			}
		}
		b := standing(f, word)
		for name, change := range map[string]func(a *npu.Flops){
			"offset": func(a *npu.Flops) { a.CC.Offset += 4 },
			"run":    func(a *npu.Flops) { a.CC.Run = 0 },
			"bank":   func(a *npu.Flops) { a.CC.Cur = 1 },
			"port":   func(a *npu.Flops) { a.CC.QConfig = 1 },
			"copy":   func(a *npu.Flops) { a.CC.DMAOut = 1 },
		} {
			a := b
			change(&a)
			if f.Alike(&a, &b) || f.SameControl(&a, &b) {
				t.Errorf("word %d: the %s differs, and is taken for alike", word, name)
			}
		}
		// A longer stream is alike, since it ends by its STOP; a shorter one is not.
		b.CC.QSize = 400
		for size, want := range map[uint32]bool{399: false, 400: true, 404: true, 1 << 31: true} {
			a := b
			a.CC.QSize = size
			if got := f.Alike(&a, &b); got != want {
				t.Errorf("a stream of %d bytes where there are 400: alike %t", size, got)
			}
		}
	}
	// A copy under way keeps its regions in use though no operation to come does.
	b := standing(f, len(f.Commands))
	b.DMA.M2M.On, b.DMA.M2M.SrcReg, b.DMA.M2M.DstReg, b.DMA.M2M.Left = 1, 5, 6, 1
	for region := range 8 {
		a := b
		a.CC.BaseP[region] ^= 8
		if got := f.Alike(&a, &b); got == (region == 5 || region == 6) {
			t.Errorf("under a copy from region 5 to 6, region %d: alike %t", region, got)
		}
	}
}

// Words that no compiler writes make a stream all the same, of which every question has an
// answer, in any state that a wrong bit may lead to.
func TestHostileStreams(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 4))
	ops := []isa.Opcode{isa.OpConv, isa.OpDepthwise, isa.OpPool, isa.OpElementwise, isa.OpDMAStart, isa.OpStop, isa.OpIRQ, isa.OpDMAWait}
	total := 0
	for range 300 {
		words := make([]uint32, rng.IntN(60))
		for i := range words {
			switch words[i] = rng.Uint32(); rng.IntN(3) {
			case 0:
				words[i] = uint32(ops[rng.IntN(len(ops))]) | rng.Uint32()<<16
			case 1:
				words[i] = uint32(isa.Table[rng.IntN(int(isa.NumRegs))].Opcode) | words[i]&^0x3fff
			}
		}
		f := stream.New(&network.Program{Config: isa.Configs[rng.IntN(4)], Commands: words})
		total += len(f.Ops)
		kernels := 0
		for i := range f.Ops {
			o := &f.Ops[i]
			kind, x := isa.Classify(words[o.Word])
			if kind != isa.KindOp || isa.Opcode(x) != o.Setup.Op || i > 0 && o.Word <= f.Ops[i-1].Word || o.Kernel != kernels || o.DMA == o.Setup.Op.Kernel() {
				t.Fatalf("operation %d at word %d, %#x: %+v", i, o.Word, words[o.Word], kind)
			}
			if !o.DMA {
				kernels++
			}
			if i > 0 && o.Later && !f.Ops[i-1].Later {
				t.Fatalf("operation %d looks a table up, and nothing is known of it before", i)
			}
		}
		for range 20 {
			var b npu.Flops
			b.CC.Run, b.CC.Offset, b.CC.QRead, b.CC.Parse = 1, rng.Uint32N(400), rng.Uint32(), uint8(rng.IntN(3))
			b.CC.Cur, b.CC.DMAOut, b.Trav.IFM.Bank = uint8(rng.IntN(4)), uint8(rng.IntN(2)), uint8(rng.IntN(4))
			for k := range b.CC.OpValid {
				b.CC.OpValid[k] = uint8(rng.IntN(2))
			}
			a := b
			for range 1 + rng.IntN(3) {
				a.CC.Bank[rng.IntN(4)][rng.IntN(int(isa.NumRegs))] ^= 1 << rng.IntN(16)
			}
			list, next := f.Under(&b)
			for i, op := range list {
				if op >= next || op < 0 || i > 0 && op >= list[i-1] {
					t.Fatalf("%v under way, %d next", list, next)
				}
				f.Reads(&b, op)
			}
			if o, ok := f.Outlook(&a, &b); ok && o.Blocked > len(f.Ops) {
				t.Fatalf("operation %d of %d does something else", o.Blocked, len(f.Ops))
			}
			if !f.Alike(&b, &b) {
				t.Fatal("a state is not alike to itself")
			}
		}
	}
	if total < 300 {
		t.Errorf("%d operations: nothing is shown", total)
	}
}

// An operation under way keeps its regions in use, and its bank, though the parser is behind
// it and nothing to come looks at them.
func TestUnderWayIsInUse(t *testing.T) {
	f, pool, second, _ := made()
	for busy := range 3 {
		b := standing(f, second+1)
		b.CC.Cur = 2
		first := standing(f, pool)
		b.CC.Bank[2], b.CC.Bank[1], b.CC.Bank[0] = b.CC.Bank[0], b.CC.Bank[0], first.CC.Bank[0]
		for k := range 2 {
			b.CC.OpCode[k], b.CC.OpParam[k] = uint8(isa.OpPool)&7, isa.PoolAverage
			if k >= 2-busy {
				b.CC.OpValid[k] = 1
			}
		}
		for region := range 8 {
			used := region == 3 || region == 4 || busy > 0 && region == 2 || busy > 1 && region == 1
			a := b
			a.CC.BaseP[region] ^= 1 << 20
			if got := f.Alike(&a, &b); got == used {
				t.Errorf("%d under way, region %d: alike %t", busy, region, got)
			}
		}
		for k := range 2 {
			if b.CC.OpValid[k] == 0 {
				continue
			}
			for reg, want := range map[isa.Reg][2]bool{isa.OFMHeightM1: {false, false}, isa.ActivationMin: {false, true}, isa.WeightBase: {true, true}} {
				a := b
				a.CC.Bank[k][reg] ^= 1
				if alike, control := f.Alike(&a, &b), f.SameControl(&a, &b); alike != want[0] || control != want[1] {
					t.Errorf("register %d of the bank %d under way: alike %t, same control %t", reg, k, alike, control)
				}
			}
		}
	}
}
