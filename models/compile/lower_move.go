package compile

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// maxCopies is the largest number of kernels that one data movement may take
// (our choice).
const maxCopies = 1024

// lowerPad lowers PAD of height and width. Where a single convolution reads the
// result it absorbs the padding; otherwise a 1x1 depthwise convolution with
// weights of one does it: taps in the padding contribute nothing, which leaves
// the zero point.
func (g *graph) lowerPad(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	p, err := g.readPadding(op)
	if err != nil {
		return err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return fmt.Errorf("input and output differ in quantisation; PAD does not rescale")
	}
	if g.absorbs(op.Outputs[0], p) {
		g.folded[op.Outputs[0]] = p
		return nil
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	ones := &filter{
		od: ifm.d, kh: 1, kw: 1, id: 1, at: func(_, _, _, _ int) int16 { return 1 },
		bias: make([]int64, ifm.d), scale: make([]uint32, ifm.d), shift: make([]uint, ifm.d),
	}
	for i := range ones.scale {
		ones.scale[i], ones.shift[i] = identity.scale, identity.shift
		if in.Type == tflite.Int16 {
			ones.scale[i], ones.shift[i] = arith.ReducedScaleShift(1)
		}
	}
	k := &kernel{op: isa.OpDepthwise, window: unit, ifm: ifm, filter: ones}
	k.top, k.bottom, k.left, k.right = p.top, p.bottom, p.left, p.right
	if max(k.top, k.left) > 127 || max(k.bottom, k.right) > 128 {
		return fmt.Errorf("padding %d,%d,%d,%d is larger than the registers hold", k.top, k.left, k.bottom, k.right)
	}
	return g.finish(k, op)
}

// readPadding reads the constant amounts of a PAD operator.
func (g *graph) readPadding(op *tflite.Operator) (*padding, error) {
	in, t := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1])
	rank := len(in.Shape)
	if t.Data == nil || t.Type != tflite.Int32 || len(t.Data) != 8*rank {
		return nil, fmt.Errorf("the amounts %q must be a constant of int32 with two values per dimension", t.Name)
	}
	p := &padding{input: op.Inputs[0]}
	for i := 0; i < rank; i++ {
		before := int(int32(binary.LittleEndian.Uint32(t.Data[8*i:])))
		after := int(int32(binary.LittleEndian.Uint32(t.Data[8*i+4:])))
		if before < 0 || after < 0 {
			return nil, fmt.Errorf("negative padding %d,%d", before, after)
		}
		switch {
		case i == rank-2:
			p.left, p.right = before, after
		case i == rank-3:
			p.top, p.bottom = before, after
		case before+after > 0:
			return nil, fmt.Errorf("padding of dimension %d of %v; the NPU pads height and width", i, in.Shape)
		}
	}
	if rank > 3 && in.Shape[0] != 1 && p.top+p.bottom > 0 {
		return nil, fmt.Errorf("input shape %v: the NPU takes one batch", in.Shape)
	}
	return p, nil
}

// absorbs reports whether the only reader of a padded tensor is a convolution
// whose kernel reaches over the padding.
func (g *graph) absorbs(padded int, p *padding) bool {
	if g.uses[padded] != 1 || g.folded[p.input] != nil {
		return false
	}
	for i := range g.sub.Operators {
		op := &g.sub.Operators[i]
		if len(op.Inputs) < 2 || op.Inputs[0] != padded {
			continue
		}
		if op.Code != tflite.OpConv2D && op.Code != tflite.OpDepthwiseConv2D {
			return false
		}
		o, shape := &op.Options, g.tensor(op.Inputs[1]).Shape
		if len(shape) != 4 || o.Padding != tflite.Valid {
			return false
		}
		w := window{kh: shape[1], kw: shape[2], dy: max(1, o.DilationH), dx: max(1, o.DilationW)}
		kh, kw := w.dilated()
		return max(p.top, p.bottom) < kh && max(p.left, p.right) < kw && max(kh, kw) <= 128
	}
	return false
}

