package npu

import "upset/npu/isa"

// OFMState is the OFM write channel: it drains the output buffers slot by slot
// and gathers bytes of one 64-bit beat before it writes them. A slot holds up to
// 16 channels of one output pixel.
//
// Which beats it writes follows from counters of a board and of Arm's simulator, which
// docs/silicon.md lists. A brick of NHCWB16 is written whole, also where the depth is no
// multiple of 16; the lanes behind the last channel carry zeros (our choice: see
// docs/microarchitecture.md). In NHWC slots share a beat only where the pixels are side by
// side and at most 16 channels deep; otherwise each slot writes every beat that it touches,
// in a burst of its own.
type OFMState struct {
	Sel  uint8  `npu:"1,local"` // output buffer that is drained
	Slot uint8  `npu:"7,local"` // slot within it
	Off  uint8  `npu:"7,local"` // byte within the slot
	B    uint8  `npu:"4,local"` // brick, row and column within the block
	Y    uint8  `npu:"5,local"`
	X    uint8  `npu:"6,local"`
	Read uint64 `npu:"64,data"` // read port: bytes of the slot
	RdN  uint8  `npu:"4,local"` // valid bytes in Read
	New  uint8  `npu:"1,local"` // they are the first of a slot

	Addr   uint32 `npu:"32,local"` // beat that is being gathered
	Data   uint64 `npu:"64,data"`
	Strb   uint8  `npu:"8,local"`
	First  uint8  `npu:"1,local"`  // the beat opens a burst
	PieceA uint32 `npu:"32,local"` // address of the bytes in Read
	Ending uint8  `npu:"1,local"`  // op is written, responses outstanding
}

type beat struct {
	addr        uint32
	data        uint64
	strb        uint8
	first, last bool
}

