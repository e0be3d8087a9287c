package npu

import "upset/npu/isa"

// IFMState is the IFM read channel: it fetches the box of a block job run by
// run and places it pixel by pixel in one of two IFM buffers. A run is a stretch
// of contiguous bytes: the bricks of a row in NHCWB16, a row or a pixel in NHWC.
// The next box is requested while the data of the one before still arrive, so that
// the memory's latency is paid once and not for every job. A box that an earlier
// slice of output channels has left in its buffer is not fetched again.
type IFMState struct {
	Busy uint8 `npu:"1,local"` // a box is being requested
	Wait uint8 `npu:"1,local"` // it waits until the one before is placed
	Sel  uint8 `npu:"1,local"` // buffer that is filled

	Loading  uint8 `npu:"1,local"`  // a box is being placed
	LoadBank uint8 `npu:"2,global"` // its operation

	Ask  IFMBox // the box that is requested
	Load IFMBox // the box that is placed

	Req   Run
	Place Run

	Addr uint32 `npu:"32,local"` // next byte to request
	Left uint32 `npu:"22,local"` // beats of the run still to request
	Out  uint8  `npu:"7,local"`  // beats requested and not received
	Skip uint8  `npu:"3,local"`  // bytes of the current beat that are used up
	Off  uint16 `npu:"16,local"` // byte within the pixel

	FIFO [ifmDepth]uint64 `npu:"64,data"`
	Head uint8            `npu:"3,local"`
	Cnt  uint8            `npu:"4,local"`
}

// IFMBox is the box of a job, latched when the job starts.
type IFMBox struct {
	Second uint8  `npu:"1,local"` // it is that of the second operand
	Y0, X0 uint16 `npu:"16,local"`
	H, W   uint16 `npu:"16,local"`
	C0     uint16 `npu:"16,local"`
	N      uint16 `npu:"16,local"`
}

// Run is a position in the box: the walk of the requests, and that of the data.
type Run struct {
	On uint8  `npu:"1,local"`
	Y  uint16 `npu:"16,local"`
	X  uint16 `npu:"16,local"` // first pixel of the run, or the current pixel
	B  uint16 `npu:"12,local"` // brick
	E  uint16 `npu:"16,local"` // one past the last pixel of the run
}

// operand returns the feature map that a box belongs to.
func (f *IFMBox) operand(p *params) *isa.FeatureMap {
	if f.Second != 0 {
		return &p.IFM2
	}
	return &p.IFM
}

// runEnd returns where the run that starts at pixel x ends, counted from the
// left edge of the box.
func (f *IFMBox) runEnd(p *params, x int) int {
	fm := f.operand(p)
	e := int(f.W)
	if !fm.Brick && fm.StrideX != uint32(int(f.N)*fm.Bytes) {
		return x + 1
	}
	if t := fm.Width0 - int(f.X0); x < t && t < e {
		e = t
	}
	return max(e, x+1)
}

// first returns the walk at its start; it is off for an empty box.
func (f *IFMBox) first(p *params) Run {
	if f.H == 0 || f.W == 0 {
		return Run{}
	}
	return Run{On: 1, E: uint16(f.runEnd(p, 0))}
}

// next moves a walk to the following run and reports whether the box is done.
func (f *IFMBox) next(p *params, r *Run) bool {
	fm := f.operand(p)
	if int(r.E) < int(f.W) {
		r.X = r.E
		r.E = uint16(f.runEnd(p, int(r.X)))
		return false
	}
	r.X = 0
	r.E = uint16(f.runEnd(p, 0))
	if fm.Brick && (int(r.B)+1)*16 < int(f.C0)&15+int(f.N) {
		r.B = (r.B + 1) & 0xfff
		return false
	}
	r.B = 0
	r.Y++
	return r.Y >= f.H
}

// runAddr is the address of the run that a walk over a box is at.
func (m *Machine) runAddr(p *params, f *IFMBox, r *Run) uint32 {
	fm := f.operand(p)
	c := int(f.C0)
	if fm.Brick {
		c = c&^15 + int(r.B)*16
	}
	return m.regionAddr(fm.Region, fm.Addr(int(f.Y0)+int(r.Y), int(f.X0)+int(r.X), c))
}

