package network

import (
	"errors"
	"fmt"

	"upset/models/container"
	"upset/models/tflite"
	"upset/npu/isa"
)

// Precompiled reports whether the network came from a file that was compiled
// before, by Vela or by Container.
func (n *Network) Precompiled() bool { return n.model != nil && container.IsVela(n.model) }

// Container returns the network in the form of a Vela output: one "ethos-u"
// operator with the command stream, the flash image and the arena as inputs, and
// the memory plan as metadata. Where the host computes parts of the graph, there
// is such an operator for each program. FromVela reads it again. A network that came from
// such a model gives that model back.
func (n *Network) Container() (*tflite.Model, error) {
	if n.Precompiled() {
		return n.model, nil
	}
	p := n.Program()
	if p == nil {
		if n.model == nil || len(n.model.Subgraphs) == 0 {
			return nil, errors.New("network: the host computes parts of this network and its source graph is not known; compile the model again")
		}
		m, err := n.mixed()
		if err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
		return m, nil
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	stream, err := container.EncodePayload(p.Config, p.Commands)
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	b := container.Builder{Graph: tflite.Subgraph{Name: "main"}}
	value := func(v Binding) int {
		return b.Add(tflite.Tensor{Name: v.Name, Type: v.Type, Shape: v.Shape, Quant: v.Quant}, v.Offset)
	}
	for _, v := range p.Outputs {
		b.Graph.Outputs = append(b.Graph.Outputs, value(v))
	}
	for _, v := range p.Inputs {
		b.Graph.Inputs = append(b.Graph.Inputs, value(v))
	}
	inputs := []int{
		container.InputCommands: b.Block("command_stream", len(stream), stream, -1),
		container.InputFlash:    b.Block("flash", len(p.Flash), p.Flash, -1),
		container.InputScratch:  b.Block("scratch", p.ArenaSize, nil, 0),
	}
	if p.FastSize == 0 && container.UsesFast(p.Commands) {
		inputs = append(inputs, inputs[container.InputScratch]) // region 2 is the arena itself
	} else {
		inputs = append(inputs, b.Block("scratch_fast", fastSize(p), nil, fastOffset(p)))
	}
	inputs = append(inputs, b.Graph.Inputs...)
	for _, c := range p.Constants {
		inputs = append(inputs, b.Block(c.Name, len(c.Data), c.Data, c.Offset))
	}
	b.Operate(inputs, b.Graph.Outputs)
	return b.Model(description(p.Config)), nil
}

// description is what a file says about itself.
func description(cfg isa.Config) string { return "upset, compiled for " + cfg.String() }

// fastSize is the size of the fast scratch tensor. Where the program has no fast
// memory of its own, the tensor is the arena under another name.
func fastSize(p *Program) int {
	if p.FastSize > 0 {
		return p.FastSize
	}
	return p.ArenaSize
}

// fastOffset is its place in the memory plan: that of the arena, or none.
func fastOffset(p *Program) int {
	if p.FastSize > 0 {
		return -1
	}
	return 0
}
