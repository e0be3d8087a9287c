package compile

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// maxTaps is the largest average window: its reciprocal must stay exact (Vela
// 3.10 limits height to 256 and the area to 65536).
const maxTaps = 1 << 16

// lowerPool lowers AVERAGE_POOL_2D and MAX_POOL_2D. The zero points of input and
// output cancel, so both are set to 0.
func (g *graph) lowerPool(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) || in.Type != out.Type {
		return fmt.Errorf("input and output differ in quantisation; pooling does not rescale")
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	if len(in.Shape) != 4 || in.Shape[0] != 1 || len(out.Shape) != 4 {
		return fmt.Errorf("input shape %v: the NPU takes one batch of height, width and depth", in.Shape)
	}
	o := &op.Options
	k := &kernel{op: isa.OpPool, mode: isa.PoolMax, ifm: ifm}
	k.window = window{kh: o.FilterH, kw: o.FilterW, sy: o.StrideH, sx: o.StrideW, dy: 1, dx: 1}
	if k.kh < 1 || k.kw < 1 || k.kh*k.kw > maxTaps {
		return fmt.Errorf("window %dx%d: the NPU pools up to %d taps", k.kh, k.kw, maxTaps)
	}
	if err := k.place(o.Padding, ifm.h, ifm.w, out.Shape[1], out.Shape[2], padding{}); err != nil {
		return err
	}
	if op.Code == tflite.OpAveragePool2D {
		k.mode = isa.PoolAverage
		if k.top+k.left+k.bottom+k.right == 0 {
			k.global = true
			k.ofmScale.scale, k.ofmScale.shift = arith.AverageScale(k.kh*k.kw, 0)
		}
	}
	if k.ofm, err = g.full(op.Outputs[0]); err != nil {
		return err
	}
	k.ifm.zp, k.ofm.zp = 0, 0
	if k.actMin, k.actMax, err = clamp(out, o.Activation); err != nil {
		return err
	}
	g.add(k)
	return nil
}

// axes reads a constant list of dimensions and makes them non-negative.
func axes(t *tflite.Tensor, rank int) ([]int, error) {
	if t.Data == nil || t.Type != tflite.Int32 {
		return nil, fmt.Errorf("%q must be a constant of int32", t.Name)
	}
	list := make([]int, 0, len(t.Data)/4)
	for i := 0; i+4 <= len(t.Data); i += 4 {
		a := int(int32(binary.LittleEndian.Uint32(t.Data[i:])))
		if a < 0 {
			a += rank
		}
		if a < 0 || a >= rank {
			return nil, fmt.Errorf("%q refers to dimension %d of %d", t.Name, a, rank)
		}
		list = append(list, a)
	}
	return list, nil
}

// lowerMean lowers MEAN over height, width or both: an average pool whose scale
// is the one that the TFLite reference kernel applies to the sum.
func (g *graph) lowerMean(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	list, err := axes(g.tensor(op.Inputs[1]), len(in.Shape))
	if err != nil {
		return err
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	overH, overW := false, false
	for _, a := range list {
		switch {
		case a == len(in.Shape)-2:
			overW = true
		case a == len(in.Shape)-3:
			overH = true
		case in.Shape[a] != 1:
			return fmt.Errorf("mean over dimension %d of %v; the NPU averages height and width", a, in.Shape)
		}
	}
	if overH && len(in.Shape) > 3 && in.Shape[len(in.Shape)-3] != ifm.h {
		return fmt.Errorf("input shape %v: the NPU takes one batch", in.Shape)
	}
	k := &kernel{op: isa.OpPool, mode: isa.PoolAverage, ifm: ifm, window: unit, global: true, round: arith.RoundDouble}
	h, w := ifm.h, ifm.w
	if overH {
		k.kh, h = ifm.h, 1
	}
	if overW {
		k.kw, w = ifm.w, 1
	}
	n := k.kh * k.kw
	if n > maxTaps {
		return fmt.Errorf("mean of %d elements; the NPU pools up to %d", n, maxTaps)
	}
	k.ofmScale, err = meanScale(scale(in), scale(out), n)
	if err != nil {
		return err
	}
	if k.ofm, err = g.full(op.Outputs[0]); err != nil {
		return err
	}
	if k.ofm.h*k.ofm.w*k.ofm.d != h*w*ifm.d {
		return fmt.Errorf("output shape %v does not fit input %v", out.Shape, in.Shape)
	}
	k.ofm.h, k.ofm.w, k.ofm.d = h, w, ifm.d
	if !k.ofm.dense() {
		k.ofm.buf.plain = true
	}
	k.actMin, k.actMax = typeRange(out.Type)
	g.add(k)
	return nil
}

// meanScale folds the division by n into the multiplier (TFLite reference
// kernels): as many extra bits as n has, but no shift beyond 32.
func meanScale(in, out float32, n int) (scaling, error) {
	mult, exp := arith.QuantizeMultiplier(float64(in) / float64(out))
	extra := min(bits.Len(uint(n))-1, 32, 31+exp)
	if extra < 0 {
		return scaling{}, fmt.Errorf("scales %g and %g are too far apart", in, out)
	}
	s := scaling{scale: uint32(int64(mult) << extra / int64(n)), shift: uint(31 - (exp - extra))}
	if exp-extra > 31 || s.shift > 63 {
		return scaling{}, fmt.Errorf("scales %g and %g are too far apart", in, out)
	}
	return s, nil
}

// lowerRequantise lowers QUANTIZE and the ReLU family: a 1x1 average pool with
// the rescaling of the TFLite reference kernels.
func (g *graph) lowerRequantise(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	a := tflite.None
	switch op.Code {
	case tflite.OpRelu:
		a = tflite.Relu
	case tflite.OpRelu6:
		a = tflite.Relu6
	case tflite.OpReluN1To1:
		a = tflite.ReluN1To1
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(float64(scale(in)) / float64(scale(out)))
	if k.actMin, k.actMax, err = clamp(out, a); err != nil {
		return err
	}
	g.add(k)
	return nil
}

// identity is the scale of exactly one.
var identity = scaling{scale: 1 << 30, shift: 30}

// copyKernel returns a 1x1 average pool from one tensor to another of the same
// number of elements.
func (g *graph) copyKernel(input, output int) (*kernel, error) {
	ifm, err := g.full(input)
	if err != nil {
		return nil, err
	}
	ofm, err := g.full(output)
	if err != nil {
		return nil, err
	}
	if ifm.h != ofm.h || ifm.w != ofm.w || ifm.d != ofm.d {
		return nil, fmt.Errorf("input %dx%dx%d and output %dx%dx%d differ in shape", ifm.h, ifm.w, ifm.d, ofm.h, ofm.w, ofm.d)
	}
	return copyOf(ifm, ofm), nil
}

// copyOf returns a 1x1 average pool that copies a view.
func copyOf(ifm, ofm view) *kernel {
	lo, hi := -1<<(8*min(ofm.elem, 2)-1), 1<<(8*min(ofm.elem, 2)-1)-1
	return &kernel{
		op: isa.OpPool, mode: isa.PoolAverage, window: unit, ifm: ifm, ofm: ofm,
		global: true, ofmScale: identity, round: arith.RoundDouble, actMin: lo, actMax: hi,
	}
}
