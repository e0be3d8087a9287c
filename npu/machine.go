package npu

import (
	"fmt"

	"upset/npu/isa"
)

// Machine is an Ethos-U55 with the system around it.
type Machine struct {
	Config isa.Config
	Spec   *isa.Spec
	Sys    System
	ECC    ECC
	Mem    *isa.Memory
	S      State

	// WindowLo and WindowHi bound the addresses that the program may write;
	// writes elsewhere are counted as stray.
	WindowLo, WindowHi uint32

	Events [NumEvents]uint64 // tallies since construction; not part of the machine
	Waits  Waits             // for banks of the shared buffer, likewise
	Writes Pages             // pages of SRAM written since it was last cleared
	Probe  Probe             // what watches the machine

	// Host is called when the NPU has come to a stop, may be nil. It is the software
	// outside: it may write to memory and start another stream, which it reports.
	Host   func(m *Machine) bool
	Starts int // streams that Host has started since construction

	memory  [places]Window // of the system
	routes  []route        // nil with the default map
	adapted bool           // an adapter stands before one of the memories

	op         [4]params  // decoded view of the banks, renewed when they change
	late       lateArray  // of the array, within Run
	block      microBlock // of the array, within Run
	job        jobView    // of the MAC array, renewed when its counters or their bank change
	work       work
	limit      uint64 // of Run
	resting    rests
	waitsFor   Event     // what the output stage waits for while it rests
	waiting    uint64    // 1 where that is counted
	before     [4]uint64 // tallies at the start of the cycle that the PMU's counters follow
	ports      ports
	pixels     int // of a micro-block
	depth      int // its channels
	dots       int
	shramLast8 int
	lutStart   int
}

// work counts what a single step did, for the checks on the clock.
type work struct {
	macs, weights int
	held          hold
	pulses        [counterSets]pulse
}

// Pages marks 4 KiB pages of SRAM.
type Pages [isa.MaxSRAM >> 18]uint64

// PageShift is the size of a page as a power of two.
const PageShift = 12

// Note marks the pages of n bytes at an address.
func (p *Pages) Note(addr uint32, n int) {
	for a := addr &^ (1<<PageShift - 1); n > 0 && a <= addr+uint32(n)-1; a += 1 << PageShift {
		p.note(a)
	}
}

func (p *Pages) note(addr uint32) {
	i := (addr - isa.SRAMBase) >> PageShift
	p[i>>6] |= 1 << (i & 63)
}

// Has reports whether the i-th page of SRAM is marked.
func (p *Pages) Has(i int) bool { return p[i>>6]>>(i&63)&1 != 0 }

// New returns a machine after reset. Where the system has a map of its own, the images
// of mem must have their length.
func New(c isa.Config, sys System, ecc ECC, mem *isa.Memory) *Machine {
	s := c.Spec()
	m := &Machine{
		Config: c, Spec: s, Sys: sys, ECC: ecc, Mem: mem,
		WindowLo: isa.SRAMBase, WindowHi: isa.SRAMBase + isa.SRAMSize,
		pixels: s.UBlockH * s.UBlockW, depth: s.UBlockD, dots: s.UBlockH * s.UBlockW * s.UBlockD,
		shramLast8: s.SHRAMBytes() - 8, lutStart: s.LUTStart(),
	}
	m.Sys.Limits = sys.Limits.bounded()
	m.ports = ports{limit: m.Sys.Limits.SharedPorts, place: placement(m.Sys.Limits.SharedPlacement), banks: s.SHRAMBytes() / isa.BankBytes}
	k := sys.Memories()
	m.memory, m.routes = [places]Window{k.SRAM, k.Flash, k.DRAM}, sys.routes(mem)
	for p := range places {
		m.adapted = m.adapted || m.Sys.timing(p).Adapter != Adapter{}
	}
	m.refresh()
	return m
}

// Status is how a run ended.
type Status uint8

// Statuses.
const (
	Running Status = iota
	Done           // the stream's STOP was reached
	BusError
	ParseError
	DecoderFault
	ECCFault
	Timeout // the step limit was reached
)

var statusNames = [...]string{"running", "done", "bus error", "parse error", "weight decoder fault", "ECC fault", "timeout"}

func (s Status) String() string { return statusNames[s] }

// Status reads the status bits.
func (m *Machine) Status() Status {
	cc := &m.S.CC
	switch {
	case cc.Run != 0:
		return Running
	case cc.BusErr != 0:
		return BusError
	case cc.ParseErr != 0:
		return ParseError
	case cc.WDFault != 0:
		return DecoderFault
	case cc.ECCFault != 0:
		return ECCFault
	case cc.EndReached != 0:
		return Done
	}
	return Timeout
}

// Load replaces the machine's state.
func (m *Machine) Load(s *State) {
	m.S = *s
	m.refresh()
}

// Touched renews what the machine derives from its state; call it after writing
// to S.
func (m *Machine) Touched() { m.refresh() }

// Cycle is the number of clock cycles since reset.
func (m *Machine) Cycle() uint64 { return m.S.Bus.Cycle }

// Step advances one clock. Its blocks run one after the other on the one state, in the
// order of the list named order: a block that reads a register before its writer runs
// sees the value from before the clock edge; one that reads it after its writer sees the
// new value in the same cycle, as through combinational logic. Most ready signals pass
// through in this way, from the end of the pipeline to its start, most data stand in
// registers. docs/step-order.md shows all of them, and which blocks may change places.
// A block that a register shows to be idle is passed over.
func (m *Machine) Step() {
	if m.S.CC.Run == 0 {
		return
	}
	m.begin()
	m.stepBus()
	m.stepOFM()
	if m.S.DMA.M2M.On != 0 {
		m.stepM2M()
	}
	m.stepAO()
	m.stepScale()
	m.stepMAC()
	m.stepWD()
	if m.S.SB.WrBytes != 0 {
		m.stepWritePort()
	}
	m.stepIFM()
	if m.S.DMA.AXI[0].RCount|m.S.DMA.AXI[1].RCount != 0 {
		m.stepReadSlices()
	}
	m.stepStreamChannels()
	m.stepArbiters()
	m.stepCC()
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

// begin opens a clock cycle. A halt in the middle of it lets the other blocks finish it.
func (m *Machine) begin() {
	if m.S.PMU.Enable != 0 {
		m.pmuSample()
	}
	m.S.Bus.Cycle++
	m.work = work{}
	if m.ports.limit > 0 {
		m.ports.taken = [maxBanks]uint8{}
	}
	m.Events[EvActive]++
}

// Describe says where the machine stands, for error messages.
func (m *Machine) Describe() string {
	cc, t := &m.S.CC, &m.S.Trav
	return fmt.Sprintf("cycle %d, command at byte %d, operations %v, banks: parser %d, IFM %d, WD %d, MAC %d, AO %d, OFM %d",
		m.S.Bus.Cycle, cc.QRead, cc.OpValid, cc.Cur, t.IFM.Bank, t.WD.Bank, t.MAC.Bank, t.AO.Bank, t.OFM.Bank)
}
