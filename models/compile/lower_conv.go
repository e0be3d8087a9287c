package compile

import (
	"encoding/binary"
	"fmt"
	"math"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerAlias makes a change of shape free: both tensors share a buffer.
func (g *graph) lowerAlias(op *tflite.Operator) error {
	return g.alias(op.Inputs[0], op.Outputs[0])
}

// input returns the view of the input of a windowed operator, or of the tensor
// in front of a folded PAD, with the padding that the PAD adds.
func (g *graph) input(i int) (view, padding, error) {
	var p padding
	if f := g.folded[i]; f != nil {
		p, i = *f, f.input
	}
	t := g.tensor(i)
	if len(t.Shape) != 4 || t.Shape[0] < 1 || t.Shape[0] > maxCopies {
		return view{}, p, fmt.Errorf("input shape %v: the NPU takes up to %d batches of height, width and depth", t.Shape, maxCopies)
	}
	v, err := g.full(i)
	if v.h > 0 {
		v.h = t.Shape[1]
	}
	return v, p, err
}

// place fills the window of an operator: strides, dilation and the padding that
// the TFLite scheme implies for an input of ih x iw that pre already extends.
func (w *window) place(scheme tflite.Padding, ih, iw, oh, ow int, pre padding) error {
	// A stride is meaningless where there is one position only.
	if oh == 1 {
		w.sy = 1
	}
	if ow == 1 {
		w.sx = 1
	}
	kh, kw := w.dilated()
	w.top, w.bottom = pads(scheme, ih+pre.top+pre.bottom, oh, w.sy, kh)
	w.left, w.right = pads(scheme, iw+pre.left+pre.right, ow, w.sx, kw)
	w.top, w.left = w.top+pre.top, w.left+pre.left
	// The NPU derives the input size from the output size; rows that no tap
	// reaches are not part of it.
	w.bottom = max(0, (oh-1)*w.sy+kh-w.top-ih)
	w.right = max(0, (ow-1)*w.sx+kw-w.left-iw)
	switch {
	case w.sy < 1 || w.sx < 1 || w.sy > 4 || w.sx > 4:
		return fmt.Errorf("stride %dx%d: the NPU has 1 to 4", w.sy, w.sx)
	case w.dy < 1 || w.dx < 1 || w.dy > 2 || w.dx > 2:
		return fmt.Errorf("dilation %dx%d: the NPU has 1 and 2", w.dy, w.dx)
	case w.top > 127 || w.left > 127 || w.bottom > 128 || w.right > 128:
		return fmt.Errorf("padding %d,%d,%d,%d is larger than the registers hold", w.top, w.left, w.bottom, w.right)
	case kh > maxDim || kw > maxDim:
		return fmt.Errorf("kernel %dx%d is larger than the registers hold", kh, kw)
	}
	return nil
}

// pads returns the padding before and after one dimension (TFLite).
func pads(scheme tflite.Padding, in, out, stride, kernel int) (before, after int) {
	if scheme == tflite.Valid {
		return 0, 0
	}
	total := max(0, (out-1)*stride+kernel-in)
	return total / 2, total - total/2
}

// weightAt returns an accessor of an 8-bit weight tensor by flat index, with the
// zero point of the channel taken off.
func weightAt(t *tflite.Tensor, channel func(i int) int) func(i int) int16 {
	zps := t.Quant.ZeroPoint
	return func(i int) int16 {
		w := int16(int8(t.Data[i]))
		if t.Type == tflite.Uint8 {
			w = int16(t.Data[i])
		}
		switch {
		case len(zps) == 1:
			w -= int16(zps[0])
		case len(zps) > 1:
			w -= int16(zps[channel(i)])
		}
		return w
	}
}

// newFilter checks weights and bias and computes the scale records.
func (g *graph) newFilter(op *tflite.Operator, od int, perTensor bool) (*filter, error) {
	in, w, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	biasInput := 2
	if op.Code == tflite.OpTransposeConv {
		in, biasInput = g.tensor(op.Inputs[2]), 3
	}
	if err := usableWeights(in, w, out, od); err != nil {
		return nil, err
	}
	f := &filter{od: od, bias: make([]int64, od), scale: make([]uint32, od), shift: make([]uint, od)}
	// A 64-bit bias makes the sums of TFLite Micro wide and its multipliers short.
	// Without a bias so do DEPTHWISE_CONV_2D and TRANSPOSE_CONV.
	f.wide = in.Type == tflite.Int16 && op.Code != tflite.OpConv2D && op.Code != tflite.OpFullyConnected
	if len(op.Inputs) > biasInput && op.Inputs[biasInput] >= 0 {
		bias := g.tensor(op.Inputs[biasInput])
		if err := f.readBias(bias); err != nil {
			return nil, err
		}
		f.wide = in.Type == tflite.Int16 && bias.Type == tflite.Int64
	}
	for i := range f.scale {
		ws := w.Quant.Scale[min(i, len(w.Quant.Scale)-1)]
		var real float64
		if (perTensor || in.Type == tflite.Uint8) && len(w.Quant.Scale) == 1 {
			// The TFLite kernels of FULLY_CONNECTED and of uint8 multiply in float32.
			real = float64(scale(in)*ws) / float64(scale(out))
		} else {
			real = float64(scale(in)) * float64(ws) / float64(scale(out))
		}
		if f.wide {
			f.scale[i], f.shift[i] = arith.ReducedScaleShift(real)
		} else {
			f.scale[i], f.shift[i] = arith.ScaleShift(real)
		}
	}
	return f, nil
}

// usableWeights checks the types and scales of a convolution to od channels.
func usableWeights(in, w, out *tflite.Tensor, od int) error {
	if err := quantised(in, out); err != nil {
		return err
	}
	switch {
	case w.Data == nil:
		return fmt.Errorf("weights %q are not constant", w.Name)
	case w.Elements() == 0:
		return fmt.Errorf("weights %q are empty", w.Name)
	case w.Type != tflite.Int8 && in.Type != tflite.Uint8, w.Type != tflite.Uint8 && in.Type == tflite.Uint8:
		return fmt.Errorf("weights %q are %s for inputs of %s; the NPU needs int8, or uint8 for both", w.Name, w.Type, in.Type)
	case in.Type != out.Type:
		return fmt.Errorf("input is %s and output %s; they must be equal", in.Type, out.Type)
	case len(w.Quant.Scale) != 1 && len(w.Quant.Scale) != od:
		return fmt.Errorf("weights %q have %d scales for %d channels", w.Name, len(w.Quant.Scale), od)
	}
	low, high := int64(-127), int64(127)
	if w.Type == tflite.Uint8 {
		low, high = 0, 255
	}
	for _, z := range w.Quant.ZeroPoint {
		if z < low || z > high {
			return fmt.Errorf("weights %q have zero point %d; weights have 9 bits", w.Name, z)
		}
	}
	return nil
}

// readBias fills the biases from an int32 or int64 tensor.
func (f *filter) readBias(t *tflite.Tensor) error {
	if t.Data == nil || t.Elements() != f.od {
		return fmt.Errorf("bias %q is not a constant of %d elements", t.Name, f.od)
	}
	for i := range f.bias {
		switch t.Type {
		case tflite.Int32:
			f.bias[i] = int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
		case tflite.Int64:
			f.bias[i] = int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
		default:
			return fmt.Errorf("bias %q is %s; the NPU needs int32 or int64", t.Name, t.Type)
		}
		if b := f.bias[i]; b < -1<<39 || b >= 1<<39 {
			return fmt.Errorf("bias %q: %d needs more than 40 bits", t.Name, b)
		}
	}
	return nil
}

// finish completes a convolution kernel and appends it.
func (g *graph) finish(k *kernel, op *tflite.Operator) error {
	out := g.tensor(op.Outputs[0])
	v, err := g.full(op.Outputs[0])
	if err != nil {
		return err
	}
	batches := 1
	if op.Code != tflite.OpFullyConnected {
		in := g.tensor(op.Inputs[0])
		if op.Code == tflite.OpTransposeConv {
			in = g.tensor(op.Inputs[2])
		}
		if batches = out.Shape[0]; batches != in.Shape[0] {
			return fmt.Errorf("from %v to %v: input and output differ in their batches", in.Shape, out.Shape)
		}
		v.h = out.Shape[1]
	}
	k.ofm = v
	k.round = arith.RoundDouble
	if k.filter.wide {
		k.acc40, k.round = true, arith.RoundNatural
	}
	k.actMin, k.actMax, err = clamp(out, op.Options.Activation)
	if err != nil {
		return err
	}
	if batches > 1 {
		g.batched(k, batches)
		return nil
	}
	g.add(k)
	return nil
}

// clamp returns the range of a fused activation (TFLite reference kernels).
func clamp(out *tflite.Tensor, a tflite.Activation) (lo, hi int, err error) {
	lo, hi = typeRange(out.Type)
	zp := zeroPoint(out)
	q := func(f float32) int { return zp + int(math.Round(float64(f/scale(out)))) }
	switch a {
	case tflite.None:
	case tflite.Relu:
		lo = max(lo, q(0))
	case tflite.Relu6:
		lo, hi = max(lo, q(0)), min(hi, q(6))
	case tflite.ReluN1To1:
		lo, hi = max(lo, q(-1)), min(hi, q(1))
	default:
		return 0, 0, fmt.Errorf("fused activation %d is not supported; use RELU, RELU6 or RELU_N1_TO_1", a)
	}
	return lo, hi, nil
}

// lowerConv lowers CONV_2D.
func (g *graph) lowerConv(op *tflite.Operator) error {
	w, out := g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	ifm, pre, err := g.input(op.Inputs[0])
	if err != nil {
		return err
	}
	if len(w.Shape) != 4 || len(out.Shape) != 4 {
		return fmt.Errorf("weights %v and output %v must have four dimensions", w.Shape, out.Shape)
	}
	od, kh, kw, id := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
	if id < 1 || ifm.d%id != 0 || od%(ifm.d/id) != 0 || od != out.Shape[3] {
		return fmt.Errorf("weights %v do not fit input depth %d and output depth %d", w.Shape, ifm.d, out.Shape[3])
	}
	f, err := g.newFilter(op, od, false)
	if err != nil {
		return err
	}
	at := weightAt(w, func(i int) int { return i / (kh * kw * id) })
	f.kh, f.kw, f.id = kh, kw, id
	f.at = func(oc, ky, kx, ic int) int16 { return at(((oc*kh+ky)*kw+kx)*id + ic) }
	if id != ifm.d {
		if err := f.ungroup(ifm.d); err != nil {
			return err
		}
	}
	o := &op.Options
	k := &kernel{op: isa.OpConv, ifm: ifm, filter: f}
	k.window = window{kh: kh, kw: kw, sy: o.StrideH, sx: o.StrideW, dy: max(1, o.DilationH), dx: max(1, o.DilationW)}
	if err := k.spread(); err != nil {
		return err
	}
	if err := k.place(o.Padding, ifm.h, ifm.w, out.Shape[1], out.Shape[2], pre); err != nil {
		return err
	}
	k.foldStride(out.Shape[2])
	return g.finish(k, op)
}

// lowerDepthwise lowers DEPTHWISE_CONV_2D. With a depth multiplier it becomes an
// ordinary convolution whose weights are zero outside the channel's own input.
func (g *graph) lowerDepthwise(op *tflite.Operator) error {
	w, out := g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	ifm, pre, err := g.input(op.Inputs[0])
	if err != nil {
		return err
	}
	if len(w.Shape) != 4 || len(out.Shape) != 4 || w.Shape[0] != 1 {
		return fmt.Errorf("weights %v and output %v must have four dimensions", w.Shape, out.Shape)
	}
	kh, kw, od := w.Shape[1], w.Shape[2], w.Shape[3]
	if od != out.Shape[3] || od%ifm.d != 0 {
		return fmt.Errorf("weights %v do not fit input depth %d and output depth %d", w.Shape, ifm.d, out.Shape[3])
	}
	mult := od / ifm.d
	if mult > 1 && od*ifm.d > maxBytes/max(1, kh*kw) {
		return fmt.Errorf("weights %v with depth multiplier %d become too many", w.Shape, mult)
	}
	f, err := g.newFilter(op, od, false)
	if err != nil {
		return err
	}
	at := weightAt(w, func(i int) int { return i % od })
	f.kh, f.kw = kh, kw
	k := &kernel{ifm: ifm, filter: f}
	if mult == 1 {
		k.op, f.id = isa.OpDepthwise, 1
		f.at = func(oc, ky, kx, _ int) int16 { return at((ky*kw+kx)*od + oc) }
	} else {
		k.op, f.id = isa.OpConv, ifm.d
		f.at = func(oc, ky, kx, ic int) int16 {
			if oc/mult != ic {
				return 0
			}
			return at((ky*kw+kx)*od + oc)
		}
	}
	o := &op.Options
	k.window = window{kh: kh, kw: kw, sy: o.StrideH, sx: o.StrideW, dy: max(1, o.DilationH), dx: max(1, o.DilationW)}
	if err := k.spread(); err != nil {
		return err
	}
	if err := k.place(o.Padding, ifm.h, ifm.w, out.Shape[1], out.Shape[2], pre); err != nil {
		return err
	}
	return g.finish(k, op)
}
