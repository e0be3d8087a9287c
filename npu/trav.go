package npu

// Job counts through the block jobs of an operation: output blocks with depth
// fastest, then width, then height; within a block the IFM depth blocks, and
// within those the sub-kernels. It is the counter set of the IFM channel, the
// weight decoder and the MAC array.
type Job struct {
	Bank uint8  `npu:"2,global"`
	On   uint8  `npu:"1,global"` // an operation is under way
	OY   uint16 `npu:"16,global"`
	OX   uint16 `npu:"16,global"`
	OZ   uint16 `npu:"16,global"`
	IZ   uint16 `npu:"16,global"`
	KY   uint16 `npu:"16,global"` // first tap of the sub-kernel
	KX   uint16 `npu:"16,global"`
}

// Inner counts through the weight blocks of a job.
type Inner struct {
	IO  uint8 `npu:"6,local"` // IFM channel within the depth block (part-kernel order)
	OU  uint8 `npu:"7,local"` // OFM channel within the block
	Tap uint8 `npu:"6,local"` // kernel tap within the sub-kernel
}

// Block counts through the output blocks of an operation: the counter set of the
// output stage and the OFM channel.
type Block struct {
	Bank uint8  `npu:"2,global"`
	On   uint8  `npu:"1,global"`
	OY   uint16 `npu:"16,global"`
	OX   uint16 `npu:"16,global"`
	OZ   uint16 `npu:"16,global"`
}

// TravState is the traversal unit: one set of counters for each of the five
// pipeline stages.
type TravState struct {
	IFM      Job
	WD       Job
	WDInner  Inner
	MAC      Job
	MACInner Inner
	AO       Block
	OFM      Block
}

// start begins the operation in the job's bank.
func (j *Job) start() {
	j.On = 1
	j.OY, j.OX, j.OZ, j.IZ, j.KY, j.KX = 0, 0, 0, 0, 0, 0
}

// lastOfBlock reports whether the job is the last one of its output block.
func (j *Job) lastOfBlock(p *params) bool {
	return int(j.KX)+p.subX >= p.KW && int(j.KY)+p.subY >= p.KH && (p.depthN == 1 || int(j.IZ)+p.IFMBlkD >= p.IFMD)
}

// firstOfBlock reports whether the job is the first one of its output block.
func (j *Job) firstOfBlock() bool { return j.IZ == 0 && j.KY == 0 && j.KX == 0 }

// keepsBoxes reports whether the boxes of a position in the plane stay in the IFM
// buffers for all slices of output channels: those of all input channels fit the
// two buffers, and every slice reads them in the same order.
func (p *params) keepsBoxes() bool {
	return p.depthN <= 2 && p.subN == 1 && (p.kind == kindConv || p.kind == kindReduce)
}

// boxKept reports whether the box of the job is still there from an earlier slice.
func (j *Job) boxKept(p *params) bool { return j.OZ != 0 && p.keepsBoxes() }

// boxNeeded reports whether a later slice reads the box of the job again.
func (j *Job) boxNeeded(p *params) bool { return int(j.OZ)+p.BlkD < p.OFMD && p.keepsBoxes() }

// next advances to the following job and reports whether the operation is over.
func (j *Job) next(p *params) bool {
	if int(j.KX)+p.subX < p.KW {
		j.KX += uint16(p.subX)
		return false
	}
	j.KX = 0
	if int(j.KY)+p.subY < p.KH {
		j.KY += uint16(p.subY)
		return false
	}
	j.KY = 0
	if p.depthN > 1 && int(j.IZ)+p.IFMBlkD < p.IFMD {
		j.IZ += uint16(p.IFMBlkD)
		return false
	}
	j.IZ = 0
	return nextBlock(p, &j.OY, &j.OX, &j.OZ)
}

// end leaves the operation and turns to the next bank.
func (j *Job) end() {
	j.On = 0
	j.Bank = (j.Bank + 1) & 3
}

func nextBlock(p *params, oy, ox, oz *uint16) bool {
	if int(*oz)+p.BlkD < p.OFMD {
		*oz += uint16(p.BlkD)
		return false
	}
	*oz = 0
	if int(*ox)+p.BlkW < p.OFMW {
		*ox += uint16(p.BlkW)
		return false
	}
	*ox = 0
	if int(*oy)+p.BlkH < p.OFMH {
		*oy += uint16(p.BlkH)
		return false
	}
	*oy = 0
	return true
}

func (b *Block) start() {
	b.On = 1
	b.OY, b.OX, b.OZ = 0, 0, 0
}

func (b *Block) next(p *params) bool { return nextBlock(p, &b.OY, &b.OX, &b.OZ) }

func (b *Block) end() {
	b.On = 0
	b.Bank = (b.Bank + 1) & 3
}

