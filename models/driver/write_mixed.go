package driver

import (
	"fmt"
	"slices"

	"upset/models/tflite"
)

// mixedWriter builds the container of a graph of which the host computes parts.
type mixedWriter struct {
	n     *Network
	graph tflite.Subgraph
	plan  []int
	arena int // the scratch tensors that all programs share
	fast  int
}

// mixed returns a graph with host operators in the form of a Vela output: one
// "ethos-u" operator for each program, between the operators of the host.
func (n *Network) mixed() (*tflite.Model, error) {
	src := &n.model.Subgraphs[0]
	w := &mixedWriter{n: n, graph: *src}
	w.graph.Tensors, w.graph.Operators = slices.Clone(src.Tensors), nil
	w.plan = slices.Repeat([]int{-1}, len(src.Tensors))
	size := 0
	for _, p := range n.Programs() {
		if p.FastSize > 0 {
			return nil, fmt.Errorf("program %s has fast memory of its own, which a graph with host operators cannot hold", p.Name)
		}
		size = max(size, p.ArenaSize)
	}
	w.arena, w.fast = w.block("scratch", size, nil, 0), w.block("scratch_fast", size, nil, 0)
	for i := range n.Stages {
		s := &n.Stages[i]
		if s.Program == nil {
			w.graph.Operators = append(w.graph.Operators, src.Operators[s.Operator])
			continue
		}
		if err := w.program(i, s); err != nil {
			return nil, fmt.Errorf("program %s: %w", s.Program.Name, err)
		}
	}
	list := []tflite.Metadata{{Name: memoryPlanName, Data: encodePlan(w.plan)}}
	for _, m := range n.model.Metadata {
		if m.Name != memoryPlanName {
			list = append(list, m)
		}
	}
	return &tflite.Model{
		Version: modelVersion, Description: "upset, compiled for " + n.Config.String(), Subgraphs: []tflite.Subgraph{w.graph}, Metadata: list,
	}, nil
}

func (w *mixedWriter) add(t tflite.Tensor, offset int) int {
	w.graph.Tensors, w.plan = append(w.graph.Tensors, t), append(w.plan, offset)
	return len(w.plan) - 1
}

func (w *mixedWriter) block(name string, size int, data []byte, offset int) int {
	return w.add(tflite.Tensor{Name: name, Type: tflite.Uint8, Shape: []int{size}, Data: data}, offset)
}

// program writes the operator of an NPU stage, with copies of those inputs and
// outputs that cannot live at the program's place in the arena.
func (w *mixedWriter) program(at int, s *Stage) error {
	p := s.Program
	if err := p.Check(); err != nil {
		return err
	}
	stream, err := encodePayload(p.Config, p.Commands)
	if err != nil {
		return err
	}
	inputs := []int{
		inputCommands: w.block(fmt.Sprintf("command_stream_%d", at), len(stream), stream, -1),
		inputFlash:    w.block(fmt.Sprintf("flash_%d", at), len(p.Flash), p.Flash, -1),
		inputScratch:  w.arena,
		inputFast:     w.fast,
	}
	for i, id := range s.Inputs {
		inputs = append(inputs, w.place(at, id, p.Inputs[i].Offset, true))
	}
	var outputs []int
	for i, id := range s.Outputs {
		outputs = append(outputs, w.place(at, id, p.Outputs[i].Offset, false))
	}
	for i, id := range s.Inputs {
		w.copyTensor(id, inputs[inputFirst+i])
	}
	w.graph.Operators = append(w.graph.Operators, tflite.Operator{
		Code: tflite.OpCustom, Custom: customCode, Version: 1, CustomOptions: npuOptions, Inputs: inputs, Outputs: outputs,
	})
	for i, id := range s.Outputs {
		w.copyTensor(outputs[i], id)
	}
	return nil
}

// place gives tensor id its offset in the arena, or returns a second tensor
// there where the value would not survive another program.
func (w *mixedWriter) place(at, id, offset int, input bool) int {
	if offset < 0 {
		return id
	}
	if w.survives(at, id, input) {
		w.plan[id] = offset
		return id
	}
	t := w.graph.Tensors[id]
	t.Name, t.Data, t.Variable = fmt.Sprintf("%s_%d", t.Name, at), nil, false
	return w.add(t, offset)
}

// copyTensor adds a host operator that copies, where two tensors hold one value.
func (w *mixedWriter) copyTensor(from, to int) {
	if from == to {
		return
	}
	w.graph.Operators = append(w.graph.Operators, tflite.Operator{
		Code: tflite.OpReshape, Version: 1, Inputs: []int{from}, Outputs: []int{to}, Options: tflite.Options{NewShape: w.graph.Tensors[to].Shape},
	})
}

// survives reports whether a tensor may lie in the arena of the program of stage
// at: from its producer to its last reader no other program runs, and an input is
// not read again after the program, which may overwrite it.
func (w *mixedWriter) survives(at, id int, input bool) bool {
	t, stages := &w.graph.Tensors[id], w.n.Stages
	if t.Data != nil || t.Variable {
		return false
	}
	first, last := -1, at
	for i := range stages {
		if slices.Contains(stages[i].Outputs, id) {
			first = i
		}
		if slices.Contains(stages[i].Inputs, id) {
			last = max(last, i)
		}
	}
	if slices.Contains(w.graph.Outputs, id) {
		last = len(stages)
	}
	if input && last > at {
		return false
	}
	for i := max(first, 0); i <= min(last, len(stages)-1); i++ {
		if i != at && stages[i].Program != nil {
			return false
		}
	}
	return true
}
