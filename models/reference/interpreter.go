// Package reference interprets TensorFlow Lite graphs on integers, without any
// notion of time. It is the lowest level of truth of the simulator: its results
// equal, bit for bit, those of the reference kernels of TensorFlow Lite for
// Microcontrollers with double rounding.
//
// Every operator is prepared once, which checks its tensors and derives its
// fixed-point multipliers, and then run any number of times.
package reference

import (
	"fmt"

	"upset/models/tflite"
)

// maxArena bounds the memory for the values of one graph, so that a damaged
// model gives an error (our choice).
const maxArena = 1 << 28

// Kernel runs one prepared operator on the values of a graph's tensors, raw
// little-endian bytes indexed by tensor number. A kernel owns scratch memory, so
// it must not run twice at the same time.
type Kernel func(tensors [][]byte)

// Interpreter runs the first subgraph of a model. It is not safe for concurrent
// use; make one per goroutine.
type Interpreter struct {
	graph   *tflite.Subgraph
	kernels []Kernel
	values  [][]byte
}

// New prepares the first subgraph of a model, normalised as tflite.Normalise
// does. An operator that is not known, or whose tensors do not fit it, is an error
// that names the operator.
func New(m *tflite.Model) (*Interpreter, error) {
	if len(m.Subgraphs) == 0 {
		return nil, fmt.Errorf("reference: the model has no subgraph")
	}
	m, err := m.Normalise()
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	g := &m.Subgraphs[0]
	in := &Interpreter{graph: g, values: make([][]byte, len(g.Tensors))}
	total := 0
	for i := range g.Tensors {
		t := &g.Tensors[i]
		if t.Data != nil {
			in.values[i] = t.Data
			continue
		}
		n, err := sizeOf(t)
		if err != nil {
			return nil, fmt.Errorf("reference: tensor %d (%q): %w", i, t.Name, err)
		}
		if total += n; total > maxArena {
			return nil, fmt.Errorf("reference: tensors need more than %d bytes; use a smaller network", maxArena)
		}
	}
	for i := range g.Tensors {
		if t := &g.Tensors[i]; t.Data == nil {
			in.values[i] = make([]byte, t.Bytes())
		}
	}
	in.Reset()
	for _, i := range g.Inputs {
		if g.Tensors[i].Data != nil {
			return nil, fmt.Errorf("reference: input tensor %d (%q) is a constant", i, g.Tensors[i].Name)
		}
	}
	for i := range g.Operators {
		k, err := Prepare(g, &g.Operators[i])
		if err != nil {
			return nil, fmt.Errorf("reference: operator %d: %w", i, err)
		}
		in.kernels = append(in.kernels, k)
	}
	return in, nil
}

// sizeOf is the size of a tensor's value, checked against the limit of the arena.
func sizeOf(t *tflite.Tensor) (int, error) {
	n := max(t.Type.Size(), 1)
	for _, d := range t.Shape {
		if d < 0 || d > maxArena {
			return 0, fmt.Errorf("shape %v is not usable", t.Shape)
		}
		// A dimension of 0 counts as 1, so that products of the others stay bounded.
		if n *= max(d, 1); n > maxArena {
			return 0, fmt.Errorf("shape %v of %s is beyond %d bytes", t.Shape, t.Type, maxArena)
		}
	}
	if t.Type.Size() == 0 && t.Type != tflite.Int4 {
		return 0, nil // only an operator that touches it can tell whether that matters
	}
	return t.Bytes(), nil
}

// Invoke runs the graph on one set of inputs, raw little-endian tensors in graph
// order, and returns copies of the outputs. State tensors start afresh, so the
// result depends on the inputs only.
func (in *Interpreter) Invoke(inputs [][]byte) ([][]byte, error) {
	in.Reset()
	return in.Step(inputs)
}

// Reset gives every state tensor its value before the first inference.
func (in *Interpreter) Reset() {
	for i := range in.graph.Tensors {
		if t := &in.graph.Tensors[i]; t.Variable && t.Data == nil {
			copy(in.values[i], t.State())
		}
	}
}

// Step is Invoke as one of a sequence: state tensors keep what the inference
// before left. A new interpreter starts with fresh state.
func (in *Interpreter) Step(inputs [][]byte) ([][]byte, error) {
	g := in.graph
	if len(inputs) != len(g.Inputs) {
		return nil, fmt.Errorf("reference: %d inputs given; the graph takes %d", len(inputs), len(g.Inputs))
	}
	for i, t := range g.Inputs {
		if len(inputs[i]) != len(in.values[t]) {
			return nil, fmt.Errorf("reference: input %d (%q) has %d bytes; %v of %s takes %d",
				i, g.Tensors[t].Name, len(inputs[i]), g.Tensors[t].Shape, g.Tensors[t].Type, len(in.values[t]))
		}
	}
	for i, t := range g.Inputs {
		copy(in.values[t], inputs[i])
	}
	for _, k := range in.kernels {
		k(in.values)
	}
	outputs := make([][]byte, len(g.Outputs))
	for i, t := range g.Outputs {
		outputs[i] = append([]byte(nil), in.values[t]...)
	}
	return outputs, nil
}

// Run prepares the first subgraph of a model and runs it once.
func Run(m *tflite.Model, inputs [][]byte) ([][]byte, error) {
	in, err := New(m)
	if err != nil {
		return nil, err
	}
	return in.Invoke(inputs)
}
