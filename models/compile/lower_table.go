package compile

import (
	"fmt"
	"math"

	"upset/models/reference"
	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// lowerTable lowers an 8-bit operator of one variable to a table that holds what
// the reference kernel gives for every input value.
func (g *graph) lowerTable(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if in.Type != out.Type || in.Type == tflite.Int16 {
		return fmt.Errorf("from %s to %s; a table needs int8 or uint8", in.Type, out.Type)
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	data, err := evaluate(op, in, out)
	if err != nil {
		return err
	}
	k.lookUp(g.newTable(data))
	g.add(k)
	return nil
}

// evaluate runs the reference kernel on all 256 values of an 8-bit input, from
// the lowest up.
func evaluate(op *tflite.Operator, in, out *tflite.Tensor) ([]byte, error) {
	g := tflite.Subgraph{Lenient: true, Tensors: []tflite.Tensor{ // whoever opened the model was strict or not
		{Name: in.Name, Type: in.Type, Shape: []int{1, 256}, Quant: in.Quant},
		{Name: out.Name, Type: out.Type, Shape: []int{1, 256}, Quant: out.Quant},
	}}
	alone := *op
	alone.Inputs, alone.Outputs = []int{0}, []int{1}
	values := [][]byte{make([]byte, 256), make([]byte, 256)}
	lo, _ := typeRange(in.Type)
	for i := range values[0] {
		values[0][i] = byte(i + lo)
	}
	kernel, err := reference.Prepare(&g, &alone)
	if err != nil {
		return nil, err
	}
	kernel(values)
	return values[1], nil
}

func (g *graph) lowerLogistic(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int16 {
		return g.lowerCurve16(op, actSigmoid)
	}
	return g.lowerTable(op)
}

func (g *graph) lowerTanh(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int16 {
		return g.lowerCurve16(op, actTanh)
	}
	return g.lowerTable(op)
}

func (g *graph) lowerLeakyRelu(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int16 {
		return g.lowerLeakyRelu16(op)
	}
	return g.lowerTable(op)
}

// Built-in functions of ACTIVATION (Arm U55 register header).
const (
	actTanh    = 3
	actSigmoid = 4
)

// lowerCurve16 lowers int16 LOGISTIC and TANH to the built-in functions, whose
// argument counts in units of 1/(3·4096). The multiplier is the one of the
// TFLite reference kernels.
func (g *graph) lowerCurve16(op *tflite.Operator, act int) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if out.Type != tflite.Int16 || scale(out) != 1.0/(1<<15) || zeroPoint(in) != 0 || zeroPoint(out) != 0 {
		return fmt.Errorf("output %s of scale %g; the int16 function has int16 of 1/32768 and no zero points", out.Type, scale(out))
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	switch scale(in) {
	case 1.0 / 4096:
		k.ofmScale = scaling{3, 0}
	case 1.0 / 2048:
		k.ofmScale = scaling{6, 0}
	default:
		factor := float64(scale(in)) * 3 * 4096
		shift := uint(0)
		for factor <= math.MaxInt16/2.0 && shift <= 30 {
			factor *= 2
			shift++
		}
		if factor > math.MaxInt16 {
			return fmt.Errorf("input scale %g is too large for the int16 function", scale(in))
		}
		k.ofmScale = scaling{uint32(factor), shift}
	}
	k.act = act
	k.actMin, k.actMax = typeRange(out.Type)
	g.add(k)
	return nil
}

// lowerLeakyRelu16 lowers int16 LEAKY_RELU: one operation where nothing is
// rescaled, else one of the two rescaled branches. That is the larger one for a
// slope of at most one, since a negative slope turns the signs, and the smaller
// one for a steeper slope.
func (g *graph) lowerLeakyRelu16(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	alpha := op.Options.Alpha
	if out.Type != tflite.Int16 || zeroPoint(in) != 0 || zeroPoint(out) != 0 || alpha != alpha || math.IsInf(float64(alpha), 0) {
		return fmt.Errorf("alpha %g to %s; the NPU needs a number, and int16 without zero points", alpha, out.Type)
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	k.op, k.mode = isa.OpElementwise, isa.ElemLRelu
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(math.Abs(float64(scale(in) * alpha / scale(out))))
	if scale(in) == scale(out) && alpha >= 0 && alpha <= 1 {
		g.add(k)
		return nil
	}
	k.mode, k.scalar, k.scalarVal = isa.ElemMul, true, 1
	negative := *k
	if alpha < 0 {
		negative.scalarVal = -1
	}
	positive := *k
	positive.ofmScale.scale, positive.ofmScale.shift = arith.ScaleShift(float64(scale(in) / scale(out)))
	t := of(g.temp(out.Name+" positive", k.ofm.h, k.ofm.w, k.ofm.d, 2), 0)
	u := of(g.temp(out.Name+" negative", k.ofm.h, k.ofm.w, k.ofm.d, 2), 0)
	positive.ofm, negative.ofm = t, u
	g.add(&positive)
	g.add(&negative)
	choice := *k
	choice.mode, choice.scalar, choice.ofmScale = isa.ElemMax, false, scaling{1, 0}
	if alpha > 1 {
		choice.mode = isa.ElemMin
	}
	choice.ifm, choice.ifm2 = t, &u
	g.add(&choice)
	return nil
}
