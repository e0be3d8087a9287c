package npu

import (
	"encoding/binary"
	"math/bits"
)

// issueResult says what the issue stage did in a cycle.
type issueResult uint8

const (
	issueOK issueResult = iota
	issueIdle
	issueStart // a job was set up
	issueIB    // waits for an IFM buffer
	issueAB    // waits for an accumulator buffer
	issueWD    // waits for a weight block
	issueBank  // waits for a bank of the IFM buffer
)

func (r issueResult) event() Event {
	switch r {
	case issueIB, issueBank:
		return EvMACStalledIB
	case issueAB:
		return EvMACStalledAB
	case issueWD:
		return EvMACStalledWD
	}
	return EvMACOther
}

// issue sends the next token of the current job into the pipeline.
func (m *Machine) issue(s *MACState) issueResult {
	t := &m.S.Trav.MAC
	if s.Valid[stFetch] != 0 {
		return issueStart
	}
	if s.Run == 0 {
		return m.startMACJob(s, t)
	}
	p := &m.op[t.Bank&3]
	if p.UsesWeights && m.S.WD.Full[s.WB&1] == 0 {
		return issueWD
	}
	b, step := m.micro(s, t, p), int(s.Step)
	g, k := step>>p.passShift, step&(p.passes-1)
	if !m.fetchPixels(s, p, b, g, k) {
		return issueBank
	}
	if m.late.on {
		m.fetchLate(s, p, b, g, k)
	} else {
		m.fetchWeights(s, p, g)
	}
	f := b.flags
	if step == 0 {
		f |= tokFirst
	}
	if k == 0 {
		f |= tokNewSum
	}
	if k == p.passes-1 {
		f |= tokCommit
	}
	s.Valid[stFetch], s.Shift[stFetch], s.Bank[stFetch], s.Addr[stFetch] = 1, uint8(k), t.Bank, b.addr

	s.Step++
	if int(s.Step) >= b.job.tokens {
		s.Step = 0
		f |= tokLast
		if m.advanceMAC(s, t, p, b.job.obh, b.job.obw) {
			f |= tokDone
		}
	}
	s.Flags[stFetch] = f
	return issueOK
}

// tokens is the number of tokens of a micro-block: four, or one per tap of a
// pooling window, times the byte passes.
func (p *params) tokens(taps int) int {
	switch p.kind {
	case kindMax, kindAverage:
		return max(4, taps) * p.passes
	case kindDepthwise:
		return 4 * p.passes
	}
	return p.groups * p.passes
}

// tapAndChannel returns the kernel tap and the first channel of step g.
func (p *params) tapAndChannel(in *Inner, g int) (tap, ch int) {
	switch p.kind {
	case kindDepthwise:
		return int(in.Tap) + g, int(in.OU)
	case kindMax, kindAverage:
		return g, int(in.OU)
	case kindConv:
		if p.PartKernel {
			return int(in.Tap) + g, int(in.IO)
		}
	}
	return int(in.Tap), 8 * g
}

// startMACJob claims the buffers of the next job and latches its box.
func (m *Machine) startMACJob(s *MACState, t *Job) issueResult {
	if t.On == 0 {
		if m.S.CC.OpValid[t.Bank] == 0 {
			return issueIdle
		}
		if !m.op[t.Bank].UsesMAC {
			if m.S.CC.ElemRead[t.Bank&3] != 0 {
				m.pulse(setMAC, pulseEnd)
				t.end()
				m.wakeAll()
			}
			return issueIdle
		}
		if !m.sumsReady(&m.op[t.Bank], t.Bank) {
			return issueAB
		}
		m.pulse(setMAC, pulseStart)
		t.start()
	}
	sb := &m.S.SB
	if sb.IBFull[sb.IBSel&1] == 0 {
		return issueIB
	}
	if t.firstOfBlock() {
		if sb.ABBusy[s.AB&1] != 0 {
			return issueAB
		}
		sb.ABBusy[s.AB&1] = 1
	}
	p := &m.op[t.Bank]
	b := p.box(t)
	s.Y0, s.X0, s.Row = uint16(b.y0), uint16(b.x0), uint16(b.w)&0x3ff
	s.Pix = uint16(pixelBytes(b.n, p.IFM.Bytes)) & 0x3ff
	s.UY, s.UX, s.Step, s.Run = 0, 0, 0, 1
	m.pulse(setMAC, pulseClear)
	m.S.Trav.MACInner = Inner{}
	return issueStart
}

