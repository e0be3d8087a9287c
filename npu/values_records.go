package npu

import "upset/npu/isa"

// Record is a scale record that waits: that of a channel, for one position of output
// blocks in the plane.
type Record struct {
	Bank    uint8
	OY, OX  int // first row and column of the blocks
	Channel int
	Used    bool // it stands in its register, and part of the block may be behind it
}

// recordPass is a pass over the records: its operation and its number.
type recordPass struct {
	bank uint8
	pass int
}

func (m *Machine) recordPasses(b uint8) int {
	p := &m.op[b&3]
	return p.blocksX * p.blocksY
}

// nextRecords moves to the pass behind one, of the same operation or of the next one that
// uses records. It reports false where that is not issued yet.
func (m *Machine) nextRecords(r *recordPass) bool {
	if r.pass++; r.pass < m.recordPasses(r.bank) {
		return true
	}
	r.bank, r.pass = (r.bank+1)&3, 0
	return m.recording(r)
}

func (m *Machine) recording(r *recordPass) bool {
	for range m.op {
		switch {
		case m.S.CC.OpValid[r.bank&3] == 0:
			return false
		case m.op[r.bank&3].UsesScales:
			return true
		}
		r.bank = (r.bank + 1) & 3
	}
	return false
}

// record is the record of a pass that begins with channel c.
func (m *Machine) record(r recordPass, c int) Record {
	p := &m.op[r.bank&3]
	return Record{Bank: r.bank & 3, OY: r.pass / p.blocksX * p.BlkH, OX: r.pass % p.blocksX * p.BlkW, Channel: c}
}

// RecordInQueue finds the record that a byte of the n-th beat from the head of the scale
// channel's queue belongs to, and its place in it. There is none, at -1, behind the last
// channel. It reports false where that cannot be told.
func (m *Machine) RecordInQueue(n, k int) (r Record, at int, ok bool) {
	s := &m.S.AOScale
	now, beat := recordPass{bank: s.Bank & 3}, n
	if s.On == 0 {
		if !m.recording(&now) {
			return r, 0, false
		}
	} else {
		now.pass = m.recordPasses(now.bank) - 1 - int(s.Left)
		if n < int(s.Beats) {
			if s.Drain != 0 {
				return r, -1, true
			}
			beat = int(m.op[now.bank].ScaleLen>>3) - int(s.Beats) + n
		} else {
			beat = n - int(s.Beats)
			if !m.nextRecords(&now) {
				return r, 0, false
			}
		}
	}
	for {
		length := int(m.op[now.bank].ScaleLen >> 3)
		if now.pass < 0 || beat < 0 || length == 0 {
			return r, 0, false
		}
		if beat < length {
			break
		}
		beat -= length
		if !m.nextRecords(&now) {
			return r, 0, false
		}
	}
	byteAt := 8*beat + k
	if c := byteAt / isa.RecordBytes; c < m.op[now.bank].OFMD {
		return m.record(now, c), byteAt % isa.RecordBytes, true
	}
	return r, -1, true
}

// RecordInBuffer is RecordInQueue for byte k of the buffer that records are taken from.
func (m *Machine) RecordInBuffer(k int) (r Record, at int, ok bool) {
	s := &m.S.AOScale
	if s.On == 0 || s.Drain != 0 {
		return r, -1, s.Drain != 0
	}
	now := recordPass{s.Bank & 3, m.recordPasses(s.Bank) - 1 - int(s.Left)}
	if now.pass < 0 {
		return r, 0, false
	}
	if c := int(s.OZ) + int(s.C) + k/isa.RecordBytes; c < m.op[now.bank].OFMD {
		return m.record(now, c), k % isa.RecordBytes, true
	}
	return r, -1, true
}

// LoadedRecord finds the record that stands in one of the registers of the output stage.
// It reports false where it belongs to a brick that the stage has not come to.
func (m *Machine) LoadedRecord(slot int) (r Record, ok bool) {
	a, t := &m.S.AO, m.S.Trav.AO
	if a.Tail != 0 || a.Ready[slot&15] == 0 {
		return r, false
	}
	if t.On == 0 {
		t.start()
	}
	b := t.Bank & 3
	p := &m.op[b]
	if m.S.CC.OpValid[b] == 0 || !p.UsesScales {
		return r, false
	}
	if m.waits(slot) && a.Flags[aoRead]&aoLastPixel != 0 {
		return r, false // the token that frees it
	}
	lo, n := p.slot(t.OZ, int(a.B))
	c := lo + (slot-lo)&15
	if c >= lo+n {
		return r, false
	}
	obh, obw := clip(t.OY, p.BlkH, p.OFMH), clip(t.OX, p.BlkW, p.OFMW)
	if int(a.Y) == obh-1 && int(a.X) == obw-1 && c-lo < int(a.C) {
		return r, false // that of the next brick
	}
	return Record{Bank: b, OY: int(t.OY), OX: int(t.OX), Channel: int(t.OZ) + c, Used: true}, true
}

// waits reports whether a lane of the token in the read stage takes the record of a slot.
func (m *Machine) waits(slot int) bool {
	a := &m.S.AO
	return a.Valid[aoRead] != 0 && (slot-int(a.TC))&15 < m.lanes(aoRead)
}

// RecordUses calls f for each output that a record will scale.
func (m *Machine) RecordUses(r Record, f func(o Output)) {
	p, a, t := &m.op[r.Bank&3], &m.S.AO, m.S.Trav.AO
	y0, x0 := 0, 0
	if r.Used {
		lo, _ := p.slot(t.OZ, int(a.B))
		c := r.Channel - int(t.OZ)
		y0, x0 = int(a.Y), int(a.X)
		if t.On == 0 {
			y0, x0 = 0, 0
		} else if c-lo < int(a.C) {
			x0++ // read already
		}
		if m.waits(c & 15) {
			f(Output{r.Bank & 3, int(a.TY), int(a.TX), r.Channel})
		}
	}
	obh, obw := clip(uint16(r.OY), p.BlkH, p.OFMH), clip(uint16(r.OX), p.BlkW, p.OFMW)
	for y := y0; y < obh; y++ {
		for x := x0; x < obw; x++ {
			f(Output{r.Bank & 3, r.OY + y, r.OX + x, r.Channel})
		}
		x0 = 0
	}
}
