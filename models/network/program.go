package network

import (
	"encoding/binary"
	"fmt"
	"sync"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Binding places an input or output of a program in the arena.
type Binding struct {
	Name   string
	Type   tflite.Type
	Shape  []int
	Offset int // in the arena; -1 for an input that the program does not read
	Size   int // bytes
	Quant  tflite.Quantization
}

// Constant is a value that lies in the arena before an inference: a constant
// tensor, or a state tensor that starts anew.
type Constant struct {
	Name   string
	Offset int
	Data   []byte
}

// Spaces places the address spaces of a stream with local addressing in the arena:
// region 3 holds all inputs, region 4 all outputs (Vela 5.1,
// --separate-io-regions).
type Spaces struct{ Inputs, Outputs int }

// OpInfo describes one kernel or DMA operation of a command stream.
type OpInfo struct {
	Name     string
	Kind     string // conv, depthwise, maxpool, avgpool, reducesum, add, …, dma
	MACs     int64
	SourceOp int // operator of the source graph, or -1 where it is not known
	Layer    int // operations of one layer share a number, from 0
	Word     int // index of the operation's word in the command stream
}

// Program is one command stream with everything it needs to run. Regions: 0 is
// the flash image, 1 the arena, 2 the fast scratch memory; regions 3 and up
// point at the inputs and outputs, as the runtime sets them, or as Spaces says.
type Program struct {
	Name       string
	Config     isa.Config
	Commands   []uint32
	Flash      []byte
	ArenaSize  int
	FastSize   int     // fast scratch memory behind the arena; 0 when it is the arena itself
	Spaces     *Spaces `json:",omitempty"` // nil where inputs and outputs lie in the arena
	Inputs     []Binding
	Outputs    []Binding
	Constants  []Constant
	Operations []OpInfo

	// Jobs are the command streams that run one after the other, with the host between
	// them; none where the program is a single stream. Commands and Flash then hold
	// those of all jobs, and inputs and outputs lie behind the memory of the NPU.
	Jobs   []Job  `json:",omitempty"`
	Frames int    `json:",omitempty"` // inferences of a sequence with state kept, 0 for a single one
	Host   string `json:",omitempty"` // digest of what the host does between the jobs
	// OnHost names the operators of the network that the host computes, in their order.
	OnHost []string `json:",omitempty"`

	host      *schedule
	hostBytes int // memory of the host in the SRAM, behind what the NPU may write

	once  sync.Once
	image []byte
}

func alignUp(n int) int { return (n + container.StreamAlign - 1) &^ (container.StreamAlign - 1) }

// streamOffset is the place of the command stream in the flash image.
func (p *Program) streamOffset() int { return alignUp(len(p.Flash)) }

// StreamAddr is the address of the command stream, or of the first one: behind the
// flash image.
func (p *Program) StreamAddr() uint32 { return isa.FlashBase + uint32(p.streamOffset()) }

// Bases returns the absolute base address of each region, of the first job where there
// are several.
func (p *Program) Bases() [8]uint32 {
	if len(p.Jobs) > 0 {
		return p.Jobs[0].Bases
	}
	b := [8]uint32{isa.FlashBase, isa.SRAMBase, isa.SRAMBase}
	if p.FastSize > 0 {
		b[2] += uint32(alignUp(p.ArenaSize))
	}
	if p.Spaces != nil {
		b[3], b[4] = b[1]+uint32(p.Spaces.Inputs), b[1]+uint32(p.Spaces.Outputs)
		return b
	}
	next := 3
	for _, list := range [2][]Binding{p.Inputs, p.Outputs} {
		for i := range list {
			if next < len(b) && list[i].Offset >= 0 {
				b[next] = isa.SRAMBase + uint32(list[i].Offset)
				next++
			}
		}
	}
	return b
}

// SRAMBytes is the part of the SRAM that the program may write: the arena at
// its start and the fast scratch memory behind it.
func (p *Program) SRAMBytes() int {
	if p.FastSize > 0 {
		return alignUp(p.ArenaSize) + alignUp(p.FastSize)
	}
	return alignUp(p.ArenaSize)
}

// MemoryBytes is the part of the SRAM that an inference takes: that of the NPU, and
// behind it what the host keeps between jobs.
func (p *Program) MemoryBytes() int { return p.SRAMBytes() + p.hostBytes }

// Check reports a program that does not fit the memory map, or whose bindings
// lie outside its arena.
func (p *Program) Check() error {
	if n := p.MemoryBytes(); n > isa.MaxSRAM || p.ArenaSize < 0 || p.FastSize < 0 {
		return fmt.Errorf("program %s: arena of %d bytes does not fit the %d bytes of SRAM that are simulated", p.Name, n, isa.MaxSRAM)
	}
	if n := p.streamOffset() + 4*len(p.Commands); n > isa.MaxFlash {
		return fmt.Errorf("program %s: weights and commands of %d bytes do not fit the %d bytes of flash that are simulated", p.Name, n, isa.MaxFlash)
	}
	room := p.ArenaSize
	if len(p.Jobs) > 0 {
		room = p.MemoryBytes()
	}
	for i := range p.Jobs {
		if j := &p.Jobs[i]; j.Stream%container.StreamAlign != 0 {
			return fmt.Errorf("program %s: the stream of %s lies at %#x, which is no multiple of %d", p.Name, j.Name, j.Stream, container.StreamAlign)
		}
	}
	for i, list := range [2][]Binding{p.Inputs, p.Outputs} {
		lowest := i - 1 // an input may have no place, an output must have one
		for _, b := range list {
			if b.Size < 0 || b.Offset < lowest || b.Offset+b.Size > room && b.Offset >= 0 {
				return fmt.Errorf("program %s: tensor %q (offset %d, %d bytes) lies outside the arena of %d bytes", p.Name, b.Name, b.Offset, b.Size, p.ArenaSize)
			}
		}
	}
	for _, c := range p.Constants {
		if c.Offset < 0 || c.Offset > room-len(c.Data) {
			return fmt.Errorf("program %s: constant %q (offset %d, %d bytes) lies outside the arena of %d bytes", p.Name, c.Name, c.Offset, len(c.Data), p.ArenaSize)
		}
	}
	return nil
}

// FlashImage returns the contents of the flash memory: the flash region and the
// command stream. It is built once and must not be changed.
func (p *Program) FlashImage() []byte {
	p.once.Do(func() {
		at := p.streamOffset()
		p.image = make([]byte, at+alignUp(4*len(p.Commands)))
		copy(p.image, p.Flash)
		for i, w := range p.Commands {
			binary.LittleEndian.PutUint32(p.image[at+4*i:], w)
		}
	})
	return p.image
}

func total(list []Binding) int {
	n := 0
	for i := range list {
		n += list[i].Size
	}
	return n
}

// InputBytes is the size of the concatenated inputs.
func (p *Program) InputBytes() int { return total(p.Inputs) }

// OutputBytes is the size of the concatenated outputs.
func (p *Program) OutputBytes() int { return total(p.Outputs) }

// Load fills mem for one inference: the flash image, shared and read-only, and
// an arena of zeros with the constants and the concatenated inputs in place. The SRAM slice of mem
// is reused where it is large enough.
func (p *Program) Load(mem *isa.Memory, input []byte) error {
	if err := p.Check(); err != nil {
		return err
	}
	if n := p.InputBytes(); len(input) != n {
		return fmt.Errorf("program %s: input has %d bytes, the network takes %d", p.Name, len(input), n)
	}
	n := p.MemoryBytes()
	if cap(mem.SRAM) < n {
		mem.SRAM = make([]byte, n)
	}
	mem.SRAM = mem.SRAM[:n]
	clear(mem.SRAM)
	mem.Flash = p.FlashImage()
	mem.FastLo, mem.FastHi = 0, 0
	if p.FastSize > 0 {
		mem.FastLo = alignUp(p.ArenaSize)
		mem.FastHi = mem.FastLo + alignUp(p.FastSize)
	}
	for _, c := range p.Constants {
		copy(mem.SRAM[c.Offset:], c.Data)
	}
	p.Renew(mem, input)
	return nil
}

// Renew is what the host does before an inference that follows another: it writes the
// inputs and leaves everything else as it is.
func (p *Program) Renew(mem *isa.Memory, input []byte) {
	for _, b := range p.Inputs {
		if b.Offset >= 0 {
			copy(mem.SRAM[b.Offset:], input[:b.Size])
		}
		input = input[b.Size:]
	}
	if p.host != nil {
		p.host.step(0, mem, p.host.kernels())
	}
}

// ReadOutputs returns the concatenated outputs in the order of Outputs.
func (p *Program) ReadOutputs(mem *isa.Memory) []byte {
	out := make([]byte, 0, p.OutputBytes())
	for _, b := range p.Outputs {
		out = append(out, mem.SRAM[b.Offset:b.Offset+b.Size]...)
	}
	return out
}

// RunFunctional runs one inference on the functional machine.
func (p *Program) RunFunctional(input []byte) ([]byte, error) {
	var mem isa.Memory
	if err := p.Load(&mem, input); err != nil {
		return nil, err
	}
	if err := p.Execute(&mem); err != nil {
		return nil, err
	}
	return p.ReadOutputs(&mem), nil
}