// fetchPixels reads eight channels of every pixel of the micro-block. It reports false
// while a bank is taken.
func (m *Machine) fetchPixels(s *MACState, p *params, b *microBlock, g, k int) bool {
	tap, ch := p.tapAndChannel(&m.S.Trav.MACInner, g)
	var addr [maxX]int
	in := b.places(s, p, tap, ch, &addr)
	used := max(0, min(b.job.lanes, b.job.channels-ch)) // channels that are taken over
	if m.ports.limit > 0 && !m.fetchServed(p, in, &addr, used) {
		return false
	}
	s.Mask[stFetch], s.Out[stFetch] = in, b.out
	s.Chan = uint8(1<<(used&15) - 1)
	if p.IFM.Bytes != 1 {
		for set := in; set != 0; set &= set - 1 {
			px := bits.TrailingZeros8(set) & (maxX - 1)
			s.Raw[px] = m.gather(addr[px], p.IFM.Bytes, k, used)
		}
		return true
	}
	plain := m.Probe.Access == nil && m.S.RAM.SynLive == 0
	for set := in; set != 0; set &= set - 1 {
		px := bits.TrailingZeros8(set) & (maxX - 1)
		if a := addr[px]; plain && uint(a) <= uint(m.shramLast8) {
			s.Raw[px] = binary.LittleEndian.Uint64(m.S.RAM.Mem[a:])
		} else {
			s.Raw[px] = m.ram(a, used)
		}
	}
	return true
}

// gather collects byte k of eight consecutive elements, of which the first ones are used.
func (m *Machine) gather(addr, bytes, k, used int) uint64 {
	var v uint64
	per := 8 / bytes
	for w := range bytes {
		word := m.ram(addr+8*w, max(0, min(8, used*bytes-8*w)))
		for i := range per {
			v |= word >> (8 * (i*bytes + k)) & 0xff << (8 * (w*per + i))
		}
	}
	return v
}

// fetchWeights reads the weights of step g, or the constants of pooling.
func (m *Machine) fetchWeights(s *MACState, p *params, g int) {
	d := m.depth
	switch p.kind {
	case kindConv:
		copy(s.WRaw[:8*d], m.S.WD.Buf[s.WB&1][g&3*8*d:])
	case kindDepthwise:
		s.WRaw = [8 * maxD]uint16{}
		for o, w := range m.S.WD.Buf[s.WB&1][g&3*d : g&3*d+d] {
			s.WRaw[o&(maxD-1)*9] = w
		}
	case kindReduce:
		s.WRaw = [8 * maxD]uint16{1, 1, 1, 1, 1, 1, 1, 1}
	default:
		s.WRaw = [8 * maxD]uint16{}
		for o := range d {
			s.WRaw[o*8+o] = 1
		}
	}
}

// advanceMAC moves to the next micro-block, weight block and job. It reports
// whether the micro-block just issued was the last one of its output block.
func (m *Machine) advanceMAC(s *MACState, t *Job, p *params, obh, obw int) bool {
	s.UX = (s.UX + uint8(p.ubW)) & 0x3f
	if s.UX != 0 && int(s.UX) < obw {
		return false
	}
	s.UX = 0
	s.UY = (s.UY + uint8(p.ubH)) & 0x1f
	if s.UY != 0 && int(s.UY) < obh {
		return false
	}
	s.UY = 0
	if p.UsesWeights {
		m.S.WD.Full[s.WB&1] = 0
		m.wake(restWD)
		s.WB = (s.WB + 1) & 1
	}
	m.pulse(setMAC, pulseNextBlock)
	if !m.S.Trav.MACInner.nextOf(p, t, m.depth) {
		return false
	}
	s.Run = 0
	m.wakeAll()
	done := t.lastOfBlock(p)
	if done {
		s.AB = (s.AB + 1) & 1
	}
	needed := t.boxNeeded(p)
	if !needed {
		m.S.SB.IBFull[m.S.SB.IBSel&1] = 0
	}
	if !needed || p.depthN > 1 {
		m.S.SB.IBSel = (m.S.SB.IBSel + 1) & 1
	}
	m.pulse(setMAC, pulseNext)
	if t.next(p) {
		m.pulse(setMAC, pulseEnd)
		t.end()
	}
	return done
}
