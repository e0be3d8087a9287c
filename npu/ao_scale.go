package npu

import "upset/npu/isa"

// ScaleState unpacks the scale and bias stream: ten-byte records, one per output
// channel, into the record registers of the output stage.
type ScaleState struct {
	Bank  uint8     `npu:"2,global"`
	On    uint8     `npu:"1,global"`
	Drain uint8     `npu:"1,local"`  // discard the rest of the pass
	Left  uint32    `npu:"32,local"` // passes after this one
	OZ    uint16    `npu:"16,local"` // block the records belong to
	C     uint8     `npu:"7,local"`  // channel within the block
	Beats uint32    `npu:"17,local"` // beats of the pass still in the channel
	Buf   [2]uint64 `npu:"64,data"`
	N     uint8     `npu:"5,local"` // valid bytes in Buf
}

// stepScale loads one record per cycle when its register is free, and takes the
// beat that follows.
func (m *Machine) stepScale() {
	s := &m.S.AOScale
	if s.On == 0 {
		m.startScale(s)
		return
	}
	p := &m.op[s.Bank]
	d := &m.S.DMA
	if s.Drain != 0 {
		if s.Beats > 0 {
			if d.SclCnt > 0 {
				s.take(d)
				m.wake(restArbiters)
			}
			s.N = 0
			return
		}
		s.Drain = 0
		if s.Left == 0 {
			s.On = 0
			s.Bank = (s.Bank + 1) & 3
			return
		}
		s.Left--
		s.openPass(p)
		return
	}
	if s.N >= isa.RecordBytes {
		m.loadRecord(s, p)
		if s.Drain != 0 {
			return
		}
	}
	if s.N <= 8 && s.Beats > 0 && d.SclCnt > 0 {
		v := s.take(d)
		m.wake(restArbiters)
		k := uint(s.N) * 8
		if s.N == 8 {
			s.Buf[1] = v
		} else {
			s.Buf[0] = s.Buf[0]&(1<<k-1) | v<<k
			s.Buf[1] = v >> (64 - k)
			if k == 0 {
				s.Buf[1] = 0
			}
		}
		s.N += 8
	} else if s.N < isa.RecordBytes {
		m.rest(restScale)
	}
}

func (s *ScaleState) take(d *DMAState) uint64 {
	v := d.SclFIFO[d.SclHead&(sclDepth-1)]
	d.SclHead = (d.SclHead + 1) & (sclDepth - 1)
	d.SclCnt--
	s.Beats--
	return v
}

func (m *Machine) startScale(s *ScaleState) {
	if m.S.CC.OpValid[s.Bank&3] == 0 {
		m.rest(restScale)
		return
	}
	p := &m.op[s.Bank&3]
	if !p.UsesScales {
		s.Bank = (s.Bank + 1) & 3
		return
	}
	s.On = 1
	s.Left = uint32(p.blocksX*p.blocksY - 1)
	s.openPass(p)
}

func (s *ScaleState) openPass(p *params) {
	s.OZ, s.C, s.N = 0, 0, 0
	s.Beats = p.ScaleLen >> 3 & (1<<17 - 1)
}

// loadRecord moves the record at the head of the buffer to its register.
func (m *Machine) loadRecord(s *ScaleState, p *params) {
	a := &m.S.AO
	slot := s.C & 15
	if a.Ready[slot] != 0 {
		if s.N > 8 {
			m.rest(restScale)
		}
		return
	}
	m.wake(restAO)
	a.Bias[slot] = s.Buf[0] & mask40
	a.Scale[slot] = uint32(s.Buf[0]>>40 | s.Buf[1]<<24)
	a.Shift[slot] = uint8(s.Buf[1]>>8) & 0x3f
	a.Ready[slot] = 1
	s.Buf[0], s.Buf[1] = s.Buf[1]>>16, 0
	s.N -= isa.RecordBytes
	s.C++
	if int(s.C) < clip(s.OZ, p.BlkD, p.OFMD) { // at most 128
		return
	}
	s.C = 0
	if int(s.OZ)+p.BlkD < p.OFMD {
		s.OZ += uint16(p.BlkD)
		return
	}
	s.Drain = 1
}

func canonicalScale(s *ScaleState) {
	switch {
	case s.On == 0:
		s.Left, s.OZ, s.C, s.N, s.Beats = 0, 0, 0, 0, 0
	case s.Drain != 0:
		s.OZ, s.C, s.N = 0, 0, 0
	}
	s.Buf[0] &= lowBytes(s.N)
	s.Buf[1] &= lowBytes(max(s.N, 8) - 8)
}
