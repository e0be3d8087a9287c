package network

import (
	"fmt"
	"slices"
	"strings"

	"upset/npu/isa"
)

// suspects tells what in the command streams of a program asks for something that no
// order of events makes right: a transfer beyond the shared buffer, or a block
// dependency that lets an operation read what the one before has not written yet. Each
// names its command word and the address. Two machines may then differ without a fault
// of either.
func (p *Program) suspects() []string {
	var list []string
	jobs := p.Jobs
	if len(jobs) == 0 {
		jobs = []Job{{Words: len(p.Commands), Bases: p.Bases()}}
	}
	for i := range jobs {
		j := &jobs[i]
		s := suspicion{cfg: p.Config, bases: j.Bases, first: j.First}
		words := p.Commands[j.First : j.First+j.Words]
		isa.Walk(words, func(w int, op isa.Opcode, regs *isa.Registers) bool {
			s.word = w
			if op == isa.OpDMAStart {
				s.transfer(regs)
			} else {
				d := isa.Decode(regs, op, isa.Param(words[w]))
				s.operation(&d)
			}
			return len(s.found) < maxSuspects
		})
		if list = append(list, s.found...); len(list) >= maxSuspects || j.Frame > 0 {
			break // frames repeat the same streams
		}
	}
	return list
}

// WhyDiffer is the end of a sentence that tells that two machines differ: what in the
// streams is at fault, or that nothing is.
func (p *Program) WhyDiffer() string {
	if list := p.suspects(); len(list) > 0 {
		return "the stream itself is at fault: " + strings.Join(list, "; ")
	}
	return "nothing in the stream explains it: please report this network"
}

// maxSuspects bounds what is told (our choice).
const maxSuspects = 8

// suspicion looks at the operations of one stream in order.
type suspicion struct {
	cfg    isa.Config
	bases  [8]uint32
	first  int // first word of the stream in the program
	word   int
	before *isa.Decoded // kernel operation before
	found  []string
}

func (s *suspicion) add(op isa.Opcode, format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf("command word %d at offset %#x (%v): ", s.first+s.word, 4*(s.first+s.word), op)+fmt.Sprintf(format, args...))
}

// transfer looks at a DMA operation to the shared buffer.
func (s *suspicion) transfer(r *isa.Registers) {
	t := isa.DecodeTransfer(r)
	at, n := t.Dst, t.Bytes
	size := uint32(s.cfg.Spec().SHRAMBytes())
	if t.Internal && n > 0 && (at >= size || n > size-at) {
		s.add(isa.OpDMAStart, "it writes %d bytes to address %#x of the shared buffer, which has %d bytes on %s", n, at, size, s.cfg)
	}
}

// operation holds the first jobs of an operation against the last blocks of the one
// before. The rule is that of docs/microarchitecture.md: the jobs of the operation
// before that are not complete and the number of the job may not exceed BLOCKDEP
// together.
func (s *suspicion) operation(d *isa.Decoded) {
	if a := s.before; a != nil && d.BlockDep > 0 {
		for f := 0; f < d.BlockDep; f++ {
			boxes := s.reads(d, f)
			for b := 0; b*jobsPerBlock(a) < d.BlockDep-f; b++ {
				block := s.writes(a, b)
				if at, ok := common(boxes, block); ok {
					s.add(d.Op, "BLOCKDEP %d lets job %d of it read address %#08x while the operation before may not have written it; %d would be safe", d.BlockDep, f, at, f+b*jobsPerBlock(a))
					f = d.BlockDep
					break
				}
			}
		}
	}
	c := *d
	s.before = &c
}

// ranges are ascending stretches of absolute addresses, [0] up to, not including, [1].
type ranges [][2]uint64

// sorted brings ranges into order.
func (r ranges) sorted() ranges {
	slices.SortFunc(r, func(a, b [2]uint64) int { return int(int64(a[0]) - int64(b[0])) })
	return r
}

// common finds an address in both.
func common(a, b ranges) (uint64, bool) {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		if lo := max(a[i][0], b[k][0]); lo < min(a[i][1], b[k][1]) {
			return lo, true
		}
		if a[i][1] <= b[k][1] {
			i++
		} else {
			k++
		}
	}
	return 0, false
}

func blocks(n, block int) int { return (n + block - 1) / block }

