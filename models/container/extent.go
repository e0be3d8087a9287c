package container

import "upset/npu/isa"

// extent is the number of bytes of a region, from its base on, that the operations of
// a stream reach. Addresses that wrap around or lie beyond the largest memory of a
// device (4 GiB of addresses) are left to the machine, which answers with a bus error.
func extent(commands []uint32, region int) int {
	e := &reach{region: region}
	isa.Walk(commands, func(w int, op isa.Opcode, regs *isa.Registers) bool {
		if op == isa.OpDMAStart {
			e.transfer(regs)
		} else {
			d := isa.Decode(regs, op, isa.Param(commands[w]))
			e.operation(&d)
		}
		return true
	})
	return int(e.end)
}

// reach collects the end of what is reached in a region.
type reach struct {
	region int
	end    uint64
}

func (e *reach) add(region int, at uint32, n uint64) {
	if region == e.region {
		e.end = max(e.end, uint64(at)+n)
	}
}

// transfer adds the two ends of a DMA operation.
func (e *reach) transfer(r *isa.Registers) {
	t := isa.DecodeTransfer(r)
	e.add(t.SrcRegion, t.Src, uint64(t.Bytes))
	if !t.Internal {
		e.add(t.DstRegion, t.Dst, uint64(t.Bytes))
	}
}

// operation adds the feature maps, weights and scales of a kernel operation.
func (e *reach) operation(d *isa.Decoded) {
	depth := d.OFMD
	if d.Op == isa.OpConv || d.Op == isa.OpPool && d.Mode == isa.PoolReduceSum {
		depth = d.IFMD
	}
	e.featureMap(&d.OFM, d.OFMH, d.OFMW, d.OFM.Lanes(d.OFMD))
	if d.Op == isa.OpElementwise {
		e.featureMap(&d.IFM, d.OFMH, d.OFMW, d.OFMD)
		if d.Binary && !d.UseScalar {
			e.featureMap(&d.IFM2, side(d.BcastH, d.OFMH), side(d.BcastW, d.OFMW), side(d.BcastC, d.OFMD))
		}
	} else {
		e.featureMap(&d.IFM, d.SrcH, d.SrcW, depth)
	}
	if d.UsesWeights {
		e.add(d.WeightReg, d.WeightBase, uint64(d.WeightLen))
	}
	if d.UsesScales {
		e.add(d.ScaleReg, d.ScaleBase, uint64(d.ScaleLen))
	}
}

// side is the extent of a map in a dimension along which it may be repeated.
func side(repeated bool, n int) int {
	if repeated {
		return 1
	}
	return n
}

// featureMap adds a map of the given size. Within a tile an address grows with each
// coordinate, so that the last positions of the tiles decide.
func (e *reach) featureMap(f *isa.FeatureMap, h, w, c int) {
	if f.Region != e.region {
		return
	}
	for _, y := range [...]int{h - 1, f.Height0 - 1, f.Height1 - 1} {
		for _, x := range [...]int{w - 1, f.Width0 - 1} {
			for _, z := range [...]int{c - 1, (c-1)&^15 - 1} {
				if y >= 0 && y < h && x >= 0 && x < w && z >= 0 && z < c {
					e.add(e.region, f.Addr(y, x, z), uint64(f.Bytes))
				}
			}
		}
	}
}
