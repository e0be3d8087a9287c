package npu_test

import (
	"os"
	"testing"

	"upset/npu"
	"upset/npu/isa"
)

// The driver's sequence by hand, register by register: reset, program, run, look
// at STATUS, clear the interrupt.
func TestDriverSequence(t *testing.T) {
	p := velaProgram(t, isa.U55x64, "hello_world_int8")
	input, err := os.ReadFile(shared(t, "golden", "hello_world_int8", "in_01.bin"))
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, p, input)
	if s := m.ReadReg(npu.RegStatus); s != npu.StatusRunning {
		t.Errorf("STATUS after CMD.run = %#x", s)
	}
	m.WriteReg(npu.RegQSize, 4) // ignored while running
	m.WriteReg(npu.RegPMCR, 1)
	m.WriteReg(npu.RegPMEVTYPE0, 0x30)
	if st := m.Run(1_000_000); st != npu.Done {
		t.Fatal(st)
	}
	const want = npu.StatusIRQ | npu.StatusEndReached | 0xffff<<16
	if s := m.ReadReg(npu.RegStatus); s != want {
		t.Errorf("STATUS at the end = %#x, want %#x", s, want)
	}
	if n := m.ReadReg(npu.RegQSize); n != uint32(4*len(p.Commands)) {
		t.Errorf("QSIZE changed to %d during the run", n)
	}
	if c := uint64(m.ReadReg(npu.RegPMCCNTRLo)); c != m.Cycle() {
		t.Errorf("PMCCNTR = %d after %d cycles", c, m.Cycle())
	}
	if n := uint64(m.ReadReg(npu.RegPMEVCNTR0)); n != m.Events[npu.EvMACActive] || n == 0 {
		t.Errorf("counter 0 = %d, MAC active %d", n, m.Events[npu.EvMACActive])
	}
	m.WriteReg(npu.RegCmd, npu.CmdClearIRQ|0xffff<<16)
	if s := m.ReadReg(npu.RegStatus); s != npu.StatusEndReached {
		t.Errorf("STATUS after clearing = %#x", s)
	}
	m.WriteReg(npu.RegQBase, p.StreamAddr())
	if s := m.ReadReg(npu.RegStatus); s != 0 {
		t.Errorf("STATUS after writing QBASE = %#x", s)
	}
	m.WriteReg(npu.RegReset, 0)
	if m.ReadReg(npu.RegBaseP0) != 0 {
		t.Error("reset keeps BASEP0")
	}
}

// A stream at an unmapped address ends with the bus status, interface 1 and the
// command channel.
func TestBusFault(t *testing.T) {
	m := npu.New(isa.U55x128, npu.DefaultSystem(), npu.ECCNone, &isa.Memory{})
	m.Start(0x1000, 64, [8]uint32{})
	if st := m.Run(10_000); st != npu.BusError {
		t.Fatal(st)
	}
	const want = npu.StatusIRQ | npu.StatusBus | 1<<11
	if s := m.ReadReg(npu.RegStatus); s != want {
		t.Errorf("STATUS = %#x, want %#x", s, want)
	}
}
