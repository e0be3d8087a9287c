package reference

import (
	"slices"

	"upset/models/tflite"
)

// moved is the operands of an operator that moves elements without changing
// them.
func (n *node) moved(inputAt int) (in, out operand) {
	in, out = n.in(inputAt), n.out(0)
	n.movable(in, out)
	return in, out
}

func (n *node) movable(in, out operand) {
	n.require(in.Type == out.Type && in.Type.Size() > 0, "cannot move %s to %s", in.Type, out.Type)
}

// gather builds a kernel that fills each output element from the input element
// that source names for its position, or with fill where source returns −1. The
// positions run over shape, which has as many elements as the output.
func (n *node) gather(in, out operand, shape []int, fill int32, source func(pos []int) int) Kernel {
	n.require(product(shape) == out.Elements(), "result has shape %v, output %v", shape, out.Shape)
	if n.err != nil {
		return nil
	}
	from := make([]int32, out.Elements())
	pos := make([]int, len(shape))
	limit := in.Elements()
	for i := range from {
		s := source(pos)
		if !n.require(s >= -1 && s < limit, "position %v is outside the input of shape %v", pos, in.Shape) {
			return nil
		}
		from[i] = int32(s)
		for d := len(pos) - 1; d >= 0; d-- {
			if pos[d]++; pos[d] < shape[d] {
				break
			}
			pos[d] = 0
		}
	}
	size := in.Type.Size()
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		if size == 1 {
			for i, s := range from {
				if s < 0 {
					dst[i] = byte(fill)
				} else {
					dst[i] = src[s]
				}
			}
			return
		}
		for i, s := range from {
			if s >= 0 {
				copy(dst[i*size:(i+1)*size], src[int(s)*size:])
				continue
			}
			clear(dst[i*size : (i+1)*size])
			if fill != 0 {
				put(dst, out.Type, i, fill)
			}
		}
	}
}

// flat is the position in memory of a position in a tensor; −1 outside of it.
func flat(shape, pos []int) int {
	at := 0
	for i, d := range shape {
		if pos[i] < 0 || pos[i] >= d {
			return -1
		}
		at = at*d + pos[i]
	}
	return at
}

// prepareReshape handles RESHAPE, SQUEEZE and EXPAND_DIMS, where the shape of the
// output tensor decides, and READ_VARIABLE and ASSIGN_VARIABLE of a normalised
// graph.
func prepareReshape(n *node) Kernel {
	in, out := n.moved(0)
	n.sameSize(in, out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) { copy(out.value(v), in.value(v)) }
}

// prepareShape handles SHAPE.
func prepareShape(n *node) Kernel {
	in, out := n.in(0), n.out(0, tflite.Int32)
	if !n.require(out.Elements() == len(in.Shape), "output shape %v for input %v", out.Shape, in.Shape) {
		return nil
	}
	return func(v [][]byte) {
		for i, d := range in.Shape {
			put(out.value(v), tflite.Int32, i, int32(d))
		}
	}
}

// prepareTranspose handles TRANSPOSE.
func prepareTranspose(n *node) Kernel {
	in, out := n.moved(0)
	perm := n.constants(n.in(1, tflite.Int32))
	rank := len(in.Shape)
	if !n.require(len(perm) == rank && len(out.Shape) == rank, "permutation %v of shape %v", perm, in.Shape) {
		return nil
	}
	seen := make([]bool, rank)
	for i, p := range perm {
		if !n.require(p >= 0 && p < rank && !seen[p] && out.Shape[i] == in.Shape[p],
			"permutation %v takes %v to %v", perm, in.Shape, out.Shape) {
			return nil
		}
		seen[p] = true
	}
	from := make([]int, rank)
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		for i, p := range perm {
			from[p] = pos[i]
		}
		return flat(in.Shape, from)
	})
}

// margins is the constant table of elements to add before and after each
// dimension.
func (n *node) margins(in, out, table operand) []int {
	m := n.constants(table)
	if !n.require(len(m) == 2*len(in.Shape) && len(out.Shape) == len(in.Shape), "%d margins for shape %v", len(m), in.Shape) {
		return nil
	}
	for i, d := range in.Shape {
		if !n.require(m[2*i] >= 0 && m[2*i+1] >= 0 && out.Shape[i] == d+m[2*i]+m[2*i+1],
			"margins %v take %v to %v", m, in.Shape, out.Shape) {
			return nil
		}
	}
	return m
}

// preparePad handles PAD, which fills with the output's zero point, and PADV2,
// which fills with a constant.
func preparePad(n *node) Kernel {
	in, out := n.moved(0)
	m := n.margins(in, out, n.in(1, tflite.Int32, tflite.Int64))
	fill := out.zero
	if n.op.Code == tflite.OpPadV2 {
		c := n.in(2, integers...)
		if !n.require(c.Type == in.Type && len(c.Data) == c.Type.Size(), "fill value must be one constant %s", in.Type) {
			return nil
		}
		fill = at(c.Data, c.Type, 0)
	}
	if n.err != nil {
		return nil
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, out.Shape, fill, func(pos []int) int {
		for i := range from {
			from[i] = pos[i] - m[2*i]
		}
		return flat(in.Shape, from)
	})
}

// prepareMirrorPad handles MIRROR_PAD.
func prepareMirrorPad(n *node) Kernel {
	in, out := n.moved(0)
	m := n.margins(in, out, n.in(1, tflite.Int32, tflite.Int64))
	if n.err != nil {
		return nil
	}
	edge := 1 // reflect leaves the edge out, symmetric repeats it
	if n.op.Options.MirrorMode == 1 {
		edge = 0
	}
	from := make([]int, len(in.Shape))
	for i, d := range in.Shape {
		n.require(max(m[2*i], m[2*i+1]) <= d-edge, "margins %v are larger than shape %v", m, in.Shape)
	}
	return n.gather(in, out, out.Shape, 0, func(pos []int) int {
		for i, d := range in.Shape {
			p := pos[i] - m[2*i]
			if p < 0 {
				p = -p - 1 + edge
			} else if p >= d {
				p = 2*d - 1 - p - edge
			}
			from[i] = p
		}
		return flat(in.Shape, from)
	})
}

// blocks copies runs of bytes between one tensor and the parts it is made of
// along an axis.
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

// prepareConcatenation handles CONCATENATION; stored values are copied.
func prepareConcatenation(n *node) Kernel {
	out := n.out(0)
	n.require(n.op.Options.Activation == tflite.None, "fused activation %d is not known", n.op.Options.Activation)
	outer, blocks := n.parts(out, n.op.Options.Axis, n.inputs())
	return join(out, outer, blocks, false)
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
