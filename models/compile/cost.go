package compile

import (
	"math"

	"upset/npu/isa"
)

// Constants of the cost estimate (our choice unless noted). The estimate only
// ranks blocks; nothing else depends on it.
const (
	portBytes     = 8.0  // bytes a cycle of an AXI port (64-bit port)
	flashBytes    = 1.0  // bytes a cycle from off-chip flash (Vela 3.10 system)
	blockOverhead = 40.0 // cycles of a block that nothing hides
	memLatency    = 32.0 // cycles of the first beat of a block (Vela 3.10 system)
	dotCycles     = 4    // cycles of a 32-channel dot product of a micro-block
	weightRate    = 8    // weights decoded a cycle
	paddingBits   = 0.25 // cost of a padding weight in the stream
	norm          = 4.0  // how sharply the slowest engine decides
)

// cost estimates the cycles of the kernel with a block. Several engines work at
// once: the MAC array with its weight supply, the AXI port, the placement of IFM
// data, the output stage and the flash. The slowest decides, the others disturb
// it a little; filling and draining the pipeline is added.
func (k *kernel) cost(c isa.Config, b blockShape) float64 {
	ny, nx, nz := ceilDiv(k.ofm.h, b.h), ceilDiv(k.ofm.w, b.w), ceilDiv(k.ofm.d, b.d)
	blocks := float64(ny * nx * nz)
	elements := float64(k.ofm.h * k.ofm.w * k.ofm.d)
	out := elements * k.outputCycles(c)
	write := elements * float64(k.ofm.elem) / portBytes * k.waste(&k.ofm, b.d)
	load, place := k.loadCycles(b)
	mac, flash, weights := 0.0, 0.0, 0.0
	if !k.elementwise() {
		mac = k.macCycles(c, b)
	}
	if k.filter != nil {
		bytes := k.streamBytes(c)
		if ny*nx > 1 {
			weights = bytes * float64(ny*nx) / portBytes
		} else {
			flash = bytes / flashBytes
		}
	}
	sum := 0.0
	for _, t := range []float64{mac, load + write + weights, place, out, flash} {
		sum += math.Pow(t, norm)
	}
	fill := (max(load, place) + out + write) / blocks
	return math.Pow(sum, 1/norm) + blocks*blockOverhead + fill + memLatency
}

// waste is the factor by which the transfer of a block of so many channels
// exceeds its bytes.
func (k *kernel) waste(v *view, depth int) float64 {
	run := min(depth, v.d) * v.elem
	switch {
	case v.buf != nil && v.buf.brick:
		return float64(roundUp(run, 16)) / float64(run)
	case run == v.d*v.elem:
		return 1 // whole pixels side by side
	}
	return float64(roundUp(run, 8)) / float64(run)
}

// outputCycles is the time of the output stage for an element.
func (k *kernel) outputCycles(c isa.Config) float64 {
	cycles := 2.0 / float64(c.Spec().ElementUnits)
	switch {
	case k.elementwise() && (k.mode == isa.ElemAdd || k.mode == isa.ElemSub):
		cycles *= 3
	case k.elementwise() && k.mode == isa.ElemMul:
		cycles *= 1.5
	case k.op == isa.OpPool && k.mode == isa.PoolMax:
		cycles /= 2
	}
	if k.lut != nil {
		cycles = max(cycles, 1)
	}
	return cycles
}

// loadCycles returns the port cycles of the IFM traffic of all blocks, and the
// cycles of placing it: at most eight bytes of one pixel a cycle.
func (k *kernel) loadCycles(b blockShape) (load, place float64) {
	nz := ceilDiv(k.ofm.d, b.d)
	depth := min(b.d, k.ofm.d)
	if k.elementwise() {
		pixels := float64(k.ofm.h * k.ofm.w * nz)
		place = pixels * float64(ceilDiv(depth*k.ifm.elem, 8))
		if k.ifm2 != nil && k.broadcast == 0 {
			place *= 2
		}
		return place * k.waste(&k.ifm, depth), place
	}
	kh, kw := k.dilated()
	rows := k.covered(k.ofm.h, b.h, k.sy, kh, k.ifm.h)
	cols := k.covered(k.ofm.w, b.w, k.sx, kw, k.ifm.w)
	pixels := float64(rows) * float64(cols)
	bytes := pixels * float64(k.ofm.d*k.ifm.elem)
	step, count := depth, nz
	if k.conv() {
		bytes = pixels * float64(nz*k.ifm.d*k.ifm.elem)
		step = k.ifmBlockDepth(b.d)
		count = nz * ceilDiv(k.ifm.d, step)
		step = min(step, k.ifm.d)
	}
	place = pixels * float64(count*ceilDiv(step*k.ifm.elem, 8))
	return bytes / portBytes * k.waste(&k.ifm, step), place
}

