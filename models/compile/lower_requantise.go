package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerRequantise lowers QUANTIZE and the ReLU family: a 1x1 average pool with
// the rescaling of the TFLite reference kernels.
func (g *graph) lowerRequantise(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	a := tflite.None
	factor := float64(scale(in)) / float64(scale(out))
	if op.Code != tflite.OpQuantize { // TFLite divides in float32
		factor = float64(scale(in) / scale(out))
	}
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
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(factor)
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
	if ofm.buf.unsigned {
		lo, hi = 0, 1<<8-1
	}
	return &kernel{
		op: isa.OpPool, mode: isa.PoolAverage, window: unit, ifm: ifm, ofm: ofm,
		global: true, ofmScale: identity, round: arith.RoundDouble, actMin: lo, actMax: hi,
	}
}
