package mechanism

import (
	"upset/netlist"
	"upset/npu"
	"upset/npu/isa"
)

// check is a checker: a component beside the machine that reads its registers and
// has registers of its own. In a fault-free run what it stores follows from the
// machine, so that a run may begin at any cycle.
type check interface {
	// regs lists the registers, in a fixed order.
	regs() []reg
	// sync stores what the fault-free run has stored when the machine, which is in
	// a fault-free state, stands where it does.
	sync(m *npu.Machine)
	// before looks at the machine before a clock and reports an alarm.
	before(m *npu.Machine) bool
	// after takes over what the clock loads and reports an alarm.
	after(m *npu.Machine) bool
	// agrees reports whether the registers are what sync would store.
	agrees(m *npu.Machine) bool
}

// reg is a register of a checker.
type reg struct {
	name string
	bits int
	word *uint64
}

// mask keeps the low bits of a word.
func mask(bits int) uint64 { return 1<<bits - 1 }

// storage is the number of flops of a checker.
func storage(c check) (n int) {
	for _, r := range c.regs() {
		n += r.bits
	}
	return n
}

// registerOf finds the register that holds a bit of a checker.
func registerOf(c check, k int) (r reg, bit int) {
	for _, r := range c.regs() {
		if k < r.bits {
			return r, k
		}
		k -= r.bits
	}
	return reg{}, 0
}

// Compiled is what the compiler knows of a program and gives to the checkers.
type Compiled struct {
	// Streams holds the CRC of the weights of every operation, by the place of its
	// command in the stream.
	Streams map[uint32]uint32
	// Longest is the length of the longest of them in beats.
	Longest int
	// history is what the CRC registers hold over a fault-free run; its cycles do not
	// depend on the input.
	history []moment
	// Jobs are what a watchdog is armed for.
	Jobs Jobs
}

// Compile finds what the checkers need of a program: it runs the machine, which
// stands at the start of an inference, to its end.
func Compile(m *npu.Machine, j Jobs) *Compiled {
	c := &Compiled{Streams: map[uint32]uint32{}, Jobs: j}
	var issued [4]uint32
	for m.S.CC.Run != 0 {
		before, offset := m.S.CC.OpValid, m.S.CC.Offset
		starts := m.S.WD.Pass() == npu.PassInit
		bank := m.S.Trav.WD.Bank
		if starts {
			if _, known := c.Streams[issued[bank&3]]; !known {
				addr, beats := m.WeightStream(bank)
				c.Streams[issued[bank&3]] = streamCRC(m, addr, beats)
				c.Longest = max(c.Longest, beats)
			}
		}
		m.Step()
		for b := range before {
			if before[b] == 0 && m.S.CC.OpValid[b] != 0 {
				issued[b] = offset
			}
		}
	}
	return c
}

// Follow runs the CRC beside the machine, which stands at the start of the same
// inference again, and remembers what it holds.
func (c *Compiled) Follow(m *npu.Machine) {
	x := &crc{streams: c.Streams, longest: c.Longest}
	x.sync(m)
	var last moment
	for m.S.CC.Run != 0 {
		x.before(m)
		m.Step()
		x.after(m)
		now := moment{m.Cycle(), x.sum, x.bank, x.expected}
		_, live := x.consumed(m)
		if live {
			now.sum = last.sum // it follows from the memory
		}
		if now.bank != last.bank || now.expected != last.expected || now.sum != last.sum {
			c.history, last = append(c.history, now), now
		}
	}
}

// moment is what the CRC registers hold from a cycle on.
type moment struct {
	cycle, sum, bank uint64
	expected         [4]uint64
}

// newCheck makes the checker of a kind for a configuration.
func newCheck(k Kind, c isa.Config, compiled *Compiled) check {
	if compiled == nil {
		compiled = &Compiled{}
	}
	switch k {
	case Watchdog:
		return &watchdog{jobs: compiled.Jobs}
	case Residue:
		return &residue{}
	case StreamCRC:
		return &crc{streams: compiled.Streams, longest: compiled.Longest, history: compiled.history}
	case Checksum:
		return newChecksum(c)
	}
	return nil
}

// checker adds the storage of a checker to a design.
func (d *Design) checker(c Choice) {
	n := storage(newCheck(c.Kind, d.table.Config, nil))
	d.part(Part{Block: c.Block, Kind: c.Kind, Name: "check", Bits: n})
	d.part(Part{Block: c.Block, Kind: c.Kind, Name: "alarm", Bits: 1})
}

// Equip gives the checkers what the compiler knows. Designs without checkers need
// it not.
func (d *Design) Equip(c *Compiled) { d.compiled = c }

// Watches reports whether the design has checkers, which need Equip.
func (d *Design) Watches() bool {
	for _, c := range d.choices {
		if c.Kind.Checker() {
			return true
		}
	}
	return false
}

// checks makes the checkers of a design for a guard.
func (d *Design) checks() (list []beside) {
	for i := range d.parts {
		if p := &d.parts[i]; p.Name == "check" {
			list = append(list, beside{p.First, p.Kind, newCheck(p.Kind, d.table.Config, d.compiled)})
		}
	}
	return list
}

// beside is a checker of a guard with the first of its sites.
type beside struct {
	first netlist.SiteID
	kind  Kind
	check check
}