// offerBeat puts a beat into the write slice of a region's port. Channel is 0 for the
// OFM, 1 for memory to memory; a burst holds the port until its last beat.
func (m *Machine) offerBeat(region, channel int, b beat) bool {
	a := &m.S.DMA.AXI[m.portOf(region)]
	if a.WValid != 0 || a.WOwner != 0 && a.WOwner != uint8(channel+1) {
		return false
	}
	first := b.first || a.WOwner == 0
	if first && m.S.DMA.WrOut[channel] > m.S.CC.MaxWrites[m.limitOf(region)] {
		return false
	}
	a.WAddr, a.WData, a.WStrb, a.WChan, a.WValid = b.addr, b.data, b.strb, uint8(channel), 1
	a.WFirst, a.WLast = flag(first), flag(b.last)
	if first {
		m.S.DMA.WrOut[channel]++
	}
	a.WOwner = uint8(channel + 1)
	if b.last {
		a.WOwner = 0
	}
	return true
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// stepOFM gathers the piece in the read port into the current beat, sending the
// beat first when the piece belongs to another one, and reads the next piece.
func (m *Machine) stepOFM() {
	f, t := &m.S.DMA.OFM, &m.S.Trav.OFM
	if f.Ending != 0 {
		m.finishOFM(f, t)
		return
	}
	if t.On == 0 {
		if m.S.CC.OpValid[t.Bank] == 0 {
			m.rest(restOFM)
			return
		}
		m.pulse(setOFM, pulseStart)
		t.start()
	}
	p := &m.op[t.Bank]
	if f.RdN != 0 {
		if !m.gatherOFM(f, p) {
			return
		}
	}
	m.readOFM(f, t, p)
}

// gatherOFM merges the piece into the beat; false while the port is busy.
func (m *Machine) gatherOFM(f *OFMState, p *params) bool {
	at := f.PieceA &^ 7
	if f.Strb != 0 && (at != f.Addr || f.New != 0 && !p.merges()) {
		joins := at == f.Addr+8 && (f.New == 0 || p.merges()) && at&(m.burstBytes(m.limitOf(p.OFM.Region))-1) != 0
		if !m.sendOFM(f, p, !joins) {
			return false
		}
		f.First = flag(!joins)
	} else if f.Strb == 0 && f.First == 0 {
		f.First = 1
	}
	n := uint(f.RdN & 15)
	sh := uint(f.PieceA&7) * 8
	mask := ^uint64(0) >> (64 - 8*min(n, 8))
	f.Addr = at
	f.Data = f.Data&^(mask<<sh) | f.Read&mask<<sh
	f.Strb |= uint8(mask & (1<<n - 1) << (sh / 8))
	f.RdN = 0
	return true
}

func (m *Machine) sendOFM(f *OFMState, p *params, last bool) bool {
	if !m.offerBeat(p.OFM.Region, 0, beat{f.Addr, f.Data, f.Strb, f.First != 0, last}) {
		return false
	}
	f.Strb = 0
	return true
}

// slot returns which channels of a block the slots of its brick b hold: n from
// channel lo of the block. Bricks end at multiples of 16 of the feature map, so
// that the channels of a slot are contiguous in memory.
func (p *params) slot(oz uint16, b int) (lo, n int) {
	off, depth := int(oz&15), clip(oz, p.BlkD, p.OFMD)
	lo = max(0, 16*b-off)
	return lo, max(0, min(depth, 16*(b+1)-off)-lo)
}

// written is the number of channels that are written of the n of a slot that ends in front
// of channel end of the map: in NHCWB16 the last ones fill their brick.
func (p *params) written(n, end int) int {
	if n > 0 && end >= p.OFMD {
		return n + p.OFM.Lanes(end) - end
	}
	return n
}

// merges reports whether pixels that follow one another may share a beat and a burst.
func (p *params) merges() bool {
	return !p.OFM.Brick && p.OFMD <= isa.BrickDepth && p.OFM.StrideX == uint32(p.OFMD*p.OFM.Bytes)
}

// bricks is the number of bricks that a block touches.
func (p *params) bricks(oz uint16) int {
	return ceilDiv(int(oz&15)+clip(oz, p.BlkD, p.OFMD), 16)
}

// readOFM fetches the next piece of at most eight bytes that falls in one beat.
func (m *Machine) readOFM(f *OFMState, t *Block, p *params) {
	sb := &m.S.SB
	h := f.Sel & 1
	if sb.OBFull[h] == 0 {
		m.rest(restOFM)
		return
	}
	if f.Slot >= sb.OBSlots[h] {
		m.bufferDrained(f, t, p)
		return
	}
	e := p.OFM.Bytes
	lo, n := p.slot(t.OZ, int(f.B))
	whole := p.written(n, int(t.OZ)+lo+n) * e
	n *= e
	y, x, c := int(t.OY)+int(f.Y), int(t.OX)+int(f.X), int(t.OZ)+lo
	a := m.regionAddr(p.OFM.Region, p.OFM.Addr(y, x, c)) + uint32(f.Off)
	k := min(8-int(a&7), whole-int(f.Off))
	if k > 0 {
		var v uint64
		if used := min(k, n-int(f.Off)); used > 0 {
			at := int(h)*isa.BankBytes + int(f.Slot)*16*e + int(f.Off)
			if !m.resultServed(at, used) {
				return
			}
			v = m.ram(at, used) & lowBytes(uint8(used))
		}
		f.Read, f.RdN, f.PieceA, f.New = v, uint8(k), a, flag(f.Off == 0)
		f.Off = (f.Off + uint8(k)) & 0x7f
	}
	if int(f.Off) < whole {
		return
	}
	f.Off = 0
	f.Slot = (f.Slot + 1) & 0x7f
	f.X = (f.X + 1) & 0x3f
	if f.X != 0 && int(f.X) < clip(t.OX, p.BlkW, p.OFMW) {
		return
	}
	f.X = 0
	f.Y = (f.Y + 1) & 0x1f
	if f.Y != 0 && int(f.Y) < clip(t.OY, p.BlkH, p.OFMH) {
		return
	}
	f.Y = 0
	f.B = (f.B + 1) & 15
}

// bufferDrained flushes the last beat, frees the buffer and, at the end of a
// block, turns to the next block.
func (m *Machine) bufferDrained(f *OFMState, t *Block, p *params) {
	if f.Strb != 0 {
		if !m.sendOFM(f, p, true) {
			return
		}
		f.First = 1
	}
	if m.S.DMA.AXI[m.portOf(p.OFM.Region)].WValid != 0 {
		return
	}
	m.wakeAll()
	sb := &m.S.SB
	sb.OBFull[f.Sel&1], sb.OBBusy[f.Sel&1] = 0, 0
	f.Sel = (f.Sel + 1) & 1
	f.Slot = 0
	if int(f.B) < p.bricks(t.OZ) {
		return
	}
	f.B = 0
	m.S.CC.blockWritten(p.depthN * p.subN)
	m.pulse(setOFM, pulseNext)
	if t.next(p) {
		f.Ending = 1
	}
}

// finishOFM retires the operation once every write has been answered.
func (m *Machine) finishOFM(f *OFMState, t *Block) {
	if m.S.DMA.WrOut[0] != 0 || m.inUse(t.Bank) {
		return
	}
	m.wakeAll()
	f.Ending = 0
	m.S.CC.OpValid[t.Bank] = 0
	m.opDone(int(t.Bank))
	m.pulse(setOFM, pulseEnd)
	t.end()
}

// inUse reports whether a stage has not yet moved past a bank.
func (m *Machine) inUse(bank uint8) bool {
	t, d := &m.S.Trav, &m.S.DMA
	return t.IFM.Bank == bank || d.IFM.Loading != 0 && d.IFM.LoadBank == bank || t.WD.Bank == bank || t.MAC.Bank == bank || t.AO.Bank == bank ||
		d.Wgt.Bank == bank || d.Scl.Bank == bank || m.S.AOScale.Bank == bank || m.S.WD.Ctl == wdDrain
}
