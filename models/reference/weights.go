package reference

import (
	"encoding/binary"

	"upset/models/tflite"
)

// lanes is the number of output channels that one pass of dot computes. Two
// channels share one 64-bit accumulator.
const lanes = 8

// packed holds weights of whole groups of lanes channels. For channels 2p and
// 2p+1 of a group the value is w(2p) + w(2p+1)·2^32: multiplying it by an input
// gives both products at once. The sum of the lower products must stay within 32
// bits; its borrow from the upper half is known from its sign and taken out at
// the end of every run of products.
type packed struct {
	depth int
	run   int     // products that may be summed without leaving 32 bits
	data  []int64 // [group][depth][lanes/2]
}

// pack arranges channels × depth weights, channel-major, for dot. Inputs are of
// type t with a zero point taken out; weights have at most 9 bits.
func pack(w []int32, channels, depth int, t tflite.Type) packed {
	groups := (channels + lanes - 1) / lanes
	p := packed{depth: depth, run: 1 << 15, data: make([]int64, groups*depth*lanes/2)}
	if t == tflite.Int16 {
		p.run = 1 << 7 // 17-bit inputs × 9-bit weights
	}
	for c := range channels {
		row := w[c*depth : (c+1)*depth]
		base := c / lanes * depth * (lanes / 2)
		pair, odd := c%lanes/2, c%2
		for k, x := range row {
			p.data[base+k*(lanes/2)+pair] += int64(x) << (32 * odd)
		}
	}
	return p
}

// dot multiplies the weights of group g by x and adds the sums to acc, which
// wraps at 32 bits.
func (p *packed) dot(acc *[lanes]int32, g int, x []int32) {
	w := p.data[g*p.depth*(lanes/2) : (g+1)*p.depth*(lanes/2)]
	for len(x) > p.run {
		products(acc, x[:p.run], w)
		x, w = x[p.run:], w[p.run*(lanes/2):]
	}
	products(acc, x, w)
}

func products(acc *[lanes]int32, x []int32, w []int64) {
	var a0, a1, a2, a3 int64
	for _, v := range x {
		if len(w) < 4 {
			break
		}
		u := int64(v)
		a0 += u * w[0]
		a1 += u * w[1]
		a2 += u * w[2]
		a3 += u * w[3]
		w = w[4:]
	}
	for i, a := range [...]int64{a0, a1, a2, a3} {
		lo := int32(a)
		acc[2*i] += lo
		acc[2*i+1] += int32((a - int64(lo)) >> 32)
	}
}

// dot64 is the sum of products with a 64-bit accumulator, for 16-bit inputs.
func dot64(x, w []int32) int64 {
	var a, b int64
	w = w[:len(x)]
	i := 0
	for ; i+1 < len(x); i += 2 {
		a += int64(x[i]) * int64(w[i])
		b += int64(x[i+1]) * int64(w[i+1])
	}
	if i < len(x) {
		a += int64(x[i]) * int64(w[i])
	}
	return a + b
}

// filter is the weights, biases and output stage that convolutions and fully
// connected operators share.
type filter struct {
	weights  operand
	bias     operand
	hasBias  bool
	channels int
	depth    int // weights per channel
	input    tflite.Type
	wide     bool
	scale    []multiplier // one per channel
	zero     int32
	lo, hi   int32

	rows   []int32 // weights, channel-major
	packed packed
	biases []int64
	ready  bool // rows, packed and biases hold constants
}

// newFilter checks weights and bias. depth is the number of weights per output
// channel. The bias is 32 bits wide for 8-bit inputs and 32 or 64 bits for 16-bit
// inputs, where it also decides the width of the accumulator.
func (n *node) newFilter(in, weights, out operand, biasAt, channels, depth int) *filter {
	f := &filter{weights: weights, channels: channels, depth: depth, input: in.Type, zero: out.zero}
	types := []tflite.Type{tflite.Int32}
	if in.Type == tflite.Int16 {
		types = append(types, tflite.Int64)
	}
	f.bias, f.hasBias = n.optional(biasAt, types...)
	f.wide = in.Type == tflite.Int16 && f.hasBias && f.bias.Type == tflite.Int64
	n.require(channels >= 0 && depth >= 0 && weights.Elements() == channels*depth,
		"weights of shape %v do not fit %d channels of %d", weights.Shape, channels, depth)
	if f.hasBias {
		n.require(f.bias.Elements() == channels, "bias of shape %v for %d channels", f.bias.Shape, channels)
	}
	n.quantised(in, out)
	n.zeroPoints(weights)
	f.lo, f.hi = n.activationRange(n.op.Options.Activation, out)
	return f
}

