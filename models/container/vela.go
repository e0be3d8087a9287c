package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Names in a Vela-optimised model (Vela 3.10).
const (
	CustomCode     = "ethos-u" // of an operator of the NPU
	memoryPlanName = "OfflineMemoryAllocation"
)

// Inputs of an "ethos-u" operator (Vela 3.10).
const (
	InputCommands = 0
	InputFlash    = 1
	InputScratch  = 2
	InputFast     = 3 // left out by early versions, which had no fast memory
)

var errNoOperator = errors.New("the model has no NPU operator: compile it first")

// IsVela reports whether a model holds operators compiled for the NPU.
func IsVela(m *tflite.Model) bool {
	for s := range m.Subgraphs {
		for i := range m.Subgraphs[s].Operators {
			if IsNPU(&m.Subgraphs[s].Operators[i]) {
				return true
			}
		}
	}
	return false
}

// IsNPU reports whether an operator is one of the NPU.
func IsNPU(op *tflite.Operator) bool { return op.Code == tflite.OpCustom && op.Custom == CustomCode }

// tensors counts the tensors of all subgraphs.
func tensors(m *tflite.Model) int {
	n := 0
	for i := range m.Subgraphs {
		n += len(m.Subgraphs[i].Tensors)
	}
	return n
}

// memoryPlan reads the arena offset of every tensor of the first subgraph.
func memoryPlan(m *tflite.Model) ([]int, error) {
	n := len(m.Subgraphs[0].Tensors)
	for _, meta := range m.Metadata {
		if meta.Name != memoryPlanName {
			continue
		}
		const header = 3 // version, subgraphs, tensors
		if len(meta.Data) < 4*header {
			return nil, fmt.Errorf("metadata %s is cut off after %d bytes", memoryPlanName, len(meta.Data))
		}
		word := func(i int) int { return int(int32(binary.LittleEndian.Uint32(meta.Data[4*i:]))) }
		// The first two words are a version and the number or the index of a
		// subgraph; the runtime reads neither. The offsets are those of the tensors
		// of all subgraphs in order (TFLite Micro).
		if word(2) != n && word(2) != tensors(m) || len(meta.Data) < 4*(header+n) {
			return nil, fmt.Errorf("metadata %s places %d tensors in %d bytes, the model has %d tensors", memoryPlanName, word(2), len(meta.Data), n)
		}
		plan := make([]int, n)
		for i := range plan {
			plan[i] = word(header + i)
		}
		return plan, nil
	}
	return nil, fmt.Errorf("the model has no metadata %s: it is not a complete Vela output", memoryPlanName)
}

// Vela is a model in the form of a Vela output.
type Vela struct {
	Model *tflite.Model    // its first subgraph without memories among its inputs
	Graph *tflite.Subgraph // the first subgraph
	Plan  []int            // arena offset of each tensor of it, -1 where it has none
}

// Operator is an NPU operator of a compiled graph.
type Operator struct {
	Commands  []uint32
	Flash     []byte
	ArenaSize int
	FastSize  int   // of a fast memory that is no part of the arena, else 0
	Local     bool  // inputs and outputs have address spaces of their own: regions 3 and 4
	Operands  []int // its inputs behind its memories
}

// Operator reads the operator at an index of the graph, which must be one of the NPU. One
// that was compiled for another configuration gives a *MismatchError.
func (c *Vela) Operator(index int, cfg isa.Config) (*Operator, error) {
	op := &c.Graph.Operators[index]
	if len(op.Inputs) < InputFast {
		return nil, fmt.Errorf("an %q operator has at least %d inputs, this has %d", CustomCode, InputFast, len(op.Inputs))
	}
	for _, t := range op.Inputs {
		if t < 0 || t >= len(c.Graph.Tensors) {
			return nil, fmt.Errorf("input tensor %d does not exist", t)
		}
	}
	tensor := func(i int) *tflite.Tensor { return &c.Graph.Tensors[op.Inputs[i]] }
	pay, err := parsePayload(tensor(InputCommands).Data)
	if err != nil {
		return nil, err
	}
	if err := pay.check(cfg); err != nil {
		return nil, err
	}
	o := &Operator{Commands: pay.commands, Flash: tensor(InputFlash).Data, Local: pay.local, Operands: c.Operands(op)}
	if o.ArenaSize, err = c.arenaSize(op.Inputs[InputScratch], pay.commands); err != nil {
		return nil, fmt.Errorf("scratch memory: %w", err)
	}
	if o.FastSize, err = c.fastMemory(op, pay.commands); err != nil {
		return nil, fmt.Errorf("fast scratch memory: %w", err)
	}
	return o, nil
}

// arenaSize is the size of the arena, at whose start the scratch tensor lies. Early
// versions of the compiler write a scratch tensor without a size and without a place
// in the memory plan: the arena is then what the plan and the commands reach.
func (c *Vela) arenaSize(scratch int, commands []uint32) (int, error) {
	const arena = 1 // region
	off := c.Plan[scratch]
	if off > 0 {
		return 0, fmt.Errorf("it lies at offset %d of the arena, not at 0", off)
	}
	size, err := c.Graph.Tensors[scratch].Size()
	if err != nil || off == 0 {
		return size, err
	}
	size = max(size, extent(commands, arena))
	for i, at := range c.Plan {
		if at < 0 {
			continue
		}
		n, err := c.Graph.Tensors[i].Size()
		if err != nil {
			return 0, err
		}
		size = max(size, at+n)
	}
	return size, nil
}