// open computes the address and length of the run that the request walk is at.
func (m *Machine) openRun(p *params) {
	f := &m.S.DMA.IFM
	fm := f.Ask.operand(p)
	px := int(f.Ask.N) * fm.Bytes
	if fm.Brick {
		px = 16 * fm.Bytes
	}
	f.Addr = m.runAddr(p, &f.Ask, &f.Req)
	bytes := (int(f.Req.E) - int(f.Req.X)) * px
	f.Left = uint32((int(f.Addr&7)+bytes+7)>>3) & (1<<22 - 1)
}

// ifmRequest asks for the next burst. Limits.InputAhead bounds the beats under way,
// so that the other channels of the port are not held up behind a large box (our
// choice: the default of 48 beats is the latency of the default SRAM, a burst and
// the stages of the port).
func (m *Machine) ifmRequest() (request, int, bool) {
	f := &m.S.DMA.IFM
	limit := m.limitOf(f.Ask.operand(&m.op[m.S.Trav.IFM.Bank&3]).Region)
	ahead := m.Sys.Limits.InputAhead
	n := min(m.burstBeats(limit, f.Addr&^7, int(f.Left)), ahead)
	return request{f.Addr, uint8(n)}, limit, int(f.Out)+n <= ahead
}

func (m *Machine) ifmGranted(r request) {
	f := &m.S.DMA.IFM
	f.Addr = f.Addr&^7 + uint32(r.beats)*8
	f.Left -= uint32(r.beats)
	f.Out += uint8(r.beats)
	if f.Left > 0 {
		return
	}
	p := &m.op[m.S.Trav.IFM.Bank]
	if f.Ask.next(p, &f.Req) {
		f.Req.On = 0
		return
	}
	m.openRun(p)
}

// stepIFM places arriving data and starts jobs.
func (m *Machine) stepIFM() {
	t, f := &m.S.Trav.IFM, &m.S.DMA.IFM
	if f.Loading == 0 || m.S.SB.WrBytes == 0 && f.Place.On != 0 && (f.Cnt == 0 || f.Cnt > ifmDepth) {
		m.rest(restIFM)
	} else if m.S.SB.WrBytes == 0 {
		m.placeIFM(f)
	}
	if f.Busy != 0 {
		m.requestIFM(f, t)
		return
	}
	if t.On == 0 {
		if m.S.CC.OpValid[t.Bank] == 0 {
			return
		}
		m.wake(restIFM)
		if !m.layoutReady(&m.op[t.Bank], t.Bank) {
			m.count(EvReconfig, 1)
			return
		}
		m.pulse(setIFM, pulseStart)
		t.start()
		m.S.CC.JobsPrev, m.S.CC.JobIndex = m.S.CC.JobsOut, 0
	}
	p := &m.op[t.Bank]
	kept := t.boxKept(p)
	if !kept && m.S.SB.IBFull[(f.Sel+f.Loading)&1] != 0 {
		return
	}
	m.wake(restIFM)
	if !m.jobAllowed(p) {
		m.count(EvBlockDep, 1)
		return
	}
	m.S.CC.JobsOut++
	if m.S.CC.JobIndex < 3 {
		m.S.CC.JobIndex++
	}
	if kept {
		m.nextJob(t, p)
		return
	}
	f.Busy = 1
	m.openBox(p, p.box(t), 0)
}

// requestIFM hands the requested box over to the placing of data when that is
// free, and goes on to the second operand or the next job when all of the box is
// requested.
func (m *Machine) requestIFM(f *IFMState, t *Job) {
	p := &m.op[t.Bank]
	if f.Wait != 0 {
		if f.Loading != 0 {
			return
		}
		m.wake(restIFM)
		f.Wait, f.Loading, f.LoadBank = 0, 1, t.Bank
		f.Load, f.Place, f.Off = f.Ask, f.Ask.first(p), 0
		f.Skip = uint8(m.runAddr(p, &f.Load, &f.Place) & 7)
	}
	if f.Req.On != 0 {
		return
	}
	m.wake(restIFM)
	if p.twoBoxes() && f.Ask.Second == 0 {
		m.openBox(p, p.box2(t), 1)
		return
	}
	f.Busy = 0
	m.nextJob(t, p)
}

