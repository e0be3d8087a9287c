package compile

import (
	"encoding/binary"
	"fmt"
	"math"

	"upset/models/tflite"
	"upset/npu/arith"
	"upset/npu/isa"
)

// Constants of the int16 softmax of the TFLite reference kernels.
const (
	expRange    = 10.0    // exp is tabulated over [-10, 0]
	levels      = 65535.0 // steps of a 16-bit number
	tableSteps  = 512     // segments of a 16-bit table
	oneQ15      = 1 << 15
	oneQ16      = 1 << 16
	sumFraction = 14 // bits of the normalised sum that are rounded off
)

// lowerSoftmax16 lowers int16 SOFTMAX over the last dimension to 12 operations:
// difference to the maximum, exponential by a table of straight lines, sum,
// reciprocal of the normalised sum by another table, product.
func (g *graph) lowerSoftmax16(op *tflite.Operator) error {
	in, out := g.tensor(op.Inputs[0]), g.tensor(op.Outputs[0])
	if scale(out) != 1.0/oneQ15 || zeroPoint(out) != 0 || zeroPoint(in) != 0 {
		return fmt.Errorf("output scale %g and zero points %d and %d; int16 softmax has 1/32768 and none", scale(out), zeroPoint(in), zeroPoint(out))
	}
	mult, exp := arith.QuantizeMultiplier(float64(scale(in)) * float64(op.Options.Beta) / (expRange / levels))
	if exp > 14 || exp < -31 {
		return fmt.Errorf("beta %g with input scale %g is outside the range of the fixed-point kernel", op.Options.Beta, scale(in))
	}
	s, ifm, ofm, err := g.newSoftmax(op)
	if err != nil {
		return err
	}
	if s.depth >= maxDim {
		return fmt.Errorf("%d classes; the sum of exponentials holds fewer than %d", s.depth, maxDim)
	}
	top := s.maximum(ifm)
	diff := s.op32(isa.ElemSub, ifm, top, 0, false)
	// The table begins where the difference is -10: at the smallest number.
	exps := s.temp16(s.depth)
	m := g.number(mult)
	k := g.element32(isa.ElemMul, diff, &m, exps, uint(31-exp), false)
	k.ofm.zp = math.MaxInt16
	k.look(g.newTable(lines(expRange/levels, math.MaxInt16, math.Exp)))

	sum := s.sum(exps)
	headroom := s.temp(1)
	g.element32(isa.ElemCLZ, sum, nil, headroom, 0, false)
	// Normalise the sum to [1, 2) and take off one and the table's zero point.
	x := s.op32(isa.ElemSub, headroom, g.number(1), 0, false)
	x = s.op32(isa.ElemSHL, sum, x, 0, false)
	round := g.number(sumFraction)
	rounded := s.temp(1)
	g.element32(isa.ElemSHR, x, &round, rounded, 0, false).round = arith.RoundNatural
	recip := s.temp16(1)
	offset := g.number(oneQ15 + oneQ16)
	k = g.element32(isa.ElemSub, rounded, &offset, recip, 0, false)
	k.look(g.newTable(lines(1/levels, math.MinInt16, func(x float64) float64 { return 1 / (1 + x) })))

	shift := s.op32(isa.ElemSub, headroom, g.number(31), 0, true)
	product := s.op32(isa.ElemMul, exps, recip, 0, false)
	last := g.element32(isa.ElemSHR, product, &shift, ofm, 0, false)
	last.round, last.actMin, last.actMax = arith.RoundNatural, 0, math.MaxInt16
	return nil
}

// temp16 creates a 16-bit result, one line per row.
func (s *softmax) temp16(depth int) view {
	v := s.temp(depth)
	v.buf.elem, v.elem = 2, 2
	return v
}

// look sends the 16-bit results of a kernel through a table.
func (k *kernel) look(t *table) {
	k.lut, k.act = t, actTable
	k.actMin, k.actMax = math.MinInt16, math.MaxInt16
}

// lines returns the 512 entries, value and slope, of a table that approximates f
// over the 16-bit numbers of the given scale and zero point, with results in
// units of 2/65535. Half of the error in the middle of a line is taken off its
// start (TFLite reference kernels).
func lines(scale float64, zero int, f func(float64) float64) []byte {
	limit := func(x float64) int { return int(min(max(x, math.MinInt16), math.MaxInt16)) }
	low, high := scale*float64(math.MinInt16-zero), scale*float64(math.MaxInt16-zero)
	step := (high - low) / tableSteps
	inverse := oneQ16 / (2 / levels * levels)
	points := make([]int, tableSteps+1)
	for i := range tableSteps {
		x := low + float64(i)*step
		sample := math.Round(f(x) * inverse)
		next := f(low+float64(i+1)*step) * inverse
		between := math.Round((next + sample) / 2)
		bias := math.Round((between - math.Round(f(x+step/2)*inverse)) / 2)
		points[i] = limit(sample - bias)
	}
	points[tableSteps] = limit(math.Round(f(high) * inverse))
	data := make([]byte, 0, 4*tableSteps)
	for i := range tableSteps {
		data = binary.LittleEndian.AppendUint16(data, uint16(points[i]))
		data = binary.LittleEndian.AppendUint16(data, uint16(points[i+1]-points[i]))
	}
	return data
}
