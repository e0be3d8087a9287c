package exhaustive

import (
	"errors"

	"upset/npu"
	"upset/npu/isa"
)

// cell is a byte of memory with a former value.
type cell struct {
	addr  uint32 // of the shared buffer, or an address of the system's SRAM
	value byte
}

// runner is a machine that hashes its memory and can take back what it wrote.
type runner struct {
	m        *npu.Machine
	j        npu.Journal
	ram, mem []byte // the contents before the present step
	hashes   [2]key // of the shared buffer and of the SRAM
	log      []cell
	full     bool // a step stored more than the journal holds
	setup    npu.CCState
}

// sync renews what the machine derives from its configuration, where that has changed.
// The machine itself does so when an operation is issued and when a bit is inverted;
// an operation that is started by an upset before its time would otherwise see what
// the registers held at another cycle, and State would not be all of the machine.
func (r *runner) sync() {
	a, b := &r.m.S.CC, &r.setup
	if a.Bank == b.Bank && a.OpCode == b.OpCode && a.OpParam == b.OpParam && a.IFMW == b.IFMW && a.IFMH == b.IFMH {
		return
	}
	r.m.Touched()
	r.setup = *a
}

func newRunner(m *npu.Machine) *runner {
	r := &runner{m: m}
	m.Probe.Journal = &r.j
	r.ram = make([]byte, m.Spec.SHRAMBytes())
	r.mem = make([]byte, len(m.Mem.SRAM))
	copy(r.ram, m.S.RAM.Mem[:])
	copy(r.mem, m.Mem.SRAM)
	return r
}

// settle notes that a byte may have changed.
func (r *runner) settle(addr uint32) {
	var now, was *byte
	h := &r.hashes[0]
	switch k := addr - isa.SRAMBase; {
	case r.mem == nil: // it only steps
		return
	case addr < isa.SRAMBase:
		now, was = &r.m.S.RAM.Mem[addr], &r.ram[addr]
	case int(k) < len(r.mem):
		now, was, h = &r.m.Mem.SRAM[k], &r.mem[k], &r.hashes[1]
	default: // behind the memory that the program uses writes are lost
		return
	}
	if *now == *was {
		return
	}
	a, b := hashByte(addr, *now), hashByte(addr, *was)
	h[0] += a[0] - b[0]
	h[1] += a[1] - b[1]
	r.log = append(r.log, cell{addr, *was})
	*was = *now
}

// step advances one clock.
func (r *runner) step() {
	r.j.Clear()
	r.m.Step()
	r.sync()
	list := r.j.Stores()
	if len(list) == 0 {
		return
	}
	r.full = r.full || !r.j.Equal(&r.j)
	for i := range list {
		s := &list[i]
		if s.External {
			for b := range uint32(8) {
				if s.Bytes>>b&1 != 0 {
					r.settle(s.Addr&^7 + b)
				}
			}
			continue
		}
		for b := range uint32(s.Bytes) {
			r.settle((s.Addr + b) % uint32(len(r.ram)))
		}
	}
}

var errJournal = errors.New("a clock stored more than the journal of package npu holds: enlarge it")

// back takes back everything since the log was last emptied.
func (r *runner) back() {
	for i := len(r.log) - 1; i >= 0; i-- {
		c := r.log[i]
		if c.addr >= isa.SRAMBase {
			r.m.Mem.SRAM[c.addr-isa.SRAMBase], r.mem[c.addr-isa.SRAMBase] = c.value, c.value
		} else {
			r.m.S.RAM.Mem[c.addr], r.ram[c.addr] = c.value, c.value
		}
	}
	r.log = r.log[:0]
}
