package npu

// Most of the time most blocks wait. A block that finds nothing to do in a clock rests: Run
// passes it over until another block writes one of the registers that it waits for, which
// wakes it. Step evaluates all blocks in each clock and asks nobody whether he rests, so that
// the rests say nothing about the machine; they only spare time.
//
// What ends a rest is written where it happens: frequent writes wake the blocks that read
// the register, rare ones, at the ends of blocks, jobs and operations, wake all. Whatever
// comes from outside wakes all, too: see [Machine.Touched].
type rests uint16

const (
	restOFM rests = 1 << iota
	restAO
	restScale
	restWD
	restIFM
	restArbiters
	restCC
)

// rest lets a block rest.
func (m *Machine) rest(b rests) { m.resting |= b }

// wake ends the rests of some blocks.
func (m *Machine) wake(b rests) { m.resting &^= b }

// wakeAll ends all rests. What Run keeps of a micro-block is made anew.
func (m *Machine) wakeAll() {
	m.resting = 0
	m.block.valid = false
}

// Run steps until the NPU stops, the cycle counter reaches limit, or Observe calls
// [Machine.Pause]. The states are those that Step gives.
func (m *Machine) Run(limit uint64) Status {
	m.limit = limit
	m.wakeAll()
	m.late.on = true
	for m.S.CC.Run != 0 && m.S.Bus.Cycle < m.limit {
		m.advance()
	}
	m.late.on, m.block.valid = false, false
	m.settle()
	if m.S.CC.Run != 0 {
		return Timeout
	}
	return m.Status()
}

// Pause lets Run return at the end of the clock under way.
func (m *Machine) Pause() { m.limit = 0 }

// advance is Step without the blocks that rest.
func (m *Machine) advance() {
	m.begin()
	m.stepBus()
	if m.resting&restOFM == 0 {
		m.stepOFM()
	}
	if m.S.DMA.M2M.On != 0 {
		m.stepM2M()
	}
	if m.resting&restAO == 0 {
		m.stepAO()
	} else {
		m.Events[m.waitsFor] += m.waiting
	}
	if m.resting&restScale == 0 {
		m.stepScale()
	}
	m.stepMAC()
	if m.resting&restWD == 0 {
		m.stepWD()
	} else if m.S.WD.Ctl == wdRun {
		m.Events[EvWDActive]++
		m.Events[EvWDStalled]++
	}
	if m.S.SB.WrBytes != 0 {
		m.stepWritePort()
	}
	if m.resting&restIFM == 0 {
		m.stepIFM()
	}
	if m.S.DMA.AXI[0].RCount|m.S.DMA.AXI[1].RCount != 0 {
		m.stepReadSlices()
	}
	m.stepStreamChannels()
	if m.resting&restArbiters == 0 {
		m.stepArbiters()
	}
	if m.resting&restCC == 0 {
		m.stepCC()
	}
	if m.S.PMU.Enable != 0 {
		m.stepPMU()
	}
	if m.S.CC.Run == 0 {
		m.stopped()
	}
	if m.Probe.Clocked != nil {
		m.Probe.Clocked()
	}
}

// stopped hands over to the software outside.
func (m *Machine) stopped() {
	if m.Host == nil {
		return
	}
	m.settle()
	if m.Host(m) {
		m.Starts++
		m.wakeAll()
	}
}
