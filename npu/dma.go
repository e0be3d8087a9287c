package npu

import "math/bits"

// DMAState is the DMA block: both AXI ports, the five read channels with their
// data FIFOs, and the two write channels.
type DMAState struct {
	AXI [2]AXIState

	// Command channel: streams QSIZE bytes from QBASE.
	CmdAddr uint32    `npu:"32,global"`
	CmdLeft uint32    `npu:"29,global"` // beats not yet requested
	CmdFIFO [8]uint64 `npu:"64,config"`
	CmdHead uint8     `npu:"3,global"`
	CmdCnt  uint8     `npu:"4,global"`
	CmdOut  uint8     `npu:"4,global"` // beats requested and not yet received

	Wgt     Stream     // weight channel
	WgtFIFO [32]uint64 `npu:"64,data"`
	WgtHead uint8      `npu:"5,local"`
	WgtCnt  uint8      `npu:"6,local"`
	WgtOut  uint8      `npu:"6,local"`

	Scl     Stream     // scale and bias channel
	SclFIFO [32]uint64 `npu:"64,data"`
	SclHead uint8      `npu:"5,local"`
	SclCnt  uint8      `npu:"6,local"`
	SclOut  uint8      `npu:"6,local"`

	IFM IFMState // IFM channel
	OFM OFMState // OFM channel
	M2M M2MState // memory-to-memory channel

	WrOut [2]uint8 `npu:"6,local"` // write bursts without response: OFM, memory to memory
}

// Stream is a read channel that fetches a stretch of memory once per (y, x) block
// position of an operation.
type Stream struct {
	Bank   uint8  `npu:"2,global"`
	Active uint8  `npu:"1,global"`
	Addr   uint32 `npu:"32,local"`
	Left   uint32 `npu:"29,local"` // beats of this pass
	Passes uint32 `npu:"32,local"` // passes after this one
}

const (
	cmdDepth = 8
	wgtDepth = 32
	sclDepth = 32
	m2mDepth = 8
	ifmDepth = 8
)

// push stores a read beat in the FIFO of a channel. It reports false when there
// is no room, which stalls the port.
func (d *DMAState) push(ch int, v uint64, l *Limits) bool {
	switch ch {
	case ChCmd:
		if d.CmdCnt >= cmdDepth {
			return false
		}
		d.CmdFIFO[(d.CmdHead+d.CmdCnt)&(cmdDepth-1)] = v
		d.CmdCnt++
		drop(&d.CmdOut)
	case ChWeights:
		if d.WgtCnt >= wgtDepth {
			return false
		}
		d.WgtFIFO[(d.WgtHead+d.WgtCnt)&(wgtDepth-1)] = v
		d.WgtCnt++
		drop(&d.WgtOut)
	case ChScale:
		if d.SclCnt >= sclDepth {
			return false
		}
		d.SclFIFO[(d.SclHead+d.SclCnt)&(sclDepth-1)] = v
		d.SclCnt++
		drop(&d.SclOut)
	case ChIFM:
		f := &d.IFM
		if f.Cnt >= uint8(l.InputFIFO) {
			return false
		}
		f.FIFO[(f.Head+f.Cnt)&(ifmDepth-1)] = v
		f.Cnt++
		drop(&f.Out)
	case ChM2M:
		f := &d.M2M
		if f.Cnt >= uint8(l.CopyFIFO) {
			return false
		}
		f.FIFO[(f.Head+f.Cnt)&(m2mDepth-1)] = v
		f.Cnt++
		drop(&f.Out)
	}
	return true
}

func drop(n *uint8) {
	if *n > 0 {
		*n--
	}
}

// request is what a read channel asks of the arbiter.
type request struct {
	addr  uint32
	beats uint8
}

// limitOf returns the AXI_LIMIT register that a region's accesses obey.
func (m *Machine) limitOf(region int) int {
	return int(m.S.CC.RegionCfg >> (2 * (region & 7)) & 3)
}

// bursts are the alignments of bursts by the code of AXI_LIMIT, of which the last one is
// not defined.
var bursts = [4]uint32{minBurst, 2 * minBurst, 4 * minBurst, 4 * minBurst}

// burstBytes is the burst alignment of an AXI_LIMIT register.
func (m *Machine) burstBytes(limit int) uint32 {
	return bursts[m.S.CC.Burst[limit&3]&3]
}

