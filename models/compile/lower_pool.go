package compile

import (
	"fmt"

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
	if len(in.Shape) != 4 || len(out.Shape) != 4 || out.Shape[0] != in.Shape[0] || in.Shape[0] > maxCopies || out.Shape[3] != in.Shape[3] {
		return fmt.Errorf("from %v to %v: the NPU takes up to %d batches of height, width and depth", in.Shape, out.Shape, maxCopies)
	}
	ifm.h = in.Shape[1]
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
		switch n := min(k.kh, ifm.h) * min(k.kw, ifm.w); {
		case k.top+k.left+k.bottom+k.right == 0:
			k.global = true
			k.ofmScale.scale, k.ofmScale.shift = arith.AverageScale(k.kh*k.kw, 0)
		case n > arith.MaxMeanTaps:
			return fmt.Errorf("padded average window %dx%d over %dx%d: the NPU divides by up to %d taps", k.kh, k.kw, ifm.h, ifm.w, arith.MaxMeanTaps)
		}
	}
	if k.ofm, err = g.full(op.Outputs[0]); err != nil {
		return err
	}
	k.ofm.h = out.Shape[1]
	k.ifm.zp, k.ofm.zp = 0, 0
	if k.actMin, k.actMax, err = clamp(out, o.Activation); err != nil {
		return err
	}
	if in.Shape[0] > 1 {
		g.batched(k, in.Shape[0])
		return nil
	}
	g.add(k)
	return nil
}
