package compile

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

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

// reduction returns a kernel that reduces the dimensions of an operator's second
// input: a pool over height and width, or a sum over the depth. It also returns
// the number of elements that become one.
func (g *graph) reduction(op *tflite.Operator, mode int) (*kernel, int, error) {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return nil, 0, err
	}
	list, err := axes(g.tensor(op.Inputs[1]), len(in.Shape))
	if err != nil {
		return nil, 0, err
	}
	ifm, err := g.full(op.Inputs[0])
	if err != nil {
		return nil, 0, err
	}
	var over [3]bool // height, width, depth
	rank := len(in.Shape)
	for _, a := range list {
		switch {
		case a >= rank-3:
			over[a-rank+3] = true
		case in.Shape[a] != 1:
			return nil, 0, fmt.Errorf("reduction over dimension %d of %v; the NPU reduces height, width or depth", a, in.Shape)
		}
	}
	if over[0] && in.Shape[rank-3] != ifm.h {
		return nil, 0, fmt.Errorf("input shape %v: the NPU takes one batch", in.Shape)
	}
	k := &kernel{op: isa.OpPool, mode: mode, ifm: ifm, window: unit, round: arith.RoundDouble}
	h, w, d := ifm.h, ifm.w, ifm.d
	if over[2] {
		if mode != isa.PoolAverage || (over[0] && h > 1) || (over[1] && w > 1) {
			return nil, 0, fmt.Errorf("reduction over depth and another dimension of %v, or of its maximum", in.Shape)
		}
		k.mode, d = isa.PoolReduceSum, 1
	}
	if over[0] {
		k.kh, h = ifm.h, 1
	}
	if over[1] {
		k.kw, w = ifm.w, 1
	}
	n := k.kh * k.kw * ifm.d / d
	if n > maxTaps {
		return nil, 0, fmt.Errorf("reduction of %d elements; the NPU takes up to %d", n, maxTaps)
	}
	if k.ofm, err = g.full(op.Outputs[0]); err != nil {
		return nil, 0, err
	}
	if k.ofm.h*k.ofm.w*k.ofm.d != h*w*d {
		return nil, 0, fmt.Errorf("output shape %v does not fit input %v", out.Shape, in.Shape)
	}
	k.ofm.h, k.ofm.w, k.ofm.d = h, w, d
	if !k.ofm.dense() {
		k.ofm.buf.plain = true
	}
	k.actMin, k.actMax = typeRange(out.Type)
	return k, n, nil
}

// lowerMean lowers MEAN and SUM: the scale is the one that the TFLite reference
// kernel applies to the sum.
func (g *graph) lowerMean(op *tflite.Operator) error {
	k, n, err := g.reduction(op, isa.PoolAverage)
	if err != nil {
		if k, n, err = g.flatReduction(op, isa.PoolAverage); err != nil {
			return err
		}
	}
	if op.Code == tflite.OpSum {
		n = 1
	}
	k.global = true
	if k.ofmScale, err = meanScale(scale(g.tensor(op.Inputs[0])), scale(g.tensor(op.Outputs[0])), n); err != nil {
		return err
	}
	g.add(k)
	return nil
}

// lowerReduceMax lowers REDUCE_MAX to a max pool.
func (g *graph) lowerReduceMax(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	k, _, err := g.reduction(op, isa.PoolMax)
	if err != nil {
		if k, _, err = g.flatReduction(op, isa.PoolMax); err != nil {
			return err
		}
	}
	if scale(in) != scale(out) || zeroPoint(in) != zeroPoint(out) {
		return fmt.Errorf("input and output differ in quantisation; a maximum does not rescale")
	}
	k.ifm.zp, k.ofm.zp = 0, 0
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

// regroup returns a shape as rows, reduced elements and elements that each row
// keeps, if the reduced dimensions lie side by side. Dimensions of one do not
// count.
func regroup(shape, list []int) (outer, n, inner int, ok bool) {
	reduced := map[int]bool{}
	for _, a := range list {
		reduced[a] = true
	}
	outer, n, inner = 1, 1, 1
	for i, d := range shape {
		switch {
		case d == 1:
		case reduced[i] && inner > 1:
			return 0, 0, 0, false
		case reduced[i]:
			n *= d
		case n > 1:
			inner *= d
		default:
			outer *= d
		}
	}
	return outer, n, inner, true
}

// flatReduction returns a kernel like reduction for dimensions of any place, in a
// map of one row for each kept element in front of them: a sum over the depth
// where they are the last and it is no maximum, else a pool along the width.
func (g *graph) flatReduction(op *tflite.Operator, mode int) (*kernel, int, error) {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return nil, 0, err
	}
	list, err := axes(g.tensor(op.Inputs[1]), len(in.Shape))
	if err != nil {
		return nil, 0, err
	}
	outer, n, inner, ok := regroup(in.Shape, list)
	if !ok || n > maxTaps || max(outer, inner) > maxDim || out.Elements() != outer*inner {
		return nil, 0, fmt.Errorf("reduction of dimensions %v of %v; the NPU reduces up to %d elements side by side", list, in.Shape, maxTaps)
	}
	x, err := g.full(op.Inputs[0])
	if err != nil {
		return nil, 0, err
	}
	y, err := g.full(op.Outputs[0])
	if err != nil {
		return nil, 0, err
	}
	x.buf.plain, y.buf.plain = true, true
	k := &kernel{op: isa.OpPool, mode: mode, window: unit, round: arith.RoundDouble}
	if inner == 1 && mode == isa.PoolAverage {
		k.mode = isa.PoolReduceSum
		x.h, x.w, x.d = 1, outer, n
		y.h, y.w, y.d = 1, outer, 1
	} else {
		k.kw = n
		x.h, x.w, x.d = outer, n, inner
		y.h, y.w, y.d = outer, 1, inner
	}
	k.ifm, k.ofm = x, y
	k.actMin, k.actMax = typeRange(out.Type)
	return k, n, nil
}