// burstBeats limits a run of beats to what fits before the next burst boundary.
func (m *Machine) burstBeats(limit int, addr uint32, beats int) int {
	b := m.burstBytes(limit)
	return min(beats, int(b-addr&(b-1))>>3)
}

// portOf returns the AXI port of a region: REGIONCFG 0 and 1 are port 0, 2 and
// 3 are port 1 (Arm U55 register header).
func (m *Machine) portOf(region int) int { return m.limitOf(region) >> 1 }

// wants returns the request that read channel ch has, if any, and the AXI_LIMIT
// register that it obeys, which tells the port.
func (m *Machine) wants(ch int) (r request, limit int, ok bool) {
	d, l := &m.S.DMA, &m.Sys.Limits
	switch ch {
	case ChCmd:
		limit = int(m.S.CC.QConfig & 3)
		n := min(m.burstBeats(limit, d.CmdAddr, int(d.CmdLeft)), l.CommandFIFO/2)
		return request{d.CmdAddr, uint8(n)}, limit, n <= l.CommandFIFO-int(d.CmdCnt)-int(d.CmdOut)
	case ChWeights:
		limit = m.limitOf(m.op[d.Wgt.Bank&3].WeightReg)
		n := min(m.burstBeats(limit, d.Wgt.Addr, int(d.Wgt.Left)), l.WeightFIFO)
		return request{d.Wgt.Addr, uint8(n)}, limit, n <= l.WeightFIFO-int(d.WgtCnt)-int(d.WgtOut)
	case ChScale:
		limit = m.limitOf(m.op[d.Scl.Bank&3].ScaleReg)
		n := min(m.burstBeats(limit, d.Scl.Addr, int(d.Scl.Left)), l.ScaleFIFO/2)
		return request{d.Scl.Addr, uint8(n)}, limit, n <= l.ScaleFIFO-int(d.SclCnt)-int(d.SclOut)
	case ChIFM:
		return m.ifmRequest()
	}
	return m.m2mRequest()
}

// granted updates a channel after its request was taken.
func (m *Machine) granted(ch int, r request) {
	d := &m.S.DMA
	n := r.beats
	bytes := uint32(r.beats) * 8
	switch ch {
	case ChCmd:
		d.CmdAddr += bytes
		d.CmdLeft -= uint32(n)
		d.CmdOut += n
	case ChWeights:
		d.Wgt.grant(uint32(n))
		d.WgtOut += n
	case ChScale:
		d.Scl.grant(uint32(n))
		d.SclOut += n
	case ChIFM:
		m.ifmGranted(r)
	case ChM2M:
		m.m2mGranted(r)
	}
}

// pending returns the read channels that may have a request, a bit for each: those
// that surely have none need not be asked.
func (d *DMAState) pending() uint {
	n := uint(0)
	if d.IFM.Req.On != 0 && d.IFM.Left != 0 {
		n |= 1 << ChIFM
	}
	if d.CmdLeft != 0 && d.CmdCnt+d.CmdOut < cmdDepth {
		n |= 1 << ChCmd
	}
	if d.Wgt.Active != 0 && d.Wgt.Left != 0 && d.WgtCnt+d.WgtOut < wgtDepth {
		n |= 1 << ChWeights
	}
	if d.Scl.Active != 0 && d.Scl.Left != 0 && d.SclCnt+d.SclOut < sclDepth {
		n |= 1 << ChScale
	}
	if d.M2M.On != 0 && d.M2M.Left != 0 && d.M2M.Out < 1<<6-1 {
		n |= 1 << ChM2M
	}
	return n
}

// turns has, for each value of a round-robin pointer, which read channel is asked first.
// Pointers beyond the last channel, which only an upset can cause, go round.
var turns = [8]uint8{0, 1, 2, 3, 4, 0, 1, 2}

// stepArbiters grants one read channel per port. Each channel is behind one port, so that
// a grant at one port changes nothing at the other.
func (m *Machine) stepArbiters() {
	d := &m.S.DMA
	pending := d.pending()
	if pending == 0 || d.AXI[0].ARValid != 0 && d.AXI[1].ARValid != 0 {
		m.rest(restArbiters)
		return
	}
	var asks [2]uint
	m.rest(restArbiters)
	var beats [8]request // by channel
	for ; pending != 0; pending &= pending - 1 {
		ch := bits.TrailingZeros(pending) & 7
		r, limit, ok := m.wants(ch)
		p := limit >> 1 & 1
		if a := &d.AXI[p]; ok && a.ARValid == 0 && a.RdCount <= m.S.CC.MaxReads[limit&3] {
			asks[p] |= 1 << ch
			beats[ch] = r
		}
	}
	for p, list := range asks {
		if list == 0 {
			continue
		}
		a := &d.AXI[p]
		first := turns[a.Turn&7]
		if later := list >> first << first; later != 0 {
			list = later
		}
		ch := bits.TrailingZeros(list) & 7
		r := beats[ch]
		a.ARAddr, a.ARBeats, a.ARChan, a.ARValid = r.addr&^7, r.beats, uint8(ch), 1
		a.Turn = uint8((ch + 1) % readChannels)
		m.granted(ch, r)
		m.wake(restArbiters | restIFM)
	}
}

