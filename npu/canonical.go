package npu

// Canonical returns f with every bit cleared that the machine will overwrite
// before it can read it, as f itself tells: entries of queues that are not in use and the place of a queue in its storage,
// the data and tags of empty pipeline stages, counters of stages that are idle.
// Times of the bus are taken relative to the present cycle, and the cycle itself,
// which is only a label, and the performance monitor are cleared.
//
// Two states with equal canonical forms and equal memories have the same future, up
// to the label. The reverse is not true: the rules look at the state alone and
// leave out what only the command stream could tell.
func Canonical(f *Flops) (c Flops) {
	c.Canonical(f)
	return c
}

// Canonical makes c the canonical form of f, without a copy more; see the function
// [Canonical].
func (c *Flops) Canonical(f *Flops) {
	*c = *f
	c.PMU = PMUState{}
	c.Bus.Cycle, c.Bus.Stray = 0, 0
	canonicalCC(c)
	canonicalTraversal(c)
	canonicalDMA(c)
	for p := range c.Bus.Port {
		canonicalPort(&c.DMA.AXI[p], &c.Bus.Port[p], f.Bus.Cycle)
	}
	canonicalWD(&c.WD)
	canonicalMAC(&c.MAC)
	canonicalAO(c)
	canonicalScale(&c.AOScale)
	canonicalSB(&c.SB, &c.AO)
}

// turn brings a ring to the position in which its head is the first entry and
// clears the entries that are not among the n from there. Where in its storage a
// queue stands makes no difference.
func turn[T any](ring []T, head, n uint8) {
	k, used := int(head)%len(ring), min(int(n), len(ring))
	if k > 0 && used > 0 {
		var buf [tableReads]T
		m := copy(buf[:used], ring[k:])
		copy(buf[m:used], ring)
		copy(ring, buf[:used])
	}
	clear(ring[used:])
}

// lowBytes is a mask of the low n bytes.
func lowBytes(n uint8) uint64 {
	if n >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*n) - 1
}

// strobed is a mask of the bytes whose strobes are set.
func strobed(strb uint8) uint64 {
	var v uint64
	for i := range 8 {
		v |= uint64(strb>>i&1) * 0xff << (8 * i)
	}
	return v
}

func dead[T any](v *T, yes bool) {
	if yes {
		var zero T
		*v = zero
	}
}

// DropValues clears the values of the datapath in a canonical form: operands, decoded
// weights, sums, scales, and their data in queues and ports. Commands, the stream of weights
// and copies, which may carry either, stay. What the machine does next, and when, follows
// from the rest, the command stream and the weights.
func (c *Flops) DropValues() {
	d, w, s, a := &c.DMA, &c.WD, &c.MAC, &c.AO
	for p := range d.AXI {
		x := &d.AXI[p]
		if d.AXI[p].onlyValues() {
			x.RData = [2]uint64{}
		}
		if x.WChan == 0 {
			x.WData = 0
		}
	}
	d.SclFIFO, d.IFM.FIFO = [sclDepth]uint64{}, [ifmDepth]uint64{}
	d.OFM.Read, d.OFM.Data = 0, 0
	w.Buf = [2][256]uint16{}
	s.Raw, s.WRaw, s.IFM, s.Weight = [maxX]uint64{}, [8 * maxD]uint16{}, [maxX * 8]uint16{}, [8 * maxD]uint16{}
	s.Prod, s.Sum, s.AccIn, s.Acc, s.AccOut = [maxMACs]uint32{}, [maxDots]uint64{}, [maxDots]uint64{}, [maxDots]uint64{}, [maxDots]uint64{}
	a.Bias, a.Scale, a.Shift = [16]uint64{}, [16]uint32{}, [16]uint8{}
	a.In, a.In2, a.Opd, a.Val, a.LScale, a.LShift = [maxLanes]uint64{}, [maxLanes]uint32{}, [maxLanes]uint64{}, [maxLanes]uint64{}, [maxLanes]uint32{}, [maxLanes]uint8{}
	a.PShift, a.ProdLo, a.ProdHi, a.Res, a.Out = [maxLanes]uint8{}, [maxLanes]uint64{}, [maxLanes]uint16{}, [maxLanes]uint32{}, [maxLanes]uint32{}
	c.AOScale.Buf = [2]uint64{}
	c.SB.WrData = 0
}
