package tflite

import (
	"bytes"
	"fmt"
	"slices"
)

// Normalise returns the model with the resource variables of its first subgraph
// as ordinary state tensors; a model without any is returned as it is, and the
// given model is never changed.
//
// CALL_ONCE and VAR_HANDLE disappear. Every variable becomes one tensor at the
// end of the list, so that the numbers of the others stay, with Variable set, the
// type, shape and quantisation of what is read from it and, in Initial, the value
// that the subgraph of CALL_ONCE assigns. READ_VARIABLE then has the variable as
// its only input and ASSIGN_VARIABLE has it as its only output; both copy bytes.
// Operators keep their order, which matters: a read before an assignment gets the
// value of the inference before, and an assignment must not be moved in front of
// an earlier read.
//
// The outputs of a DetectionPostProcess get the shapes that a runtime gives them.
//
// Errors name an operator that uses a handle in another way, a variable whose
// size is not everywhere the same, and an initialisation that is computed.
func (m *Model) Normalise() (*Model, error) {
	if len(m.Subgraphs) == 0 {
		return m, nil
	}
	ops := m.Subgraphs[0].Operators
	variables, detections := slices.ContainsFunc(ops, usesHandles), m.Subgraphs[0].lacksShapes()
	if !variables && !detections {
		return m, nil
	}
	n := *m
	n.Subgraphs = slices.Clone(m.Subgraphs)
	g := &n.Subgraphs[0]
	g.Tensors = slices.Clone(g.Tensors)
	if variables {
		v := &variableSet{model: m, graph: g, byName: map[variableName]int{}}
		if err := v.rewrite(); err != nil {
			return nil, fmt.Errorf("tflite: %w", err)
		}
	}
	if detections {
		if err := g.detectionShapes(); err != nil {
			return nil, fmt.Errorf("tflite: %w", err)
		}
	}
	return &n, nil
}

// usesHandles tells the operators that Normalise removes.
func usesHandles(op Operator) bool { return op.Code == OpVarHandle || op.Code == OpCallOnce }

// variableName is the identity of a variable in all subgraphs of a model.
type variableName struct{ container, name string }

// variableSet is a graph whose handles are being removed.
type variableSet struct {
	model  *Model
	graph  *Subgraph
	byName map[variableName]int // number of the variable's tensor
}

// handle gives the variables of the handle tensors that a graph makes.
func handles(g *Subgraph) (map[int]variableName, error) {
	h := map[int]variableName{}
	for i := range g.Operators {
		op := &g.Operators[i]
		if op.Code != OpVarHandle {
			continue
		}
		if len(op.Outputs) != 1 || op.Outputs[0] < 0 {
			return nil, fmt.Errorf("operator %d (%s): one output is needed, has %v", i, op.Name(), op.Outputs)
		}
		h[op.Outputs[0]] = variableName{op.Options.Container, op.Options.SharedName}
	}
	return h, nil
}

// rewrite replaces the operators of the graph.
func (v *variableSet) rewrite() error {
	handle, err := handles(v.graph)
	if err != nil {
		return err
	}
	old := v.graph.Operators
	v.graph.Operators = make([]Operator, 0, len(old))
	for i := range old {
		op := old[i]
		if !usesHandles(op) {
			if err := v.convert(&op, handle); err != nil {
				return fmt.Errorf("operator %d (%s): %w", i, op.Name(), err)
			}
			v.graph.Operators = append(v.graph.Operators, op)
		}
	}
	done := map[int]bool{}
	for i := range old {
		if op := &old[i]; op.Code == OpCallOnce && !done[op.Options.InitSubgraph] {
			done[op.Options.InitSubgraph] = true
			if err := v.initialise(op.Options.InitSubgraph); err != nil {
				return fmt.Errorf("operator %d (%s): %w", i, op.Name(), err)
			}
		}
	}
	for _, id := range slices.Concat(v.graph.Inputs, v.graph.Outputs) {
		if _, ok := handle[id]; ok {
			return fmt.Errorf("tensor %d (%q) is a variable's handle and cannot be an input or output of the graph",
				id, v.graph.Tensors[id].Name)
		}
	}
	return nil
}

