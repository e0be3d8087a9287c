package reference

import (
	"math"

	"upset/models/tflite"
)

// prepareCompare handles EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and
// GREATER_EQUAL. Quantised values are compared in units of 2^-8 of their scales
// (TFLite reference kernel ComparisonWithScaling).
func prepareCompare(n *node) Kernel {
	holds := comparisons[n.op.Code]
	a, b, out := n.in(0), n.in(1), n.out(0, tflite.Bool)
	n.require(a.Type == b.Type, "inputs are %s and %s", a.Type, b.Type)
	r := n.broadcast(a, b, out)
	var order func(x, y []byte, i, j int) int
	switch a.Type {
	case tflite.Float32:
		order = func(x, y []byte, i, j int) int { return sign(decodeFloat(x, i), decodeFloat(y, j)) }
	case tflite.Int8, tflite.Uint8, tflite.Int16:
		n.quantised(a, b)
		ma, mb := n.multiplier(float64(a.scale)), n.multiplier(float64(b.scale))
		const shift = 8
		order = func(x, y []byte, i, j int) int {
			return sign(ma.apply((at(x, a.Type, i)-a.zero)<<shift), mb.apply((at(y, b.Type, j)-b.zero)<<shift))
		}
	case tflite.Int32, tflite.Int64, tflite.Bool:
		order = func(x, y []byte, i, j int) int { return sign(wideAt(x, a.Type, i), wideAt(y, b.Type, j)) }
	default:
		n.fail("%s values cannot be compared", a.Type)
	}
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		x, y, dst := a.value(v), b.value(v), out.value(v)
		r.each(func(to, i, j int) { putWide(dst, tflite.Bool, to, truth(holds(order(x, y, i, j)))) })
	}
}

// unordered is the order of two values of which one is not a number.
const unordered = 2

// sign is −1, 0 or 1, or unordered.
func sign[T float32 | int32 | int64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return unordered
}

var comparisons = map[tflite.BuiltinCode]func(order int) bool{
	tflite.OpEqual:        func(o int) bool { return o == 0 },
	tflite.OpNotEqual:     func(o int) bool { return o != 0 },
	tflite.OpLess:         func(o int) bool { return o == -1 },
	tflite.OpLessEqual:    func(o int) bool { return o == -1 || o == 0 },
	tflite.OpGreater:      func(o int) bool { return o == 1 },
	tflite.OpGreaterEqual: func(o int) bool { return o == 1 || o == 0 },
}

// prepareLogical handles LOGICAL_AND and LOGICAL_OR.
func prepareLogical(n *node) Kernel {
	p := n.pair(tflite.Bool)
	or := n.op.Code == tflite.OpLogicalOr
	r := n.broadcast(p.a, p.b, p.out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		x, y, dst := p.a.value(v), p.b.value(v), p.out.value(v)
		r.each(func(to, i, j int) {
			a, b := x[i] != 0, y[j] != 0
			putWide(dst, tflite.Bool, to, truth(a && b || or && (a || b)))
		})
	}
}

// prepareLogicalNot handles LOGICAL_NOT.
func prepareLogicalNot(n *node) Kernel {
	return n.unary(n.in(0, tflite.Bool), n.out(0, tflite.Bool), func(x int32) int32 { return int32(truth(x == 0)) })
}

// prepareSelect handles SELECT and SELECT_V2: elements of the second input where
// the first holds, of the third elsewhere.
func prepareSelect(n *node) Kernel {
	condition, a, b, out := n.in(0, tflite.Bool), n.in(1), n.in(2), n.out(0)
	n.movable(a, out)
	n.movable(b, out)
	if n.op.Code == tflite.OpSelect && len(condition.Shape) == 1 && len(out.Shape) > 1 {
		// The older operator takes one truth value per element of the first dimension.
		t := *condition.Tensor
		t.Shape = make([]int, len(out.Shape))
		for i := range t.Shape {
			t.Shape[i] = 1
		}
		t.Shape[0] = condition.Shape[0]
		condition.Tensor = &t
	}
	where, pick := n.broadcast(condition, a, out), n.broadcast(a, b, out)
	if n.err != nil {
		return nil
	}
	size := out.Type.Size()
	chosen := make([]int, out.Elements())
	return func(v [][]byte) {
		c, x, y, dst := condition.value(v), a.value(v), b.value(v), out.value(v)
		where.each(func(to, i, _ int) { chosen[to] = i })
		pick.each(func(to, i, j int) {
			if c[chosen[to]] != 0 {
				copy(dst[to*size:(to+1)*size], x[i*size:])
			} else {
				copy(dst[to*size:(to+1)*size], y[j*size:])
			}
		})
	}
}

