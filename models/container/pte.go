package container

import (
	"fmt"
	"slices"

	"upset/models/executorch"
	"upset/models/reference"
	"upset/models/tflite"
)

// pteTypes are the types of tensors that a program may hold here.
var pteTypes = map[int]tflite.Type{
	executorch.Uint8: tflite.Uint8, executorch.Int8: tflite.Int8, executorch.Int16: tflite.Int16, executorch.Int32: tflite.Int32,
	executorch.Int64: tflite.Int64, executorch.Float32: tflite.Float32, executorch.BoolType: tflite.Bool,
}

// pte turns an ExecuTorch program into the graph of a Vela output: each delegate is an
// operator of the NPU with tensors of its own in the arena, between copies, as the
// runtime makes them; the operators around it are those of the host.
type pte struct {
	Builder
	p       *executorch.Program
	blobs   []*executorch.Blob // by delegate
	tensors map[int64]int      // by value
}

// executorchModel reads an ExecuTorch program. Around the delegates it may quantise,
// dequantise, permute and reshape, where the reference kernels compute it.
func executorchModel(data []byte) (*tflite.Model, error) {
	b, err := newPTE(data)
	if err != nil {
		return nil, err
	}
	m, err := b.whole()
	if err != nil {
		return nil, err
	}
	g := &m.Subgraphs[0]
	for i := range g.Operators {
		if op := &g.Operators[i]; !IsNPU(op) {
			if _, err := reference.Prepare(g, op); err != nil {
				return nil, fmt.Errorf("the host cannot compute an operator around the delegate: %w; give --delegate to run a delegate alone", err)
			}
		}
	}
	return m, nil
}

// whole makes the graph of all calls.
func (b *pte) whole() (m *tflite.Model, err error) {
	if len(b.p.Calls) == 1 {
		if err := b.alone(b.p.Calls[0]); err != nil {
			return nil, err
		}
		return b.Model("ExecuTorch program"), nil
	}
	for _, list := range [2][]int64{b.p.Inputs, b.p.Outputs} {
		for _, v := range list {
			if _, err := b.tensor(v); err != nil {
				return nil, err
			}
		}
	}
	for i, c := range b.p.Calls {
		if c.Operator == "" {
			err = b.delegate(c)
		} else {
			err = b.operator(c)
		}
		if err != nil {
			return nil, fmt.Errorf("instruction %d: %w", i, err)
		}
	}
	for _, v := range b.p.Inputs {
		b.Graph.Inputs = append(b.Graph.Inputs, b.tensors[v])
	}
	for _, v := range b.p.Outputs {
		b.Graph.Outputs = append(b.Graph.Outputs, b.tensors[v])
	}
	return b.Model("ExecuTorch program"), nil
}

// newPTE parses a program and the blobs of its delegates.
func newPTE(data []byte) (*pte, error) {
	p, err := executorch.Parse(data)
	if err != nil {
		return nil, err
	}
	if len(p.Delegates) == 0 {
		var names []string
		for _, c := range p.Calls {
			if !slices.Contains(names, c.Operator) {
				names = append(names, c.Operator)
			}
		}
		return nil, fmt.Errorf("the program has no delegate for the NPU: the CPU computes all of it %q; lower it with the Ethos-U backend of ExecuTorch", names[:min(len(names), 8)])
	}
	b := &pte{p: p, tensors: map[int64]int{}}
	for i, d := range p.Delegates {
		if d.ID != executorch.EthosU {
			return nil, fmt.Errorf("delegate %d is for %q, not for %q: lower the program with the Ethos-U backend alone", i, d.ID, executorch.EthosU)
		}
		blob, err := executorch.ParseBlob(d.Blob)
		if err != nil {
			return nil, fmt.Errorf("delegate %d: %w", i, err)
		}
		b.blobs = append(b.blobs, blob)
	}
	return b, nil
}

// value returns the tensor value of an argument.
func (b *pte) value(v int64) (*executorch.Tensor, tflite.Type, error) {
	if v < 0 || v >= int64(len(b.p.Values)) || b.p.Values[v].Tensor == nil {
		return nil, 0, fmt.Errorf("value %d is no tensor", v)
	}
	t := b.p.Values[v].Tensor
	kind, ok := pteTypes[t.Type]
	if !ok {
		return nil, 0, fmt.Errorf("value %d has scalar type %d, which is not supported", v, t.Type)
	}
	return t, kind, nil
}

// tensor is the tensor of the graph for a value.
func (b *pte) tensor(v int64) (int, error) {
	if id, ok := b.tensors[v]; ok {
		return id, nil
	}
	t, kind, err := b.value(v)
	if err != nil {
		return 0, err
	}
	x := tflite.Tensor{Name: fmt.Sprintf("value %d", v), Type: kind}
	for _, n := range inMemory(t) {
		x.Shape = append(x.Shape, int(n))
	}
	n, err := x.Size()
	if err != nil {
		return 0, err
	}
	if len(t.Data) > 0 {
		if len(t.Data) < n {
			return 0, fmt.Errorf("constant value %d has %d bytes, its shape %v needs %d", v, len(t.Data), x.Shape, n)
		}
		x.Data = t.Data[:n:n]
	}
	b.tensors[v] = b.Add(x, -1)
	return b.tensors[v], nil
}

// inMemory are the sizes of a tensor in the order of its memory, from the slowest
// dimension to the fastest.
func inMemory(t *executorch.Tensor) []int64 {
	if !ordered(t) {
		sizes := make([]int64, len(t.Sizes))
		for i, d := range t.DimOrder {
			sizes[i] = t.Sizes[d]
		}
		return sizes
	}
	return t.Sizes
}

// ordered reports whether a tensor lies in memory in the order of its sizes. A
// damaged order counts as none.
func ordered(t *executorch.Tensor) bool {
	seen := make([]bool, len(t.Sizes))
	for _, d := range t.DimOrder {
		if d < 0 || d >= int64(len(seen)) || seen[d] {
			return true
		}
		seen[d] = true
	}
	return len(t.DimOrder) != len(t.Sizes) || slices.IsSorted(t.DimOrder)
}
