package isa

import "testing"

// TestTransfer reads the registers of DMA bit by bit: of a region's register three bits
// count, and of the destination's one that leads to the shared buffer.
func TestTransfer(t *testing.T) {
	bases := [8]uint32{0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x7000, 0x8000}
	for _, c := range []struct {
		src, dst           uint32 // region registers
		from, to, n        uint32
		internal           bool
		firstRead, firstWr uint32
	}{
		{0, 1, 0x10, 0x20, 64, false, 0x1010, 0x2020},
		{7, 2, 0x17, 0x2f, 1, false, 0x8010, 0x3028}, // low bits have no effect
		{1 << 3, 1<<3 | 1, 0, 0, 8, false, 0x1000, 0x2000},
		{1 << 8, 1 << 8, 0x10, 0x7ff, 16, true, 0x1010, 0x7f8}, // the source has no such mode
		{1, 1<<8 | 3, 8, 0x800, 0, true, 0x2008, 0x800},
		{1, 1 << 9, 0xfffff000, 0, 8, false, 0x1000, 0x1000}, // addresses wrap
	} {
		var r Registers
		r[DMA0SrcRegion], r[DMA0DstRegion], r[DMA0Src], r[DMA0Dst], r[DMA0Len] = c.src, c.dst, c.from, c.to, c.n
		x := DecodeTransfer(&r)
		src, dst := x.Ends(&bases)
		if x.Internal != c.internal || x.Bytes != c.n || x.Src != c.from || x.Dst != c.to || src != c.firstRead || dst != c.firstWr {
			t.Errorf("%+v: decoded as %+v, ends %#x and %#x", c, x, src, dst)
		}
	}
}

// TestWalk visits operations with the registers in front of them, and nothing behind a stop
// or a word that is no command.
func TestWalk(t *testing.T) {
	var s Stream
	s.Set(DMA0Len, 48)
	s.Op(OpDMAStart, 0)
	s.Set(OFMHeightM1, 3)
	s.Op(OpDMAWait, 0)
	s.Op(OpPool, PoolMax)
	s.Set(OFMHeightM1, 5)
	s.Op(OpPool, PoolMax)
	s.Op(OpStop, 0xffff)
	s.Op(OpPool, PoolMax)
	for _, c := range []struct {
		words []uint32
		most  int
		want  []uint32 // length of the transfer, heights
	}{
		{s.Words, 9, []uint32{48, 3, 5}},
		{s.Words, 2, []uint32{48, 3}},
		{s.Words[:3], 9, []uint32{48}},
		{s.Words[:1], 9, nil}, // the second word of the first command is missing
		{append([]uint32{0xffffffff}, s.Words...), 9, nil},
	} {
		var got []uint32
		Walk(c.words, func(word int, op Opcode, r *Registers) bool {
			if _, code := Classify(c.words[word]); Opcode(code) != op {
				t.Errorf("word %d is no %v", word, op)
			}
			if op == OpDMAStart {
				got = append(got, r[DMA0Len])
			} else {
				got = append(got, r[OFMHeightM1])
			}
			return len(got) < c.most
		})
		if len(got) != len(c.want) {
			t.Errorf("%d words: %v, want %v", len(c.words), got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%d words: %v, want %v", len(c.words), got, c.want)
			}
		}
	}
}
