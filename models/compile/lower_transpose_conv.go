package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// lowerTransposeConv lowers TRANSPOSE_CONV of stride 1 or 2: a convolution with
// the mirrored kernel over the input, spread with zeros for stride 2. The stride
// along a dimension with a single input is of no account, so that 1x2 serves a
// row as well.
func (g *graph) lowerTransposeConv(op *tflite.Operator) error {
	w, out := g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	ifm, _, err := g.input(op.Inputs[2])
	if err != nil {
		return err
	}
	o := &op.Options
	s := o.StrideH
	if ifm.h == 1 {
		s = o.StrideW
	}
	if s != o.StrideW && ifm.w > 1 || s < 1 || s > 2 || o.StrideH < 1 || o.StrideW < 1 || len(w.Shape) != 4 || len(out.Shape) != 4 {
		return fmt.Errorf("stride %dx%d over %dx%d; the NPU transposes strides of 1x1 and 2x2, and 1x2 over one row", o.StrideH, o.StrideW, ifm.h, ifm.w)
	}
	od, kh, kw, id := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	if id != ifm.d || od != out.Shape[3] {
		return fmt.Errorf("weights %v do not fit input depth %d and output depth %d", w.Shape, ifm.d, out.Shape[3])
	}
	f, err := g.newFilter(op, od, false)
	if err != nil {
		return err
	}
	at := weightAt(w, func(i int) int { return i / (kh * kw * id) })
	f.kh, f.kw, f.id = kh, kw, id
	f.at = func(oc, ky, kx, ic int) int16 { return at(((oc*kh+kh-1-ky)*kw+kw-1-kx)*id + ic) }
	k := &kernel{op: isa.OpConv, window: unit, ifm: ifm, filter: f}
	k.kh, k.kw = kh, kw
	if s == 2 {
		k.upscale = 2
	}
	oh, ow := out.Shape[1], out.Shape[2]
	top, _ := pads(o.Padding, oh, ceilDiv(oh, o.StrideH), o.StrideH, kh)
	left, _ := pads(o.Padding, ow, ceilDiv(ow, o.StrideW), o.StrideW, kw)
	k.top, k.left = kh-1-top, kw-1-left
	k.bottom, k.right = max(0, oh-1+kh-k.top-s*ifm.h), max(0, ow-1+kw-k.left-s*ifm.w)
	if k.top < 0 || k.left < 0 || max(k.top, k.left) > 127 || max(k.bottom, k.right) > 128 {
		return fmt.Errorf("kernel %dx%d with padding %d,%d is not supported", kh, kw, top, left)
	}
	return g.finish(k, op)
}
