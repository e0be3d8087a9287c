package functional

import (
	"upset/npu/isa"
)

// LostTable is the byte that fills the lookup table of a small configuration
// after an operation has used its banks for buffers (our choice).
const LostTable = 0xA5

// defaultLimit bounds the work of one operation, in multiply-accumulates and
// elements moved (our choice: far above any network that fits the memory map,
// and about ten seconds of computing).
const defaultLimit = 1 << 33

// maxElements bounds the size of one feature map or weight tensor. The default
// memory map holds 34 MiB (our choice).
const maxElements = 1 << 25

// Machine executes command streams.
type Machine struct {
	// Registers is the register file. It persists between operations.
	Registers isa.Registers
	// AfterOp, if set, is called after each kernel or DMA operation. The index
	// counts these operations from zero.
	AfterOp func(index int, op isa.Opcode, d *isa.Decoded)
	// Limit bounds the work of one operation, in multiply-accumulates.
	Limit int64
	// Word is the index of the command word that is or was last executed.
	Word int
	// Weights keeps decoded weight streams. Several machines may share one.
	Weights *WeightCache

	cfg   isa.Config
	mem   *isa.Memory
	base  [8]uint32
	lut   [isa.LUTBytes]byte
	index int
	buf   scratch
}

// scratch holds the buffers that operations reuse.
type scratch struct {
	ifm, ifm2 []int32
	patch     []int32
	acc       []int64
	acc32     []int32
	out       []byte
	bytes     []byte
	zeros     [64]byte // lanes of a brick behind the last channel
}

// New returns a machine over mem with the absolute base address of each region.
func New(cfg isa.Config, mem *isa.Memory, base [8]uint32) *Machine {
	m := &Machine{cfg: cfg, mem: mem, base: base, Limit: defaultLimit, Weights: NewWeightCache()}
	m.Registers.Reset()
	return m
}

// LUT returns a copy of the lookup-table bytes of the shared buffer.
func (m *Machine) LUT() []byte { return append([]byte(nil), m.lut[:]...) }

// SetLUT replaces the lookup-table bytes. Missing bytes stay as they are.
func (m *Machine) SetLUT(b []byte) { copy(m.lut[:], b) }

// Run executes commands up to NPU_OP_STOP. The error is a *Fault.
func (m *Machine) Run(commands []uint32) error {
	m.index = 0
	return m.RunFrom(commands, 0)
}

// RunFrom continues at the given command word with the registers, the lookup
// table and the memory as they are.
func (m *Machine) RunFrom(commands []uint32, word int) error {
	for w := max(word, 0); w < len(commands); w++ {
		m.Word = w
		first := commands[w]
		kind, reg := isa.Classify(first)
		switch kind {
		case isa.KindSet:
			m.Registers.Set(reg, first, 0)
		case isa.KindSet2:
			if w+1 == len(commands) {
				return m.fault(ParseError, "stream ends inside a command")
			}
			w++
			m.Registers.Set(reg, first, commands[w])
		case isa.KindOp:
			op := isa.Opcode(reg)
			if op == isa.OpStop {
				return nil
			}
			if err := m.execute(op, isa.Param(first)); err != nil {
				return err
			}
		default:
			return m.fault(ParseError, "word %#08x is no command", first)
		}
	}
	m.Word = len(commands)
	if !isa.MissingStopIsError {
		return nil
	}
	return m.fault(ParseError, "stream ends without NPU_OP_STOP")
}

// execute runs one operation. Waits, interrupts and counters have no effect on
// an in-order machine.
func (m *Machine) execute(op isa.Opcode, param uint32) error {
	if !op.Kernel() && op != isa.OpDMAStart {
		return nil
	}
	d := isa.Decode(&m.Registers, op, param)
	if err := m.dispatch(&d); err != nil {
		return err
	}
	if op.Kernel() && !d.UsesLUT && m.cfg.Spec().ReservedLUT == 0 {
		for i := range m.lut {
			m.lut[i] = LostTable
		}
	}
	if m.AfterOp != nil {
		m.AfterOp(m.index, op, &d)
	}
	m.index++
	return nil
}

func (m *Machine) dispatch(d *isa.Decoded) error {
	switch d.Op {
	case isa.OpDMAStart:
		return m.dma()
	case isa.OpElementwise:
		return m.elementwise(d)
	case isa.OpPool:
		return m.pool(d)
	case isa.OpDepthwise:
		return m.depthwise(d)
	}
	return m.conv(d)
}

// checkWork refuses an operation whose feature maps or work are too large. The
// factors of the work are given one by one, so that nothing overflows.
func (m *Machine) checkWork(d *isa.Decoded, depth int, work ...int) error {
	total := 1.0
	for _, f := range work {
		total *= float64(f)
	}
	ifm := float64(d.SrcW) * float64(d.SrcH) * float64(depth)
	ofm := float64(d.OFMW) * float64(d.OFMH) * float64(d.OFMD)
	switch {
	case total > float64(m.Limit) || ifm > float64(m.Limit) || ofm > float64(m.Limit):
		return m.fault(WorkLimit, "%s needs %.3g steps, more than the limit of %d; raise Machine.Limit if this is intended", d.Op, max(total, ifm, ofm), m.Limit)
	case ifm > maxElements || ofm > maxElements:
		return m.fault(WorkLimit, "%s has a feature map of %.3g elements, more than %d", d.Op, max(ifm, ofm), maxElements)
	}
	return nil
}

// grow returns a slice of length n that reuses buf where it is large enough.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	*buf = (*buf)[:n]
	return *buf
}
