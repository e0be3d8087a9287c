package compile

import (
	"encoding/binary"
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// padded returns the input, the output and the padding of an operator that pads.
func (g *graph) padded(op *tflite.Operator) (in, out *tflite.Tensor, p *padding, err error) {
	in, out = g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return nil, nil, nil, err
	}
	if p, err = g.readPadding(op); err != nil {
		return nil, nil, nil, err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return nil, nil, nil, fmt.Errorf("input and output differ in quantisation; %s does not rescale", op.Name())
	}
	return in, out, p, nil
}

// lowerPad lowers PAD and PADV2 of height, width and depth. Where a single convolution
// reads the result it absorbs the padding of height and width; otherwise a 1x1
// depthwise convolution with weights of one does it: taps in the padding
// contribute nothing, which leaves the zero point. With padding of the depth it
// is a full convolution.
func (g *graph) lowerPad(op *tflite.Operator) error {
	in, out, p, err := g.padded(op)
	if err != nil {
		return err
	}
	h, w, d := extent(in.Shape)
	if oh, ow, od := extent(out.Shape); oh != h+p.top+p.bottom || ow != w+p.left+p.right || od != d+p.before+p.after || len(in.Shape) != len(out.Shape) {
		return fmt.Errorf("output shape %v does not fit input %v and its padding", out.Shape, in.Shape)
	}
	fill, err := g.fill(op)
	if err != nil {
		return err
	}
	if fill == zeroPoint(out) && g.absorbs(op.Outputs[0], p) {
		g.folded[op.Outputs[0]] = p
		return nil
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	ofm, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	return g.addPadding(ifm, ofm, p, fill)
}

// addPadding appends the kernel that copies a map into a larger one and fills the
// rest with a value.
func (g *graph) addPadding(ifm, ofm view, p *padding, fill int) error {
	d, od := ifm.d, ofm.d
	k := copyOf(ifm, ofm)
	k.op, k.global, k.ofmScale = isa.OpDepthwise, false, scaling{}
	k.filter = &filter{
		od: od, kh: 1, kw: 1, id: 1, at: func(_, _, _, _ int) int16 { return 1 },
		bias: make([]int64, od), scale: make([]uint32, od), shift: make([]uint, od), wide: ifm.elem == 2,
	}
	s, shift := identity.scale, identity.shift
	if k.filter.wide {
		s, shift = arith.ReducedScaleShift(1)
		k.acc40, k.round = true, arith.RoundNatural
	}
	for i := range od {
		k.filter.scale[i], k.filter.shift[i] = s, shift
	}
	if od != d {
		// Channels without an input have weights of zero.
		if od > maxBytes/d {
			return fmt.Errorf("padding of %d channels to %d takes too many weights", d, od)
		}
		k.op, k.filter.id = isa.OpConv, d
		k.filter.at = func(oc, _, _, ic int) int16 {
			if oc-p.before != ic {
				return 0
			}
			return 1
		}
	}
	// The values are taken relative to the fill, which padding then leaves.
	k.ifm.zp, k.ofm.zp = fill, fill
	k.top, k.bottom, k.left, k.right = p.top, p.bottom, p.left, p.right
	if max(k.top, k.left) > 127 || max(k.bottom, k.right) > 128 {
		return fmt.Errorf("padding %d,%d,%d,%d is larger than the registers hold", k.top, k.left, k.bottom, k.right)
	}
	g.add(k)
	return nil
}

// fill returns the value that a padding operator fills with: its zero point, or
// the constant of PADV2.
func (g *graph) fill(op *tflite.Operator) (int, error) {
	in := g.tensor(op.Inputs[0])
	if op.Code != tflite.OpPadV2 {
		return zeroPoint(in), nil
	}
	c := g.tensor(op.Inputs[2])
	if c.Type != in.Type || len(c.Data) != in.Type.Size() {
		return 0, fmt.Errorf("the fill value %q must be one constant of %s", c.Name, in.Type)
	}
	switch in.Type {
	case tflite.Int16:
		return int(int16(binary.LittleEndian.Uint16(c.Data))), nil
	case tflite.Uint8:
		return int(c.Data[0]), nil
	}
	return int(int8(c.Data[0])), nil
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
		case i == rank-1:
			p.before, p.after = before, after
		case before+after > 0:
			return nil, fmt.Errorf("padding of dimension %d of %v; the NPU pads height, width and depth", i, in.Shape)
		}
	}
	if rank > 3 && elements(in.Shape[:rank-3]) != 1 && p.top+p.bottom > 0 {
		return nil, fmt.Errorf("input shape %v: the NPU takes one batch", in.Shape)
	}
	return p, nil
}

// absorbs reports whether the only reader of a padded tensor is a convolution
// whose kernel reaches over the padding.
func (g *graph) absorbs(padded int, p *padding) bool {
	if g.uses[padded] != 1 || g.folded[p.input] != nil || p.before+p.after > 0 {
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
