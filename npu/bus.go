package npu

import (
	"encoding/binary"
	"upset/npu/isa"
)

// BusState is the interconnect and memory behind both ports.
type BusState struct {
	Port  [2]PortState
	Gate  [places]GateState
	Stray uint32 `npu:"model"` // write beats outside the allowed window
	Cycle uint64 `npu:"model"` // clock cycles since run was set
}

// PortState is the traffic of one port that the memory has accepted. Requests
// are served in order.
type PortState struct {
	Addr   [tableReads]uint32  `npu:"model"`
	Beats  [tableReads]uint8   `npu:"model"`
	Ready  [tableReads]uint64  `npu:"model"` // cycle of the first beat
	Head   uint8               `npu:"model"`
	Count  uint8               `npu:"model"`
	NextR  uint64              `npu:"model"` // earliest cycle of the next read beat
	NextW  uint64              `npu:"model"` // earliest cycle of the next write beat
	BReady [tableWrites]uint64 `npu:"model"`
	BError [tableWrites]uint8  `npu:"model"`
	BHead  uint8               `npu:"model"`
	BCount uint8               `npu:"model"`
}

// Settled reports whether nothing on the port waits for a cycle after now: neither
// a response under way nor the next beat. A write burst without its last beat gets
// no response at all.
func (b *PortState) Settled(now uint64) bool {
	if b.NextR > now || b.NextW > now {
		return false
	}
	for i := range b.Count {
		if b.Ready[(b.Head+i)%tableReads] > now {
			return false
		}
	}
	for i := range b.BCount {
		if t := b.BReady[(b.BHead+i)%tableWrites]; t > now && t != ^uint64(0) {
			return false
		}
	}
	return true
}

// Resume sets the clock after a pause in which the host took its time: whatever was under
// way has arrived, at whatever cycle it was due, so that the clock may be set back as well.
// A write burst without its last beat gets no response even so.
func (b *BusState) Resume(cycle uint64) {
	b.Cycle = cycle
	for i := range b.Port {
		p := &b.Port[i]
		p.NextR, p.NextW = 0, 0
		for k := range p.Ready {
			p.Ready[k] = min(p.Ready[k], cycle)
		}
		for k, t := range p.BReady {
			if t != ^uint64(0) {
				p.BReady[k] = min(t, cycle)
			}
		}
	}
}

// stepBus moves read beats and write responses from the memory to the ports,
// and accepts a request and a write beat of each port.
func (m *Machine) stepBus() {
	if m.adapted {
		m.stepGates()
	}
	d, bus := &m.S.DMA, &m.S.Bus
	m.stepPort(0, &d.AXI[0], &bus.Port[0])
	m.stepPort(1, &d.AXI[1], &bus.Port[1])
}

func (m *Machine) stepPort(p int, a *AXIState, b *PortState) {
	now := m.S.Bus.Cycle
	if b.BCount > 0 && now >= b.BReady[b.BHead&(tableWrites-1)] {
		m.takeResponse(p, a, b)
	}
	if b.Count > 0 && a.RCount < 2 && now >= b.NextR && now >= b.Ready[b.Head&(tableReads-1)] {
		m.readBeat(p, a, b)
	}
	if a.ARValid != 0 {
		m.acceptRead(a, b)
		m.countAddress(EvAXIReadTaken+Event(p), 1, a.ARValid)
	}
	if a.WValid != 0 {
		if now >= b.NextW {
			m.acceptWrite(p, a, b)
		}
		m.countAddress(EvAXIWriteTaken+Event(p), a.WFirst, a.WValid)
	}
}

// readBeat takes the next beat of the oldest read, which is there, to the slice, which has
// room.
func (m *Machine) readBeat(p int, a *AXIState, b *PortState) {
	h := b.Head & (tableReads - 1)
	addr := b.Addr[h]
	v, image, ok := m.read8(addr)
	i := a.RCount & 1
	a.RData[i], a.RResp[i] = v, flag(!ok)
	a.RCount++
	if m.Probe.Journal != nil {
		m.Probe.Journal.noteLoad(image)
	}
	if m.Probe.Beat != nil {
		m.Probe.Beat(image&^7, 0xff, false)
	}
	m.count(EvAXIReadBeat+Event(p), 1)
	b.NextR = m.S.Bus.Cycle + m.timing(addr).interval(addr)
	b.Addr[h] += 8
	if b.Beats[h] > 1 {
		b.Beats[h]--
		return
	}
	b.Head = (h + 1) % tableReads
	b.Count--
}