// nextJob goes on to the next job, or to the next operation after the last one.
func (m *Machine) nextJob(t *Job, p *params) {
	m.pulse(setIFM, pulseNext)
	if t.next(p) {
		m.pulse(setIFM, pulseEnd)
		t.end()
		m.wakeAll()
	}
}

// takesFrom reports whether the channel takes data from port p now. The box that
// is requested may lie behind the other port than the one that is placed: its data
// stay in their port until their turn comes. Nothing that the placing waits for
// stands behind them, since the other channels of a port ask only for what they
// have room for.
func (m *Machine) takesFrom(p int) bool {
	f := &m.S.DMA.IFM
	if f.Loading != 0 {
		return m.portOf(f.Load.operand(&m.op[f.LoadBank&3]).Region) == p
	}
	return m.portOf(f.Ask.operand(&m.op[m.S.Trav.IFM.Bank&3]).Region) == p
}

// twoBoxes reports whether a job reads a second operand.
func (p *params) twoBoxes() bool {
	return p.kind == kindElementwise && p.Binary && !p.UseScalar
}

// layoutReady reports whether the shared buffer's IFM area has the layout that an
// operation asks for. A change of layout waits until the operations before are
// written: streams of Vela 3.10 rely on it, since BLOCKDEP alone lets a half-pixel
// resize read what is not yet there. An area that lies within the one in force can
// only be in the way of inputs, so that it is enough when the MAC array has used
// these up.
func (m *Machine) layoutReady(p *params, bank uint8) bool {
	cc := &m.S.CC
	ib, ib2, elem := uint8(p.IBEnd>>10), uint8(p.IB2Start>>10), flag(p.kind == kindElementwise)
	half := m.op[(bank-1)&3].ibHalf
	if cc.LayIB == ib && cc.LayIB2 == ib2 && cc.LayElem == elem && half == p.ibHalf {
		return true
	}
	if cc.JobsOut != 0 && (m.S.Trav.MAC.Bank != bank || ib > cc.LayIB) {
		return false
	}
	cc.LayIB, cc.LayIB2, cc.LayElem = ib, ib2, elem
	return true
}

// sumsReady does the same for the accumulator area and the tables behind it: a
// change waits until the output stage has read the sums of the operation before.
func (m *Machine) sumsReady(p *params, bank uint8) bool {
	cc := &m.S.CC
	ab, lut := uint8(p.ABStart>>10), flag(p.UsesLUT)
	if cc.LayAB == ab && cc.LayLUT == lut {
		return true
	}
	if m.S.Trav.AO.Bank != bank {
		return false
	}
	cc.LayAB, cc.LayLUT = ab, lut
	return true
}

// jobAllowed is the block-dependency rule: the jobs of earlier operations that
// are not yet complete and the jobs of this one that precede the next job may
// together not exceed BLOCKDEP, nor Limits.Overlap. Jobs complete in order: those that only add to the
// sums of a block when the MAC array has done them, the last one of a block when
// the block is written.
func (m *Machine) jobAllowed(p *params) bool {
	cc := &m.S.CC
	if cc.JobsPrev == 0 {
		return true
	}
	prev := int(cc.JobsPrev)
	if m.S.Trav.OFM.Bank != m.S.Trav.IFM.Bank {
		prev -= m.jobsSummed()
	}
	return prev+int(cc.JobIndex) <= min(p.BlockDep, m.Sys.Limits.Overlap)
}

// jobsSummed counts the jobs of the oldest block not yet written that the MAC
// array has done, without the last one.
func (m *Machine) jobsSummed() int {
	o, t := &m.S.Trav.OFM, &m.S.Trav.MAC
	p := &m.op[o.Bank]
	last := p.depthN*p.subN - 1
	switch {
	case o.On == 0 || last == 0 || m.S.DMA.OFM.Ending != 0:
		return 0
	case t.Bank != o.Bank:
		return last
	case t.On == 0:
		return 0
	case t.OY != o.OY || t.OX != o.OX || t.OZ != o.OZ:
		return last
	}
	rows := int(t.IZ)/max(1, p.IFMBlkD)*ceilDiv(p.KH, p.subY) + int(t.KY)/p.subY
	return min(last, rows*ceilDiv(p.KW, p.subX)+int(t.KX)/p.subX)
}

