package main

import "upset/npu/isa"

// stretch is a piece of a region.
type stretch struct {
	region       int
	base, length uint32
}

// copied is a transfer that a stream has started.
type copied struct {
	from, to stretch
}

// streamWalk follows the registers of a command stream from operation to
// operation. It knows where buffered weights came from, so that each stretch of
// weights is counted once.
type streamWalk struct {
	regs   isa.Registers
	word   int
	copies []copied
	seen   map[stretch]bool
}

// to executes the SET commands in front of a word and decodes the operation that
// starts there.
func (s *streamWalk) to(commands []uint32, word int) isa.Decoded {
	for ; s.word < word; s.word++ {
		w := commands[s.word]
		switch kind, reg := isa.Classify(w); kind {
		case isa.KindSet:
			s.regs.Set(reg, w, 0)
		case isa.KindSet2:
			s.word++
			s.regs.Set(reg, w, commands[s.word])
		}
	}
	_, op := isa.Classify(commands[word])
	return isa.Decode(&s.regs, isa.Opcode(op), isa.Param(commands[word]))
}

// dma notes the transfer that starts and returns its size in bytes.
func (s *streamWalk) dma() uint32 {
	t := isa.DecodeTransfer(&s.regs)
	if !t.Internal {
		s.copies = append(s.copies, copied{stretch{t.SrcRegion, t.Src, t.Bytes}, stretch{t.DstRegion, t.Dst, t.Bytes}})
	}
	return t.Bytes
}

// first returns the length of a stretch the first time, and zero after that.
func (s *streamWalk) first(region int, base, length uint32) int64 {
	x := stretch{region, base, length}
	for i := len(s.copies) - 1; i >= 0; i-- {
		c := &s.copies[i]
		if at := base - c.to.base; c.to.region == region && at < c.to.length {
			x.region, x.base = c.from.region, c.from.base+at
			break
		}
	}
	if s.seen[x] {
		return 0
	}
	s.seen[x] = true
	return int64(length)
}
