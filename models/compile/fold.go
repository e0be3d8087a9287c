package compile

import (
	"fmt"
	"slices"

	"upset/models/reference"
	"upset/models/tflite"
)

// maxFolded bounds the bytes of constants that folding makes (our choice).
const maxFolded = 1 << 24

// Prepare returns the model that is to be compiled: its variables as state tensors
// (see tflite.Model.Normalise), and without the operators whose results are known
// beforehand, such as the SHAPE, STRIDED_SLICE and PACK in front of a RESHAPE;
// their results are constants of the new model. Tensors keep their numbers,
// operators do not. The given model stays as it is.
func Prepare(m *tflite.Model) (*tflite.Model, error) {
	m, err := m.Normalise()
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if len(m.Subgraphs) == 0 {
		return m, nil
	}
	n := *m
	n.Subgraphs = slices.Clone(m.Subgraphs)
	g := &n.Subgraphs[0]
	g.Tensors = slices.Clone(g.Tensors)
	f := folder{graph: g, left: maxFolded, kept: map[int]bool{}}
	for _, i := range g.Outputs {
		f.kept[i] = true
	}
	for i := range g.Tensors {
		f.kept[i] = f.kept[i] || g.Tensors[i].Variable
	}
	var rest []tflite.Operator
	for i := range g.Operators {
		if !f.fold(&g.Operators[i]) {
			rest = append(rest, g.Operators[i])
		}
	}
	if len(rest) == len(g.Operators) {
		return m, nil
	}
	g.Operators = rest
	return &n, nil
}

// folder evaluates operators.
type folder struct {
	graph *tflite.Subgraph
	left  int          // bytes of constants that may still be made
	kept  map[int]bool // tensors that cannot become constants
}

// fold makes the results of an operator constants where its inputs are. It
// reports whether it did.
func (f *folder) fold(op *tflite.Operator) bool {
	g := f.graph
	if !f.known(op) || len(op.Outputs) == 0 {
		return false
	}
	bytes := 0
	for _, i := range op.Outputs {
		if i < 0 || i >= len(g.Tensors) || f.kept[i] || g.Tensors[i].Data != nil || g.Tensors[i].Type.Size() == 0 {
			return false
		}
		n := g.Tensors[i].Type.Size()
		for _, d := range g.Tensors[i].Shape {
			if d < 0 || d > f.left {
				return false
			}
			if n *= d; n > f.left {
				return false
			}
		}
		bytes += n
	}
	kernel, err := reference.Prepare(g, op)
	if err != nil || bytes > f.left {
		return false
	}
	values := make([][]byte, len(g.Tensors))
	for _, i := range op.Inputs {
		if i >= 0 {
			values[i] = g.Tensors[i].Data
		}
	}
	for _, i := range op.Outputs {
		values[i] = make([]byte, g.Tensors[i].Bytes())
	}
	kernel(values)
	for _, i := range op.Outputs {
		g.Tensors[i].Data = values[i]
	}
	f.left -= bytes
	return true
}

// known reports whether all that an operator depends on is constant: its inputs,
// or their shapes.
func (f *folder) known(op *tflite.Operator) bool {
	if op.Code == tflite.OpCustom || len(op.Inputs) == 0 {
		return false
	}
	for _, i := range op.Inputs {
		switch {
		case i >= len(f.graph.Tensors) || i < -1:
			return false
		case i >= 0 && f.graph.Tensors[i].Data == nil && op.Code != tflite.OpShape:
			return false
		}
	}
	return true
}