// prepareFill handles FILL and ZEROS_LIKE; the shape of the output decides.
func prepareFill(n *node) Kernel {
	out := n.out(0)
	size := out.Type.Size()
	if n.op.Code == tflite.OpZerosLike {
		n.sameSize(n.in(0), out)
		if n.err != nil {
			return nil
		}
		return func(v [][]byte) { clear(out.value(v)) }
	}
	value := n.in(1)
	n.movable(value, out)
	if !n.require(value.Elements() == 1, "one value is needed, have shape %v", value.Shape) {
		return nil
	}
	return func(v [][]byte) {
		dst := out.value(v)
		for i := 0; i < len(dst); i += size {
			copy(dst[i:], value.value(v))
		}
	}
}

// prepareRound handles ROUND, which rounds halves to even, and CEIL.
func prepareRound(n *node) Kernel {
	f := math.RoundToEven
	if n.op.Code == tflite.OpCeil {
		f = math.Ceil
	}
	return n.floatUnary(func(x float32) float32 { return float32(f(float64(x))) })
}

// prepareReal handles LOG, SIN, COS and SQUARE of float32.
func prepareReal(n *node) Kernel {
	f := map[tflite.BuiltinCode]func(float64) float64{
		tflite.OpLog: math.Log, tflite.OpSin: math.Sin, tflite.OpCos: math.Cos,
		tflite.OpSquare: func(x float64) float64 { return x * x }, // exact, then rounded once
	}[n.op.Code]
	return n.floatUnary(func(x float32) float32 { return float32(f(float64(x))) })
}

// prepareReverse handles REVERSE_V2: the order along the named axes is turned
// round.
func prepareReverse(n *node) Kernel {
	in, out := n.moved(0)
	n.sameSize(in, out)
	turned := make([]bool, len(in.Shape))
	for _, a := range n.constants(n.in(1, tflite.Int32)) {
		if a < 0 {
			a += len(in.Shape)
		}
		if !n.require(a >= 0 && a < len(in.Shape), "axis %d of shape %v", a, in.Shape) {
			return nil
		}
		turned[a] = true
	}
	from := make([]int, len(in.Shape))
	return n.gather(in, out, in.Shape, 0, func(pos []int) int {
		for i, d := range in.Shape {
			if from[i] = pos[i]; turned[i] {
				from[i] = d - 1 - pos[i]
			}
		}
		return flat(in.Shape, from)
	})
}

// prepareAddN handles ADD_N: the sum of tensors of one shape, on 8-bit values with
// the scaling of ADD.
func prepareAddN(n *node) Kernel {
	list, out := n.inputs(), n.out(0, tflite.Float32, tflite.Int8)
	largest := float32(0)
	for _, o := range list {
		n.require(o.Type == out.Type, "input is %s, output %s", o.Type, out.Type)
		n.sameSize(o, out)
		largest = max(largest, o.scale)
	}
	if out.Type == tflite.Float32 && n.err == nil {
		return addFloats(list, out)
	}
	n.quantised(append(list, out)...)
	if n.err != nil {
		return nil
	}
	const shift = 20 // as for ADD
	scale := make([]multiplier, len(list))
	for i, o := range list {
		scale[i] = n.multiplier(float64(o.scale) / (2 * float64(largest)))
	}
	last := n.multiplier(2 * float64(largest) / ((1 << shift) * float64(out.scale)))
	lo, hi := limits(out.Type)
	return func(v [][]byte) {
		for i := range out.Elements() {
			var sum int32
			for k, o := range list {
				sum += scale[k].apply((at(o.value(v), o.Type, i) - o.zero) << shift)
			}
			put(out.value(v), out.Type, i, clamp(last.apply(sum)+out.zero, lo, hi))
		}
	}
}

func addFloats(list []operand, out operand) Kernel {
	return func(v [][]byte) {
		for i := range out.Elements() {
			var sum float32
			for _, o := range list {
				sum += decodeFloat(o.value(v), i)
			}
			putFloat(out.value(v), i, sum)
		}
	}
}
