package tflite

import "fmt"

// maxTensorBytes is the largest tensor that is accepted, the size limit of a
// flatbuffer.
const maxTensorBytes = 1<<31 - 1

// check verifies what both the reader and the writer rely on: indices, shapes,
// the sizes of constants and the layout of quantisation parameters.
func (m *Model) check() error {
	for i := range m.Subgraphs {
		if err := m.Subgraphs[i].check(); err != nil {
			return fmt.Errorf("subgraph %d: %w", i, err)
		}
	}
	return nil
}

func (g *Subgraph) check() error {
	for i := range g.Tensors {
		if err := g.Tensors[i].check(); err != nil {
			return fmt.Errorf("tensor %d (%q): %w", i, g.Tensors[i].Name, err)
		}
	}
	if err := indices("input", g.Inputs, 0, len(g.Tensors)); err != nil {
		return err
	}
	if err := indices("output", g.Outputs, 0, len(g.Tensors)); err != nil {
		return err
	}
	for i := range g.Operators {
		op := &g.Operators[i]
		if err := indices("input", op.Inputs, -1, len(g.Tensors)); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, op.Name(), err)
		}
		if err := indices("output", op.Outputs, -1, len(g.Tensors)); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, op.Name(), err)
		}
	}
	return nil
}

func indices(what string, list []int, least, n int) error {
	for i, t := range list {
		if t < least || t >= n {
			return fmt.Errorf("%s %d is tensor %d; there are %d tensors", what, i, t, n)
		}
	}
	return nil
}

func (t *Tensor) check() error {
	n, empty := 1, false
	for _, d := range t.Shape {
		if d < 0 {
			return fmt.Errorf("shape %s has a negative dimension; export the model with fixed shapes", brief(t.Shape))
		}
		if d == 0 {
			empty = true
			continue
		}
		if n > maxTensorBytes/d {
			return fmt.Errorf("shape %s is beyond %d elements", brief(t.Shape), maxTensorBytes)
		}
		n *= d
	}
	if empty {
		n = 0
	}
	if n*t.Type.Size() > maxTensorBytes {
		return fmt.Errorf("shape %s of %s is beyond %d bytes", brief(t.Shape), t.Type, maxTensorBytes)
	}
	sized := t.Type.Size() > 0 || t.Type == Int4
	if len(t.Data) > 0 && sized && len(t.Data) != t.Bytes() {
		return fmt.Errorf("constant of %d bytes, but shape %s of %s needs %d", len(t.Data), brief(t.Shape), t.Type, t.Bytes())
	}
	if t.Initial != nil && len(t.Initial) != t.Bytes() {
		return fmt.Errorf("initial value of %d bytes, but shape %s of %s needs %d", len(t.Initial), brief(t.Shape), t.Type, t.Bytes())
	}
	return t.Quant.check()
}

// check verifies the counts. Whether the scales fit a dimension is for the
// operators to say: TFLite's kernels never look at the recorded one, and a bias
// may name the dimension of its filter.
func (q *Quantization) check() error {
	if n, z := len(q.Scale), len(q.ZeroPoint); z > 1 && z != n {
		return fmt.Errorf("%d zero points beside %d scales", z, n)
	}
	return nil
}

// brief prints a shape, only the first dimensions of many.
func brief(shape []int) string {
	const few = 8
	if len(shape) <= few {
		return fmt.Sprint(shape)
	}
	return fmt.Sprintf("%v and so on (%d dimensions)", shape[:few], len(shape))
}
