package cone

import (
	"errors"
	"fmt"

	"upset/npu/functional"
	"upset/npu/isa"
	"upset/npu/kernel"
)

// Limits of a stream (our choice: far above any network that fits the default
// memory map; they bound time and memory for streams that are damaged).
const (
	maxElements = 1 << 25 // of one feature map or weight tensor
	maxTotal    = 1 << 28 // of all feature maps of a stream
	maxReach    = 1 << 22 // pairs of output coordinate and tap along one axis
)

// ErrClock says that a difference cannot be followed exactly here: it lies in
// weights, scale records or the source of a lookup table, or it reaches an
// operation that Trace.Exact refuses. The caller stays with the machine it has.
var ErrClock = errors.New("cone: the difference cannot be followed without the machine")

// Kind is what an operation computes.
type Kind uint8

// Kinds of operations.
const (
	Conv        Kind = iota // sums over all channels and taps
	Depthwise               // sums over the taps of one channel
	MaxPool                 // largest value of a window
	AveragePool             // mean of a window
	ReduceSum               // sum of a window over all channels
	Elementwise             // one or two operands, element by element
	Copy                    // DMA from memory to memory
	Table                   // DMA from memory to the lookup tables
	Host                    // what the host does between two streams
)

var kindNames = [...]string{"convolution", "depthwise", "max pool", "average pool", "reduce sum", "elementwise", "copy", "table", "host"}

// String is the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Range is the bytes from Lo up to, not including, Hi: absolute addresses.
type Range struct{ Lo, Hi uint32 }

// Contains reports whether the byte at addr lies in the range.
func (r Range) Contains(addr uint32) bool { return addr >= r.Lo && addr < r.Hi }

// Op describes one operation of a stream. The ranges cover its bytes in SRAM
// exactly, in ascending order; bytes in flash never differ and are left out.
type Op struct {
	Index     int     // among kernel and DMA operations, from 0
	Kind      Kind    // what it computes
	Kernel    int     // index among kernel operations, -1 for DMA and the host
	Word      int     // index of its command word, of the host that of the stream's NPU_OP_STOP
	MACs      int64   // multiply-accumulates of the whole operation, padding taps included
	Reads     []Range // feature maps, or the source of a DMA
	Constants []Range // weights and scale records
	Writes    []Range // the output feature map, or the destination of a DMA
}

// Program is the static part of a run: the operations of its streams with their
// registers, weights and scale records. It does not change and may be shared.
type Program struct {
	cfg     isa.Config
	streams []Stream
	hosts   func() HostStep // nil where the host does nothing
	ops     []operation
	extent  int // bytes of SRAM that the streams write, from the start
	cache   *functional.WeightCache
}

// operation is one operation with everything that does not depend on the input.
type operation struct {
	Op
	d              isa.Decoded
	ifm, ifm2, ofm fieldMap
	two            bool // ifm2 is in use
	rows, cols     axis
	out            stage

	src, dst uint32 // DMA: first bytes
	n        int    // DMA: length in bytes

	lanes16   []int16    // of sums that are formed from runs: see packPairs; depthwise: [tap][channel]
	stride    int        // of a group of output channels in lanes16
	taps      int        // weights of one output channel of a convolution
	paired    bool       // weights stand in pairs, 32 bits apart
	weights   [][4]int64 // of others: [group of channels][tap][lane]
	filters   []int32    // depthwise: [tap][channel]
	scales    []scaling
	quick     bool            // the output stage fits quickly
	scaled    []kernel.Scales // of the lots of channels that fit the vectors
	end       kernel.Stage
	constants []constant
	opaque    string // why differences cannot be followed through it, or empty
}

// constant is a range of SRAM that must hold the bytes that were decoded.
type constant struct {
	Range
	bytes []byte
}

// New reads the operations of a command stream. Bases are the absolute addresses
// of the regions. Mem holds the flash image; what the stream copies from there to
// SRAM is followed, other contents of SRAM do not matter.
func New(c isa.Config, commands []uint32, bases [8]uint32, mem *isa.Memory) (*Program, error) {
	return NewStreams(c, []Stream{{Commands: commands, Bases: bases}}, nil, mem)
}

// stream reads the operations of a stream, whose first word has the given number
// among those of all streams, up to its NPU_OP_STOP.
func (b *builder) stream(s *Stream, start int) error {
	commands := s.Commands
	for w := 0; w < len(commands); w++ {
		first := commands[w]
		kind, reg := isa.Classify(first)
		switch kind {
		case isa.KindSet:
			b.regs.Set(reg, first, 0)
		case isa.KindSet2:
			if w+1 == len(commands) {
				return errors.New("cone: the stream ends inside a command")
			}
			w++
			b.regs.Set(reg, first, commands[w])
		case isa.KindOp:
			op := isa.Opcode(reg)
			if op == isa.OpStop {
				b.host(s, start+w)
				return nil
			}
			if err := b.add(op, isa.Param(first), start+w); err != nil {
				return fmt.Errorf("cone: command word %d (%s): %w", start+w, op, err)
			}
		default:
			return fmt.Errorf("cone: command word %d (%#08x) is no command", start+w, first)
		}
	}
	return errors.New("cone: the stream ends without NPU_OP_STOP")
}

// Ops returns the operations in order. The slices in it must not be changed.
func (p *Program) Ops() []Op {
	list := make([]Op, len(p.ops))
	for i := range p.ops {
		list[i] = p.ops[i].Op
	}
	return list
}

// MACs is the number of multiply-accumulates of a whole inference, padding taps
// included.
func (p *Program) MACs() int64 {
	n := int64(0)
	for i := range p.ops {
		n += p.ops[i].MACs
	}
	return n
}