// perChannel derives one multiplier per channel (TFLite: input × filter scale in
// double precision, over the output scale).
func (f *filter) perChannel(n *node, in, out operand) {
	s := f.weights.Quant.Scale
	if !n.require(len(s) == 1 || len(s) == f.channels, "%d weight scales for %d channels", len(s), f.channels) {
		return
	}
	for _, z := range f.weights.Quant.ZeroPoint {
		n.require(len(s) == 1 || z == 0, "weights with one scale per channel need zero points of 0, have %d", z)
	}
	f.scale = make([]multiplier, f.channels)
	for c := range f.scale {
		f.scale[c] = n.multiplier(float64(in.scale) * float64(s[min(c, len(s)-1)]) / float64(out.scale))
	}
	f.checkShifts(n)
}

// convScales derives the multipliers of a convolution: one per channel, or one for
// all where the values are unsigned.
func (f *filter) convScales(n *node, in, out operand) {
	if in.Type == tflite.Uint8 {
		f.perTensor(n, in, out)
		return
	}
	f.perChannel(n, in, out)
}

// perTensor derives the one multiplier of a fully connected operator and of the
// older kernels for uint8 (TFLite: the product of the scales is taken in single
// precision).
func (f *filter) perTensor(n *node, in, out operand) {
	n.quantised(f.weights)
	m := n.multiplier(float64(in.scale*f.weights.scale) / float64(out.scale))
	f.scale = make([]multiplier, f.channels)
	for c := range f.scale {
		f.scale[c] = m
	}
	f.checkShifts(n)
}

// wideWithoutBias makes the accumulator of a 16-bit operator that has no bias 64
// bits wide, as for a bias of that width: TFLite Micro's DEPTHWISE_CONV_2D and
// TRANSPOSE_CONV have no other form, unlike CONV_2D and FULLY_CONNECTED. (They read
// a bias of 32 bits as one of 64, beyond its end; here it means what it says.)
func (f *filter) wideWithoutBias(n *node) {
	f.wide = f.input == tflite.Int16 && (!f.hasBias || f.wide)
	f.checkShifts(n)
}

// checkShifts keeps the multipliers of wide accumulators in the range in which
// their rounding is defined (TFLite: shift below 8).
func (f *filter) checkShifts(n *node) {
	for _, m := range f.scale {
		n.require(!f.wide || m.shift < 8, "scales give a factor of 2^%d, too large for 16-bit inputs", m.shift)
	}
}

// refresh widens and packs the weights; once only when they are constant. order
// maps the position in rows to the position in the tensor, nil for the identity.
func (f *filter) refresh(v [][]byte, order func(int) int) {
	if f.ready {
		return
	}
	f.ready = f.weights.Data != nil && (!f.hasBias || f.bias.Data != nil)
	if f.rows == nil {
		f.rows = make([]int32, f.channels*f.depth)
		f.biases = make([]int64, f.channels)
	}
	load(f.rows, f.weights.value(v), f.weights.Type, f.weights.zero)
	if order != nil {
		plain := append([]int32(nil), f.rows...)
		for i := range f.rows {
			f.rows[i] = plain[order(i)]
		}
	}
	if !f.wide {
		f.packed = pack(f.rows, f.channels, f.depth, f.input)
	}
	if f.hasBias {
		b := f.bias.value(v)
		for c := range f.biases {
			if f.bias.Type == tflite.Int64 {
				f.biases[c] = int64(binary.LittleEndian.Uint64(b[8*c:]))
			} else {
				f.biases[c] = int64(at(b, tflite.Int32, c))
			}
		}
	}
}

// finish turns an accumulator of channel c without its bias into a stored value.
func (f *filter) finish(acc int32, c int) int32 {
	return clamp(f.scale[c].apply(acc+int32(f.biases[c]))+f.zero, f.lo, f.hi)
}

func (f *filter) finish64(acc int64, c int) int32 {
	return clamp(f.scale[c].apply64(acc+f.biases[c])+f.zero, f.lo, f.hi)
}

// row computes channels from c0 to c1 for one patch of inputs and stores them as
// elements from base on. c0 must be a multiple of lanes unless the filter is wide.
func (f *filter) row(out []byte, t tflite.Type, base, c0, c1 int, x []int32) {
	if f.wide {
		for c := c0; c < c1; c++ {
			put(out, t, base+c, f.finish64(dot64(x, f.rows[c*f.depth:(c+1)*f.depth]), c))
		}
		return
	}
	for c := c0; c < c1; c += lanes {
		var acc [lanes]int32
		f.packed.dot(&acc, c/lanes, x)
		for i := range min(lanes, c1-c) {
			put(out, t, base+c+i, f.finish(acc[i], c+i))
		}
	}
}