func (m *Machine) acceptRead(a *AXIState, b *PortState) {
	if n := uint8(m.Sys.Limits.PortReads); b.Count >= n || a.RdCount >= n {
		return
	}
	if m.adapted && !m.passRead(a, b) {
		return
	}
	t := (b.Head + b.Count) % tableReads
	b.Addr[t] = a.ARAddr &^ 7
	b.Beats[t] = a.ARBeats
	b.Ready[t] = m.S.Bus.Cycle + uint64(m.timing(a.ARAddr).ReadLatency)
	b.Count++
	e := (a.RdHead + a.RdCount) % tableReads
	a.RdChan[e], a.RdBeats[e] = a.ARChan, a.ARBeats
	a.RdCount++
	a.ARValid = 0
	m.wake(restArbiters)
}

// acceptWrite takes the beat in the write slice, when its time has come.
func (m *Machine) acceptWrite(p int, a *AXIState, b *PortState) {
	now := m.S.Bus.Cycle
	if a.WFirst != 0 {
		if n := uint8(m.Sys.Limits.PortWrites); a.WrCount >= n || b.BCount >= n {
			return
		}
		if m.adapted && !m.passWrite(a, b) {
			return
		}
		t := (b.BHead + b.BCount) % tableWrites
		b.BError[t], b.BReady[t] = 0, ^uint64(0)
		b.BCount++
		a.WrChan[(a.WrHead+a.WrCount)%tableWrites] = a.WChan
		a.WrCount++
	} else if b.BCount == 0 { // a beat of a burst that was never opened is lost
		a.WValid = 0
		return
	}
	t := (b.BHead + b.BCount - 1) % tableWrites
	tm := m.timing(a.WAddr)
	b.NextW = now + tm.interval(a.WAddr)
	if a.WLast != 0 {
		b.BReady[t] = now + uint64(tm.WriteLatency)
	}
	if !m.storeBeat(a.WAddr, a.WData, a.WStrb) {
		b.BError[t] = 1
	}
	m.count(EvAXIWriteBeat+Event(p), 1)
	if m.adapted {
		m.S.Bus.Gate[m.place(a.WAddr)].note(1)
	}
	a.WValid = 0
}

// storeBeat writes the enabled bytes of a beat to memory. It records writes
// outside the window that the program may write to.
func (m *Machine) storeBeat(addr uint32, v uint64, strb uint8) bool {
	addr &^= 7
	if strb == 0 {
		return true
	}
	image, ok := m.writable(addr)
	if image < m.WindowLo || image >= m.WindowHi {
		m.S.Bus.Stray++
	}
	if !ok {
		return false
	}
	if m.Probe.Journal != nil {
		m.Probe.Journal.note(Store{Addr: image, Value: v, Bytes: strb, External: true})
	}
	if m.Probe.Beat != nil {
		m.Probe.Beat(image, strb, true)
	}
	if hole(image) || image >= isa.FlashBase && m.routes != nil {
		return true // no image takes it
	}
	m.Writes.note(image)
	if o := image - isa.SRAMBase; strb == 0xff && uint64(o)+8 <= uint64(len(m.Mem.SRAM)) {
		binary.LittleEndian.PutUint64(m.Mem.SRAM[o:], v)
		return true
	}
	for i := uint32(0); i < 8; i++ {
		if strb>>i&1 != 0 {
			m.Mem.SetByte(image+i, byte(v>>(8*i)))
		}
	}
	return true
}

// takeResponse takes the oldest response of a write burst, which is there.
func (m *Machine) takeResponse(p int, a *AXIState, b *PortState) {
	h := b.BHead & (tableWrites - 1)
	ch := a.WrChan[a.WrHead&15] & 1
	if b.BError[h] != 0 {
		m.busFault(p, ChOFM+int(ch))
	}
	b.BHead = (h + 1) % tableWrites
	b.BCount--
	if a.WrCount > 0 {
		a.WrHead = (a.WrHead + 1) % tableWrites
		a.WrCount--
	}
	if n := &m.S.DMA.WrOut[ch]; *n > 0 {
		*n--
	}
}

func (m *Machine) busFault(port, channel int) {
	cc := &m.S.CC
	cc.BusErr, cc.FaultIface, cc.FaultChan = 1, uint8(port), uint8(channel)
	m.halt()
}
