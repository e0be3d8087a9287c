package driver

import (
	"bytes"
	"fmt"

	"upset/models/reference"
	"upset/models/tflite"
)

// maxTensor bounds the bytes of one tensor, and of all values of a mixed graph,
// so that a damaged model gives an error (our choice).
const maxTensor = 1 << 30

// tensorBytes is the size of a tensor's value.
func tensorBytes(t *tflite.Tensor) (int, error) {
	n := t.Type.Size()
	for _, d := range t.Shape {
		if d < 0 || d > maxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v is not usable", t.Name, t.Shape)
		}
		if n *= d; n > maxTensor {
			return 0, fmt.Errorf("tensor %q: shape %v of %s is beyond %d bytes", t.Name, t.Shape, t.Type, maxTensor)
		}
	}
	return n, nil
}

// host holds the tensor values of a mixed graph and computes its CPU operators.
type host struct {
	graph  *tflite.Subgraph
	values [][]byte
}

// newHost starts with the constants of the graph and fresh state tensors. Only
// tensors that a host operator touches get memory.
func newHost(m *tflite.Model) (*host, error) {
	g := &m.Subgraphs[0]
	h := &host{graph: g, values: make([][]byte, len(g.Tensors))}
	all := 0
	counted, touched := make([]bool, len(g.Tensors)), []int(nil)
	for i := range g.Operators {
		op := &g.Operators[i]
		if isNPU(op) {
			continue
		}
		for _, list := range [2][]int{op.Inputs, op.Outputs} {
			for _, id := range list {
				if id < 0 || id >= len(g.Tensors) || counted[id] {
					continue
				}
				counted[id] = true
				t := &g.Tensors[id]
				n, err := tensorBytes(t)
				if err != nil {
					return nil, fmt.Errorf("driver: operator %d: %w", i, err)
				}
				if all += n; all > maxTensor {
					return nil, fmt.Errorf("driver: the tensors need more than %d bytes; use a smaller network", maxTensor)
				}
				touched = append(touched, id)
			}
		}
	}
	for _, id := range touched { // only when they are known to fit
		t := &g.Tensors[id]
		n, err := tensorBytes(t)
		if err != nil {
			return nil, fmt.Errorf("driver: tensor %q: %w", t.Name, err)
		}
		h.values[id] = initial(t, n)
	}
	return h, nil
}

// initial is the value of a tensor before the first operator: its constant, the
// zero point for int8 state, zero otherwise (TFLite Micro interpreter).
func initial(t *tflite.Tensor, n int) []byte {
	switch {
	case t.Data != nil:
		return t.Data
	case t.Variable && t.Type == tflite.Int8 && len(t.Quant.ZeroPoint) > 0:
		return bytes.Repeat([]byte{byte(t.Quant.ZeroPoint[0])}, n)
	}
	return make([]byte, n)
}

// join concatenates the values of tensors.
func (h *host) join(ids []int) ([]byte, error) {
	var b []byte
	for _, id := range ids {
		if id < 0 || id >= len(h.values) {
			return nil, fmt.Errorf("tensor %d does not exist", id)
		}
		v := h.values[id]
		if v == nil {
			v = h.graph.Tensors[id].Data
		}
		if t := &h.graph.Tensors[id]; v == nil && t.Variable { // state that only programs use
			n, err := tensorBytes(t)
			if err != nil {
				return nil, err
			}
			v = initial(t, n)
		}
		if v == nil {
			return nil, fmt.Errorf("tensor %d (%q) is read before it has a value", id, h.graph.Tensors[id].Name)
		}
		b = append(b, v...)
	}
	return b, nil
}

// run computes one operator with the reference kernels.
func (h *host) run(index int) error {
	op := &h.graph.Operators[index]
	for _, list := range [2][]int{op.Inputs, op.Outputs} {
		for _, id := range list {
			if id < 0 {
				continue
			}
			if t := &h.graph.Tensors[id]; len(h.values[id]) != t.Bytes() {
				return fmt.Errorf("tensor %d (%q) has %d bytes; its shape %v needs %d", id, t.Name, len(h.values[id]), t.Shape, t.Bytes())
			}
		}
	}
	kernel, err := reference.Prepare(h.graph, op)
	if err != nil {
		return err
	}
	kernel(h.values)
	return nil
}
