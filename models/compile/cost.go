package compile

import (
	"math"

	"upset/npu/isa"
)

// Constants of the cost estimate (our choice unless noted). The estimate only
// ranks blocks; nothing else depends on it.
const (
	portBytes     = 8.0   // bytes a cycle of an AXI port (64-bit port)
	flashBytes    = 1.0   // bytes a cycle from off-chip flash (Vela 3.10 system)
	blockOverhead = 30.0  // cycles of a block that nothing hides
	restart       = 100.0 // cycles of starting a weight stream anew for a block of the plane
	memLatency    = 32.0  // cycles of the first beat of a block (Vela 3.10 system)
	dotCycles     = 4     // cycles of a 32-channel dot product of a micro-block
	weightRate    = 8     // weights decoded a cycle
	paddingBits   = 0.25  // cost of a padding weight in the stream
)

// cost estimates the cycles of the kernel with a block. Several engines work at
// once on a block: the MAC array with its weight supply, the AXI port, the
// placement of IFM data and the output stage. The slowest decides, the others
// disturb it a little; filling and draining the pipeline is added. Blocks at the
// edges are smaller, so there are up to eight different ones. Weights are taken
// to lie in the arena.
//
// Filling and draining is hidden where the previous kernel divides the shared
// buffer in the same way, since then it need not be finished first.
func (k *kernel) cost(c isa.Config, b blockShape, prev *kernel) float64 {
	total, drain := 0.0, 0.0
	planes := ceilDiv(k.ofm.h, b.h) * ceilDiv(k.ofm.w, b.w)
	weights := 0.0
	if k.filter != nil {
		weights = k.streamBytes(c) / float64(k.ofm.d)
		total += float64(planes) * restart
	}
	for _, y := range parts(k.ofm.h, b.h) {
		for _, x := range parts(k.ofm.w, b.w) {
			for _, z := range parts(k.ofm.d, b.d) {
				e := k.engines(c, y.size, x.size, z.size)
				e.port += weights * float64(z.size) / portBytes
				total += float64(y.count*x.count*z.count) * (blockOverhead + e.time())
				drain = e.out // of the last block
			}
		}
	}
	kh, kw := k.dilated()
	fill := float64(covered(min(b.h, k.ofm.h), k.sy, min(kh, 8), k.ifm.h)*covered(min(b.w, k.ofm.w), k.sx, min(kw, 8), k.ifm.w)) *
		float64(ceilDiv(min(k.ifmBlockDepth(b.d), k.ifm.d)*k.ifm.elem, 8))
	if prev != nil && prev.blk.ibEnd == b.ibEnd && prev.blk.ib2 == b.ib2 && prev.blk.abStart == b.abStart && prev.elementwise() == k.elementwise() {
		fill = 0
	}
	return total + fill + drain + memLatency
}

// part is a number of blocks of one size along a dimension.
type part struct{ size, count int }

// parts returns the full blocks of a dimension and the last, smaller one.
func parts(n, block int) []part {
	var list []part
	if n >= block {
		list = append(list, part{block, n / block})
	}
	if n%block > 0 {
		list = append(list, part{n % block, 1})
	}
	return list
}

// engines are the cycles that each engine spends on one block.
type engines struct{ mac, port, place, out float64 }

// time is a smooth maximum.
func (e *engines) time() float64 {
	sum := 0.0
	for _, t := range [...]float64{e.mac, e.port, e.place, e.out} {
		t *= t
		t *= t
		sum += t * t
	}
	return math.Sqrt(math.Sqrt(math.Sqrt(sum)))
}

// engines estimates the work of a block of h by w by d outputs, without weights.
func (k *kernel) engines(c isa.Config, h, w, d int) engines {
	var e engines
	elements := float64(h * w * d)
	e.out = elements * k.outputCycles(c)
	e.port = elements * float64(k.ofm.elem) / portBytes * k.waste(&k.ofm, d)
	load, place := k.loadCycles(h, w, d)
	e.port += load
	e.place = place
	if !k.elementwise() {
		e.mac = k.macCycles(c, h, w, d)
	}
	return e
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

// loadCycles returns the port cycles of the IFM traffic of a block, and the
// cycles of placing it: at most eight bytes of one pixel a cycle.
func (k *kernel) loadCycles(h, w, d int) (load, place float64) {
	if k.elementwise() {
		place = float64(h * w * ceilDiv(d*k.ifm.elem, 8))
		if k.ifm2 != nil && k.broadcast == 0 {
			place *= 2
		}
		return place * k.waste(&k.ifm, d), place
	}
	kh, kw := k.dilated()
	pixels := float64(covered(h, k.sy, kh, k.ifm.h) * covered(w, k.sx, kw, k.ifm.w))
	depth, step := d, d
	if k.conv() {
		depth, step = k.ifm.d, min(k.ifmBlockDepth(d), k.ifm.d)
	}
	place = pixels * float64(ceilDiv(depth, step)*ceilDiv(step*k.ifm.elem, 8))
	return pixels * float64(depth*k.ifm.elem) / portBytes * k.waste(&k.ifm, step), place
}

// covered sums the input rows, or columns, that n outputs read, once for every
// sub-kernel.
func covered(n, stride, kernel, in int) int {
	sum := 0
	for tap := 0; tap < kernel; tap += 8 {
		sum += min((n-1)*stride+min(8, kernel-tap), in)
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

// macCycles is the time of the MAC array for a block.
func (k *kernel) macCycles(c isa.Config, h, w, d int) float64 {
	s := c.Spec()
	ubH, ubW := s.UBlockH, s.UBlockW
	if kh, _ := k.dilated(); c == isa.U55x256 && k.ofm.h == 1 && kh == 1 {
		ubH, ubW = 1, 4 // Vela 3.10: the micro-block lies flat
	}
	positions := ceilDiv(h, ubH) * ceilDiv(w, ubW)
	lanes := ceilDiv(d, s.UBlockD)
	if k.op == isa.OpPool && k.mode != isa.PoolReduceSum {
		return float64(max(dotCycles, k.kh*k.kw) * positions * lanes * k.ifm.elem)
	}
	// A group is 32 weights of each of the micro-block's channels; the decoder
	// has to deliver it while all positions of the block use it.
	supply := 32 * s.UBlockD / weightRate
	return float64(max(supply, dotCycles*k.ifm.elem*positions) * lanes * k.groups())
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
