package network

import (
	"fmt"
	"slices"

	"upset/models/container"
	"upset/models/tflite"
)

// mixedWriter builds the container of a graph of which the host computes parts.
type mixedWriter struct {
	container.Builder
	n     *Network
	arena int // the scratch tensors that all programs share, unless they have
	fast  int // fast memory of their own
}

// mixed returns a graph with host operators in the form of a Vela output: one
// "ethos-u" operator for each program, between the operators of the host.
func (n *Network) mixed() (*tflite.Model, error) {
	src := &n.model.Subgraphs[0]
	w := &mixedWriter{Builder: container.Builder{Graph: *src}, n: n}
	w.Graph.Tensors, w.Graph.Operators = slices.Clone(src.Tensors), nil
	w.Plan = slices.Repeat([]int{-1}, len(src.Tensors))
	size := 0
	for _, p := range n.Programs() {
		size = max(size, p.ArenaSize)
	}
	w.arena, w.fast = w.Block("scratch", size, nil, 0), w.Block("scratch_fast", size, nil, 0)
	for i := range n.Stages {
		s := &n.Stages[i]
		if s.Program == nil {
			w.Graph.Operators = append(w.Graph.Operators, src.Operators[s.Operator])
			continue
		}
		if err := w.program(i, s); err != nil {
			return nil, fmt.Errorf("program %s: %w", s.Program.Name, err)
		}
	}
	return w.Model(description(n.Config), n.model.Metadata...), nil
}

// program writes the operator of an NPU stage, with copies of those inputs and
// outputs that cannot live at the program's place in the arena.
func (w *mixedWriter) program(at int, s *Stage) error {
	p := s.Program
	if err := p.Check(); err != nil {
		return err
	}
	stream, err := container.EncodePayload(p.Config, p.Commands)
	if err != nil {
		return err
	}
	inputs := []int{
		container.InputCommands: w.Block(fmt.Sprintf("command_stream_%d", at), len(stream), stream, -1),
		container.InputFlash:    w.Block(fmt.Sprintf("flash_%d", at), len(p.Flash), p.Flash, -1),
		container.InputScratch:  w.arena,
		container.InputFast:     w.fast,
	}
	switch {
	case p.FastSize == 0 && container.UsesFast(p.Commands):
		inputs[container.InputFast] = w.arena
	case p.FastSize > 0:
		inputs[container.InputFast] = w.Block(fmt.Sprintf("scratch_fast_%d", at), p.FastSize, nil, fastOffset(p))
	}
	first := len(inputs)
	for i, id := range s.Inputs {
		inputs = append(inputs, w.place(at, id, p.Inputs[i].Offset, true))
	}
	var outputs []int
	for i, id := range s.Outputs {
		outputs = append(outputs, w.place(at, id, p.Outputs[i].Offset, false))
	}
	for i, id := range s.Inputs {
		w.copyTensor(id, inputs[first+i])
	}
	w.Operate(inputs, outputs)
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
	if w.survives(at, id, input) && (w.Plan[id] < 0 || w.Plan[id] == offset) {
		w.Plan[id] = offset
		return id
	}
	t := w.Graph.Tensors[id]
	t.Name, t.Data, t.Variable = fmt.Sprintf("%s_%d", t.Name, at), nil, false
	return w.Add(t, offset)
}

// copyTensor adds a host operator that copies, where two tensors hold one value.
func (w *mixedWriter) copyTensor(from, to int) {
	if from == to {
		return
	}
	w.CopyTo(from, to)
}

// survives reports whether a tensor may lie in the arena of the program of stage
// at. In an arena that the programs planned together every tensor may. Otherwise
// from its producer to its last reader no other program runs, and an input is
// not read again after the program, which may overwrite it.
func (w *mixedWriter) survives(at, id int, input bool) bool {
	t, stages := &w.Graph.Tensors[id], w.n.Stages
	if t.Data != nil || t.Variable {
		return false
	}
	if w.n.shared {
		return true
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
	if slices.Contains(w.Graph.Outputs, id) {
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