// openBox latches a box and starts the walk of the requests over it.
func (m *Machine) openBox(p *params, b box, second uint8) {
	f := &m.S.DMA.IFM
	f.Ask = IFMBox{
		Second: second, Y0: uint16(b.y0), X0: uint16(b.x0), H: uint16(b.h), W: uint16(b.w), C0: uint16(b.c0), N: uint16(b.n),
	}
	f.Wait = 1
	m.wake(restArbiters)
	f.Req = f.Ask.first(p)
	if f.Req.On != 0 {
		m.openRun(p)
	}
}

// placeIFM moves up to eight bytes of one pixel from the channel's FIFO to the
// write port of the shared buffer.
func (m *Machine) placeIFM(f *IFMState) {
	p := &m.op[f.LoadBank]
	if f.Place.On == 0 {
		m.boxLoaded(p)
		return
	}
	if f.Cnt == 0 || f.Cnt > ifmDepth {
		return
	}
	fm := f.Load.operand(p)
	px := int(f.Load.N) * fm.Bytes
	if fm.Brick {
		px = 16 * fm.Bytes
	}
	pos := int(f.Skip & 7)
	k := min(8-pos, max(1, px-int(f.Off)))
	v := f.FIFO[f.Head&(ifmDepth-1)] >> (8 * pos)
	m.placeBytes(p, f, fm, v, k)
	f.Off += uint16(k)
	pos += k
	runDone := false
	if int(f.Off) >= px {
		f.Off = 0
		f.Place.X++
		runDone = f.Place.X >= f.Place.E
	}
	f.Skip = uint8(pos & 7)
	if pos >= 8 || runDone {
		f.Head = (f.Head + 1) & (ifmDepth - 1)
		f.Cnt--
	}
	if !runDone {
		return
	}
	if f.Load.next(p, &f.Place) {
		f.Place.On = 0
		return
	}
	f.Skip = uint8(m.runAddr(p, &f.Load, &f.Place) & 7)
}

// placeBytes sets the write port for k bytes of the current pixel, or drops
// them when they belong to channels of a brick that the job does not use.
func (m *Machine) placeBytes(p *params, f *IFMState, fm *isa.FeatureMap, v uint64, k int) {
	pitch := pixelBytes(int(f.Load.N), fm.Bytes)
	off := int(f.Off)
	if fm.Brick {
		off += (int(f.Place.B)*16 - int(f.Load.C0)&15) * fm.Bytes
		if off >= pitch || off+k <= 0 {
			return
		}
		if off < 0 { // the job's first channel lies within these bytes
			v, k, off = v>>(-8*off), k+off, 0
		}
		k = min(k, pitch-off)
	}
	base, _ := p.inputBuffer(f.Load.Second != 0, f.Sel)
	dst := base + (int(f.Place.Y)*int(f.Load.W)+int(f.Place.X))*pitch + off
	sb := &m.S.SB
	sb.WrAddr, sb.WrData, sb.WrBytes = uint16(dst), v, uint8(k)
}

// boxLoaded ends a box: the buffer is handed over unless the second operand is
// still to come.
func (m *Machine) boxLoaded(p *params) {
	f := &m.S.DMA.IFM
	if m.S.SB.WrBytes != 0 {
		return
	}
	f.Loading = 0
	if p.twoBoxes() && f.Load.Second == 0 {
		return
	}
	m.S.SB.IBFull[f.Sel&1] = 1
	m.wake(restAO)
	f.Sel = (f.Sel + 1) & 1
}

func canonicalIFM(f *IFMState) {
	if f.Busy == 0 {
		f.Wait, f.Ask = 0, IFMBox{}
	}
	if f.Req.On == 0 {
		f.Req, f.Addr, f.Left = Run{}, 0, 0
	}
	if f.Loading == 0 {
		f.LoadBank, f.Load, f.Place, f.Skip, f.Off = 0, IFMBox{}, Run{}, 0, 0
	}
}
