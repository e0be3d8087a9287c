package driver

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
	customCode     = "ethos-u"
	memoryPlanName = "OfflineMemoryAllocation"
)

// Inputs of an "ethos-u" operator (Vela 3.10).
const (
	inputCommands = 0
	inputFlash    = 1
	inputScratch  = 2
	inputFast     = 3 // left out by early versions, which had no fast memory
)

// IsVela reports whether a model holds operators compiled for the NPU.
func IsVela(m *tflite.Model) bool {
	for s := range m.Subgraphs {
		for i := range m.Subgraphs[s].Operators {
			if isNPU(&m.Subgraphs[s].Operators[i]) {
				return true
			}
		}
	}
	return false
}

func isNPU(op *tflite.Operator) bool { return op.Code == tflite.OpCustom && op.Custom == customCode }

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

// container is a Vela-optimised model while it is being read.
type container struct {
	cfg   isa.Config
	model *tflite.Model // its first subgraph without memories among its inputs
	graph *tflite.Subgraph
	plan  []int
}

// program builds the program of one "ethos-u" operator with the given tensors
// as inputs and outputs.
func (c *container) program(index int, inputs, outputs []int) (*Program, error) {
	op := &c.graph.Operators[index]
	if len(op.Inputs) < inputFast {
		return nil, fmt.Errorf("operator %d: an %q operator has at least %d inputs, this has %d", index, customCode, inputFast, len(op.Inputs))
	}
	for _, t := range op.Inputs {
		if t < 0 || t >= len(c.graph.Tensors) {
			return nil, fmt.Errorf("operator %d: input tensor %d does not exist", index, t)
		}
	}
	tensor := func(i int) *tflite.Tensor { return &c.graph.Tensors[op.Inputs[i]] }
	pay, err := parsePayload(tensor(inputCommands).Data)
	if err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	if err := pay.check(c.cfg); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	p := &Program{
		Name: fmt.Sprintf("operator %d", index), Config: c.cfg, Commands: pay.commands,
		Flash: tensor(inputFlash).Data, Operations: Describe(pay.commands),
	}
	if p.ArenaSize, err = c.arenaSize(op.Inputs[inputScratch], pay.commands); err != nil {
		return nil, fmt.Errorf("operator %d: scratch memory: %w", index, err)
	}
	if p.FastSize, err = c.fastMemory(op, pay.commands); err != nil {
		return nil, fmt.Errorf("operator %d: fast scratch memory: %w", index, err)
	}
	if p.Inputs, err = c.bindings(inputs); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	if p.Outputs, err = c.bindings(outputs); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	if p.Constants, err = c.constants(op, inputs); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	if pay.local {
		p.separate()
	}
	return p, p.Check()
}

// arenaSize is the size of the arena, at whose start the scratch tensor lies. Early
// versions of the compiler write a scratch tensor without a size and without a place
// in the memory plan: the arena is then what the plan and the commands reach.
func (c *container) arenaSize(scratch int, commands []uint32) (int, error) {
	const arena = 1 // region
	off := c.plan[scratch]
	if off > 0 {
		return 0, fmt.Errorf("it lies at offset %d of the arena, not at 0", off)
	}
	size, err := tensorBytes(&c.graph.Tensors[scratch])
	if err != nil || off == 0 {
		return size, err
	}
	size = max(size, extent(commands, arena))
	for i, at := range c.plan {
		if at < 0 {
			continue
		}
		n, err := tensorBytes(&c.graph.Tensors[i])
		if err != nil {
			return 0, err
		}
		size = max(size, at+n)
	}
	return size, nil
}

// separate gives inputs and outputs memory of their own behind the arena, where
// their places count from the start of their own address space. Constants lie
// with the inputs.
func (p *Program) separate() {
	p.Spaces = &Spaces{Inputs: alignUp(p.ArenaSize)}
	extent := 0
	for i := range p.Constants {
		extent = max(extent, p.Constants[i].Offset+len(p.Constants[i].Data))
		p.Constants[i].Offset += p.Spaces.Inputs
	}
	extent = max(extent, place(p.Inputs, p.Spaces.Inputs))
	p.Spaces.Outputs = p.Spaces.Inputs + alignUp(extent)
	p.ArenaSize = p.Spaces.Outputs + alignUp(place(p.Outputs, p.Spaces.Outputs))
}

// place moves bindings to a region at base and returns the extent of the region.
func place(list []Binding, base int) int {
	extent := 0
	for i := range list {
		if list[i].Offset >= 0 {
			extent = max(extent, list[i].Offset+list[i].Size)
			list[i].Offset += base
		}
	}
	return extent
}

