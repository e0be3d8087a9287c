package reference

import (
	"math"
	"math/bits"

	"upset/models/tflite"
	"upset/npu/arith"
)

// prepareSoftmax handles SOFTMAX over the last dimension.
func prepareSoftmax(n *node) Kernel {
	if beta := n.op.Options.Beta; n.isFloat() {
		return n.floatRows(func(row []float32) { softmaxFloat(row, beta) })
	}
	in, out := n.in(0, quantisedTypes...), n.out(0, quantisedTypes...)
	n.quantised(in, out)
	n.sameSize(in, out)
	if !n.require(len(in.Shape) > 0 && in.Shape[len(in.Shape)-1] > 0, "shape %v has no last dimension", in.Shape) {
		return nil
	}
	depth := in.Shape[len(in.Shape)-1]
	if in.Type == tflite.Int16 {
		n.require(out.Type == tflite.Int16, "16-bit input with %s output", out.Type)
		return n.softmax16(in, out, depth)
	}
	const (
		diffBits = 5  // integer bits of the scaled difference to the maximum
		sumBits  = 12 // integer bits of the sum of exponentials
	)
	// TFLite: PreprocessSoftmaxScaling.
	real := float64(n.op.Options.Beta) * float64(in.scale) * (1 << (31 - diffBits))
	m := n.multiplier(min(real, math.MaxInt32))
	if !n.require(m.shift >= 0, "input scale × beta %v is too small", real) {
		return nil
	}
	least := -inputRadius(diffBits, m.shift)
	width := 8 * out.Type.Size()
	lo, hi := limits(out.Type)
	row := make([]int32, depth)
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for base := 0; base < in.Elements(); base += depth {
			load(row, src[base:], in.Type, 0)
			var largest int32 = math.MinInt32
			for _, x := range row {
				largest = max(largest, x)
			}
			var sum int32
			for i, x := range row {
				if row[i] = -1; x-largest >= least { // −1 marks an exponential of zero
					row[i] = expNegative(m.apply(x-largest), diffBits)
					sum += arith.RoundingDivideByPOT(row[i], sumBits)
				}
			}
			scale, over := reciprocal(sum, sumBits)
			for i, e := range row {
				y := lo
				if e >= 0 {
					y = clamp(arith.RoundingDivideByPOT(mulFix(scale, e), over+31-width)+lo, lo, hi)
				}
				put(dst, out.Type, base+i, y)
			}
		}
	}
}

// softmax16 is the 16-bit form, which works on two tables of 513 entries: exp
// over [-10, 0] and 1/(1+x) over [0, 1].
func (n *node) softmax16(in, out operand, depth int) Kernel {
	const step = 10.0 / 65535.0
	m := n.multiplier(float64(in.scale) * float64(n.op.Options.Beta) / step)
	if !n.require(depth < 1<<16, "depth %d overflows the sum of exponentials", depth) {
		return nil
	}
	exp := newTable(step, 32767, 2.0/65535.0, math.Exp)
	inverse := newTable(1.0/65535.0, -32768, 2.0/65535.0, func(x float64) float64 { return 1 / (1 + x) })
	row := make([]int32, depth)
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for base := 0; base < in.Elements(); base += depth {
			load(row, src[2*base:], in.Type, 0)
			var largest int32 = math.MinInt32
			for _, x := range row {
				largest = max(largest, x)
			}
			var sum int32
			for i, x := range row {
				row[i] = exp.lookup(clamp(m.apply(x-largest)+32767, math.MinInt16, math.MaxInt16))
				sum += row[i]
			}
			headroom := bits.LeadingZeros32(uint32(sum))
			shifted := int32((int64(sum)<<(headroom-1) + 1<<13) >> 14)
			scale := inverse.lookup(clamp(shifted-(1<<15+1<<16), math.MinInt16, math.MaxInt16))
			shift := 31 - headroom
			for i, e := range row {
				y := (int64(e)*int64(scale) + 1<<(shift-1)) >> shift
				put(dst, out.Type, base+i, int32(min(max(y, 0), 32767)))
			}
		}
	}
}

// table is a piecewise linear function of 16-bit values.
type table [513]int16

// newTable samples f over the range of a 16-bit input with the given scale and
// zero point. Half of the error in the middle of each segment is taken off its
// start (TFLite: LUTPopulate).
func newTable(inScale float64, inZero int, outScale float64, f func(float64) float64) *table {
	const segments = 512
	lo, hi := inScale*float64(math.MinInt16-inZero), inScale*float64(math.MaxInt16-inZero)
	step := (hi - lo) / segments
	inverse := 65536 / (outScale * 65535)
	t := new(table)
	for i := range segments {
		x := lo + float64(i)*step
		value, next := f(x)*inverse, f(lo+float64(i+1)*step)*inverse
		sample := math.Round(value)
		between := math.Round((next + sample) / 2)
		bias := math.Round((between - math.Round(f(x+step/2)*inverse)) / 2)
		t[i] = int16(min(max(sample-bias, math.MinInt16), math.MaxInt16))
	}
	t[segments] = int16(min(max(math.Round(f(hi)*inverse), math.MinInt16), math.MaxInt16))
	return t
}

// lookup interpolates at x, a 16-bit value.
func (t *table) lookup(x int32) int32 {
	i := 256 + x>>7
	base := int32(t[i])
	return base + ((int32(t[i+1])-base)*(x&0x7F)+64)>>7
}