// clip is the length of a block at position at of a dimension of length n. A
// counter beyond the end, which only an upset can cause, gives one.
func clip(at uint16, blk, n int) int { return max(1, min(blk, n-int(at))) }

// sub is the number of taps of the sub-kernel at tap k.
func sub(k uint16, limit, n int) int { return max(1, min(limit, n-int(k))) }

// next advances to the following weight block of a job with ob output channels
// and ib input channels and reports whether the job is over.
func (w *Inner) next(p *params, d, ob, ib, taps int) bool {
	step := 1
	if p.kind == kindDepthwise || p.PartKernel && p.kind == kindConv {
		step = p.taps
	}
	if p.kind == kindMax || p.kind == kindAverage {
		step = taps
	}
	if int(w.Tap)+step < taps {
		w.Tap += uint8(step)
		return false
	}
	w.Tap = 0
	if int(w.OU)+d < ob && p.kind != kindReduce {
		w.OU += uint8(d)
		return false
	}
	w.OU = 0
	if p.PartKernel && p.kind == kindConv && int(w.IO)+8 < ib {
		w.IO += 8
		return false
	}
	w.IO = 0
	return true
}

// nextOf is next for a job: its output and input channels and its kernel taps bound the
// weight blocks.
func (w *Inner) nextOf(p *params, j *Job, d int) bool {
	taps := sub(j.KY, p.subY, p.KH) * sub(j.KX, p.subX, p.KW)
	ob, ib := clip(j.OZ, p.BlkD, p.OFMD), p.IFMBlkD
	if p.kind == kindConv {
		ib = clip(j.IZ, p.IFMBlkD, p.IFMD)
	}
	return w.next(p, d, ob, ib, taps)
}

// box is the part of a feature map that a job reads: rows y0.. and columns x0..
// of the stored map, n channels from c0. An empty box has h or w zero.
type box struct {
	y0, x0, h, w, c0, n int
}

// span returns the stored rows or columns that taps k0..k0+taps-1 of outputs
// o0..o0+outs-1 touch.
func span(o0, outs, stride, pad, k0, taps, dil, extent, upscale int) (first, count int) {
	lo := o0*stride - pad + k0*dil
	hi := (o0+outs-1)*stride - pad + (k0+taps-1)*dil
	lo, hi = max(lo, 0), min(hi, extent-1)
	if hi < lo {
		return 0, 0
	}
	switch upscale {
	case 1:
		lo, hi = lo>>1, hi>>1
	case 2: // only even coordinates are stored, the others are zeros
		lo, hi = (lo+1)>>1, hi>>1
		if hi < lo {
			return 0, 0
		}
	}
	return lo, hi - lo + 1
}

// box returns what job j reads of the IFM.
func (p *params) box(j *Job) box {
	oh, ow := clip(j.OY, p.BlkH, p.OFMH), clip(j.OX, p.BlkW, p.OFMW)
	up := p.Upscale
	var b box
	b.y0, b.h = span(int(j.OY), oh, p.StrideY, p.PadTop, int(j.KY), sub(j.KY, p.subY, p.KH), p.DilY, p.IFMH, up)
	b.x0, b.w = span(int(j.OX), ow, p.StrideX, p.PadLeft, int(j.KX), sub(j.KX, p.subX, p.KW), p.DilX, p.IFMW, up)
	if p.kind == kindConv || p.kind == kindReduce {
		b.c0, b.n = int(j.IZ), clip(j.IZ, p.IFMBlkD, p.IFMD)
	} else {
		b.c0, b.n = int(j.OZ), clip(j.OZ, p.BlkD, p.OFMD)
	}
	return b
}

// box2 returns what job j of an elementwise operation reads of the second
// operand.
func (p *params) box2(j *Job) box {
	b := p.box(j)
	if p.BcastH {
		b.y0, b.h = 0, 1
	}
	if p.BcastW {
		b.x0, b.w = 0, 1
	}
	if p.BcastC {
		b.c0, b.n = 0, 1
	}
	return b
}

// pixelBytes is the pitch of a pixel in an IFM buffer.
func pixelBytes(n, bytes int) int { return (n*bytes + 7) &^ 7 }

func canonicalTraversal(c *Flops) {
	t := &c.Trav
	for _, j := range [...]*Job{&t.IFM, &t.WD, &t.MAC} {
		if j.On == 0 {
			*j = Job{Bank: j.Bank}
		}
	}
	for _, b := range [...]*Block{&t.AO, &t.OFM} {
		if b.On == 0 {
			*b = Block{Bank: b.Bank}
		}
	}
	if t.WD.On == 0 {
		t.WDInner = Inner{}
	}
	if c.MAC.Run == 0 {
		t.MACInner = Inner{}
	}
}
