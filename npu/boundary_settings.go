package npu

// Settings of an operation that come to a block as inputs, selected by the bank that the
// block names. They are functions of the bank's flops (npu/isa, Decode).

// jobSettings are those that a job counter looks at.
func jobSettings() []Signal {
	return []Signal{
		{"blk_w", 7, "columns of an output block, 1 to 64"},
		{"blk_h", 6, "rows of an output block, 1 to 32"},
		{"blk_d", 8, "channels of an output block, 1 to 128"},
		{"ofm_w", 17, "columns of the output, 1 to 65,536"},
		{"ofm_h", 17, "rows of the output"},
		{"ofm_d", 17, "channels of the output"},
		{"ifm_d", 17, "channels of the input"},
		{"ifm_blk_d", 8, "input channels of a job: 16 or 32, or blk_d where the operation does not sum over channels"},
		{"depth_many", 1, "the input channels take more than one job; only where the operation sums over channels"},
		{"kernel_w", 17, "columns of the kernel, not dilated"},
		{"kernel_h", 17, "rows of the kernel, not dilated"},
		{"sub_w", 4, "columns of a sub-kernel: 8, or 4 with dilation 2"},
		{"sub_h", 4, "rows of a sub-kernel"},
	}
}

func (p *params) jobWords() []uint64 {
	return append([]uint64{}, uint64(p.BlkW), uint64(p.BlkH), uint64(p.BlkD), uint64(p.OFMW), uint64(p.OFMH), uint64(p.OFMD),
		uint64(p.IFMD), uint64(p.IFMBlkD), uint64(flag(p.depthN > 1)), uint64(p.KW), uint64(p.KH), uint64(p.subX), uint64(p.subY))
}

// innerSettings are those that the counter of weight blocks looks at besides.
func innerSettings() []Signal {
	return []Signal{
		{"kind", 3, "0 convolution, 1 depthwise, 2 maximum, 3 average, 4 sum over channels, 5 elementwise"},
		{"part_kernel", 1, "weights are in part-kernel order"},
		{"taps", 3, "kernel taps of a weight block: 4 for depthwise; else 4, or 2 with 16-bit input"},
	}
}

func (p *params) innerWords() []uint64 {
	return []uint64{uint64(p.kind), uint64(flag(p.PartKernel)), uint64(p.taps)}
}

// blockSettings are those that a block counter looks at.
func blockSettings() []Signal { return jobSettings()[:6] }

func (p *params) blockWords() []uint64 { return p.jobWords()[:6] }

// prefixed returns the signals with a prefix before their names.
func prefixed(prefix string, list []Signal) []Signal {
	out := make([]Signal, len(list))
	for i, s := range list {
		s.Name = prefix + s.Name
		out[i] = s
	}
	return out
}
