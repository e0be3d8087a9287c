package npu

// jobView is what the issue stage derives from the counters of its job and the settings of
// their bank: combinational logic, which is kept from clock to clock, as params is, and made
// anew when either changes.
type jobView struct {
	of    [2]uint64 // the counters for which it holds
	valid bool      // false when a bank was renewed

	obh, obw int  // rows and columns of the output block
	sw, sh   int  // columns and rows of the sub-kernel
	recip    int  // 2^16 ÷ sw, rounded up
	tokens   int  // of a micro-block
	fresh    bool // first job of its block
	y, x     int  // input row and column of the first tap of the first output
	lanes    int  // channels of a token
	channels int  // channels of the box
}

// view returns the derived values of a job.
func (m *Machine) view(t *Job, p *params) *jobView {
	v := &m.job
	if of := t.words(); !v.valid || v.of != of {
		v.derive(t, p, m.depth)
		v.of, v.valid = of, true
	}
	return v
}

// words are all counters of a job.
func (j *Job) words() [2]uint64 {
	return [2]uint64{
		uint64(j.Bank) | uint64(j.On)<<8 | uint64(j.OY)<<16 | uint64(j.OX)<<32 | uint64(j.OZ)<<48,
		uint64(j.IZ) | uint64(j.KY)<<16 | uint64(j.KX)<<32,
	}
}

func (v *jobView) derive(t *Job, p *params, d int) {
	*v = jobView{
		obh: clip(t.OY, p.BlkH, p.OFMH), obw: clip(t.OX, p.BlkW, p.OFMW),
		sw: sub(t.KX, p.subX, p.KW), sh: sub(t.KY, p.subY, p.KH),
		fresh: t.firstOfBlock(),
		y:     int(t.OY)*p.StrideY - p.PadTop + int(t.KY)*p.DilY,
		x:     int(t.OX)*p.StrideX - p.PadLeft + int(t.KX)*p.DilX,
		lanes: 8,
	}
	v.recip = (1<<16 + v.sw - 1) / v.sw
	v.tokens = p.tokens(v.sw * v.sh)
	if p.kind == kindConv || p.kind == kindReduce {
		v.channels = clip(t.IZ, p.IFMBlkD, p.IFMD)
	} else {
		v.channels, v.lanes = clip(t.OZ, p.BlkD, p.OFMD), d
	}
}

// place returns the row and the column of a tap in the sub-kernel. Taps are below 512 and
// sw at most 8, so that the product gives the quotient exactly.
func (v *jobView) place(tap int) (ky, kx int) {
	ky = tap * v.recip >> 16
	return ky, tap - ky*v.sw
}