// depthBlocks and subKernels count the steps of a block: of input channels, and of
// parts of the kernel of at most eight taps each way.
func depthBlocks(d *isa.Decoded) int {
	if d.Op == isa.OpConv || d.Op == isa.OpPool && d.Mode == isa.PoolReduceSum {
		return blocks(d.IFMD, d.IFMBlkD)
	}
	return 1
}

func subKernels(d *isa.Decoded) (ny, nx int) {
	return blocks(d.KH, 8/d.DilY), blocks(d.KW, 8/d.DilX)
}

func jobsPerBlock(d *isa.Decoded) int {
	ny, nx := subKernels(d)
	return depthBlocks(d) * ny * nx
}

// blockAt is the place of block i: depth first, then width, then height.
func blockAt(d *isa.Decoded, i int) (y, x, c int, ok bool) {
	nx, nc := blocks(d.OFMW, d.BlkW), blocks(d.OFMD, d.BlkD)
	ny := blocks(d.OFMH, d.BlkH)
	if i < 0 || i >= nx*ny*nc {
		return 0, 0, 0, false
	}
	return i / nc / nx * d.BlkH, i / nc % nx * d.BlkW, i % nc * d.BlkD, true
}

// writes is what block b, counted from the last, writes.
func (s *suspicion) writes(d *isa.Decoded, b int) ranges {
	n := blocks(d.OFMH, d.BlkH) * blocks(d.OFMW, d.BlkW) * blocks(d.OFMD, d.BlkD)
	y, x, c, ok := blockAt(d, n-1-b)
	if !ok {
		return nil
	}
	return s.area(&d.OFM, y, min(y+d.BlkH, d.OFMH), x, min(x+d.BlkW, d.OFMW), c, min(c+d.BlkD, d.OFMD)).sorted()
}

// reads is what job f reads.
func (s *suspicion) reads(d *isa.Decoded, f int) ranges {
	per := jobsPerBlock(d)
	y, x, c, ok := blockAt(d, f/per)
	if !ok {
		return nil
	}
	ny, nx := subKernels(d)
	f %= per
	depth, ky, kx := f/(ny*nx), f/nx%ny*(8/d.DilY), f%nx*(8/d.DilX)
	c0, c1 := c, min(c+d.BlkD, d.OFMD)
	if d.Op == isa.OpConv || d.Op == isa.OpPool && d.Mode == isa.PoolReduceSum {
		c0 = depth * d.IFMBlkD
		c1 = min(c0+d.IFMBlkD, d.IFMD)
	}
	y0, y1 := touched(y, min(d.BlkH, d.OFMH-y), d.StrideY, d.PadTop, ky, min(8/d.DilY, d.KH-ky), d.DilY, d.IFMH, d.Upscale)
	x0, x1 := touched(x, min(d.BlkW, d.OFMW-x), d.StrideX, d.PadLeft, kx, min(8/d.DilX, d.KW-kx), d.DilX, d.IFMW, d.Upscale)
	list := s.area(&d.IFM, y0, y1, x0, x1, c0, c1)
	if d.Op == isa.OpElementwise && d.Binary && !d.UseScalar {
		if d.BcastH {
			y0, y1 = 0, 1
		}
		if d.BcastW {
			x0, x1 = 0, 1
		}
		if d.BcastC {
			c0, c1 = 0, 1
		}
		list = append(list, s.area(&d.IFM2, y0, y1, x0, x1, c0, c1)...)
	}
	return list.sorted()
}

// touched is the range of stored rows or columns that n outputs from o on read with
// the given taps.
func touched(o, n, stride, pad, k, taps, dil, extent, upscale int) (from, to int) {
	lo := max(o*stride-pad+k*dil, 0)
	hi := min((o+n-1)*stride-pad+(k+taps-1)*dil, extent-1)
	if hi < lo {
		return 0, 0
	}
	if upscale != 0 {
		lo, hi = lo>>1, hi>>1
	}
	return lo, hi + 1
}

// area is the memory of a part of a feature map, a stretch for each pixel of each
// brick.
func (s *suspicion) area(f *isa.FeatureMap, y0, y1, x0, x1, c0, c1 int) ranges {
	var list ranges
	base := uint64(s.bases[f.Region&7])
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			for c := c0; c < c1; {
				n := c1 - c
				if f.Brick {
					n = min(n, 16-c&15)
				}
				at := base + uint64(f.Addr(y, x, c))
				list = append(list, [2]uint64{at, at + uint64(n*f.Bytes)})
				c += n
			}
		}
	}
	return list
}
