package npu

// Signal is a wire at the boundary of a block. Its name is that of the port in the
// block's Verilog (netlist/rtl).
type Signal struct {
	Name    string
	Width   int // bits, 1 or more; a signal wider than 64 takes several words, low bits first
	Meaning string
}

// words is how many words of 64 bits a signal takes.
func (s *Signal) words() int { return (s.Width + 63) / 64 }

// Boundary is what a block of the machine exchanges with the others in a clock: the
// place where a second implementation of the block takes its inputs from, and where
// its outputs are compared. Inputs and outputs are words in the order of the signals.
//
// The inputs of a clock are those that stand when Step evaluates the block: signals
// that pass through from blocks evaluated earlier in the clock are in them. Registers of
// the block are those from before the clock, so a write of another block to one of them
// is an input as well.
type Boundary struct {
	Block     string   // top module in Verilog
	Registers []string // qualified names of the registers inside, as package netlist lists them; one that ends in a dot stands for all below it
	Inputs    []Signal
	Outputs   []Signal

	// first and last are the places in order of the blocks that belong to it. Late means
	// that the inputs are known only when the clock is over, as for counters that other
	// blocks drive.
	first, last int
	late        bool

	// note remembers from before the clock what sample needs. It may be nil.
	note func(m *Machine) uint64
	// sample reads the inputs that do not depend on outputs of the same clock.
	sample func(m *Machine, note uint64, in []uint64)
	// answer reads the inputs that the block asks for with its outputs, such as settings
	// of a bank and data at an address. It may be nil.
	answer func(m *Machine, out, in []uint64)
	// prepare does to the registers inside what other blocks do to them earlier in the
	// clock, as the inputs tell. It may be nil.
	prepare func(m *Machine, in []uint64)
	// apply does to the rest of the machine what the outputs ask for.
	apply func(m *Machine, out []uint64)
	// clear sets the registers inside to zero.
	clear func(f *Flops)
	// evaluate stands in for the blocks of order where the registers belong to several
	// of them. It may be nil.
	evaluate func(m *Machine, in []uint64)
}

// InputWords and OutputWords are the lengths of the slices that Sample, Answer and Apply
// take.
func (b *Boundary) InputWords() int  { return count(b.Inputs) }
func (b *Boundary) OutputWords() int { return count(b.Outputs) }

func count(list []Signal) int {
	n := 0
	for i := range list {
		n += list[i].words()
	}
	return n
}

// Note returns what Sample needs to know of the machine as it is before a clock.
func (b *Boundary) Note(m *Machine) uint64 {
	if b.note == nil {
		return 0
	}
	return b.note(m)
}

// Sample reads the inputs of the clock that do not depend on outputs of the block, in a
// machine that stands where Step evaluates the block. Inputs that [Boundary.Answer] fills
// are left alone.
func (b *Boundary) Sample(m *Machine, note uint64, in []uint64) { b.sample(m, note, in) }

// Clear sets the registers of the block to zero, so that the rest can be compared.
func (b *Boundary) Clear(f *Flops) { b.clear(f) }

// Answer fills the inputs that the block asks for with its outputs: settings of the bank
// that it names, data of the shared buffer at the address that it gives.
func (b *Boundary) Answer(m *Machine, out, in []uint64) {
	if b.answer != nil {
		b.answer(m, out, in)
	}
}

// Prepare does to the registers of the block what other blocks do to them before it is
// evaluated, as the inputs tell.
func (b *Boundary) Prepare(m *Machine, in []uint64) {
	if b.prepare != nil {
		b.prepare(m, in)
	}
}

// Apply does to the registers and the RAM outside the block what its outputs ask for.
func (b *Boundary) Apply(m *Machine, out []uint64) { b.apply(m, out) }

// Evaluate evaluates the block alone, on a machine that stands where Step does it.
func (b *Boundary) Evaluate(m *Machine, in []uint64) {
	if b.evaluate != nil {
		b.evaluate(m, in)
		return
	}
	for i := b.first; i <= b.last; i++ {
		order[i].Step(m)
	}
}

// Late reports whether the inputs of a clock are known only at its end. For such a block
// StepTo and StepOn have nothing between them: its registers change within the clock, and
// Evaluate, given the registers from before and the inputs, does what happened to them.
func (b *Boundary) Late() bool { return b.late }

// StepTo begins a clock and stops where Step evaluates the block. It reports false when
// the NPU stands still. A clock that was begun ends with [Machine.StepOn].
func (m *Machine) StepTo(b *Boundary) bool {
	if m.S.CC.Run == 0 {
		return false
	}
	m.begin()
	for i := range b.first {
		order[i].Step(m)
	}
	return true
}

// StepOn ends a clock that [Machine.StepTo] began and in which the block was evaluated.
func (m *Machine) StepOn(b *Boundary) {
	for i := b.last + 1; i < len(order); i++ {
		order[i].Step(m)
	}
	if m.S.CC.Run == 0 && m.Host != nil && m.Host(m) {
		m.Starts++
	}
}

// placeOf is the index of a block in order.
func placeOf(name string) int {
	for i := range order {
		if order[i].Name == name {
			return i
		}
	}
	panic("no block " + name)
}
