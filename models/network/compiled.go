package network

import (
	"context"
	"errors"
	"fmt"

	"upset/models/compile"
	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu"
	"upset/npu/isa"
)

// FromCompiled turns a program of our own compiler into a runnable one. Names,
// layers and source operators of the kernel operations come from the compiler;
// a DMA operation takes those of the kernel operation that follows it.
func FromCompiled(c *compile.Program) (*Program, error) {
	p := &Program{
		Name: "compiled network", Config: c.Config, Commands: c.Commands, Flash: c.Flash, ArenaSize: c.ArenaSize,
		Inputs: compiledBindings(c.Inputs), Outputs: compiledBindings(c.Outputs), Operations: Describe(c.Commands),
	}
	for _, v := range c.Variables {
		p.Constants = append(p.Constants, Constant{Name: v.Name, Offset: v.Offset, Data: v.Initial})
	}
	kernel, first := 0, 0
	for i := range p.Operations {
		if p.Operations[i].Kind == dmaKind {
			continue
		}
		if kernel == len(c.Operations) {
			break
		}
		src := &c.Operations[kernel]
		for ; first <= i; first++ {
			op := &p.Operations[first]
			op.Name, op.SourceOp, op.Layer = src.Name, src.Source, src.Layer
		}
		p.Operations[i].MACs = int64(src.MACs)
		kernel++
	}
	return p, p.Check()
}

func compiledBindings(list []compile.Binding) []Binding {
	out := make([]Binding, len(list))
	for i, b := range list {
		out[i] = Binding{Name: b.Name, Type: b.Type, Shape: b.Shape, Offset: b.Offset, Size: b.Bytes}
	}
	return out
}

// Compile compiles a model for a configuration and wraps it as a network. What
// the NPU cannot execute is left to the host; a network of which the NPU can
// execute nothing, or neither of them all, is refused. It fits the memories of a system, the
// zero value for the default one, and ends with the error of a context that does.
func Compile(ctx context.Context, m *tflite.Model, cfg isa.Config, s npu.System) (*Network, error) {
	m, err := compile.Prepare(m)
	if err != nil {
		return nil, err
	}
	for i := range m.Subgraphs[0].Operators {
		op := &m.Subgraphs[0].Operators[i]
		if err := reference.Strict(&m.Subgraphs[0], op); err != nil {
			return nil, fmt.Errorf("network: operator %d (%s): %w: %s", i, op.Name(), err, reference.StrictRemedy)
		}
	}
	opt := Compiling(cfg, Options{System: s})
	opt.OneArena, opt.Context = true, ctx
	parts, err := compile.Stages(m, opt)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		// Together the tensors may not fit where each program does.
		opt.OneArena = false
		if parts, err = compile.Stages(m, opt); err != nil {
			return nil, err
		}
	}
	g := &m.Subgraphs[0]
	n := &Network{Config: cfg, model: m, shared: opt.OneArena}
	for i := range parts {
		s, err := compiledStage(g, &parts[i], len(parts) == 1)
		if err != nil {
			return nil, err
		}
		n.Stages = append(n.Stages, s)
	}
	if p := n.Program(); p != nil {
		n.Inputs, n.Outputs = p.Inputs, p.Outputs
		return n, nil
	}
	if len(n.Programs()) == 0 {
		// Compiling it as a whole tells what the NPU lacks.
		if _, err := compile.Compile(m, opt); err != nil {
			return nil, err
		}
		return nil, errors.New("network: the network leaves nothing to do for the NPU")
	}
	if n.Inputs, err = graphBindings(g, g.Inputs); err != nil {
		return nil, fmt.Errorf("network: graph inputs: %w", err)
	}
	if n.Outputs, err = graphBindings(g, g.Outputs); err != nil {
		return nil, fmt.Errorf("network: graph outputs: %w", err)
	}
	return n, nil
}

// compiledStage turns a part of a compiled graph into a stage. Whole means that
// the graph has no other parts.
func compiledStage(g *tflite.Subgraph, part *compile.Stage, whole bool) (Stage, error) {
	s := Stage{Operator: part.Operator, Inputs: part.Inputs, Outputs: part.Outputs}
	if part.Program == nil {
		op := &g.Operators[part.Operator]
		if _, err := reference.Prepare(g, op); err != nil {
			return s, fmt.Errorf("network: operator %d (%s): neither the NPU nor the host can compute it: %w", part.Operator, op.Name(), err)
		}
		return s, nil
	}
	p, err := FromCompiled(part.Program)
	if err != nil {
		return s, err
	}
	if whole {
		s.Operator = -1
	} else {
		p.Name = fmt.Sprintf("operator %d", part.Operator)
	}
	for i, id := range s.Inputs {
		p.Inputs[i].Quant = g.Tensors[id].Quant
	}
	for i, id := range s.Outputs {
		p.Outputs[i].Quant = g.Tensors[id].Quant
	}
	s.Program = p
	return s, nil
}

// graphBindings describes the inputs or outputs of a mixed graph, which have no
// place in an arena.
func graphBindings(g *tflite.Subgraph, ids []int) ([]Binding, error) {
	list := make([]Binding, 0, len(ids))
	for _, id := range ids {
		if id < 0 || id >= len(g.Tensors) {
			return nil, fmt.Errorf("tensor %d does not exist", id)
		}
		t := &g.Tensors[id]
		n, err := t.Size()
		if err != nil {
			return nil, err
		}
		list = append(list, Binding{Name: t.Name, Type: t.Type, Shape: t.Shape, Offset: -1, Size: n, Quant: t.Quant})
	}
	return list, nil
}