// stepStreamChannels starts the next pass of the weight and scale channels.
func (m *Machine) stepStreamChannels() {
	d := &m.S.DMA
	if !m.streamRests(&d.Wgt) {
		p := &m.op[d.Wgt.Bank&3]
		m.stepStream(&d.Wgt, p, d.WgtOut, p.UsesWeights, p.WeightReg, p.WeightBase, p.WeightLen)
	}
	if !m.streamRests(&d.Scl) {
		p := &m.op[d.Scl.Bank&3]
		m.stepStream(&d.Scl, p, d.SclOut, p.UsesScales, p.ScaleReg, p.ScaleBase, p.ScaleLen)
	}
}

// streamRests reports whether a channel has nothing to begin: the rest of its pass is not
// requested yet, or its operation is not issued.
func (m *Machine) streamRests(s *Stream) bool {
	if s.Active != 0 {
		return s.Left > 0
	}
	return m.S.CC.OpValid[s.Bank&3] == 0
}

// stepStream opens a pass when the one before is requested, or turns to the next
// operation. The channel must not rest.
func (m *Machine) stepStream(s *Stream, p *params, outstanding uint8, used bool, region int, base, length uint32) {
	switch {
	case s.Active == 0:
		if !used {
			s.Bank = (s.Bank + 1) & 3
			return
		}
		if outstanding != 0 { // this operation may use the other port, whose data would overtake
			return
		}
		s.Active = 1
		s.Passes = uint32(p.blocksX*p.blocksY - 1)
	case s.Passes > 0:
		s.Passes--
	default:
		s.Active = 0
		s.Bank = (s.Bank + 1) & 3
		m.wake(restArbiters)
		return
	}
	s.Addr = m.regionAddr(region, base)
	s.Left = length >> 3
	m.wake(restArbiters)
}

// grant takes a burst off the pass.
func (s *Stream) grant(beats uint32) {
	s.Addr += beats * 8
	s.Left -= beats
}

// regionAddr adds the base pointer of a region to an offset.
func (m *Machine) regionAddr(region int, offset uint32) uint32 {
	return m.S.CC.BaseP[region&7] + offset
}

func canonicalDMA(c *Flops) {
	d := &c.DMA
	turn(d.CmdFIFO[:], d.CmdHead, d.CmdCnt)
	turn(d.WgtFIFO[:], d.WgtHead, d.WgtCnt)
	turn(d.SclFIFO[:], d.SclHead, d.SclCnt)
	turn(d.IFM.FIFO[:], d.IFM.Head, d.IFM.Cnt)
	turn(d.M2M.FIFO[:], d.M2M.Head, d.M2M.Cnt)
	d.CmdHead, d.WgtHead, d.SclHead, d.IFM.Head, d.M2M.Head = 0, 0, 0, 0, 0
	if d.CmdLeft == 0 {
		d.CmdAddr = 0
	}
	for _, s := range [...]*Stream{&d.Wgt, &d.Scl} {
		switch {
		case s.Active == 0:
			s.Addr, s.Left, s.Passes = 0, 0, 0
		case s.Left == 0:
			s.Addr = 0
		}
	}
	canonicalIFM(&d.IFM)
	o := &d.OFM
	if o.RdN == 0 {
		o.Read, o.PieceA, o.New = 0, 0, 0
	} else {
		o.Read &= lowBytes(o.RdN)
	}
	o.Data &= strobed(o.Strb)
	if o.Strb == 0 {
		o.Addr = 0
	}
	m := &d.M2M
	switch {
	case m.On == 0:
		m.Internal, m.SrcReg, m.DstReg, m.Src, m.Dst, m.Left, m.ToWrite = 0, 0, 0, 0, 0, 0, 0
	case m.Left == 0:
		m.Src, m.SrcReg = 0, 0
	}
}
