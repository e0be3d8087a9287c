package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/isa"
)

// lowerFullyConnected lowers FULLY_CONNECTED to a 1x1 convolution whose width is
// the batch.
func (g *graph) lowerFullyConnected(op *tflite.Operator) error {
	in, w, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if len(w.Shape) != 2 || op.Options.WeightsFormat != 0 {
		return fmt.Errorf("weights %v in format %d; only the plain two-dimensional layout is supported", w.Shape, op.Options.WeightsFormat)
	}
	od, id := w.Shape[0], w.Shape[1]
	if id == 0 || od == 0 || in.Elements()%id != 0 || out.Elements() != in.Elements()/id*od {
		return fmt.Errorf("weights %v do not fit input %v and output %v", w.Shape, in.Shape, out.Shape)
	}
	if w.Data == nil {
		return g.lowerConnected(op)
	}
	f, err := g.newFilter(op, od, true)
	if err != nil {
		return err
	}
	at := weightAt(w, func(i int) int { return i / id })
	f.kh, f.kw, f.id = 1, 1, id
	f.at = func(oc, _, _, ic int) int16 { return at(oc*id + ic) }
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	batch := in.Elements() / id
	if batch > maxDim || id > maxDim || od > maxDim {
		return fmt.Errorf("%d rows of %d by %d do not fit the NPU's 16-bit dimensions", batch, id, od)
	}
	ifm.h, ifm.w, ifm.d = 1, batch, id
	k := &kernel{op: isa.OpConv, window: unit, ifm: ifm, filter: f}
	if err := g.finish(k, op); err != nil {
		return err
	}
	k.ofm.h, k.ofm.w, k.ofm.d = 1, batch, od
	if !ifm.dense() {
		ifm.buf.plain = true
	}
	if !k.ofm.dense() {
		k.ofm.buf.plain = true
	}
	return nil
}

// lowerConnected lowers a FULLY_CONNECTED whose weights are computed.
func (g *graph) lowerConnected(op *tflite.Operator) error {
	in, w, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if err := quantised(in, w, out); err != nil {
		return err
	}
	if in.Type != tflite.Int8 || w.Type != tflite.Int8 || out.Type != tflite.Int8 {
		return fmt.Errorf("computed weights %s and input %s give %s; the NPU needs int8", w.Type, in.Type, out.Type)
	}
	x, err := g.full(op.Inputs[0])
	if err != nil {
		return err
	}
	x.buf.plain = true
	m := matmul{g: g, out: op.Outputs[0], batches: 1, act: op.Options.Activation}
	m.x = matrix{view: x, rows: in.Elements() / w.Shape[1], depth: w.Shape[1]}
	if m.y, err = g.matrix(op.Inputs[1], false, 1); err != nil {
		return err
	}
	if len(op.Inputs) > 2 && op.Inputs[2] >= 0 {
		b := g.tensor(op.Inputs[2])
		if b.Type != tflite.Int32 || b.Elements() != w.Shape[0] {
			return fmt.Errorf("bias %q of %s%v for %d outputs of computed weights", b.Name, b.Type, b.Shape, w.Shape[0])
		}
		v, err := g.full(op.Inputs[2])
		if err != nil {
			return err
		}
		v.buf.plain = true
		v.h, v.w, v.d, v.zp = 1, w.Shape[0], 1, 0
		m.bias = &v
	}
	return m.lower(float64(scale(in)*scale(w)) / float64(scale(out)))
}
