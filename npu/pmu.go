package npu

// PMUState is the performance monitor. Nothing in the machine depends on it.
type PMUState struct {
	Enable uint8     `npu:"1,obs"`
	Mask   uint8     `npu:"1,obs"`
	Cycles uint64    `npu:"48,obs"`
	Type   [4]uint16 `npu:"10,obs"`
	Count  [4]uint32 `npu:"32,obs"`
}

// Event is something the machine counts. PMUEvents maps the public event numbers
// to them.
type Event uint8

// Events.
const (
	EvActive Event = iota
	EvMACActive
	EvMACIdle
	EvMACStalledWD
	EvMACStalledAB
	EvMACStalledIB
	EvMACOther // a job is set up, or the pipeline drains
	EvAOActive
	EvAOStalledOB
	EvAOStalledAB
	EvAOStalledIB
	EvAOStalledScale
	EvWDActive
	EvWDStarved
	EvWDStalled
	EvBlockDep
	EvReconfig // the shared buffer's layout is about to change
	EvCCStarved
	EvECC
	EvAXIReadBeat  // port 0
	EvAXIReadBeat1 // port 1
	EvAXIWriteBeat
	EvAXIWriteBeat1
	NumEvents
)

// PMUEvents maps public event numbers (Arm U55 register header) to events.
var PMUEvents = map[uint16]Event{
	0x11: EvActive, 0x23: EvActive, 0x21: EvBlockDep, 0x22: EvReconfig, 0x30: EvMACActive, 0x33: EvMACActive,
	0x35: EvMACStalledWD, 0x36: EvMACStalledAB, 0x37: EvMACStalledIB, 0x40: EvAOActive,
	0x45: EvAOStalledOB, 0x47: EvAOStalledAB, 0x48: EvAOStalledIB, 0x50: EvWDActive,
	0x51: EvWDStalled, 0x52: EvWDStarved, 0x82: EvAXIReadBeat, 0x182: EvAXIReadBeat1,
	0x87: EvAXIWriteBeat, 0x187: EvAXIWriteBeat1, 0xB1: EvECC,
}

// count adds to an event's tally.
func (m *Machine) count(e Event, n uint64) { m.Events[e] += n }

// stepPMU advances the counters by what happened in this cycle.
func (m *Machine) stepPMU() {
	u := &m.S.PMU
	if u.Enable == 0 {
		return
	}
	u.Cycles = (u.Cycles + 1) & (1<<48 - 1)
	for i, t := range u.Type {
		if e, ok := PMUEvents[t]; ok {
			u.Count[i] += uint32(m.Events[e] - m.before[i])
		}
	}
}

// pmuSample reads the tallies that the four counters follow.
func (m *Machine) pmuSample() {
	if m.S.PMU.Enable == 0 {
		return
	}
	for i, t := range m.S.PMU.Type {
		if e, ok := PMUEvents[t]; ok {
			m.before[i] = m.Events[e]
		}
	}
}
