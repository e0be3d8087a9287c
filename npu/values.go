package npu

// What the values that wait in the datapath are for. The control of the machine, which no
// value decides, tells for each word of a weight block, an accumulator buffer or the queue
// of scale records which outputs of which operation it will enter. An upset of one can so
// be followed without a clock.

// Output is an element of the output of the operation in a bank: row, column, channel.
type Output struct {
	Bank    uint8
	Y, X, C int
}

// Input is an element of the stored input.
type Input struct{ Y, X, C int }

// weightBlock is the content of one of the decoder's buffers and the place in the
// operation from which it will be used.
type weightBlock struct {
	job          Job
	in           Inner
	uy, ux, step int
}

// weightBlockIn finds what a buffer of the decoder holds, or will hold when it is full.
func (m *Machine) weightBlockIn(buf uint8) (w weightBlock, ok bool) {
	s := &m.S.MAC
	w.job, w.in = m.S.Trav.MAC, m.S.Trav.MACInner
	p := &m.op[w.job.Bank&3]
	next := false // w is the block before the one to be used next
	if s.Run != 0 && p.UsesWeights {
		if s.WB&1 == buf {
			w.uy, w.ux, w.step = int(s.UY), int(s.UX), int(s.Step)
			return w, m.S.CC.OpValid[w.job.Bank&3] != 0
		}
		next = true
	} else {
		w.in = Inner{}
		if w.job.On == 0 {
			w.job.start()
		}
		if s.Run != 0 || !p.UsesWeights { // an operation without weights
			w.job.end()
			w.job.start()
		}
		if !m.weighted(&w.job) {
			return w, false
		}
		next = s.WB&1 != buf
	}
	if next {
		p = &m.op[w.job.Bank&3]
		if w.in.nextOf(p, &w.job, m.Spec.UBlockD) {
			w.in = Inner{}
			if w.job.next(p) {
				w.job.end()
			}
		}
		if !m.weighted(&w.job) {
			return w, false
		}
	}
	return w, true
}

// weighted moves a job that has come to a new operation on to one that uses weights. It
// reports false where none is issued yet.
func (m *Machine) weighted(j *Job) bool {
	for range m.op {
		switch {
		case m.S.CC.OpValid[j.Bank&3] == 0:
			return false
		case m.op[j.Bank&3].UsesWeights:
			return true
		}
		j.end()
		j.start()
	}
	return false
}

// WeightUses calls f for each product that a weight in a buffer of the decoder will
// enter. It reports false where that cannot be told.
func (m *Machine) WeightUses(buf, index int, f func(o Output, i Input)) bool {
	w, ok := m.weightBlockIn(uint8(buf & 1))
	if !ok {
		return false
	}
	p, t, d := &m.op[w.job.Bank&3], &w.job, m.Spec.UBlockD
	if index >= p.wblock {
		return true
	}
	g, o, c := index/(8*d), index%(8*d)/8, index%8
	if p.kind == kindDepthwise {
		g, o, c = index/d, index%d, 0
	}
	if w.step > g*p.passes && w.step < (g+1)*p.passes {
		return false // some bytes of an input have met it already
	}
	sw, sh := sub(t.KX, p.subX, p.KW), sub(t.KY, p.subY, p.KH)
	tap, ch := p.tapAndChannel(&w.in, g)
	if g*p.passes >= p.tokens(sw*sh) || tap >= sw*sh {
		return true // a token that there is not, or one outside the kernel
	}
	oc := int(w.in.OU) + o
	n, lane := clip(t.IZ, p.IFMBlkD, p.IFMD), ch+c
	in := Input{C: int(t.IZ) + lane}
	if p.kind == kindDepthwise {
		n, lane = clip(t.OZ, p.BlkD, p.OFMD), ch+o
		in.C = int(t.OZ) + lane
	}
	if lane >= n || oc >= clip(t.OZ, p.BlkD, p.OFMD) {
		return true
	}
	ky, kx := int(t.KY)+tap/sw, int(t.KX)+tap%sw
	obh, obw := clip(t.OY, p.BlkH, p.OFMH), clip(t.OX, p.BlkW, p.OFMW)
	for uy := w.uy; uy < obh; uy += p.ubH {
		for ux := 0; ux < obw; ux += p.ubW {
			if uy == w.uy && (ux < w.ux || ux == w.ux && g*p.passes < w.step) {
				continue // it is behind
			}
			for y := uy; y < min(uy+p.ubH, obh); y++ {
				for x := ux; x < min(ux+p.ubW, obw); x++ {
					if p.inputOf(int(t.OY)+y, int(t.OX)+x, ky, kx, &in) {
						f(Output{t.Bank & 3, int(t.OY) + y, int(t.OX) + x, int(t.OZ) + oc}, in)
					}
				}
			}
		}
	}
	return true
}

// inputOf finds the stored pixel that a tap of an output meets, or reports false where
// it lies in the padding.
func (p *params) inputOf(oy, ox, ky, kx int, in *Input) bool {
	y, x := oy*p.StrideY-p.PadTop+ky*p.DilY, ox*p.StrideX-p.PadLeft+kx*p.DilX
	if y < 0 || x < 0 || y >= p.IFMH || x >= p.IFMW {
		return false
	}
	if p.Upscale != 0 {
		if p.Upscale == 2 && (y|x)&1 != 0 {
			return false
		}
		y, x = y>>1, x>>1
	}
	in.Y, in.X = y, x
	return true
}

// SumAt finds the output whose sum the accumulator buffers hold at an address, and where
// the sum begins. It reports false where there is none, or where sums are no sums but
// largest values, or have more than 32 bits.
func (m *Machine) SumAt(addr int) (o Output, word int, ok bool) {
	a := &m.S.AO
	if a.Tail != 0 {
		return o, 0, false
	}
	t := m.S.Trav.AO
	if t.On == 0 {
		t.start()
	}
	b := t.Bank & 3
	if m.S.CC.OpValid[b] == 0 {
		return o, 0, false
	}
	p, ab := &m.op[b], a.AB&1
	if p.kind == kindElementwise || p.kind == kindMax || p.kind == kindReduce || p.accBytes != 4 {
		return o, 0, false
	}
	at := addr - p.abStart(ab)
	if size := p.sumPitch * p.BlkW * p.BlkH; at < 0 || at >= size {
		if at = addr - p.abStart(ab^1); at < 0 || at >= size || t.next(p) {
			return o, 0, false
		}
	}
	pixel, rest := at/p.sumPitch, at%p.sumPitch
	y, x, c := pixel/p.BlkW, pixel%p.BlkW, rest/4
	if y >= clip(t.OY, p.BlkH, p.OFMH) || x >= clip(t.OX, p.BlkW, p.OFMW) || c >= clip(t.OZ, p.BlkD, p.OFMD) {
		return o, 0, false
	}
	return Output{b, int(t.OY) + y, int(t.OX) + x, int(t.OZ) + c}, addr - rest%4, true
}
