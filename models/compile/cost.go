package compile

import "upset/npu/isa"

// Constants of the cost estimate (our choice unless noted). The estimate only
// ranks blocks; nothing else depends on it.
const (
	sramBytes     = 8.0  // bytes a cycle on AXI0 (64-bit port)
	flashBytes    = 1.0  // bytes a cycle from off-chip flash (Vela 3.10 system)
	blockOverhead = 12.0 // cycles between blocks that nothing hides
	memLatency    = 32.0 // cycles of the first beat of a block (Vela 3.10 system)
	weightBytes   = 0.75 // compressed size of a weight
	weightRate    = 8.0  // weights decoded a cycle
	dotCycles     = 4.0  // cycles of a 32-channel dot product of a micro-block
)

// cost estimates the cycles of the kernel with a block. Three engines work at
// once on a block: the MAC array with its weight supply, the memory ports, and
// the output stage. The slowest decides.
func (k *kernel) cost(c isa.Config, b blockShape) float64 {
	ny, nx, nz := ceilDiv(k.ofm.h, b.h), ceilDiv(k.ofm.w, b.w), ceilDiv(k.ofm.d, b.d)
	blocks := float64(ny * nx * nz)
	// Blocks at the edge are cut; count the work of the average block.
	h, w, d := float64(k.ofm.h)/float64(ny), float64(k.ofm.w)/float64(nx), float64(k.ofm.d)/float64(nz)
	out := h * w * d * k.outputCycles(c)
	port := h * w * d * float64(k.ofm.elem) / sramBytes * k.raggedness(&k.ofm, b.d)
	port += k.loadBytes(c, b, h, w, d) / sramBytes * k.raggedness(&k.ifm, k.ifmBlockDepth(b.d))
	mac, flash := 0.0, 0.0
	if !k.elementwise() {
		mac = k.macCycles(c, b)
	}
	if k.filter != nil {
		perPass := k.weightCount(c, b) * weightBytes
		if ny*nx > 1 {
			port += perPass / float64(nz) / sramBytes
		} else {
			flash = perPass / float64(nz) / flashBytes
		}
	}
	return blocks*(max(mac, port, out, flash)+blockOverhead) + memLatency + min(mac, port+out)
}

// raggedness is the factor by which short runs of bytes slow a port.
func (k *kernel) raggedness(v *view, depth int) float64 {
	run := min(depth, v.d) * v.elem
	if v.d > 16 && v.d%16 == 0 || run == v.d*v.elem {
		return 1 // NHCWB16, or whole pixels side by side
	}
	return float64(roundUp(run, 8)) / float64(run)
}

// outputCycles is the time of the output stage for an element.
func (k *kernel) outputCycles(c isa.Config) float64 {
	cycles := 2.0 / float64(c.Spec().ElementUnits)
	switch {
	case k.elementwise() && k.ifm.elem == 1 && (k.mode == isa.ElemAdd || k.mode == isa.ElemSub):
		cycles *= 3
	case k.lut != nil:
		cycles = max(cycles, 1)
	}
	return cycles
}

// loadBytes is the IFM traffic of a block.
func (k *kernel) loadBytes(c isa.Config, b blockShape, h, w, d float64) float64 {
	if k.elementwise() {
		n := h * w * d * float64(k.ifm.elem)
		if k.ifm2 != nil && k.broadcast == 0 {
			n *= 2
		}
		return n
	}
	kh, kw := k.dilated()
	subs := float64(ceilDiv(kh, 8) * ceilDiv(kw, 8))
	ih := (h-1)*float64(k.sy) + float64(min(kh, 8))
	iw := (w-1)*float64(k.sx) + float64(min(kw, 8))
	depth := d
	if k.conv() {
		depth = float64(k.ifm.d)
	}
	return ih * iw * depth * subs * float64(k.ifm.elem)
}

// weightCount is the number of weights, with padding, of one pass over all
// output channels.
func (k *kernel) weightCount(c isa.Config, b blockShape) float64 {
	od := roundUp(k.ofm.d, c.Spec().UBlockD)
	taps := k.kh * k.kw
	switch {
	case k.op == isa.OpDepthwise:
		return float64(roundUp(taps, 4) * od)
	case k.partKernel:
		return float64(roundUp(taps, 4) * od * roundUp(k.ifm.d, 8))
	}
	return float64(taps * od * roundUp(k.ifm.d, 32))
}

// macCycles is the time of the MAC array for an average block.
func (k *kernel) macCycles(c isa.Config, b blockShape) float64 {
	s := c.Spec()
	ny, nx := ceilDiv(k.ofm.h, b.h), ceilDiv(k.ofm.w, b.w)
	positions := float64(ceilDiv(ceilDiv(k.ofm.h, ny), s.UBlockH) * ceilDiv(ceilDiv(k.ofm.w, nx), s.UBlockW))
	lanes := float64(ceilDiv(min(b.d, k.ofm.d), s.UBlockD))
	taps := k.kh * k.kw
	if k.op == isa.OpPool && k.mode != isa.PoolReduceSum {
		return max(dotCycles, float64(taps)) * positions * lanes
	}
	// A group is 32 weights of each of the micro-block's channels; the decoder
	// has to deliver it while all positions of the block use it.
	supply := 32 * float64(s.UBlockD) / weightRate
	group := max(supply, dotCycles*positions)
	var groups int
	switch {
	case k.op == isa.OpDepthwise:
		groups = ceilDiv(taps, 4)
	case k.partKernel:
		groups = ceilDiv(taps, 4) * ceilDiv(k.ifm.d, 8)
	default:
		groups = taps * ceilDiv(k.ifm.d, 32)
	}
	if k.ifm.elem == 2 {
		group = max(supply, 2*dotCycles*positions)
	}
	return group * float64(groups) * lanes
}
