package driver

import (
	"encoding/binary"
	"errors"
	"fmt"

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
	inputFast     = 3
	inputFirst    = 4 // the first network input of the operator
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
		// The second word counts the subgraphs or is the index of the first one;
		// the runtime reads neither (TFLite Micro).
		if word(0) != 0 || word(1) != 0 && word(1) != 1 {
			return nil, fmt.Errorf("metadata %s: version %d with %d subgraphs; only version 0 with one subgraph is known", memoryPlanName, word(0), word(1))
		}
		if word(2) != n || len(meta.Data) < 4*(header+n) {
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
	graph *tflite.Subgraph
	plan  []int
}

// program builds the program of one "ethos-u" operator with the given tensors
// as inputs and outputs.
func (c *container) program(index int, inputs, outputs []int) (*Program, error) {
	op := &c.graph.Operators[index]
	if len(op.Inputs) < inputFirst {
		return nil, fmt.Errorf("operator %d: an %q operator has at least %d inputs, this has %d", index, customCode, inputFirst, len(op.Inputs))
	}
	for _, t := range op.Inputs[:inputFirst] {
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
	scratch, fast := op.Inputs[inputScratch], op.Inputs[inputFast]
	if off := c.plan[scratch]; off != 0 {
		return nil, fmt.Errorf("operator %d: the scratch tensor lies at offset %d of the arena, not at 0", index, off)
	}
	if p.ArenaSize, err = tensorBytes(&c.graph.Tensors[scratch]); err != nil {
		return nil, fmt.Errorf("operator %d: scratch memory: %w", index, err)
	}
	// In the Shared_Sram memory mode the fast memory is the arena itself, and no
	// command uses region 2. A dedicated memory may also have offset 0: its own.
	if fast != scratch && (c.plan[fast] != 0 || usesFast(pay.commands)) {
		if p.FastSize, err = tensorBytes(&c.graph.Tensors[fast]); err != nil {
			return nil, fmt.Errorf("operator %d: fast scratch memory: %w", index, err)
		}
	}
	if p.Inputs, err = c.bindings(inputs); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	if p.Outputs, err = c.bindings(outputs); err != nil {
		return nil, fmt.Errorf("operator %d: %w", index, err)
	}
	return p, p.Check()
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

// newContainer checks that a model is a Vela output that can be read.
func newContainer(m *tflite.Model, cfg isa.Config) (*container, error) {
	if len(m.Subgraphs) != 1 {
		return nil, fmt.Errorf("the model has %d subgraphs; a Vela output has one", len(m.Subgraphs))
	}
	if !IsVela(m) {
		return nil, errors.New("the model has no NPU operator: compile it first")
	}
	plan, err := memoryPlan(m)
	if err != nil {
		return nil, err
	}
	return &container{cfg: cfg, graph: &m.Subgraphs[0], plan: plan}, nil
}
