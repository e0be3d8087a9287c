package reference

import (
	"math"

	"upset/models/tflite"
)

// floatWeighted is the operands of a float32 operator with weights, input 1, and a
// bias, which may be absent.
type floatWeighted struct {
	in, weights, bias, out operand
	hasBias                bool
	lo, hi                 float32
}

func (n *node) floatWeighted(inputAt, biasAt, channels int) floatWeighted {
	w := floatWeighted{in: n.in(inputAt, tflite.Float32), weights: n.in(1, tflite.Float32), out: n.out(0, tflite.Float32)}
	if w.bias, w.hasBias = n.optional(biasAt, tflite.Float32); w.hasBias {
		n.require(w.bias.Elements() == channels, "bias of shape %v for %d channels", w.bias.Shape, channels)
	}
	w.lo, w.hi = n.floatRange(n.op.Options.Activation)
	return w
}

// finish adds the bias of channel c and applies the activation.
func (w *floatWeighted) finish(v [][]byte, sum float32, c int) float32 {
	if w.hasBias {
		sum += decodeFloat(w.bias.value(v), c)
	}
	return clampFloat(sum, w.lo, w.hi)
}

// dotFloat is the sum of products from start on, in order.
func dotFloat(start float32, x, w []float32) float32 {
	w = w[:len(x)]
	for i, a := range x {
		start += float32(a * w[i])
	}
	return start
}

// floatFullyConnected is FULLY_CONNECTED on float32.
func (n *node) floatFullyConnected(channels, depth, batches int) Kernel {
	w := n.floatWeighted(0, 2, channels)
	if n.err != nil {
		return nil
	}
	x, k := make([]float32, depth), make([]float32, channels*depth)
	return func(v [][]byte) {
		floats(k, w.weights.value(v))
		for b := range batches {
			floats(x, w.in.value(v)[4*b*depth:])
			for c := range channels {
				sum := dotFloat(0, x, k[c*depth:(c+1)*depth])
				putFloat(w.out.value(v), b*channels+c, w.finish(v, sum, c))
			}
		}
	}
}

// floatConv is CONV_2D on float32, with groups of depth input channels each, or
// DEPTHWISE_CONV_2D, whose weights are stored with the channels last.
func (n *node) floatConv(di [4]int, channels int, y, x window, depth int, depthwise bool) Kernel {
	w := n.floatWeighted(0, 2, channels)
	if n.err != nil {
		return nil
	}
	per := channels / max(di[3]/depth, 1) // output channels that share their inputs
	input, k := make([]float32, w.in.Elements()), make([]float32, w.weights.Elements())
	place := func(c, fy, fx int) int { return ((c*y.filter+fy)*x.filter + fx) * depth }
	if depthwise {
		place = func(c, fy, fx int) int { return (fy*x.filter+fx)*channels + c }
	}
	return func(v [][]byte) {
		floats(input, w.in.value(v))
		floats(k, w.weights.value(v))
		for i := range w.out.Elements() {
			c, pos := i%channels, i/channels
			ox, oy, b := pos%x.out, pos/x.out%y.out, pos/x.out/y.out
			fy0, fy1, iy := y.taps(oy)
			fx0, fx1, ix := x.taps(ox)
			var sum float32
			for fy := fy0; fy < fy1; fy++ {
				for fx := fx0; fx < fx1; fx++ {
					s := ((b*di[1]+iy+fy*y.dilation)*di[2]+ix+fx*x.dilation)*di[3] + c/per*depth
					at := place(c, fy, fx)
					sum = dotFloat(sum, input[s:s+depth], k[at:at+depth])
				}
			}
			putFloat(w.out.value(v), i, w.finish(v, sum, c))
		}
	}
}

// floatTransposeConv is TRANSPOSE_CONV on float32.
func (n *node) floatTransposeConv(di, do [4]int, y, x window) Kernel {
	w := n.floatWeighted(2, 3, do[3])
	if n.err != nil {
		return nil
	}
	input, k := make([]float32, w.in.Elements()), make([]float32, w.weights.Elements())
	acc := make([]float32, w.out.Elements())
	return func(v [][]byte) {
		floats(input, w.in.value(v))
		floats(k, w.weights.value(v))
		clear(acc)
		for i := range di[0] * di[1] * di[2] {
			ix, iy, b := i%di[2], i/di[2]%di[1], i/di[2]/di[1]
			fy0, fy1, oy := y.taps(iy)
			fx0, fx1, ox := x.taps(ix)
			for ic, a := range input[i*di[3] : (i+1)*di[3]] {
				for fy := fy0; fy < fy1; fy++ {
					for fx := fx0; fx < fx1; fx++ {
						at := ((b*do[1]+oy+fy)*do[2] + ox + fx) * do[3]
						for c := range do[3] {
							acc[at+c] += float32(a * k[((c*y.filter+fy)*x.filter+fx)*di[3]+ic])
						}
					}
				}
			}
		}
		for i, sum := range acc {
			putFloat(w.out.value(v), i, w.finish(v, sum, i%do[3]))
		}
	}
}

// floatPool is AVERAGE_POOL_2D or MAX_POOL_2D on float32.
func (n *node) floatPool(di, do [4]int, y, x window) Kernel {
	in, out := n.in(0, tflite.Float32), n.out(0, tflite.Float32)
	lo, hi := n.floatRange(n.op.Options.Activation)
	if n.err != nil {
		return nil
	}
	mean := n.op.Code == tflite.OpAveragePool2D
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range out.Elements() {
			c, pos := i%do[3], i/do[3]
			ox, oy, b := pos%x.out, pos/x.out%y.out, pos/x.out/y.out
			fy0, fy1, iy := y.taps(oy)
			fx0, fx1, ix := x.taps(ox)
			sum, most := float32(0), float32(-math.MaxFloat32)
			for fy := fy0; fy < fy1; fy++ {
				for fx := fx0; fx < fx1; fx++ {
					a := decodeFloat(src, ((b*di[1]+iy+fy)*di[2]+ix+fx)*di[3]+c)
					sum += a
					if a > most {
						most = a
					}
				}
			}
			if mean {
				most = sum / float32((fy1-fy0)*(fx1-fx0))
			}
			putFloat(dst, i, clampFloat(most, lo, hi))
		}
	}
}

// floatReduce is MEAN, SUM, REDUCE_MAX or REDUCE_MIN on float32.
func (n *node) floatReduce(r reduction) Kernel {
	if n.err != nil {
		return nil
	}
	sums := make([]float32, r.out.Elements())
	start, f := float32(0), func(a, b float32) float32 { return a + b }
	switch n.op.Code {
	case tflite.OpReduceMax:
		start, f = -math.MaxFloat32, func(a, b float32) float32 { return max(a, b) }
	case tflite.OpReduceMin:
		start, f = math.MaxFloat32, func(a, b float32) float32 { return min(a, b) }
	}
	return func(v [][]byte) {
		src, dst := r.in.value(v), r.out.value(v)
		for i := range sums {
			sums[i] = start
		}
		r.each(func(from, to int) { sums[to] = f(sums[to], decodeFloat(src, from)) })
		for i, s := range sums {
			if n.op.Code == tflite.OpMean {
				s /= float32(r.count)
			}
			putFloat(dst, i, s)
		}
	}
}
