package compile

import (
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// Left shifts of ADD and SUB in the TFLite reference kernels; the NPU shifts the
// operand that is not rescaled by one less, since twice the larger scale is the
// common unit.
const (
	addShift8  = 20
	addShift16 = 15
)

// operands returns the views of a binary operator so that IFM is the one with
// the shape of the output, and whether they were swapped.
func (g *graph) operands(op *tflite.Operator) (a, b, out view, broadcast uint32, swapped bool, err error) {
	shapes := [3][]int{g.tensor(op.Inputs[0]).Shape, g.tensor(op.Inputs[1]).Shape, g.tensor(op.Outputs[0]).Shape}
	if out, err = g.full(op.Outputs[0]); err != nil {
		return
	}
	views := [2]view{}
	for i := range views {
		if views[i], err = g.full(op.Inputs[i]); err != nil {
			return
		}
	}
	same := func(v view) bool { return v.h == out.h && v.w == out.w && v.d == out.d }
	a, b = views[0], views[1]
	if !same(a) {
		a, b, swapped = b, a, true
	}
	dims := [3]struct {
		have, want int
	}{{b.h, out.h}, {b.w, out.w}, {b.d, out.d}}
	for i, d := range dims {
		switch {
		case d.have == d.want:
		case d.have == 1:
			broadcast |= 1 << i
		default:
			err = fmt.Errorf("shapes %v and %v do not broadcast to %v on the NPU", shapes[0], shapes[1], shapes[2])
			return
		}
	}
	// A batch in front of the height is not a broadcast the NPU knows.
	if !same(a) || broadcast&1 != 0 && len(shapes[2]) > 3 && shapes[2][0] != 1 && b.h != 1 {
		err = fmt.Errorf("shapes %v and %v do not broadcast to %v on the NPU", shapes[0], shapes[1], shapes[2])
	}
	return
}

// element returns a kernel for a binary operator.
func (g *graph) element(op *tflite.Operator, mode int) (*kernel, error) {
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if err := quantised(in1, in2, out); err != nil {
		return nil, err
	}
	if in1.Type != in2.Type || in1.Type != out.Type {
		return nil, fmt.Errorf("operands %s and %s and output %s must have one type", in1.Type, in2.Type, out.Type)
	}
	a, b, ofm, broadcast, swapped, err := g.operands(op)
	if err != nil {
		return nil, err
	}
	k := &kernel{
		op: isa.OpElementwise, mode: mode, window: unit, ifm: a, ifm2: &b, ofm: ofm,
		broadcast: broadcast, swap: swapped, global: true, round: arith.RoundDouble,
	}
	k.actMin, k.actMax, err = clamp(out, op.Options.Activation)
	return k, err
}

// lowerAdd lowers ADD and SUB with the scaling of the TFLite reference kernels:
// the operand with the smaller scale is brought to twice the larger scale.
func (g *graph) lowerAdd(op *tflite.Operator) error {
	mode := isa.ElemAdd
	if op.Code == tflite.OpSub {
		mode = isa.ElemSub
	}
	if g.tensor(op.Inputs[0]).Type == tflite.Int32 {
		return g.lowerInt32(op, mode)
	}
	k, err := g.element(op, mode)
	if err != nil {
		return err
	}
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	// Operand A is the first input: where the views were swapped, the operand
	// order bit swaps them back.
	s1, s2, so := scale(in1), scale(in2), scale(out)
	left := addShift8
	if in1.Type == tflite.Int16 {
		left = addShift16
	}
	unit := int64(1) << left
	k.addMode = 1
	if s2 < s1 {
		k.addMode = 2
	}
	twice := 2 * float64(max(s1, s2))
	least, last := float64(min(s1, s2))/twice, twice/(float64(unit)*float64(so))
	if mode == isa.ElemSub {
		// TFLite Micro derives the multipliers of SUB in float32, Vela 3.10 in
		// float64 like those of ADD.
		twice := 2 * max(s1, s2)
		least, last = float64(min(s1, s2)/twice), float64(twice/(float32(unit)*so))
	}
	k.opa.scale, k.opa.shift = arith.ScaleShift(least * float64(unit))
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(last)
	g.add(k)
	return nil
}

// lowerMul lowers MUL. The factor is computed in float64, as in TFLite Micro; Vela
// 3.10 has float32.
func (g *graph) lowerMul(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int32 {
		return g.lowerInt32(op, isa.ElemMul)
	}
	k, err := g.element(op, isa.ElemMul)
	if err != nil {
		return err
	}
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	product := float64(scale(in1)) * float64(scale(in2))
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(product / float64(scale(out)))
	g.add(k)
	return nil
}

// lowerMinMax lowers MINIMUM and MAXIMUM, which do not rescale.
func (g *graph) lowerMinMax(op *tflite.Operator) error {
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if scale(in1) != scale(out) || scale(in2) != scale(out) || zeroPoint(in1) != zeroPoint(out) || zeroPoint(in2) != zeroPoint(out) {
		return fmt.Errorf("operands and output differ in quantisation; the NPU compares without rescaling")
	}
	mode := isa.ElemMin
	if op.Code == tflite.OpMaximum {
		mode = isa.ElemMax
	}
	k, err := g.element(op, mode)
	if err != nil {
		return err
	}
	k.ofmScale = scaling{1, 0}
	k.ifm.zp, k.ifm2.zp, k.ofm.zp = 0, 0, 0
	g.add(k)
	return nil
}

// lowerAbs lowers ABS with a rescaling to the output.
func (g *graph) lowerAbs(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	k.op, k.mode = isa.OpElementwise, isa.ElemAbs
	// TFLite divides in float32.
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(float64(scale(in) / scale(out)))
	k.actMin, k.actMax = typeRange(out.Type)
	g.add(k)
	return nil
}

// squareShift is the left shift of SQUARED_DIFFERENCE in the TFLite reference
// kernels.
const squareShift = 7

// lowerSquaredDifference lowers 8-bit SQUARED_DIFFERENCE in 32-bit arithmetic:
// both operands are brought to twice the larger scale, subtracted and squared.
func (g *graph) lowerSquaredDifference(op *tflite.Operator) error {
	k, err := g.element(op, isa.ElemSub)
	if err != nil {
		return err
	}
	in1, in2, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if in1.Type == tflite.Int16 {
		return fmt.Errorf("type %s; the lowering needs int8 or uint8", in1.Type)
	}
	s1, s2 := float64(scale(in1)), float64(scale(in2))
	if k.swap {
		s1, s2 = s2, s1
	}
	twice := 2 * max(s1, s2)
	a, err := g.widen(k.ifm, s1/twice)
	if err != nil {
		return err
	}
	b, err := g.widen(*k.ifm2, s2/twice)
	if err != nil {
		return err
	}
	diff := of(g.temp(out.Name+" difference", k.ofm.h, k.ofm.w, k.ofm.d, 4), 0)
	g.element32(isa.ElemSub, a, &b, diff, 0, k.swap)
	square := of(g.temp(out.Name+" square", k.ofm.h, k.ofm.w, k.ofm.d, 4), 0)
	g.element32(isa.ElemMul, diff, &diff, square, 0, false)
	mult, exp := arith.QuantizeMultiplier(twice * twice / (float64(int64(1)<<(2*squareShift)) * float64(scale(out))))
	if exp > 31 || exp < -32 {
		return fmt.Errorf("output scale %g is too far from the input scales", scale(out))
	}
	m := g.number(mult)
	last := g.element32(isa.ElemMul, square, &m, k.ofm, uint(31-exp), false)
	last.actMin, last.actMax = k.actMin, k.actMax
	return nil
}

// widen returns an 8-bit map shifted left by squareShift and multiplied by a
// factor of at most one, as 32-bit numbers.
func (g *graph) widen(v view, factor float64) (view, error) {
	mult, exp := arith.QuantizeMultiplier(factor)
	if exp < -32 {
		return view{}, fmt.Errorf("input scales are too far apart")
	}
	name := v.buf.name
	f := &filter{
		od: v.d, kh: 1, kw: 1, id: 1, at: func(_, _, _, _ int) int16 { return 1 << squareShift },
		bias: make([]int64, v.d), scale: make([]uint32, v.d), shift: make([]uint, v.d),
	}
	for i := range f.scale {
		f.scale[i] = 1
	}
	shifted := of(g.temp(name+" shifted", v.h, v.w, v.d, 4), 0)
	g.add(&kernel{op: isa.OpDepthwise, window: unit, ifm: v, ofm: shifted, filter: f, round: arith.RoundDouble, actMin: -128, actMax: 127})
	scaled := of(g.temp(name+" scaled", v.h, v.w, v.d, 4), 0)
	m := g.number(mult)
	g.element32(isa.ElemMul, shifted, &m, scaled, uint(31-exp), false)
	return scaled, nil
}

// lowerPrelu lowers 8-bit PRELU: the rescaled positive part and the negative part
// times the slope, of which one is zero, are added.
func (g *graph) lowerPrelu(op *tflite.Operator) error {
	product, err := g.element(op, isa.ElemMul)
	if err != nil {
		return err
	}
	in, slope, out := g.tensor(op.Inputs[0]), g.tensor(op.Inputs[1]), g.tensor(op.Outputs[0])
	if in.Type == tflite.Int16 || product.swap {
		return fmt.Errorf("input %s%v with slopes %v: the NPU lowering needs int8 or uint8, and slopes that broadcast", in.Type, in.Shape, slope.Shape)
	}
	x, ofm := product.ifm, product.ofm
	temp := func(what string, zp int) view { return of(g.like(ofm.buf, out.Name+" "+what, ofm.h, ofm.w, ofm.d), zp) }
	s := float64(scale(in))

	positive := copyOf(x, temp("positive", ofm.zp))
	positive.ofmScale.scale, positive.ofmScale.shift = arith.ScaleShift(s / float64(scale(out)))
	positive.actMin = ofm.zp

	negative := temp("negative", 0)
	lower := copyOf(x, negative)
	lower.op, lower.mode, lower.scalar, lower.scalarVal = isa.OpElementwise, isa.ElemMin, true, x.zp
	lower.ifm.zp, lower.ofmScale = 0, scaling{1, 0}

	product.ifm = negative
	product.ifm.zp = x.zp
	product.ofm = temp("product", ofm.zp)
	product.ofmScale.scale, product.ofmScale.shift = arith.ScaleShift(s * float64(scale(slope)) / float64(scale(out)))

	sum := copyOf(positive.ofm, ofm)
	sum.op, sum.mode, sum.ifm2 = isa.OpElementwise, isa.ElemAdd, &product.ofm
	sum.opa, sum.opb, sum.ofmScale = scaling{1, 0}, 1, scaling{1, 0}
	for _, k := range []*kernel{positive, lower, product, sum} {
		g.add(k)
	}
	return nil
}
