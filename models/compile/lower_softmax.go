package compile

import (
	"errors"
	"fmt"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// Constants of the int8 softmax of the TFLite reference kernels.
const (
	sumIntegerBits = 12          // integer bits of the sum of exponentials
	fortyEight17   = 1515870810  // 48/17 in Q2.29
	minusThirty217 = -1010580540 // -32/17 in Q2.29
	oneQ29         = 1 << 29     // one in Q2.29
	newtonSteps    = 3
	clipInt8       = 3  // ACTIVATION clip range: force int8
	actTable       = 16 // ACTIVATION function: table 0
)

// lowerSoftmax lowers int8 SOFTMAX over the last dimension to 31 operations:
// difference to the maximum, exponential by table, sum, reciprocal by Newton's
// method in 32-bit arithmetic, product.
func (g *graph) lowerSoftmax(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if err := quantised(in, out); err != nil {
		return err
	}
	beta := op.Options.Beta
	if !(beta > 0) {
		return errors.New("beta must be positive")
	}
	if in.Type != out.Type {
		return fmt.Errorf("softmax from %s to %s; they must be equal", in.Type, out.Type)
	}
	if in.Type == tflite.Int16 {
		return g.lowerSoftmax16(op)
	}
	if lo, _ := typeRange(out.Type); scale(out) != 1.0/256 || zeroPoint(out) != lo {
		return fmt.Errorf("output scale %g and zero point %d; %s softmax has 1/256 and %d", scale(out), zeroPoint(out), out.Type, lo)
	}
	if !(beta*scale(in) < 1<<4) || !(beta*scale(in)*(1<<diffFraction) > 1) {
		return fmt.Errorf("beta %g with input scale %g is outside the range of the fixed-point kernel", beta, scale(in))
	}
	s, ifm, ofm, err := g.newSoftmax(op)
	if err != nil {
		return err
	}
	s.lower(ifm, ofm, g.newTable(expTable(beta, scale(in))))
	return nil
}

// newSoftmax lays out the maps of a SOFTMAX: one row of classes per line.
func (g *graph) newSoftmax(op *tflite.Operator) (s *softmax, ifm, ofm view, err error) {
	if ifm, err = g.full(op.Inputs[0]); err != nil {
		return
	}
	if ofm, err = g.full(op.Outputs[0]); err != nil {
		return
	}
	if ifm.h != ofm.h || ifm.w != ofm.w || ifm.d != ofm.d {
		err = fmt.Errorf("input %v and output %v differ in shape", g.tensor(op.Inputs[0]).Shape, g.tensor(op.Outputs[0]).Shape)
		return
	}
	rows, depth := ifm.h*ifm.w, ifm.d
	if rows > maxDim {
		err = fmt.Errorf("%d rows do not fit the NPU's 16-bit dimensions", rows)
		return
	}
	ifm.h, ifm.w, ofm.h, ofm.w = rows, 1, rows, 1
	ifm.buf.plain, ofm.buf.plain = true, true
	return &softmax{g: g, rows: rows, depth: depth}, ifm, ofm, nil
}

// softmax builds the operations of one SOFTMAX.
type softmax struct {
	g           *graph
	rows, depth int
	serial      int
}

// temp creates a 32-bit result, one line per row.
func (s *softmax) temp(depth int) view {
	s.serial++
	b := s.g.temp(fmt.Sprintf("softmax %d.%d", s.g.source, s.serial), s.rows, 1, depth, 4)
	b.plain = true
	return of(b, 0)
}

// op32 appends an elementwise operation with a 32-bit result; a is as large as
// the result.
func (s *softmax) op32(mode int, a, b view, shift uint, swap bool) view {
	out := s.temp(a.d)
	s.g.element32(mode, a, &b, out, shift, swap)
	return out
}

func (s *softmax) lower(ifm, ofm view, exp *table) {
	top := s.maximum(ifm)
	exps := s.temp(s.depth)
	diff := s.g.element32(isa.ElemSub, ifm, &top, exps, 0, false)
	diff.lut, diff.act, diff.clip = exp, actTable, clipInt8
	diff.ofm.zp = 127 // a difference of 0 selects the last entry

	scaled := s.temp(s.depth)
	bits := s.g.number(sumIntegerBits)
	s.g.element32(isa.ElemSHR, exps, &bits, scaled, 0, false).round = arith.RoundNatural
	sum := s.sum(scaled)
	headroom := s.temp(1)
	s.g.element32(isa.ElemCLZ, sum, nil, headroom, 0, false)

	// The output is exp·reciprocal >> (12 + 31 - 8 - headroom).
	shift := s.op32(isa.ElemSub, headroom, s.g.number(sumIntegerBits+31-8), 0, true)
	// Normalise the sum to [1, 2), take one off: x in [0, 1) as Q0.31.
	less := s.op32(isa.ElemSub, headroom, s.g.number(1), 0, false)
	x := s.op32(isa.ElemSHL, sum, less, 0, false)
	x = s.op32(isa.ElemSub, x, s.g.number(1<<30), 0, false)
	x = s.op32(isa.ElemSHL, x, s.g.number(1), 0, false)
	recip := s.reciprocal(x)

	product := s.temp(s.depth)
	s.g.element32(isa.ElemMul, exps, &recip, product, highMulShift, false)
	last := s.g.element32(isa.ElemSHR, product, &shift, ofm, 0, false)
	last.round = arith.RoundNatural
	if ofm.buf.unsigned {
		last.actMin, last.actMax = typeRange(tflite.Uint8)
	}
}

// reciprocal returns 1/(1+x) in Q0.31 for x in [0, 1): Newton's method for half
// the denominator, started with 48/17 - 32/17·d.
func (s *softmax) reciprocal(x view) view {
	half := s.op32(isa.ElemAdd, x, s.g.number(oneQ31), 1, false)
	y := s.op32(isa.ElemMul, half, s.g.number(minusThirty217), highMulShift, false)
	y = s.op32(isa.ElemAdd, y, s.g.number(fortyEight17), 0, false)
	for i := 0; i < newtonSteps; i++ {
		e := s.op32(isa.ElemMul, y, half, highMulShift, false)
		e = s.op32(isa.ElemSub, e, s.g.number(oneQ29), 0, true)
		e = s.op32(isa.ElemMul, y, e, highMulShift, false)
		e = s.op32(isa.ElemMul, e, s.g.number(4), 0, false) // Q4.27 to Q2.29
		y = s.op32(isa.ElemAdd, y, e, 0, false)
	}
	return s.op32(isa.ElemMul, y, s.g.number(2), 0, false)
}

// maximum returns the largest element of each row: a max pool with the classes
// laid along the width.
func (s *softmax) maximum(ifm view) view {
	b := s.g.like(ifm.buf, fmt.Sprintf("softmax %d maximum", s.g.source), s.rows, 1, 1)
	b.plain = true
	in, out := ifm, of(b, ifm.zp)
	in.w, in.d = s.depth, 1
	k := copyOf(in, out)
	k.mode, k.global, k.ofmScale = isa.PoolMax, false, scaling{}
	k.kw = s.depth
	s.g.add(k)
	return out
}

// sum returns the sum of each row.
func (s *softmax) sum(in view) view {
	out := s.temp(1)
	s.g.add(&kernel{
		op: isa.OpPool, mode: isa.PoolReduceSum, window: unit, ifm: in, ofm: out,
		global: true, ofmScale: scaling{1, 0}, actMin: -128, actMax: 127,
	})
	return out
}

// newTable registers a lookup table; equal tables are stored once.
func (g *graph) newTable(data []byte) *table {
	for _, t := range g.tables {
		if string(t.data) == string(data) {
			return t
		}
	}
	t := &table{data: data, buf: &buffer{name: "table", data: data, plain: true}}
	g.tables = append(g.tables, t)
	return t
}
