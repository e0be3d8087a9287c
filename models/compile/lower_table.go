package compile

import (
	"fmt"
	"math"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// tableKernel appends a kernel that maps int8 values through a table: adding a
// scalar zero leaves them as they are.
func (g *graph) tableKernel(op *tflite.Operator, f func(v int) int) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if in.Type != tflite.Int8 || out.Type != tflite.Int8 {
		return fmt.Errorf("from %s to %s; a table needs int8", in.Type, out.Type)
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	data := make([]byte, 256)
	for i := range data {
		data[i] = byte(min(max(f(i-128), -128), 127))
	}
	k.op, k.mode, k.scalar = isa.OpElementwise, isa.ElemAdd, true
	k.opa, k.opb, k.ofmScale = scaling{1, 0}, 1, scaling{1, 0}
	k.ifm.zp, k.ofm.zp = 0, 0
	k.lut, k.act = g.newTable(data), actTable
	g.add(k)
	return nil
}

// realTable lowers an int8 operator by evaluating a real function for every
// input value.
func (g *graph) realTable(op *tflite.Operator, f func(x float64) float64) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	si, so := float64(scale(in)), float64(scale(out))
	zi, zo := zeroPoint(in), zeroPoint(out)
	return g.tableKernel(op, func(v int) int {
		return int(math.Round(float64(zo) + f(si*float64(v-zi))/so))
	})
}

func (g *graph) lowerLogistic(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int16 {
		return g.lowerCurve16(op, actSigmoid)
	}
	return g.realTable(op, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
}

func (g *graph) lowerTanh(op *tflite.Operator) error {
	if g.tensor(op.Inputs[0]).Type == tflite.Int16 {
		return g.lowerCurve16(op, actTanh)
	}
	return g.realTable(op, math.Tanh)
}

// lowerHardSwish lowers int8 HARD_SWISH: x·relu6(x+3)/6.
func (g *graph) lowerHardSwish(op *tflite.Operator) error {
	return g.realTable(op, func(x float64) float64 { return x * min(max(x+3, 0), 6) / 6 })
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

// lowerLeakyRelu lowers int8 LEAKY_RELU with the two multipliers of the TFLite
// reference kernel, which it computes in float32.
func (g *graph) lowerLeakyRelu(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	if in.Type == tflite.Int16 {
		return g.lowerLeakyRelu16(op)
	}
	zi, zo := zeroPoint(in), zeroPoint(out)
	pm, ps := arith.QuantizeMultiplier(float64(scale(in) / scale(out)))
	nm, ns := arith.QuantizeMultiplier(float64(scale(in) * op.Options.Alpha / scale(out)))
	return g.tableKernel(op, func(v int) int {
		x := int32(v - zi)
		if x >= 0 {
			return zo + int(arith.MultiplyByQuantizedMultiplier(x, pm, ps))
		}
		return zo + int(arith.MultiplyByQuantizedMultiplier(x, nm, ns))
	})
}

// lowerLeakyRelu16 lowers int16 LEAKY_RELU: one operation where nothing is
// rescaled, else the larger of the two rescaled branches.
func (g *graph) lowerLeakyRelu16(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	alpha := op.Options.Alpha
	if out.Type != tflite.Int16 || zeroPoint(in) != 0 || zeroPoint(out) != 0 || !(alpha >= 0 && alpha <= 1) {
		return fmt.Errorf("alpha %g to %s; the NPU needs alpha in 0..1 and int16 without zero points", alpha, out.Type)
	}
	k, err := g.copyKernel(op.Inputs[0], op.Outputs[0])
	if err != nil {
		return err
	}
	k.op, k.mode = isa.OpElementwise, isa.ElemLRelu
	k.ofmScale.scale, k.ofmScale.shift = arith.ScaleShift(float64(scale(in) * alpha / scale(out)))
	if scale(in) == scale(out) {
		g.add(k)
		return nil
	}
	k.mode, k.scalar, k.scalarVal = isa.ElemMul, true, 1
	negative := *k
	positive := *k
	positive.ofmScale.scale, positive.ofmScale.shift = arith.ScaleShift(float64(scale(in) / scale(out)))
	t := of(g.temp(out.Name+" positive", k.ofm.h, k.ofm.w, k.ofm.d, 2), 0)
	u := of(g.temp(out.Name+" negative", k.ofm.h, k.ofm.w, k.ofm.d, 2), 0)
	positive.ofm, negative.ofm = t, u
	g.add(&positive)
	g.add(&negative)
	larger := *k
	larger.mode, larger.scalar, larger.ofmScale = isa.ElemMax, false, scaling{1, 0}
	larger.ifm, larger.ifm2 = t, &u
	g.add(&larger)
	return nil
}
