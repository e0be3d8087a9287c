package npu

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

func canonicalPort(a *AXIState, b *PortState, now uint64) {
	if a.ARValid == 0 {
		a.ARAddr, a.ARBeats, a.ARChan = 0, 0, 0
	}
	turn(a.RdChan[:], a.RdHead, a.RdCount)
	turn(a.RdBeats[:], a.RdHead, a.RdCount)
	a.RdHead = 0
	for i := int(a.RCount); i < len(a.RData); i++ {
		a.RData[i], a.RResp[i] = 0, 0
	}
	if a.WValid == 0 {
		a.WAddr, a.WData, a.WStrb, a.WFirst, a.WLast, a.WChan = 0, 0, 0, 0, 0, 0
	} else {
		a.WData &= strobed(a.WStrb)
	}
	turn(a.WrChan[:], a.WrHead, a.WrCount)
	turn(b.Addr[:], b.Head, b.Count)
	turn(b.Beats[:], b.Head, b.Count)
	turn(b.Ready[:], b.Head, b.Count)
	turn(b.BReady[:], b.BHead, b.BCount)
	turn(b.BError[:], b.BHead, b.BCount)
	a.WrHead, b.Head, b.BHead = 0, 0, 0
	for i := range min(int(b.Count), len(b.Ready)) {
		b.Ready[i] = fromNow(b.Ready[i], now)
	}
	for i := range min(int(b.BCount), len(b.BReady)) {
		b.BReady[i] = fromNow(b.BReady[i], now)
	}
	b.NextR, b.NextW = fromNow(b.NextR, now), fromNow(b.NextW, now)
}

// fromNow counts a time from the next cycle on; the bus compares times with the
// present only, so that all those in the past are alike.
func fromNow(t, now uint64) uint64 {
	switch {
	case t == ^uint64(0):
		return t
	case t <= now+1:
		return 0
	}
	return t - now - 1
}

// onlyValues reports whether all reads under way are of inputs or scales.
func (a *AXIState) onlyValues() bool {
	for i := range a.RdCount {
		if ch := a.RdChan[(a.RdHead+i)%tableReads]; ch != ChIFM && ch != ChScale {
			return false
		}
	}
	return true
}
