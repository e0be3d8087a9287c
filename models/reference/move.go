package reference

import "upset/models/tflite"

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
	in, out := n.in(0), n.out(0, tflite.Int32, tflite.Int64)
	if !n.require(out.Elements() == len(in.Shape), "output shape %v for input %v", out.Shape, in.Shape) {
		return nil
	}
	return func(v [][]byte) {
		for i, d := range in.Shape {
			putWide(out.value(v), out.Type, i, int64(d))
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
