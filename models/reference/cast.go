package reference

import (
	"encoding/binary"
	"math"

	"upset/models/tflite"
)

// prepareCast handles CAST between numeric types and bool. Integers wrap, floats
// are cut off towards zero as C++ does; floats beyond the range of the integer
// saturate and what is not a number becomes zero (our choice; C++ leaves both
// open).
func prepareCast(n *node) Kernel {
	types := []tflite.Type{
		tflite.Float32, tflite.Int8, tflite.Uint8, tflite.Int16, tflite.Uint16,
		tflite.Int32, tflite.Uint32, tflite.Int64, tflite.Bool,
	}
	in, out := n.in(0, types...), n.out(0, types...)
	n.sameSize(in, out)
	if n.err != nil {
		return nil
	}
	return func(v [][]byte) {
		src, dst := in.value(v), out.value(v)
		for i := range in.Elements() {
			switch {
			case in.Type == tflite.Float32 && out.Type == tflite.Float32:
				putFloat(dst, i, decodeFloat(src, i))
			case in.Type == tflite.Float32 && out.Type == tflite.Bool:
				putWide(dst, out.Type, i, truth(decodeFloat(src, i) != 0))
			case in.Type == tflite.Float32:
				putWide(dst, out.Type, i, truncate(decodeFloat(src, i), out.Type))
			case out.Type == tflite.Float32:
				putFloat(dst, i, float32(wideAt(src, in.Type, i)))
			case out.Type == tflite.Bool:
				putWide(dst, out.Type, i, truth(wideAt(src, in.Type, i) != 0))
			default:
				putWide(dst, out.Type, i, wideAt(src, in.Type, i))
			}
		}
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// truncate is x without its fraction, within the range of an integer type.
func truncate(x float32, t tflite.Type) int64 {
	bits := 8 * t.Size()
	lo, hi := -math.Ldexp(1, bits-1), math.Ldexp(1, bits-1)-1
	if t == tflite.Uint8 || t == tflite.Uint16 || t == tflite.Uint32 {
		lo, hi = 0, math.Ldexp(1, bits)-1
	}
	y := math.Trunc(float64(x))
	switch {
	case y != y:
		return 0
	case y <= lo:
		return int64(lo)
	case y >= hi && bits == 64:
		return math.MaxInt64
	}
	return int64(min(y, hi))
}

// wideAt is element i of a tensor of integers.
func wideAt(b []byte, t tflite.Type, i int) int64 {
	switch t {
	case tflite.Uint16:
		return int64(binary.LittleEndian.Uint16(b[2*i:]))
	case tflite.Uint32:
		return int64(binary.LittleEndian.Uint32(b[4*i:]))
	case tflite.Int64:
		return int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return int64(at(b, t, i))
}

// putWide writes element i of a tensor of integers, which wraps.
func putWide(b []byte, t tflite.Type, i int, x int64) {
	switch t.Size() {
	case 1:
		b[i] = byte(x)
	case 2:
		binary.LittleEndian.PutUint16(b[2*i:], uint16(x))
	case 4:
		binary.LittleEndian.PutUint32(b[4*i:], uint32(x))
	default:
		binary.LittleEndian.PutUint64(b[8*i:], uint64(x))
	}
}
