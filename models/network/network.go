package network

import (
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

// RunFunctional runs the network on the functional machine, with the operators of the
// host by the reference kernels, on concatenated graph inputs. State starts anew.
func (n *Network) RunFunctional(input []byte) ([]byte, error) {
	return n.RunSequence(input, 1)
}

// RunSequence is RunFunctional for inferences that follow each other with state kept:
// inputs and outputs are those of all frames in order.
func (n *Network) RunSequence(input []byte, frames int) ([]byte, error) {
	p, err := n.Whole(frames)
	if err != nil {
		return nil, err
	}
	return p.RunFunctional(input)
}

// InputRange is the range of numbers that a float32 input of the graph is quantised to,
// and -1 to 1 where no operator quantises it.
func (n *Network) InputRange(i int) (low, high float64) {
	low, high = -1, 1
	if n.model == nil || i >= len(n.model.Subgraphs[0].Inputs) {
		return low, high
	}
	g := &n.model.Subgraphs[0]
	for k := range g.Operators {
		op := &g.Operators[k]
		if op.Code != tflite.OpQuantize || len(op.Inputs) == 0 || op.Inputs[0] != g.Inputs[i] || len(op.Outputs) == 0 || op.Outputs[0] < 0 {
			continue
		}
		t := &g.Tensors[op.Outputs[0]]
		limits, known := map[tflite.Type][2]float64{
			tflite.Int8: {-1 << 7, 1<<7 - 1}, tflite.Uint8: {0, 1<<8 - 1}, tflite.Int16: {-1 << 15, 1<<15 - 1},
		}[t.Type]
		if q := &t.Quant; known && len(q.Scale) == 1 && len(q.ZeroPoint) == 1 {
			s, z := float64(q.Scale[0]), float64(q.ZeroPoint[0])
			return s * (limits[0] - z), s * (limits[1] - z)
		}
	}
	return low, high
}
