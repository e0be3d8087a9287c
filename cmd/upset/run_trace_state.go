package main

import (
	"upset/npu"
	"upset/npu/isa"
)

// commandReady is the parser's state in which a whole command waits to be
// executed.
const commandReady = 2

// cause is an event that tells what a block did in a cycle.
type cause struct {
	event npu.Event
	name  string
}

// Causes by block, the decisive one first: the decoder counts as active while it
// stalls, and the output stage may miss its next operands while it works.
var (
	macCauses = []cause{
		{npu.EvMACActive, "multiply"}, {npu.EvMACStalledWD, "stall: weights"}, {npu.EvMACStalledAB, "stall: accumulators"},
		{npu.EvMACStalledIB, "stall: input"}, {npu.EvMACOther, "set up or drain"},
	}
	aoCauses = []cause{
		{npu.EvAOActive, "scale"}, {npu.EvAOStalledOB, "stall: output buffer"}, {npu.EvAOStalledAB, "stall: accumulators"},
		{npu.EvAOStalledIB, "stall: input"}, {npu.EvAOStalledScale, "stall: scales"},
	}
	wdCauses  = []cause{{npu.EvWDStalled, "stall: buffers full"}, {npu.EvWDStarved, "stall: stream"}, {npu.EvWDActive, "decode"}}
	ifmCauses = []cause{{npu.EvBlockDep, "stall: block dependency"}, {npu.EvReconfig, "stall: layout"}}
)

// step looks at the machine after a clock cycle.
func (t *tracer) step() {
	t.at = t.base + t.m.Cycle() - 1
	cc, tr, d := &t.m.S.CC, &t.m.S.Trav, &t.m.S.DMA
	for b := range cc.OpValid {
		t.around(trackBank0+track(b), t.owner(cc.OpValid[b], uint8(b)))
	}
	t.show(trackCC, t.control(), nobody)
	t.show(trackCmd, reading(d.CmdOut > 0 || d.CmdLeft > 0, d.CmdOut), nobody)
	t.block(trackIFM, tr.IFM.On, tr.IFM.Bank, t.happened(ifmCauses, loading(tr.IFM.On, d.IFM.Busy|d.IFM.Loading)))
	t.block(trackWeights, d.Wgt.Active, d.Wgt.Bank, reading(d.Wgt.Active != 0, d.WgtOut))
	t.block(trackScale, d.Scl.Active, d.Scl.Bank, reading(d.Scl.Active != 0, d.SclOut))
	t.block(trackOFM, tr.OFM.On, tr.OFM.Bank, writing(tr.OFM.On, d.WrOut[0]))
	t.block(trackWD, tr.WD.On, tr.WD.Bank, t.happened(wdCauses, ""))
	t.block(trackMAC, tr.MAC.On, tr.MAC.Bank, t.happened(macCauses, ""))
	t.block(trackAO, tr.AO.On, tr.AO.Bank, t.happened(aoCauses, ""))
	dma := nobody
	if t.tally.dma >= 0 {
		dma = t.operations + t.tally.dma
	}
	t.around(trackM2M, dma)
	t.last = t.m.Events
	t.beats.step(t.m, t.at+1)
}

// owner is the operation of a bank while the flag is set.
func (t *tracer) owner(on, bank uint8) int {
	if on == 0 {
		return nobody
	}
	return t.in(bank)
}

// block sets the operation and the state of a block's track. In the last cycle of
// an operation the block still works, though it has turned to the next bank.
func (t *tracer) block(k track, on, bank uint8, state string) {
	op := t.owner(on, bank)
	if op == nobody && state != "" {
		op = t.ops[k].op
	}
	t.around(k, op)
	t.show(k, state, op)
}

// happened is the first cause that was counted in the last cycle, or else.
func (t *tracer) happened(causes []cause, otherwise string) string {
	for _, c := range causes {
		if t.m.Events[c.event] != t.last[c.event] {
			return c.name
		}
	}
	return otherwise
}

// control is what the central control does: it takes commands, waits for the
// stream, or holds a command back.
func (t *tracer) control() string {
	cc := &t.m.S.CC
	if cc.Parse == commandReady {
		if kind, op := isa.Classify(cc.Word); kind == isa.KindOp {
			return waitNames[op&(len(waitNames)-1)]
		}
	}
	if t.m.Events[npu.EvCCStarved] != t.last[npu.EvCCStarved] {
		return "stall: stream"
	}
	return "commands"
}

// waitNames are the states of a control that holds an operation back.
var waitNames = func() (names [32]string) {
	for op := range names {
		names[op] = "wait: " + isa.Opcode(op).String()
	}
	return names
}()

// reading is the state of a read channel.
func reading(on bool, outstanding uint8) string {
	switch {
	case !on:
		return ""
	case outstanding > 0:
		return "read"
	}
	return "buffer full"
}

// loading is the state of the IFM channel when nothing holds it back.
func loading(on, busy uint8) string {
	switch {
	case on == 0:
		return ""
	case busy != 0:
		return "load"
	}
	return "buffers full"
}

// writing is the state of the OFM channel.
func writing(on, outstanding uint8) string {
	if on != 0 && outstanding > 0 {
		return "write"
	}
	return ""
}

// ports is the number of series: reads and writes of both AXI ports.
const ports = 4

// beatEvents are the events behind the series, and beatNames what they are called.
var (
	beatEvents = [ports]npu.Event{npu.EvAXIReadBeat, npu.EvAXIReadBeat1, npu.EvAXIWriteBeat, npu.EvAXIWriteBeat1}
	beatNames  = [ports]string{"AXI0 read", "AXI1 read", "AXI0 write", "AXI1 write"}
)

// beats samples the traffic of the ports in windows of equal length. When there
// are too many windows, neighbours are joined.
type beats struct {
	window  uint64
	samples [][ports]uint64
	sum     [ports]uint64 // of the window under way
	last    [ports]uint64
}

// begin turns to a machine whose tallies start anew.
func (b *beats) begin(m *npu.Machine) {
	if b.window == 0 {
		b.window = firstBeats
	}
	b.last = [ports]uint64{}
	b.add(m)
}

// add takes over what the machine has counted since the last call.
func (b *beats) add(m *npu.Machine) {
	for i, e := range beatEvents {
		b.sum[i] += m.Events[e] - b.last[i]
		b.last[i] = m.Events[e]
	}
}

// step is called after the cycle that ends at a time.
func (b *beats) step(m *npu.Machine, now uint64) {
	if now%b.window != 0 {
		return
	}
	b.add(m)
	b.samples = append(b.samples, b.sum)
	b.sum = [ports]uint64{}
	if len(b.samples) < maxSamples {
		return
	}
	half := b.samples[:0]
	for i := 0; i+1 < len(b.samples); i += 2 {
		s := b.samples[i]
		for k := range s {
			s[k] += b.samples[i+1][k]
		}
		half = append(half, s)
	}
	b.samples = half
	b.window *= 2
}

// end takes over the rest of a program.
func (b *beats) end(m *npu.Machine) { b.add(m) }
