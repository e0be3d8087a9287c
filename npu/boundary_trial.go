package npu

// Trial evaluates a block and takes it back: what a machine would do with other registers,
// or what outputs from elsewhere would do to it. It holds the memory that this needs and may
// be used again, by one goroutine.
type Trial struct {
	flops   Flops
	work    work
	events  [NumEvents]uint64
	waits   Waits
	undo    []undone
	Journal Journal // stores to the shared buffer of the last trial
}

// undone is a stretch of the shared buffer before it was written.
type undone struct {
	addr int
	old  uint64
	n    int
}

// Do runs f on the machine, lets look see what it did, and restores the machine. F may
// write registers and the shared buffer, through the machine's blocks or otherwise, but
// not external memory.
func (t *Trial) Do(m *Machine, f, look func()) {
	t.flops, t.work, t.events, t.waits = m.S.Flops, m.work, m.Events, m.Waits
	probe := m.Probe
	t.Journal.Clear()
	t.undo = t.undo[:0]
	m.Probe.Journal = &t.Journal
	m.Probe.Access = func(addr, bytes, _ int, write bool) {
		if write {
			t.undo = append(t.undo, undone{addr, m.ram8(addr), bytes})
		}
	}
	f()
	m.Probe.Access = nil
	look()
	for i := len(t.undo) - 1; i >= 0; i-- {
		u := &t.undo[i]
		m.ramStore8(u.addr, u.old, u.n)
	}
	m.Probe = probe
	m.S.Flops, m.work, m.Events, m.Waits = t.flops, t.work, t.events, t.waits
}

// ram8 and ramStore8 read and write eight bytes of an unprotected buffer without being seen.
func (m *Machine) ram8(addr int) (v uint64) {
	size := uint(m.Spec.SHRAMBytes())
	for i := range 8 {
		v |= uint64(m.S.RAM.Mem[uint(addr+i)%size]) << (8 * i)
	}
	return v
}

func (m *Machine) ramStore8(addr int, v uint64, n int) {
	size := uint(m.Spec.SHRAMBytes())
	for i := range n {
		m.S.RAM.Mem[uint(addr+i)%size] = byte(v >> (8 * i))
	}
}
