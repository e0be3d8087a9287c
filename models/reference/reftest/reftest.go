// Package reftest runs single operators of models on the reference kernels. Only tests use it.
package reftest

import (
	"fmt"

	"upset/models/reference"
	"upset/models/tflite"
)

// Eval runs one operator of the model's first subgraph on the values of the
// graph's tensors. The operator's inputs are read from tensors and its outputs
// written there. Constant tensors may be left out (nil); all others the operator
// names must have the size of their shape. Use Prepare to run an operator often.
func Eval(m *tflite.Model, op *tflite.Operator, tensors [][]byte) error {
	if len(m.Subgraphs) == 0 {
		return fmt.Errorf("reftest: the model has no subgraph")
	}
	g := &m.Subgraphs[0]
	if len(tensors) != len(g.Tensors) {
		return fmt.Errorf("reftest: %d values given for %d tensors", len(tensors), len(g.Tensors))
	}
	k, err := reference.Prepare(g, op)
	if err != nil {
		return fmt.Errorf("reftest: %w", err)
	}
	values := append([][]byte(nil), tensors...)
	for _, list := range [2][]int{op.Inputs, op.Outputs} {
		for _, i := range list {
			if i < 0 {
				continue
			}
			t := &g.Tensors[i]
			if values[i] == nil && t.Data != nil {
				values[i] = t.Data
			}
			if len(values[i]) != t.Bytes() {
				return fmt.Errorf("reftest: %s: tensor %d (%q) has %d bytes; its shape %v needs %d",
					op.Name(), i, t.Name, len(values[i]), t.Shape, t.Bytes())
			}
		}
	}
	k(values)
	return nil
}
