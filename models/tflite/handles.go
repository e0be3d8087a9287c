package tflite

import (
	"fmt"
	"slices"
)

// withHandles undoes Normalise: a runtime knows the variables of READ_VARIABLE
// and ASSIGN_VARIABLE only through handles, and their initial values only through
// CALL_ONCE. A model without such operators is returned as it is.
func (m *Model) withHandles() (*Model, error) {
	if len(m.Subgraphs) == 0 {
		return m, nil
	}
	g := m.Subgraphs[0]
	var ids []int
	known := map[int]bool{}
	for i := range g.Operators {
		if id := copiedVariable(&g, &g.Operators[i]); id >= 0 && !known[id] {
			known[id] = true
			ids = append(ids, id)
		}
	}
	for i := range g.Tensors {
		if t := &g.Tensors[i]; t.Initial != nil && !known[i] {
			return nil, fmt.Errorf("tensor %d (%q): the format has no place for the initial value of a state tensor", i, t.Name)
		}
	}
	if len(ids) == 0 {
		return m, nil
	}
	n := *m
	n.Subgraphs = slices.Clone(m.Subgraphs)
	g.Tensors = slices.Clone(g.Tensors)
	init := Subgraph{Name: "variables"}
	once := Operator{Code: OpCallOnce, Options: Options{InitSubgraph: len(m.Subgraphs)}}
	named := map[string]bool{}
	list, handle, kept := []Operator{once}, map[int]int{}, g.keptHandles()
	for k, id := range ids {
		t := g.Tensors[id]
		name := t.Name
		for named[name] { // variables of several containers may share a name
			name = fmt.Sprintf("%s_%d", name, id)
		}
		named[name] = true
		if _, ok := kept[name]; !ok {
			kept[name] = len(g.Tensors)
			g.Tensors = append(g.Tensors, Tensor{Name: name, Type: Resource})
		}
		handle[id] = kept[name]
		make := Operator{Code: OpVarHandle, Outputs: []int{handle[id]}, Options: Options{SharedName: name}}
		list = append(list, make)
		init.Tensors = append(init.Tensors, Tensor{Name: name, Type: Resource},
			Tensor{Name: name + "/initial", Type: t.Type, Shape: t.Shape, Quant: t.Quant, Data: t.State()})
		make.Outputs = []int{2 * k}
		init.Operators = append(init.Operators, make,
			Operator{Code: OpAssignVariable, Inputs: []int{2 * k, 2*k + 1}})
	}
	for i, op := range g.Operators {
		switch id := copiedVariable(&g, &g.Operators[i]); {
		case id >= 0 && op.Code == OpReadVariable:
			op.Inputs = []int{handle[id]}
		case id >= 0:
			op.Inputs, op.Outputs = []int{handle[id], op.Inputs[0]}, nil
		}
		list = append(list, op)
	}
	g.Operators = list
	if err := g.dropVariables(known); err != nil {
		return nil, err
	}
	n.Subgraphs[0] = g
	n.Subgraphs = append(n.Subgraphs, init)
	return &n, nil
}

// copiedVariable is the state tensor that a READ_VARIABLE or ASSIGN_VARIABLE of a
// normalised graph copies, −1 for any other operator.
func copiedVariable(g *Subgraph, op *Operator) int {
	list := op.Outputs
	switch {
	case len(op.Inputs) != 1 || len(op.Outputs) != 1:
		return -1
	case op.Code == OpReadVariable:
		list = op.Inputs
	case op.Code != OpAssignVariable:
		return -1
	}
	if id := list[0]; id >= 0 && g.Tensors[id].Variable {
		return id
	}
	return -1
}

// keptHandles finds the resource tensors that the graph has kept, by name.
func (g *Subgraph) keptHandles() map[string]int {
	kept := map[string]int{}
	for i := range g.Tensors {
		if t := &g.Tensors[i]; t.Type == Resource {
			if _, ok := kept[t.Name]; !ok {
				kept[t.Name] = i
			}
		}
	}
	return kept
}

// dropVariables takes the memory of variables out of the graph, which nothing may
// use any more; those at the end of the list disappear.
func (g *Subgraph) dropVariables(variable map[int]bool) error {
	for i := range g.Operators {
		op := &g.Operators[i]
		for _, id := range slices.Concat(op.Inputs, op.Outputs) {
			if variable[id] {
				return fmt.Errorf("operator %d (%s) uses variable tensor %d (%q) directly; the format has only handles for it",
					i, op.Name(), id, g.Tensors[id].Name)
			}
		}
	}
	for _, id := range slices.Concat(g.Inputs, g.Outputs) {
		if variable[id] {
			return fmt.Errorf("variable tensor %d (%q) is an input or output of the graph; the format has only handles for it", id, g.Tensors[id].Name)
		}
	}
	for id := range variable {
		g.Tensors[id].Variable, g.Tensors[id].Initial = false, nil
	}
	for n := len(g.Tensors); n > 0 && variable[n-1]; n-- {
		g.Tensors = g.Tensors[:n-1]
	}
	return nil
}
