package reference

import (
	"math"
	"slices"

	"upset/models/tflite"
)

// block is a run of bytes of one of the parts that a tensor is made of along an
// axis.
type block struct {
	part  operand
	bytes int // per outer position
}

// parts checks that the sizes of the operands along the axis add up to those of
// the whole.
func (n *node) parts(whole operand, axis int, list []operand) (outer int, blocks []block) {
	if axis < 0 {
		axis += len(whole.Shape)
	}
	if !n.require(axis >= 0 && axis < len(whole.Shape), "axis %d of shape %v", axis, whole.Shape) {
		return 0, nil
	}
	outer = product(whole.Shape[:axis])
	inner := product(whole.Shape[axis+1:]) * whole.Type.Size()
	sum := 0
	for _, p := range list {
		n.movable(p, whole)
		if !n.require(len(p.Shape) == len(whole.Shape), "shape %v beside %v", p.Shape, whole.Shape) {
			return 0, nil
		}
		for i, d := range p.Shape {
			n.require(i == axis || d == whole.Shape[i], "shape %v beside %v", p.Shape, whole.Shape)
		}
		sum += p.Shape[axis]
		blocks = append(blocks, block{p, p.Shape[axis] * inner})
	}
	n.require(sum == whole.Shape[axis], "parts add up to %d along axis %d of shape %v", sum, axis, whole.Shape)
	return outer, blocks
}

// join copies parts into the whole, or the whole into its parts.
func join(whole operand, outer int, blocks []block, split bool) Kernel {
	return func(v [][]byte) {
		all := whole.value(v)
		for o := range outer {
			for _, b := range blocks {
				part := b.part.value(v)[o*b.bytes : (o+1)*b.bytes]
				if split {
					copy(part, all)
				} else {
					copy(all, part)
				}
				all = all[b.bytes:]
			}
		}
	}
}

func (n *node) inputs() (list []operand) {
	for i := range n.op.Inputs {
		list = append(list, n.in(i))
	}
	return list
}

func (n *node) outputs() (list []operand) {
	for i := range n.op.Outputs {
		list = append(list, n.out(i))
	}
	return list
}

// prepareConcatenation handles CONCATENATION. Inputs that are quantised like the
// output are copied, others rescaled: signed ones as QUANTIZE does (Vela does so,
// TFLite Micro would copy the stored values and TFLite refuses them).
func prepareConcatenation(n *node) Kernel {
	out := n.out(0)
	n.require(n.op.Options.Activation == tflite.None, "fused activation %d is not known", n.op.Options.Activation)
	outer, blocks := n.parts(out, n.op.Options.Axis, n.inputs())
	if n.err != nil {
		return nil
	}
	convert, differ := make([]func(int32) int32, len(blocks)), false
	for i, b := range blocks {
		if b.part.scale != out.scale || b.part.zero != out.zero {
			convert[i], differ = n.requantise(b.part, out), true
		}
	}
	if !differ || n.err != nil {
		return join(out, outer, blocks, false)
	}
	return joinRescaled(out, outer, blocks, convert)
}

// requantise maps stored values of one quantisation to another; nil where there is
// none.
func (n *node) requantise(in, out operand) func(int32) int32 {
	if !slices.Contains(quantisedTypes, in.Type) || len(in.Quant.Scale) == 0 && len(out.Quant.Scale) == 0 {
		return nil
	}
	n.quantised(in, out)
	lo, hi := limits(out.Type)
	if in.Type == tflite.Uint8 { // the older kernel works in single precision
		scale := in.scale * (1 / out.scale)
		bias := float32(-in.zero) * scale
		return func(x int32) int32 {
			y := math.Round(float64(float32(float32(x)*scale)+bias)) + float64(out.zero)
			return int32(min(max(y, float64(lo)), float64(hi)))
		}
	}
	m := n.multiplier(float64(in.scale) / float64(out.scale))
	return func(x int32) int32 { return clamp(m.apply(x-in.zero)+out.zero, lo, hi) }
}

// joinRescaled copies parts into the whole through the functions that are given.
func joinRescaled(whole operand, outer int, blocks []block, convert []func(int32) int32) Kernel {
	size := whole.Type.Size()
	return func(v [][]byte) {
		all := whole.value(v)
		for o := range outer {
			for k, b := range blocks {
				part := b.part.value(v)[o*b.bytes : (o+1)*b.bytes]
				if f := convert[k]; f == nil {
					copy(all, part)
				} else {
					for i := range b.bytes / size {
						put(all, whole.Type, i, f(at(part, whole.Type, i)))
					}
				}
				all = all[b.bytes:]
			}
		}
	}
}

// prepareSplit handles SPLIT, whose axis is the first input.
func prepareSplit(n *node) Kernel { return n.split(n.in(1), n.in(0, tflite.Int32)) }

// prepareSplitV handles SPLIT_V; the sizes follow from the outputs.
func prepareSplitV(n *node) Kernel { return n.split(n.in(0), n.in(2, tflite.Int32)) }

func (n *node) split(in, axis operand) Kernel {
	a := n.constants(axis)
	if !n.require(len(a) == 1, "one axis is needed, have %v", a) {
		return nil
	}
	outer, blocks := n.parts(in, a[0], n.outputs())
	return join(in, outer, blocks, true)
}

// unsqueezed gives an operand a dimension of 1 at the axis.
func unsqueezed(o operand, axis, rank int) operand {
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis > len(o.Shape) {
		return o
	}
	t := *o.Tensor
	t.Shape = slices.Insert(slices.Clone(t.Shape), axis, 1)
	o.Tensor = &t
	return o
}

// preparePack handles PACK.
func preparePack(n *node) Kernel {
	out, list := n.out(0), n.inputs()
	for i := range list {
		list[i] = unsqueezed(list[i], n.op.Options.Axis, len(out.Shape))
	}
	outer, blocks := n.parts(out, n.op.Options.Axis, list)
	return join(out, outer, blocks, false)
}

// prepareUnpack handles UNPACK.
func prepareUnpack(n *node) Kernel {
	in, list := n.in(0), n.outputs()
	for i := range list {
		list[i] = unsqueezed(list[i], n.op.Options.Axis, len(in.Shape))
	}
	outer, blocks := n.parts(in, n.op.Options.Axis, list)
	return join(in, outer, blocks, true)
}
