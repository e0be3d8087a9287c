package npu

import "upset/npu/isa"

// A decoder or a reader of scale records that is told of a stream longer than it needs
// discards the rest, beat by beat. Where that is all that the machine still does, it comes
// back to the same state again and again, but for the addresses and the beats left.

// drained is how many beats are to be discarded, and the channel that fetches them.
func (m *Machine) drained() (beats uint32, ch uint8) {
	switch w, s := &m.S.WD, &m.S.AOScale; {
	case w.Ctl == wdDrain:
		return w.Beats, ChWeights
	case s.On != 0 && s.Drain != 0:
		return s.Beats, ChScale
	}
	return 0, ChCmd
}

// Drain is a machine that discards a stream.
type Drain struct {
	form    Flops
	channel uint8
	cycle   uint64
	addr    uint32
	left    uint32
	beats   uint32
}

// Draining begins to watch a machine that may do nothing else than discard a stream. It
// reports false where it does not, or where few beats are left.
func (m *Machine) Draining() (d Drain, ok bool) {
	const few = 1024 // our choice
	beats, ch := m.drained()
	if ch == ChCmd || beats < few {
		return d, false
	}
	s := m.drainStream(ch)
	if s.Active == 0 || s.Left < few {
		return d, false
	}
	d = Drain{channel: ch, cycle: m.S.Bus.Cycle, addr: s.Addr, left: s.Left, beats: beats}
	d.form, ok = m.drainForm(ch, 0)
	return d, ok
}

func (m *Machine) drainStream(ch uint8) *Stream {
	if ch == ChWeights {
		return &m.S.DMA.Wgt
	}
	return &m.S.DMA.Scl
}

// drainForm is the canonical form of a machine that discards a stream, without what is
// discarded, with addresses less a distance. It reports false where other reads are under
// way: their data are not discarded.
func (m *Machine) drainForm(ch uint8, distance uint32) (Flops, bool) {
	f := Canonical(&m.S.Flops)
	if ch == ChWeights {
		f.DMA.WgtFIFO, f.WD.Beats, f.DMA.Wgt.Addr, f.DMA.Wgt.Left = [wgtDepth]uint64{}, 0, 0, 0
	} else {
		f.DMA.SclFIFO, f.AOScale.Beats, f.DMA.Scl.Addr, f.DMA.Scl.Left = [sclDepth]uint64{}, 0, 0, 0
	}
	for p := range f.DMA.AXI {
		a, b := &f.DMA.AXI[p], &f.Bus.Port[p]
		for i := range a.RdCount {
			if a.RdChan[i] != ch {
				return f, false
			}
		}
		a.RData = [2]uint64{}
		if a.ARValid != 0 {
			if a.ARChan != ch {
				return f, false
			}
			a.ARAddr -= distance
		}
		for i := range b.Count {
			b.Addr[i] -= distance
		}
	}
	return f, true
}

// Period reports whether the machine is where it was when the watch began, but for the
// stream, and after how many cycles.
func (d *Drain) Period(m *Machine) (cycles uint64, ok bool) {
	s := m.drainStream(d.channel)
	now, ch := m.drained()
	distance := s.Addr - d.addr
	if ch != d.channel || s.Active == 0 || distance == 0 || distance%(minBurst<<2) != 0 || s.Left > d.left || d.left-s.Left != distance/8 || d.beats-now != distance/8 {
		return 0, false
	}
	f, ok := m.drainForm(ch, distance)
	return m.S.Bus.Cycle - d.cycle, ok && f == d.form
}

// Skip lets as many periods pass at once as surely do, but none that ends behind a cycle.
// It returns how many. All that the machine does in them is to discard beats of one memory, whose
// timing does not depend on the address.
func (d *Drain) Skip(m *Machine, limit uint64) (periods uint64) {
	s := m.drainStream(d.channel)
	now, _ := m.drained()
	cycles, distance := m.S.Bus.Cycle-d.cycle, s.Addr-d.addr
	const margin = 256 // beats that may be under way or in a queue, rounded up
	beats := distance / 8
	n := min(uint64(now), uint64(s.Left))
	if n <= uint64(beats)+margin || limit <= m.S.Bus.Cycle {
		return 0
	}
	n = min((n-uint64(beats)-margin)/uint64(beats), (limit-m.S.Bus.Cycle)/cycles)
	room := m.uniform(d.addr - 8*margin) // from behind what is under way
	n = min(n, (max(room, uint64(distance)+32*margin)-uint64(distance)-32*margin)/uint64(distance))
	if n == 0 {
		return 0
	}
	far, gone := uint32(n)*distance, uint32(n)*beats
	s.Addr += far
	s.Left -= gone
	if d.channel == ChWeights {
		m.S.WD.Beats -= gone
	} else {
		m.S.AOScale.Beats -= gone
	}
	pass := n * cycles
	m.S.Bus.Cycle += pass
	for p := range m.S.DMA.AXI {
		a, b := &m.S.DMA.AXI[p], &m.S.Bus.Port[p]
		if a.ARValid != 0 {
			a.ARAddr += far
		}
		for i := range b.Count {
			b.Addr[(b.Head+i)%tableReads] += far
		}
		b.later(pass)
	}
	return n
}

// later moves the times of a port.
func (b *PortState) later(cycles uint64) {
	b.NextR += cycles
	b.NextW += cycles
	for i := range b.Ready {
		b.Ready[i] += cycles
	}
	for i, t := range b.BReady {
		if t != ^uint64(0) {
			b.BReady[i] += cycles
		}
	}
}

// uniform is how many bytes from a bus address on lie in the same memory and answer with
// the same timing.
func (m *Machine) uniform(addr uint32) uint64 {
	if m.timing(addr).Permille != 0 {
		return 0
	}
	windows := [...]Window{{isa.SRAMBase, isa.SRAMSize}, {isa.FlashBase, isa.FlashSize}, {}}
	if m.routes != nil {
		windows = m.memory
	}
	for _, w := range windows {
		if addr-w.Base < w.Size {
			return uint64(w.Size - (addr - w.Base))
		}
	}
	return 0
}