// covered sums the input rows, or columns, that the blocks of n outputs read,
// once per sub-kernel.
func (k *kernel) covered(n, block, stride, kernel, in int) int {
	sum := 0
	for tap := 0; tap < kernel; tap += 8 {
		taps := min(8, kernel-tap)
		for at := 0; at < n; at += block {
			sum += min((min(block, n-at)-1)*stride+taps, in)
		}
	}
	return sum
}

// streamBytes estimates the weight stream: the entropy of the weights, and a
// little for the padding.
func (k *kernel) streamBytes(c isa.Config) float64 {
	f := k.filter
	if f.entropy == 0 {
		f.entropy = f.measure()
	}
	real := f.od * f.kh * f.kw * f.id
	padding := max(0, k.weightCount(c)-real)
	return (float64(real)*f.entropy + float64(padding)*paddingBits) / 8
}

// measure returns the zero-order entropy of the weights in bits, at least 0.1.
func (f *filter) measure() float64 {
	var counts [512]int
	for oc := range f.od {
		for ky := range f.kh {
			for kx := range f.kw {
				for ic := range f.id {
					counts[int(f.at(oc, ky, kx, ic))+256]++
				}
			}
		}
	}
	total, bits := float64(f.od*f.kh*f.kw*f.id), 0.0
	for _, n := range counts {
		if n > 0 {
			bits -= float64(n) / total * math.Log2(float64(n)/total)
		}
	}
	return max(bits, 0.1)
}

// weightCount is the number of weights, with padding, of the stream.
func (k *kernel) weightCount(c isa.Config) int {
	od := roundUp(k.ofm.d, c.Spec().UBlockD)
	taps := k.kh * k.kw
	switch {
	case k.op == isa.OpDepthwise:
		return roundUp(taps, 4) * od
	case k.partKernel:
		return roundUp(taps, 4) * od * roundUp(k.ifm.d, 8)
	}
	return taps * od * roundUp(k.ifm.d, 32)
}

// macCycles is the time of the MAC array for all blocks.
func (k *kernel) macCycles(c isa.Config, b blockShape) float64 {
	s := c.Spec()
	ubH, ubW := s.UBlockH, s.UBlockW
	if kh, _ := k.dilated(); c == isa.U55x256 && k.ofm.h == 1 && kh == 1 {
		ubH, ubW = 1, 4 // Vela 3.10: the micro-block lies flat
	}
	lanes := 0
	for z := 0; z < k.ofm.d; z += b.d {
		lanes += ceilDiv(min(b.d, k.ofm.d-z), s.UBlockD)
	}
	pool := k.op == isa.OpPool && k.mode != isa.PoolReduceSum
	// A group is 32 weights of each of the micro-block's channels; the decoder
	// has to deliver it while all positions of the block use it.
	supply := 32 * s.UBlockD / weightRate
	step := dotCycles
	if k.ifm.elem == 2 {
		step *= 2
	}
	if pool {
		supply, step = 0, max(dotCycles, k.kh*k.kw)
	}
	sum := 0
	for y := 0; y < k.ofm.h; y += b.h {
		ph := ceilDiv(min(b.h, k.ofm.h-y), ubH)
		for x := 0; x < k.ofm.w; x += b.w {
			sum += max(supply, step*ph*ceilDiv(min(b.w, k.ofm.w-x), ubW))
		}
	}
	return float64(sum) * float64(lanes*k.groups())
}

// groups is the number of weight groups of a micro-block of output channels.
func (k *kernel) groups() int {
	subs := 0 // taps of all sub-kernels, each rounded up to four
	for y := 0; y < k.kh; y += 8 / k.dy {
		for x := 0; x < k.kw; x += 8 / k.dx {
			subs += ceilDiv(min(8/k.dy, k.kh-y)*min(8/k.dx, k.kw-x), 4)
		}
	}
	switch {
	case k.op == isa.OpPool && k.mode != isa.PoolReduceSum:
		return 1
	case k.op == isa.OpDepthwise:
		return subs
	case k.partKernel:
		return subs * ceilDiv(k.ifm.d, 8)
	}
	return k.kh * k.kw * ceilDiv(k.ifm.d, 32)
}