// hasFast reports whether an "ethos-u" operator has a fast scratch memory as its
// fourth input, or a network input there, as early versions of the compiler write
// it. A scratch memory is bytes without a value that no one provides.
func (c *container) hasFast(op *tflite.Operator) bool {
	if len(op.Inputs) <= inputFast {
		return false
	}
	id := op.Inputs[inputFast]
	if id == op.Inputs[inputScratch] {
		return true
	}
	if id < 0 || id >= len(c.graph.Tensors) || slices.Contains(c.graph.Inputs, id) {
		return false
	}
	if t := &c.graph.Tensors[id]; t.Data != nil || t.Variable || t.Type.Size() != 1 || len(t.Shape) > 1 {
		return false
	}
	return !slices.ContainsFunc(c.graph.Operators, func(o tflite.Operator) bool { return slices.Contains(o.Outputs, id) })
}

// networkInputs returns the inputs of an operator behind its memories.
func (c *container) networkInputs(op *tflite.Operator) []int {
	first := inputFast
	if c.hasFast(op) {
		first++
	}
	return op.Inputs[min(first, len(op.Inputs)):]
}

// fastMemory is the size of a fast scratch memory that is no part of the arena.
// In the Shared_Sram memory mode it is the arena itself, and no command uses
// region 2. A dedicated memory may also have offset 0: its own.
func (c *container) fastMemory(op *tflite.Operator, commands []uint32) (int, error) {
	used := usesFast(commands)
	if !c.hasFast(op) {
		if used {
			return 0, errors.New("a command uses region 2, but the operator has no such input: compile the model with a newer Vela")
		}
		return 0, nil
	}
	fast := op.Inputs[inputFast]
	if fast == op.Inputs[inputScratch] || c.plan[fast] == 0 && !used {
		return 0, nil
	}
	return tensorBytes(&c.graph.Tensors[fast])
}

// constants returns what an operator reads from the arena besides the given
// inputs: constant tensors with a place there, and the start of state tensors.
func (c *container) constants(op *tflite.Operator, inputs []int) ([]Constant, error) {
	var list []Constant
	for _, id := range c.networkInputs(op) {
		t := &c.graph.Tensors[id]
		if slices.Contains(inputs, id) || c.plan[id] < 0 || t.Data == nil && !t.Variable {
			continue
		}
		n, err := tensorBytes(t)
		if err != nil {
			return nil, err
		}
		data := initial(t, n)
		if len(data) != n {
			return nil, fmt.Errorf("constant tensor %q has %d bytes, its shape %v needs %d", t.Name, len(data), t.Shape, n)
		}
		list = append(list, Constant{Name: t.Name, Offset: c.plan[id], Data: data})
	}
	return list, nil
}

// usesFast reports whether an operation of a stream refers to region 2, the fast
// scratch memory.
func usesFast(commands []uint32) bool {
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

// bindings places tensors by the memory plan.
func (c *container) bindings(ids []int) ([]Binding, error) {
	list := make([]Binding, 0, len(ids))
	for _, id := range ids {
		if id < 0 || id >= len(c.graph.Tensors) {
			return nil, fmt.Errorf("tensor %d does not exist", id)
		}
		t := &c.graph.Tensors[id]
		if t.Type.Size() == 0 {
			return nil, fmt.Errorf("tensor %q has type %s, which the NPU cannot hold", t.Name, t.Type)
		}
		n, err := tensorBytes(t)
		if err != nil {
			return nil, err
		}
		list = append(list, Binding{Name: t.Name, Type: t.Type, Shape: t.Shape, Offset: c.plan[id], Size: n, Quant: t.Quant})
	}
	return list, nil
}

// newContainer checks that a model is a Vela output that can be read. Of several
// subgraphs the first one is what an inference runs (TFLite Micro).
func newContainer(m *tflite.Model, cfg isa.Config) (*container, error) {
	if !IsVela(m) {
		return nil, errors.New("the model has no NPU operator: compile it first")
	}
	g := &m.Subgraphs[0]
	if !slices.ContainsFunc(g.Operators, func(op tflite.Operator) bool { return isNPU(&op) }) {
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
	return &container{cfg: cfg, model: m, graph: g, plan: plan}, nil
}

// withoutMemories returns the inputs of a graph that a user provides: early versions
// of the compiler list the scratch memories of the operators among them.
func withoutMemories(g *tflite.Subgraph) []int {
	memory := map[int]bool{}
	for i := range g.Operators {
		if op := &g.Operators[i]; isNPU(op) && len(op.Inputs) > inputScratch {
			memory[op.Inputs[inputScratch]] = true
			if len(op.Inputs) > inputFast && emptyMemory(g, op.Inputs[inputFast]) {
				memory[op.Inputs[inputFast]] = true
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
