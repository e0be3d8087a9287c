package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerConcat lowers CONCATENATION to one strided copy for each input, which
// rescales where the quantisations differ.
func (g *graph) lowerConcat(op *tflite.Operator) error {
	out := g.tensor(op.Outputs[0])
	axis := op.Options.Axis
	if axis < 0 {
		axis += len(out.Shape)
	}
	if axis < 0 || axis >= len(out.Shape) || op.Options.Activation != tflite.None {
		return fmt.Errorf("axis %d of shape %v, or a fused activation", op.Options.Axis, out.Shape)
	}
	outer, whole := elements(out.Shape[:axis]), elements(out.Shape[axis:])
	dst, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	dst.buf.plain = true
	at := 0
	for _, i := range op.Inputs {
		if i < 0 {
			return fmt.Errorf("an input is missing")
		}
		in := g.tensor(i)
		if len(in.Shape) != len(out.Shape) || elements(in.Shape[:axis]) != outer || in.Type != out.Type {
			return fmt.Errorf("input %s%v does not fit output %s%v", in.Type, in.Shape, out.Type, out.Shape)
		}
		inner := elements(in.Shape[axis:])
		if at+inner > whole {
			return fmt.Errorf("the inputs are larger than the output %v", out.Shape)
		}
		if inner == 0 {
			continue
		}
		if err := g.concatPart(op, i, dst, at, [3]int{outer, inner, whole}); err != nil {
			return err
		}
		at += inner
	}
	if at != whole {
		return fmt.Errorf("the inputs do not fill the output %v", out.Shape)
	}
	return nil
}

// concatPart copies input i to element at of every row of the output. The sizes
// are the number of rows and the elements of an input's and of an output's row.
func (g *graph) concatPart(op *tflite.Operator, i int, dst view, at int, sizes [3]int) error {
	src, err := g.full(i)
	if err != nil {
		return err
	}
	src.buf.plain = true
	convert, err := g.conversion(op, i)
	if err != nil {
		return err
	}
	outer, inner, whole := sizes[0], sizes[1]*src.elem, sizes[2]*src.elem
	dims := []dim{{sizes[1], src.elem, src.elem}}
	if outer > 1 {
		dims = append(dims, dim{outer, inner, whole})
	}
	dst.offset = at * dst.elem
	return g.copyDims(dims, src, dst, convert)
}

// conversion returns what turns a copy of input i into a rescaling one, or nil
// where the quantisations are equal. The arithmetic of uint8 is a table, since
// the TFLite kernel computes it in float32.
func (g *graph) conversion(op *tflite.Operator, i int) (func(*kernel), error) {
	in, out := g.tensor(i), g.tensor(op.Outputs[0])
	if scale(in) == scale(out) && zeroPoint(in) == zeroPoint(out) {
		return nil, nil
	}
	if err := quantised(in, out); err != nil {
		return nil, err
	}
	if in.Type == tflite.Uint8 {
		alone := *op
		alone.Options.Axis = 1
		data, err := evaluate(&alone, in, out)
		if err != nil {
			return nil, err
		}
		t := g.newTable(data)
		return func(k *kernel) { k.lookUp(t) }, nil
	}
	s, shift := arith.ScaleShift(float64(scale(in)) / float64(scale(out)))
	return func(k *kernel) {
		k.ifm.zp, k.ofm.zp = zeroPoint(in), zeroPoint(out)
		k.ofmScale = scaling{s, shift}
	}, nil
}

// lookUp turns a copy into one through a table: adding a scalar zero leaves the
// values as they are on their way to it.
func (k *kernel) lookUp(t *table) {
	k.op, k.mode, k.scalar = isa.OpElementwise, isa.ElemAdd, true
	k.opa, k.opb, k.ofmScale = scaling{1, 0}, 1, scaling{1, 0}
	k.ifm.zp, k.ofm.zp = 0, 0
	k.lut, k.act = t, actTable
}

// elements is the product of dimensions.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
