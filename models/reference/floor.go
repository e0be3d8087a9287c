package reference

import (
	"math"

	"upset/models/tflite"
)

// prepareFloorDiv handles FLOOR_DIV and FLOOR_MOD of float32 and int32: the quotient
// rounded down, and what is left. Division of an integer by zero gives zero (our
// choice; TFLite stops).
func prepareFloorDiv(n *node) Kernel {
	mod := n.op.Code == tflite.OpFloorMod
	n.op = &tflite.Operator{Code: n.op.Code, Inputs: n.op.Inputs, Outputs: n.op.Outputs} // no fused activation
	if n.isFloat() {
		return n.floatPair(func(a, b float32) float32 {
			if !mod {
				return float32(math.Floor(float64(a / b)))
			}
			r := float32(math.Mod(float64(a), float64(b)))
			if r != 0 && (b < 0) != (r < 0) {
				r += b
			}
			return r
		})
	}
	return n.int32Pair(func(a, b int32) int32 {
		if b == 0 {
			return 0
		}
		q, r := int64(a)/int64(b), int64(a)%int64(b)
		if r != 0 && (b < 0) != (r < 0) {
			q, r = q-1, r+int64(b)
		}
		if mod {
			return int32(r)
		}
		return int32(q)
	})
}

// prepareGatherND handles GATHER_ND: the last dimension of the indices names a
// position in the leading dimensions of the input. A position outside takes the
// nearest one inside.
func prepareGatherND(n *node) Kernel {
	in, index, out := n.in(0), n.in(1, tflite.Int32), n.out(0)
	n.movable(in, out)
	rank := len(index.Shape)
	if !n.require(rank > 0 && index.Shape[rank-1] <= len(in.Shape), "indices %v into %v", index.Shape, in.Shape) {
		return nil
	}
	deep := index.Shape[rank-1]
	picks, inner := product(index.Shape[:rank-1]), product(in.Shape[deep:])
	n.require(in.Elements() > 0 && out.Elements() == picks*inner, "indices %v into %v give no %v", index.Shape, in.Shape, out.Shape)
	if n.err != nil {
		return nil
	}
	run := inner * in.Type.Size()
	return func(v [][]byte) {
		src, dst, list := in.value(v), out.value(v), index.value(v)
		for p := range picks {
			place := 0
			for k, d := range in.Shape[:deep] {
				place = place*d + int(clamp(at(list, tflite.Int32, p*deep+k), 0, int32(d-1)))
			}
			copy(dst[p*run:(p+1)*run], src[place*run:])
		}
	}
}

// prepareCumsum handles CUMSUM of float32 and int32 along one axis: sums of all
// elements up to each one, or up to the one before, from either end.
func prepareCumsum(n *node) Kernel {
	in, out := n.in(0, tflite.Float32, tflite.Int32), n.out(0, tflite.Float32, tflite.Int32)
	n.movable(in, out)
	n.sameSize(in, out)
	list := n.constants(n.in(1, tflite.Int32))
	if !n.require(len(list) == 1, "one axis is needed, have %d", len(list)) {
		return nil
	}
	a := list[0]
	if a < 0 {
		a += len(in.Shape)
	}
	if !n.require(a >= 0 && a < len(in.Shape), "axis %d of shape %v", list[0], in.Shape) {
		return nil
	}
	outer, size, inner := product(in.Shape[:a]), in.Shape[a], product(in.Shape[a+1:])
	exclusive, reverse := n.op.Options.Exclusive, n.op.Options.Reverse
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for lane := range outer * inner {
			var whole int32
			var real float32
			for k := range size {
				if reverse {
					k = size - 1 - k
				}
				i := (lane/inner*size+k)*inner + lane%inner
				before, beforeReal := whole, real
				whole += at(src, tflite.Int32, i)
				real += decodeFloat(src, i)
				if exclusive {
					putSum(dst, in.Type, i, before, beforeReal)
				} else {
					putSum(dst, in.Type, i, whole, real)
				}
			}
		}
	}
}

func putSum(b []byte, t tflite.Type, i int, whole int32, real float32) {
	if t == tflite.Float32 {
		putFloat(b, i, real)
	} else {
		put(b, t, i, whole)
	}
}
