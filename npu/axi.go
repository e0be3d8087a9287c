package npu

import (
	"encoding/binary"

	"upset/npu/isa"
)

// Read and write channels, numbered as in STATUS.faulting_channel (Arm U55
// register header).
const (
	ChCmd     = 0
	ChIFM     = 1
	ChWeights = 2
	ChScale   = 3
	ChM2M     = 4
	ChOFM     = 8
	ChM2MW    = 9

	readChannels = 5
)

const (
	tableReads  = 32 // outstanding reads of a port (AXI_LIMIT: up to 32)
	tableWrites = 16 // outstanding writes of a port (AXI_LIMIT: up to 16)
	minBurst    = 64 // bytes of a burst with AXI_LIMIT burst = 0; 128 with 1, 256 with 2
)

// AXIState is the NPU's side of one 64-bit AXI port: a request register, the
// table of outstanding reads, a two-deep slice for read data, a write slice and
// the table of outstanding writes.
type AXIState struct {
	ARAddr  uint32 `npu:"32,local"`
	ARBeats uint8  `npu:"6,local"`
	ARChan  uint8  `npu:"3,local"`
	ARValid uint8  `npu:"1,local"`

	RdChan  [tableReads]uint8 `npu:"3,local"`
	RdBeats [tableReads]uint8 `npu:"6,local"`
	RdHead  uint8             `npu:"5,local"`
	RdCount uint8             `npu:"6,local"`
	RData   [2]uint64         `npu:"64,data"`
	RResp   [2]uint8          `npu:"1,local"`
	RCount  uint8             `npu:"2,local"`
	Turn    uint8             `npu:"3,local"` // round-robin pointer of the read arbiter

	WAddr   uint32             `npu:"32,local"`
	WData   uint64             `npu:"64,data"`
	WStrb   uint8              `npu:"8,local"`
	WFirst  uint8              `npu:"1,local"`
	WLast   uint8              `npu:"1,local"`
	WChan   uint8              `npu:"1,local"` // 0 OFM, 1 memory to memory
	WValid  uint8              `npu:"1,local"`
	WrChan  [tableWrites]uint8 `npu:"1,local"`
	WOwner  uint8              `npu:"2,local"` // channel + 1 that holds the port during a burst
	WrHead  uint8              `npu:"4,local"`
	WrCount uint8              `npu:"5,local"`
}

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

// Timing describes a memory as the NPU's clock sees it.
type Timing struct {
	BeatInterval int // cycles per 64-bit beat
	ReadLatency  int // cycles from an accepted request to the first beat
	WriteLatency int // cycles from the last beat to the response

	// Permille is what a beat takes beyond BeatInterval on average, in thousandths of a
	// cycle. Which beats of a run take a cycle more depends on their address alone.
	Permille int `json:",omitzero"`

	Adapter Adapter `json:",omitzero"`
}

// interval is the cycles that the beat at an address takes.
func (t *Timing) interval(addr uint32) uint64 {
	if t.Permille == 0 {
		return uint64(t.BeatInterval)
	}
	i, f := uint64(addr>>3), uint64(t.Permille)
	return uint64(t.BeatInterval) + (i+1)*f/1000 - i*f/1000
}

// System is the platform around the NPU.
type System struct {
	SRAM, Flash Timing
	Limits      Limits // zero values stand for the defaults
	DRAM        Timing `json:",omitzero"`
	Map         Map    `json:",omitzero"`
}

// DefaultSystem is Vela 3.10's Ethos_U55_High_End_Embedded: SRAM at the NPU's
// clock with 32 cycles of latency, off-chip flash at an eighth of the bandwidth
// with 64 cycles.
func DefaultSystem() System {
	return System{
		SRAM:   Timing{BeatInterval: 1, ReadLatency: 32, WriteLatency: 32},
		Flash:  Timing{BeatInterval: 8, ReadLatency: 64, WriteLatency: 64},
		Limits: DefaultLimits(),
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
	if m.Journal != nil {
		m.Journal.noteLoad(image)
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
	if m.Journal != nil {
		m.Journal.note(Store{Addr: image, Value: v, Bytes: strb, External: true})
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

// takers are the blocks that wait for data of a read channel, or for room to ask for more.
var takers = [8]rests{ChCmd: restCC, ChIFM: restIFM | restArbiters, ChScale: restScale, ChM2M: restArbiters}

// stepReadSlices hands the oldest read beat of each port to its channel.
func (m *Machine) stepReadSlices() {
	for p := range m.S.DMA.AXI {
		a := &m.S.DMA.AXI[p]
		if a.RCount == 0 || a.RCount > 2 {
			continue
		}
		h := a.RdHead & (tableReads - 1)
		ch := int(a.RdChan[h])
		if a.RResp[0] != 0 {
			m.busFault(p, ch)
			return
		}
		if ch == ChIFM && !m.takesFrom(p) || !m.S.DMA.push(ch, a.RData[0], &m.Sys.Limits) {
			continue
		}
		m.wake(takers[ch&7])
		a.RData[0], a.RResp[0] = a.RData[1], a.RResp[1]
		a.RCount--
		if a.RdBeats[h] > 1 {
			a.RdBeats[h]--
			continue
		}
		a.RdHead = (a.RdHead + 1) % tableReads
		if a.RdCount > 0 {
			a.RdCount--
		}
		m.wake(restArbiters)
	}
}
