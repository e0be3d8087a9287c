package driver

import (
	"errors"
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// Stage is one step of a network: a program for the NPU or an operator of the
// source graph that the host computes.
type Stage struct {
	Program  *Program // nil for a host operator
	Operator int      // index in the graph
	Inputs   []int    // tensors that the stage reads, in the program's order
	Outputs  []int    // tensors that it writes
}

// Network is a whole model: stages in execution order over shared tensors.
type Network struct {
	Config  isa.Config
	Stages  []Stage
	Inputs  []Binding // of the graph; offsets are meaningless in a mixed graph
	Outputs []Binding
	model   *tflite.Model
	plan    []int // arena offset of each tensor in a compiled file, -1 where it has none
	shared  bool  // the programs agree on the place of every tensor in one arena
}

// Executor runs one program on an input and returns its outputs.
type Executor func(p *Program, input []byte) ([]byte, error)

// FromVela reads a Vela-optimised model for the given configuration. A model
// compiled for another one gives a *MismatchError.
func FromVela(m *tflite.Model, cfg isa.Config) (*Network, error) {
	c, err := newContainer(m, cfg)
	if err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	g := c.graph
	n := &Network{Config: cfg, model: c.model, plan: c.plan, shared: true}
	if n.Inputs, err = c.bindings(g.Inputs); err != nil {
		return nil, fmt.Errorf("driver: graph inputs: %w", err)
	}
	if n.Outputs, err = c.bindings(g.Outputs); err != nil {
		return nil, fmt.Errorf("driver: graph outputs: %w", err)
	}
	for i := range g.Operators {
		op := &g.Operators[i]
		s := Stage{Operator: i, Inputs: op.Inputs, Outputs: op.Outputs}
		if isNPU(op) {
			s.Inputs = c.networkInputs(op)
			if len(g.Operators) == 1 {
				// Alone, it reads and writes in the order of the graph.
				s.Inputs, s.Outputs = g.Inputs, g.Outputs
			}
			if s.Program, err = c.program(i, s.Inputs, s.Outputs); err != nil {
				return nil, fmt.Errorf("driver: %w", err)
			}
		}
		n.Stages = append(n.Stages, s)
	}
	return n, nil
}

// Program returns the program of a network that runs on the NPU as a whole, or
// nil for a mixed graph.
func (n *Network) Program() *Program {
	if len(n.Stages) == 1 {
		return n.Stages[0].Program
	}
	return nil
}

// Programs returns the programs of all NPU stages in order.
func (n *Network) Programs() []*Program {
	var list []*Program
	for _, s := range n.Stages {
		if s.Program != nil {
			list = append(list, s.Program)
		}
	}
	return list
}

// InputBytes is the size of the concatenated graph inputs.
func (n *Network) InputBytes() int { return total(n.Inputs) }

// OutputBytes is the size of the concatenated graph outputs.
func (n *Network) OutputBytes() int { return total(n.Outputs) }

// Run executes the network on concatenated graph inputs: programs by npu, other
// operators by the reference kernels. State tensors start from zero.
func (n *Network) Run(input []byte, npu Executor) ([]byte, error) {
	if p := n.Program(); p != nil {
		return npu(p, input)
	}
	if want := n.InputBytes(); len(input) != want {
		return nil, fmt.Errorf("driver: input has %d bytes, the network takes %d", len(input), want)
	}
	h, err := newHost(n.model)
	if err != nil {
		return nil, err
	}
	g := &n.model.Subgraphs[0]
	for i, id := range g.Inputs {
		h.values[id] = input[:n.Inputs[i].Size]
		input = input[n.Inputs[i].Size:]
	}
	for i := range n.Stages {
		if err := n.stage(&n.Stages[i], h, npu); err != nil {
			return nil, fmt.Errorf("driver: operator %d (%s): %w", n.Stages[i].Operator, g.Operators[n.Stages[i].Operator].Name(), err)
		}
	}
	return h.join(g.Outputs)
}

func (n *Network) stage(s *Stage, h *host, npu Executor) error {
	if s.Program == nil {
		return h.run(s.Operator)
	}
	in, err := h.join(s.Inputs)
	if err != nil {
		return err
	}
	out, err := npu(s.Program, in)
	if err != nil {
		return err
	}
	if len(out) != s.Program.OutputBytes() {
		return errors.New("the executor returned outputs of another size")
	}
	for i, id := range s.Outputs {
		size := s.Program.Outputs[i].Size
		h.values[id] = out[:size:size]
		out = out[size:]
	}
	return nil
}

// RunFunctional runs the network with the functional machine as the NPU.
func (n *Network) RunFunctional(input []byte) ([]byte, error) {
	return n.Run(input, func(p *Program, in []byte) ([]byte, error) { return p.RunFunctional(in) })
}
