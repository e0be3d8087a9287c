package npu

// Adapter is a timing adapter in front of a memory, as Arm's ML embedded evaluation kit
// sets one before each port of its simulator and FPGA systems (public registers of the
// timing adapter: MAXR, MAXW, MAXRW, PULSE_ON, PULSE_OFF, BWCAP). Its latencies are those
// of the memory's [Timing]. It lets addresses through, or does not: a burst that has begun
// goes on over the end of the pulse and over the cap (inferred from counters of the
// simulator, see docs/silicon.md). Zero values set no limit.
type Adapter struct {
	Reads, Writes, Both int // bursts pending on a port
	On, Off             int // cycles of a period in which addresses pass, and in which they do not
	Words               int // beats of a period after which no address passes
}

// MaxPeriod bounds the period of an adapter in cycles, and its beats (PULSE_ON and PULSE_OFF
// are registers of 16 bits).
const MaxPeriod = 1<<16 - 1

// GateState is where an adapter stands in its period. The period begins with the run (our
// choice: a real one runs freely).
type GateState struct {
	Phase uint32 `npu:"model"` // cycles since the period began
	Words uint32 `npu:"model"` // beats of the bursts let through in it
}

// note counts beats that were let through.
func (g *GateState) note(beats uint32) { g.Words += beats }

// period is the length of a pulse with its pause.
func (a *Adapter) period() uint32 { return uint32(a.On + a.Off) }

// open reports whether an address may pass.
func (a *Adapter) open(g *GateState) bool {
	return (a.Off == 0 || g.Phase < uint32(a.On)) && (a.Words == 0 || g.Words < uint32(a.Words))
}

// stepGates advances the periods by a cycle.
func (m *Machine) stepGates() {
	for p := range m.S.Bus.Gate {
		a, g := &m.Sys.timing(Place(p)).Adapter, &m.S.Bus.Gate[p]
		if a.period() == 0 {
			continue
		}
		if g.Phase++; g.Phase >= a.period() {
			*g = GateState{}
		}
	}
}

// passRead lets a read burst through the adapter of its memory.
func (m *Machine) passRead(a *AXIState, b *PortState) bool {
	p := m.place(a.ARAddr)
	t, g := &m.Sys.timing(p).Adapter, &m.S.Bus.Gate[p]
	if !t.room(b.Count, t.Reads, b) || !t.open(g) {
		return false
	}
	g.note(uint32(a.ARBeats))
	return true
}

// passWrite lets a write burst through; its beats count as they are written.
func (m *Machine) passWrite(a *AXIState, b *PortState) bool {
	p := m.place(a.WAddr)
	t := &m.Sys.timing(p).Adapter
	return t.room(b.BCount, t.Writes, b) && t.open(&m.S.Bus.Gate[p])
}

// room reports whether one more burst may be pending.
func (a *Adapter) room(pending uint8, limit int, b *PortState) bool {
	return (limit == 0 || int(pending) < limit) && (a.Both == 0 || int(b.Count)+int(b.BCount) < a.Both)
}

// Asks reports whether an address or a beat of the NPU waits to be let through on a port.
// Without one nothing in the machine depends on where the adapters stand.
func (d *DMAState) Asks() bool {
	for p := range d.AXI {
		if d.AXI[p].ARValid != 0 || d.AXI[p].WValid != 0 {
			return true
		}
	}
	return false
}
