package network

import (
	"fmt"
	"slices"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/isa"
)

// FromVela reads a Vela-optimised model for the given configuration. A model
// compiled for another one gives a [*container.MismatchError].
func FromVela(m *tflite.Model, cfg isa.Config) (*Network, error) {
	c, err := container.OpenVela(m)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	g := c.Graph
	n := &Network{Config: cfg, model: c.Model, plan: c.Plan, shared: true}
	if n.Inputs, err = planned(c, g.Inputs); err != nil {
		return nil, fmt.Errorf("network: graph inputs: %w", err)
	}
	if n.Outputs, err = planned(c, g.Outputs); err != nil {
		return nil, fmt.Errorf("network: graph outputs: %w", err)
	}
	for i := range g.Operators {
		op := &g.Operators[i]
		s := Stage{Operator: i, Inputs: op.Inputs, Outputs: op.Outputs}
		if container.IsNPU(op) {
			s.Inputs = c.Operands(op)
			if len(g.Operators) == 1 {
				// Alone, it reads and writes in the order of the graph.
				s.Inputs, s.Outputs = g.Inputs, g.Outputs
			}
			if s.Program, err = velaProgram(c, i, cfg, s.Inputs, s.Outputs); err != nil {
				return nil, fmt.Errorf("network: %w", err)
			}
		}
		n.Stages = append(n.Stages, s)
	}
	return n, nil
}

// velaProgram builds the program of an NPU operator with the given tensors as inputs and
// outputs.
func velaProgram(c *container.Vela, index int, cfg isa.Config, inputs, outputs []int) (*Program, error) {
	name := fmt.Sprintf("operator %d", index)
	op, err := c.Operator(index, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Program{
		Name: name, Config: cfg, Commands: op.Commands, Flash: op.Flash, Operations: Describe(op.Commands),
		ArenaSize: op.ArenaSize, FastSize: op.FastSize,
	}
	if p.Inputs, err = planned(c, inputs); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if p.Outputs, err = planned(c, outputs); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if p.Constants, err = constants(c, op.Operands, inputs); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if op.Local {
		p.separate()
	}
	return p, p.Check()
}

// constants returns what an operator reads of its operands besides the given inputs:
// constant tensors with a place there, and the start of state tensors.
func constants(c *container.Vela, operands, inputs []int) ([]Constant, error) {
	var list []Constant
	for _, id := range operands {
		t := &c.Graph.Tensors[id]
		if slices.Contains(inputs, id) || c.Plan[id] < 0 || t.Data == nil && !t.Variable {
			continue
		}
		n, err := t.Size()
		if err != nil {
			return nil, err
		}
		data := t.Start(n)
		if len(data) != n {
			return nil, fmt.Errorf("constant tensor %q has %d bytes, its shape %v needs %d", t.Name, len(data), t.Shape, n)
		}
		list = append(list, Constant{Name: t.Name, Offset: c.Plan[id], Data: data})
	}
	return list, nil
}

// planned places tensors by the memory plan.
func planned(c *container.Vela, ids []int) ([]Binding, error) {
	list := make([]Binding, 0, len(ids))
	for _, id := range ids {
		if id < 0 || id >= len(c.Graph.Tensors) {
			return nil, fmt.Errorf("tensor %d does not exist", id)
		}
		t := &c.Graph.Tensors[id]
		if t.Type.Size() == 0 {
			return nil, fmt.Errorf("tensor %q has type %s, which the NPU cannot hold", t.Name, t.Type)
		}
		n, err := t.Size()
		if err != nil {
			return nil, err
		}
		list = append(list, Binding{Name: t.Name, Type: t.Type, Shape: t.Shape, Offset: c.Plan[id], Size: n, Quant: t.Quant})
	}
	return list, nil
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
