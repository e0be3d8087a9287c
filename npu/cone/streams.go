package cone

import (
	"upset/npu/functional"
	"upset/npu/isa"
)

// Stream is one of the command streams of a program, which run one after the other on
// the same memory, with what the host does when it has ended.
type Stream struct {
	Commands []uint32
	First    int       // number of its first word among those of all streams
	Bases    [8]uint32 // absolute addresses of the regions
	// Reads and Writes are the bytes of SRAM that the host reads before it writes them
	// itself, and those that it writes: absolute, in ascending order. Without any of
	// them the host does nothing.
	Reads, Writes []Range
}

// HostStep does what the host does behind stream k, counted from 0. One goroutine at a
// time uses it.
type HostStep func(k int, mem *isa.Memory)

// NewStreams is [New] for streams with a host between them. Host makes a HostStep and may
// be nil where the host does nothing behind any stream. The operations of the host count
// among the others. Configuration registers keep their values from one stream to the next.
func NewStreams(c isa.Config, streams []Stream, host func() HostStep, mem *isa.Memory) (*Program, error) {
	p := &Program{cfg: c, hosts: host, cache: functional.NewWeightCache()}
	b := builder{p: p, mem: isa.Memory{SRAM: make([]byte, max(isa.SRAMSize, len(mem.SRAM))), Flash: mem.Flash}}
	for _, s := range streams {
		s.Commands = append([]uint32(nil), s.Commands...)
		p.streams = append(p.streams, s)
		b.bases = s.Bases
		if err := b.stream(&s, s.First); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// host appends what the host does behind a stream.
func (b *builder) host(s *Stream, word int) {
	if len(s.Reads)+len(s.Writes) == 0 {
		return
	}
	o := operation{Op: Op{Index: len(b.p.ops), Kind: Host, Kernel: -1, Word: word, Reads: s.Reads, Writes: s.Writes}, n: len(b.p.streams) - 1}
	for _, r := range o.Writes {
		b.p.extent = max(b.p.extent, int(r.Hi-isa.SRAMBase))
	}
	b.p.ops = append(b.p.ops, o)
}

// gatherRanges appends the bytes of ranges of SRAM.
func gatherRanges(dst []byte, list []Range, mem *isa.Memory) []byte {
	for _, r := range list {
		dst = append(dst, mem.SRAM[r.Lo-isa.SRAMBase:r.Hi-isa.SRAMBase]...)
	}
	return dst
}

// host follows the differences through what the host does: it runs on the recorded
// bytes with the differences in them.
func (r *Runner) host(o *operation, g *recorded) {
	changed := false
	for _, x := range o.Reads {
		changed = changed || r.mem.any(x)
	}
	if !changed {
		r.mem.drop(o.Writes)
		return
	}
	r.forgiven = true
	if r.hostStep == nil {
		r.hostStep, r.hostMem = r.p.hosts(), &isa.Memory{}
	}
	sram := grow(&r.hostMem.SRAM, r.size)
	at := 0
	for _, x := range o.Reads {
		at += copy(sram[x.Lo-isa.SRAMBase:x.Hi-isa.SRAMBase], g.ifm[at:])
		r.mem.each(x, func(addr uint32) { sram[addr-isa.SRAMBase] = r.mem.values[addr-isa.SRAMBase] })
	}
	r.hostStep(o.n, r.hostMem)
	r.mem.drop(o.Writes)
	at = 0
	for _, x := range o.Writes {
		for addr := x.Lo; addr < x.Hi; addr++ {
			if v := sram[addr-isa.SRAMBase]; v != g.ofm[at] {
				r.mem.set(addr, v)
			}
			at++
		}
	}
}

// Forgiven reports whether the last propagation passed differences to the host. Where
// none are left in the output, it has forgiven them.
func (r *Runner) Forgiven() bool { return r.forgiven }
