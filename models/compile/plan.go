package compile

import "upset/npu/isa"

// Constants of the plan for weights (our choice unless noted).
const (
	flashLatency = 64   // cycles of the first beat (Vela 3.10 system)
	sliceCost    = 150  // cycles of one more kernel
	flashPenalty = 0.25 // share of the faster of stream and work that is not hidden
	maxSlices    = 8    // kernels that one convolution may become
)

// chooseBlocks picks the blocks of all kernels and decides how each gets its
// weights: straight from flash, by one transfer to the arena, or in slices of
// the output channels whose transfers run while the slice before is computed.
func (g *graph) chooseBlocks() (*kernel, error) {
	known := map[geometry]blockShape{}
	var planned []*kernel
	var prev *kernel
	slack := 0.0 // cycles of the kernel before in which the flash is free
	for _, k := range g.kernels {
		if err := g.opt.stopped(); err != nil {
			return k, err
		}
		id := k.geometry()
		if b, ok := known[id]; ok && k.filter == nil {
			k.blk = b
		} else if err := k.chooseBlock(g.config, prev); err != nil {
			return k, err
		}
		if k.filter == nil {
			known[id] = k.blk
			planned = append(planned, k)
			prev, slack = k, k.cost(g.config, k.blk, prev)
			continue
		}
		slices, err := g.bestSlices(k, prev, slack)
		if err != nil {
			return k, err
		}
		planned = append(planned, slices...)
		last := slices[len(slices)-1]
		slack = last.cost(g.config, last.blk, prev)
		if !last.buffered {
			slack -= last.constBytes(g.config) / flashBytes
		}
		prev = last
	}
	g.kernels = planned
	return nil, nil
}

// geometry is what the choice of a block for a kernel without weights rests on.
type geometry struct {
	op                    isa.Opcode
	mode                  int
	ifm, ofm              [4]int
	brickIn, brickOut     bool
	binary, scalar, bcast bool
	table, acc40          bool
	window                window
}

func (k *kernel) geometry() geometry {
	return geometry{
		op: k.op, mode: k.mode, window: k.window, acc40: k.acc40,
		ifm: [4]int{k.ifm.h, k.ifm.w, k.ifm.d, k.ifm.elem}, ofm: [4]int{k.ofm.h, k.ofm.w, k.ofm.d, k.ofm.elem},
		brickIn: k.ifm.buf.brick, brickOut: k.ofm.buf.brick,
		binary: k.ifm2 != nil, scalar: k.scalar, bcast: k.broadcast != 0, table: k.lut != nil,
	}
}

// bestSlices returns a kernel with weights as one kernel or several, whichever
// is estimated to end first.
func (g *graph) bestSlices(k, prev *kernel, slack float64) ([]*kernel, error) {
	time := k.cost(g.config, k.blk, prev)
	bytes := k.constBytes(g.config)
	planes := ceilDiv(k.ofm.h, k.blk.h) * ceilDiv(k.ofm.w, k.blk.w)
	transfer := bytes/flashBytes + flashLatency
	best := []*kernel{k}
	// Straight from flash, every block of the plane reads the stream again, and
	// waiting for it is not quite hidden.
	direct := transfer * float64(planes)
	bestTime := max(time, direct) + min(time, direct)*flashPenalty
	if t := max(0, transfer-slack) + time; t < bestTime {
		bestTime, k.buffered = t, true
	}
	ideal := max(time, transfer-slack)
	tried := map[int]bool{}
	for n := 2; n <= maxSlices && bestTime > ideal+2*sliceCost; n++ {
		depth := roundUp(ceilDiv(k.ofm.d, n), splitDepth)
		if tried[depth] || depth >= k.ofm.d {
			continue
		}
		tried[depth] = true
		if err := g.opt.stopped(); err != nil {
			return nil, err
		}
		slices, err := k.split(g.config, prev, depth)
		if err != nil {
			return nil, err
		}
		flash, compute := -slack, 0.0
		before := prev
		for _, s := range slices {
			s.buffered = true
			flash += bytes*float64(s.ofm.d)/float64(k.ofm.d)/flashBytes + flashLatency
			compute = max(compute, flash) + s.cost(g.config, s.blk, before) + sliceCost
			before = s
		}
		if compute < bestTime {
			best, bestTime = slices, compute
		}
	}
	return best, nil
}

// constBytes estimates the weights and scale records of a kernel.
func (k *kernel) constBytes(c isa.Config) float64 {
	return k.streamBytes(c) + float64(k.ofm.d*scaleRecord)
}

// split cuts a convolution into slices of its output channels.
func (k *kernel) split(c isa.Config, prev *kernel, depth int) ([]*kernel, error) {
	var slices []*kernel
	type choice struct {
		blk        blockShape
		partKernel bool
	}
	known := map[int]choice{} // by depth
	for c0 := 0; c0 < k.ofm.d; c0 += depth {
		n := min(depth, k.ofm.d-c0)
		s := *k
		s.buffered = false
		f := *k.filter
		f.origin, f.first = k.filter, c0
		f.od, f.bias, f.scale, f.shift = n, f.bias[c0:c0+n], f.scale[c0:c0+n], f.shift[c0:c0+n]
		at := k.filter.at
		f.at = func(oc, ky, kx, ic int) int16 { return at(oc+c0, ky, kx, ic) }
		s.filter = &f
		s.ofm.c0, s.ofm.d, s.ofm.whole = c0, n, k.ofm.d
		if k.op == isa.OpDepthwise {
			s.ifm.c0, s.ifm.d, s.ifm.whole = c0, n, k.ifm.d
		}
		if b, ok := known[n]; ok {
			s.blk, s.partKernel = b.blk, b.partKernel
		} else if err := s.chooseBlock(c, prev); err != nil {
			return nil, err
		}
		known[n] = choice{s.blk, s.partKernel}
		slices = append(slices, &s)
		prev = &s
	}
	return slices, nil
}
