package compile

import (
	"fmt"

	"upset/models/tflite"
)

// lowerMirrorPad lowers MIRROR_PAD of height and width: one copy of the map, and
// one for each mirrored row and column. The columns are taken from a map that has
// its rows already.
func (g *graph) lowerMirrorPad(op *tflite.Operator) error {
	in, out, p, err := g.padded(op)
	if err != nil {
		return err
	}
	src, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	dst, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	edge := 1 // reflection leaves the edge out, symmetry repeats it
	if op.Options.MirrorMode == 1 {
		edge = 0
	}
	switch {
	case p.before+p.after > 0:
		return fmt.Errorf("mirrored padding of the depth; the NPU copies rows and columns")
	case max(p.top, p.bottom) > src.h-edge || max(p.left, p.right) > src.w-edge:
		return fmt.Errorf("padding %d,%d,%d,%d is larger than the map of %v", p.top, p.bottom, p.left, p.right, in.Shape)
	case dst.h != src.h+p.top+p.bottom || dst.w != src.w+p.left+p.right || dst.d != src.d || len(in.Shape) != len(out.Shape):
		return fmt.Errorf("output shape %v does not fit input %v and its padding", out.Shape, in.Shape)
	case p.top+p.bottom+p.left+p.right > maxCopies:
		return fmt.Errorf("padding of %d rows and columns; the limit is %d", p.top+p.bottom+p.left+p.right, maxCopies)
	}
	src.zp, dst.zp = 0, 0
	tall := dst
	if p.left+p.right > 0 {
		tall = of(g.like(src.buf, out.Name+" rows", dst.h, src.w, src.d), 0)
	}
	g.mirror(src, tall, [3]int{p.top, src.h, p.bottom}, edge, (*view).rows)
	if p.left+p.right > 0 {
		g.mirror(tall, dst, [3]int{p.left, src.w, p.right}, edge, (*view).columns)
	}
	return nil
}

// mirror copies a map along one direction, with mirrored lines before and after.
// Sizes are the numbers of lines before it, of it and after it; cut returns n lines
// of a view from the first on.
func (g *graph) mirror(src, dst view, sizes [3]int, edge int, cut func(v *view, first, n int) view) {
	before, size, after := sizes[0], sizes[1], sizes[2]
	src.buf.plain, dst.buf.plain = true, true
	g.add(copyOf(cut(&src, 0, size), cut(&dst, before, size)))
	for i := range before {
		g.add(copyOf(cut(&src, before-i-1+edge, 1), cut(&dst, i, 1)))
	}
	for i := range after {
		g.add(copyOf(cut(&src, size-1-i-edge, 1), cut(&dst, before+size+i, 1)))
	}
}

// rows returns a part of a dense map.
func (v *view) rows(first, n int) view {
	part := *v
	part.strideX = v.d * v.elem
	part.strideY = v.w * part.strideX
	part.offset += first * part.strideY
	part.h = n
	return part
}

// columns returns a part of a dense map.
func (v *view) columns(first, n int) view {
	part := v.rows(0, v.h)
	part.offset += first * part.strideX
	part.w = n
	return part
}