// lowerConcat lowers CONCATENATION to one copy per input.
func (g *graph) lowerConcat(op *tflite.Operator) error {
	out := g.tensor(op.Outputs[0])
	rank := len(out.Shape)
	axis := op.Options.Axis
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank || op.Options.Activation != tflite.None {
		return fmt.Errorf("axis %d of %v with activation %d is not supported", op.Options.Axis, out.Shape, op.Options.Activation)
	}
	ofm, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	outer, row := 1, ofm.elem
	for i, d := range out.Shape {
		if i < axis {
			outer *= d
		} else {
			row *= d
		}
	}
	at := 0
	for _, i := range op.Inputs {
		in := g.tensor(i)
		if in.Type != out.Type || ofm.elem > 2 {
			return fmt.Errorf("input %q is %s and the output %s; both must be int8 or int16", in.Name, in.Type, out.Type)
		}
		if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) {
			return fmt.Errorf("input %q and the output differ in quantisation; CONCATENATION does not rescale", in.Name)
		}
		src, err := g.full(i)
		if err != nil {
			return err
		}
		part := in.Bytes() / outer
		dst := view{buf: ofm.buf, h: src.h, w: src.w, d: src.d, elem: ofm.elem, offset: at}
		if outer > 1 {
			src.h, src.w, src.d = 1, outer, part/ofm.elem
			dst.h, dst.w, dst.d, dst.strideX = 1, outer, src.d, row
		}
		if src.w > maxDim || src.d > maxDim {
			return fmt.Errorf("input %v along axis %d does not fit the NPU's 16-bit dimensions", in.Shape, axis)
		}
		src.zp = 0
		if !src.dense() {
			src.buf.plain = true
		}
		ofm.buf.plain = true
		g.add(copyOf(src, dst))
		at += part
	}
	if at != row {
		return fmt.Errorf("inputs hold %d bytes a row, the output %d", at, row)
	}
	return nil
}

// lowerTranspose lowers TRANSPOSE to strided copies of up to three dimensions.
func (g *graph) lowerTranspose(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	rank := len(in.Shape)
	perm, err := axes(g.tensor(op.Inputs[1]), rank)
	if err != nil {
		return err
	}
	if len(perm) != rank || in.Type != out.Type || in.Elements() != out.Elements() {
		return fmt.Errorf("permutation %v does not fit input %v and output %v", perm, in.Shape, out.Shape)
	}
	src, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	dst, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	if src.elem > 2 {
		return fmt.Errorf("type %s; the NPU copies int8 and int16", in.Type)
	}
	src.buf.plain, dst.buf.plain = true, true
	dims := strideDims(in.Shape, perm, src.elem)
	return g.copyDims(dims, src, dst)
}

// dim is one dimension of a copy with its byte strides.
type dim struct{ n, from, to int }

// strideDims returns the dimensions of the output with strides in input and
// output, without those of size one, merged where both sides allow.
func strideDims(shape, perm []int, elem int) []dim {
	from := make([]int, len(shape))
	step := elem
	for i := len(shape) - 1; i >= 0; i-- {
		from[i] = step
		step *= shape[i]
	}
	var dims []dim // innermost first
	step = elem
	for i := len(perm) - 1; i >= 0; i-- {
		d := dim{shape[perm[i]], from[perm[i]], step}
		step *= d.n
		if d.n == 1 {
			continue
		}
		if n := len(dims); n > 0 && dims[n-1].from*dims[n-1].n == d.from && dims[n-1].n*d.n <= maxDim {
			dims[n-1].n *= d.n
			continue
		}
		dims = append(dims, d)
	}
	return dims
}

// copyDims appends the copies: depth takes a contiguous innermost dimension,
// width and height the two largest others, and a loop the rest.
func (g *graph) copyDims(dims []dim, src, dst view) error {
	depth := dim{1, src.elem, src.elem}
	if len(dims) > 0 && dims[0].from == src.elem && dims[0].to == src.elem {
		depth, dims = dims[0], dims[1:]
	}
	for len(dims) < 2 {
		dims = append(dims, dim{1, 0, 0})
	}
	// The smallest dimensions are looped over.
	for i := range dims {
		for j := i + 1; j < len(dims); j++ {
			if dims[j].n > dims[i].n {
				dims[i], dims[j] = dims[j], dims[i]
			}
		}
	}
	copies := 1
	for _, d := range dims[2:] {
		copies *= d.n
	}
	if copies > maxCopies {
		return fmt.Errorf("the movement takes %d copies; the limit is %d", copies, maxCopies)
	}
	x, y := dims[0], dims[1]
	stride := func(s, fallback int) int {
		if s == 0 {
			return fallback
		}
		return s
	}
	for n := 0; n < copies; n++ {
		a, b := src, dst
		rest := n
		for _, d := range dims[2:] {
			a.offset += rest % d.n * d.from
			b.offset += rest % d.n * d.to
			rest /= d.n
		}
		a.h, a.w, a.d, a.zp = y.n, x.n, depth.n, 0
		b.h, b.w, b.d, b.zp = y.n, x.n, depth.n, 0
		a.strideX, a.strideY = stride(x.from, depth.n*a.elem), stride(y.from, src.buf.h*src.buf.w*src.buf.d*a.elem)
		b.strideX, b.strideY = stride(x.to, depth.n*b.elem), stride(y.to, dst.buf.h*dst.buf.w*dst.buf.d*b.elem)
		g.add(copyOf(a, b))
	}
	return nil
}
