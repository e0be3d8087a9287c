package compile

import "upset/npu/isa"

// maxWait is the largest operand of KERNEL_WAIT (Arm U55 register header).
const maxWait = 3

// maxBlockDep is the largest BLOCKDEP (Arm U55 register header).
const maxBlockDep = 3

// tableAhead is how many kernels before its use a table may be fetched (our
// choice).
const tableAhead = 4

// prefetchTable fetches the next table right after kernel i, if that is early
// enough to matter and the memory of the table stays untouched until its use.
func (e *emitter) prefetchTable(i int) {
	ks := e.g.kernels
	if e.g.config.Spec().ReservedLUT == 0 {
		return
	}
	for j := i + 1; j < len(ks) && j <= i+tableAhead; j++ {
		if ks[j].lut != nil {
			e.fetchTable(i+1, ks[j].lut)
			return
		}
	}
}

// fetchTable fetches a table before kernel i unless it is there.
func (e *emitter) fetchTable(i int, t *table) {
	if t == e.table {
		return
	}
	last := -1 // the last kernel that uses the memory of the table
	for j := i - 1; j >= 0; j-- {
		if e.g.kernels[j].lut != nil || e.g.config.Spec().ReservedLUT == 0 {
			last = j
			break
		}
	}
	e.transfer(i, last, t.buf.offset, e.g.config.Spec().LUTStart(), len(t.data), dmaInternal)
	e.table = t
}

// transfers emits the DMA that kernel i needs. Kernel i-1 has just been issued,
// so its work hides the transfer.
func (e *emitter) transfers(i int, k *kernel) {
	if k.lut != nil {
		e.fetchTable(i, k.lut)
	}
	if k.lut == nil && e.g.config.Spec().ReservedLUT == 0 {
		e.table = nil // the kernel's accumulators lie in the table's banks
	}
	if k.wbuf != nil {
		from, to := k.wbuf.offset, k.wbuf.offset+k.wbuf.size
		last := -1
		for j := i - 1; j >= 0; j-- {
			if e.g.kernels[j].touches(from, to) {
				last = j
				break
			}
		}
		e.transfer(i, last, k.code.offset, from, k.wbuf.size, regionArena)
	}
}

// transfer emits one DMA, after kernel last has finished.
func (e *emitter) transfer(i, last, src, dst, n int, dstRegion uint32) {
	if e.dma { // one outstanding transfer
		e.s.Op(isa.OpDMAWait, 0)
	}
	if last > e.done {
		wait := min(i-1-last, maxWait)
		e.s.Op(isa.OpKernelWait, uint32(wait))
		e.done = i - 1 - wait
	}
	e.s.Set(isa.DMA0SrcRegion, regionFlash)
	e.s.Set(isa.DMA0Src, uint32(src))
	e.s.Set(isa.DMA0DstRegion, dstRegion)
	e.s.Set(isa.DMA0Dst, uint32(dst))
	e.s.Set(isa.DMA0Len, uint32(roundUp(n, alignment)))
	e.s.Op(isa.OpDMAStart, 0)
	e.dma = true
}

// touches reports whether the kernel reads or writes a byte range of the arena.
func (k *kernel) touches(from, to int) bool {
	for _, v := range append(k.inputs(), &k.ofm) {
		if v.buf.region() != regionArena {
			continue
		}
		if a, b := v.span(); a < to && from < b {
			return true
		}
	}
	return k.wbuf != nil && k.wbuf.offset < to && from < k.wbuf.offset+k.wbuf.size
}

// blockDep returns the number of block jobs of earlier kernels that may be
// unfinished when a job of kernel i starts.
func (g *graph) blockDep(i int) int {
	k := g.kernels[i]
	if i == 0 {
		return 0
	}
	if g.kernels[i-1].lut != nil && k.lut == nil && g.config.Spec().ReservedLUT == 0 {
		return 0 // accumulators of k take the banks of a table in use
	}
	dep, between := maxBlockDep, 0
	for j := i - 1; j >= 0 && between < dep; j-- {
		p := g.kernels[j]
		dep = min(dep, between+g.overlap(p, k, j == i-1))
		between += p.jobs()
	}
	return dep
}

// jobs is the number of block jobs of a kernel, counting one per OFM block.
func (k *kernel) jobs() int {
	return ceilDiv(k.ofm.h, k.blk.h) * ceilDiv(k.ofm.w, k.blk.w) * ceilDiv(k.ofm.d, k.blk.d)
}

// overlap returns how many of the last jobs of p may be unfinished when k
// starts. Adjacent kernels that share a feature map are compared block by block.
func (g *graph) overlap(p, k *kernel, adjacent bool) int {
	from, to := p.ofm.span()
	hits := 0
	for _, v := range k.inputs() {
		if v.buf.region() != regionArena {
			continue
		}
		if a, b := v.span(); a < to && from < b {
			hits++
		}
	}
	if hits == 0 {
		return maxBlockDep
	}
	a, b := p.ofm, k.ifm
	same := a.buf == b.buf && (a.whole > 0 && a.strideX == 0 || a.dense()) && b.dense()
	if hits > 1 || !adjacent || !same || k.elementwise() && k.ifm2 != nil && k.ifm2.buf == p.ofm.buf {
		return 0
	}
	for d := maxBlockDep; d > 0; d-- {
		if !g.near(p, k, d) {
			return d
		}
	}
	return 0
}

// box is a half-open part of a feature map.
type box struct{ y0, y1, x0, x1, c0, c1 int }

func (a box) meets(b box) bool {
	return a.y0 < b.y1 && b.y0 < a.y1 && a.x0 < b.x1 && b.x0 < a.x1 && a.c0 < b.c1 && b.c0 < a.c1
}

// near reports whether one of the first three jobs of k reads what one of the
// last d blocks of p writes.
func (g *graph) near(p, k *kernel, d int) bool {
	for first := 0; first < maxBlockDep && first < k.jobs(); first++ {
		in := k.reads(k.blockAt(first))
		for last := 0; last < d && last < p.jobs(); last++ {
			out := p.blockAt(p.jobs() - 1 - last)
			out.c0, out.c1 = out.c0+p.ofm.c0, out.c1+p.ofm.c0
			if in.meets(out) {
				return true
			}
		}
	}
	return false
}

// blockAt returns OFM block n in order: depth, then width, then height.
func (k *kernel) blockAt(n int) box {
	nz, nx := ceilDiv(k.ofm.d, k.blk.d), ceilDiv(k.ofm.w, k.blk.w)
	z, x, y := n%nz, n/nz%nx, n/nz/nx
	return box{
		y * k.blk.h, min((y+1)*k.blk.h, k.ofm.h), x * k.blk.w, min((x+1)*k.blk.w, k.ofm.w),
		z * k.blk.d, min((z+1)*k.blk.d, k.ofm.d),
	}
}

// reads returns the part of the IFM that an OFM block needs.
func (k *kernel) reads(b box) box {
	if !k.elementwise() {
		kh, kw := k.dilated()
		b.y0, b.y1 = b.y0*k.sy-k.top, (b.y1-1)*k.sy+kh-k.top
		b.x0, b.x1 = b.x0*k.sx-k.left, (b.x1-1)*k.sx+kw-k.left
		if k.upscale != 0 {
			b.y0, b.y1, b.x0, b.x1 = b.y0>>1, (b.y1+1)>>1, b.x0>>1, (b.x1+1)>>1
		}
	}
	if k.conv() {
		b.c0, b.c1 = 0, k.ifm.d
	}
	return b
}