// hasFast reports whether an "ethos-u" operator has a fast scratch memory as its
// fourth input, or a network input there, as early versions of the compiler write
// it. A scratch memory is bytes without a value that no one provides.
func (c *Vela) hasFast(op *tflite.Operator) bool {
	if len(op.Inputs) <= InputFast {
		return false
	}
	id := op.Inputs[InputFast]
	if id == op.Inputs[InputScratch] {
		return true
	}
	if id < 0 || id >= len(c.Graph.Tensors) || slices.Contains(c.Graph.Inputs, id) {
		return false
	}
	if t := &c.Graph.Tensors[id]; t.Data != nil || t.Variable || t.Type.Size() != 1 || len(t.Shape) > 1 {
		return false
	}
	return !slices.ContainsFunc(c.Graph.Operators, func(o tflite.Operator) bool { return slices.Contains(o.Outputs, id) })
}

// Operands are the inputs of an NPU operator behind its memories.
func (c *Vela) Operands(op *tflite.Operator) []int {
	first := InputFast
	if c.hasFast(op) {
		first++
	}
	return op.Inputs[min(first, len(op.Inputs)):]
}

// fastMemory is the size of a fast scratch memory that is no part of the arena.
// In the Shared_Sram memory mode it is the arena itself, and no command uses
// region 2. A dedicated memory may also have offset 0: its own.
func (c *Vela) fastMemory(op *tflite.Operator, commands []uint32) (int, error) {
	used := UsesFast(commands)
	if !c.hasFast(op) {
		if used {
			return 0, errors.New("a command uses region 2, but the operator has no such input: compile the model with a newer Vela")
		}
		return 0, nil
	}
	fast := op.Inputs[InputFast]
	if fast == op.Inputs[InputScratch] || c.Plan[fast] == 0 && !used {
		return 0, nil
	}
	return c.Graph.Tensors[fast].Size()
}

// UsesFast reports whether an operation of a stream refers to region 2, the fast
// scratch memory.
func UsesFast(commands []uint32) bool {
	const fast, regionMask, shared = 2, 7, 1 << 8
	for w := 0; w < len(commands); w++ {
		kind, reg := isa.Classify(commands[w])
		switch kind {
		case isa.KindSet2:
			w++
		case isa.KindSet:
			switch v := isa.Param(commands[w]); isa.Reg(reg) {
			case isa.IFMRegion, isa.IFM2Region, isa.OFMRegion, isa.WeightRegion, isa.ScaleRegion, isa.DMA0SrcRegion, isa.DMA0DstRegion:
				if v&regionMask == fast && v&shared == 0 {
					return true
				}
			}
		}
	}
	return false
}

// OpenVela checks that a model is a Vela output that can be read. Of several
// subgraphs the first one is what an inference runs (TFLite Micro).
func OpenVela(m *tflite.Model) (*Vela, error) {
	if !IsVela(m) {
		return nil, errNoOperator
	}
	g := &m.Subgraphs[0]
	if !slices.ContainsFunc(g.Operators, func(op tflite.Operator) bool { return IsNPU(&op) }) {
		return nil, fmt.Errorf("the NPU operators do not stand in the first of the %d subgraphs, which is what an inference runs", len(m.Subgraphs))
	}
	plan, err := memoryPlan(m)
	if err != nil {
		return nil, err
	}
	if inputs := withoutMemories(g); len(inputs) < len(g.Inputs) {
		entry := *m
		entry.Subgraphs = slices.Clone(m.Subgraphs)
		m, g = &entry, &entry.Subgraphs[0]
		g.Inputs = inputs
	}
	return &Vela{Model: m, Graph: g, Plan: plan}, nil
}

// withoutMemories returns the inputs of a graph that a user provides: early versions
// of the compiler list the scratch memories of the operators among them.
func withoutMemories(g *tflite.Subgraph) []int {
	memory := map[int]bool{}
	for i := range g.Operators {
		if op := &g.Operators[i]; IsNPU(op) && len(op.Inputs) > InputScratch {
			memory[op.Inputs[InputScratch]] = true
			if len(op.Inputs) > InputFast && emptyMemory(g, op.Inputs[InputFast]) {
				memory[op.Inputs[InputFast]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(g.Inputs), func(id int) bool { return memory[id] })
}

// emptyMemory reports whether a tensor is bytes without a size and without a value.
func emptyMemory(g *tflite.Subgraph, id int) bool {
	if id < 0 || id >= len(g.Tensors) {
		return false
	}
	t := &g.Tensors[id]
	return t.Data == nil && !t.Variable && t.Type.Size() == 1 && len(t.Shape) == 1 && t.Shape[0] == 0
}