// convert turns a read or an assignment into a copy.
func (v *variableSet) convert(op *Operator, handle map[int]variableName) error {
	switch {
	case op.Code == OpReadVariable && len(op.Inputs) == 1 && len(op.Outputs) == 1 && op.Outputs[0] >= 0:
		if name, ok := handle[op.Inputs[0]]; ok {
			id, err := v.tensor(name, op.Outputs[0])
			op.Inputs = []int{id}
			return err
		}
	case op.Code == OpAssignVariable && len(op.Inputs) == 2 && op.Inputs[1] >= 0:
		if name, ok := handle[op.Inputs[0]]; ok {
			id, err := v.tensor(name, op.Inputs[1])
			op.Inputs, op.Outputs = op.Inputs[1:], []int{id}
			return err
		}
	}
	for _, id := range op.Inputs {
		if _, ok := handle[id]; ok || id >= 0 && v.graph.Tensors[id].Type == Resource {
			return fmt.Errorf("input tensor %d (%q) is a resource; only READ_VARIABLE and ASSIGN_VARIABLE of a VAR_HANDLE are known",
				id, v.graph.Tensors[id].Name)
		}
	}
	return nil
}

// tensor is the number of a variable's tensor, made after the model of tensor
// like when it is met for the first time.
func (v *variableSet) tensor(name variableName, like int) (int, error) {
	l := v.graph.Tensors[like]
	id, ok := v.byName[name]
	if !ok {
		id = len(v.graph.Tensors)
		v.byName[name] = id
		v.graph.Tensors = append(v.graph.Tensors, Tensor{
			Name: name.name, Type: l.Type, Shape: l.Shape, Quant: l.Quant, Variable: true,
		})
		return id, nil
	}
	if t := &v.graph.Tensors[id]; t.Type != l.Type || t.Bytes() != l.Bytes() {
		return 0, fmt.Errorf("variable %q is %s of shape %v here and %s of shape %v elsewhere",
			name.name, l.Type, l.Shape, t.Type, t.Shape)
	}
	return id, nil
}

// initialise takes initial values from the subgraph that CALL_ONCE names.
func (v *variableSet) initialise(subgraph int) error {
	if subgraph <= 0 || subgraph >= len(v.model.Subgraphs) {
		return fmt.Errorf("initialisation subgraph %d of %d", subgraph, len(v.model.Subgraphs))
	}
	g := &v.model.Subgraphs[subgraph]
	handle, err := handles(g)
	if err != nil {
		return fmt.Errorf("subgraph %d: %w", subgraph, err)
	}
	for i := range g.Operators {
		op := &g.Operators[i]
		switch op.Code {
		case OpVarHandle:
		case OpAssignVariable:
			if err := v.assign(g, op, handle); err != nil {
				return fmt.Errorf("subgraph %d, operator %d (%s): %w", subgraph, i, op.Name(), err)
			}
		default:
			return fmt.Errorf("subgraph %d, operator %d (%s): variables can only be initialised with constants; export the model with constant initial states",
				subgraph, i, op.Name())
		}
	}
	return nil
}

// assign keeps the constant that op assigns as the initial value.
func (v *variableSet) assign(g *Subgraph, op *Operator, handle map[int]variableName) error {
	if len(op.Inputs) != 2 || op.Inputs[1] < 0 {
		return fmt.Errorf("a handle and a value are needed, inputs are %v", op.Inputs)
	}
	name, ok := handle[op.Inputs[0]]
	value := &g.Tensors[op.Inputs[1]]
	if !ok || value.Data == nil && value.Bytes() > 0 {
		return fmt.Errorf("variables can only be initialised with constants; export the model with constant initial states")
	}
	id, ok := v.byName[name]
	if !ok {
		return nil // nobody uses it
	}
	t := &v.graph.Tensors[id]
	if t.Bytes() != len(value.Data) {
		return fmt.Errorf("variable %q takes %d bytes, its initial value has %d", name.name, t.Bytes(), len(value.Data))
	}
	t.Initial = nil
	if !bytes.Equal(value.Data, t.State()) {
		t.Initial = value.Data
	}
	return nil
}

// State is a fresh copy of the value that a state tensor has before the first
// inference.
func (t *Tensor) State() []byte {
	if t.Initial != nil {
		return bytes.Clone(t.Initial)
	}
	b := make([]byte, t.Bytes())
	if t.Type == Int8 && len(t.Quant.ZeroPoint) > 0 {
		for i := range b {
			b[i] = byte(t.Quant.ZeroPoint[0])
		}
	}
	return b
}
