package reference

import (
	"encoding/binary"

	"upset/models/tflite"
)

// integers are the element types that load and store handle.
var integers = []tflite.Type{tflite.Int8, tflite.Uint8, tflite.Int16, tflite.Int32}

// quantisedTypes are the element types of quantised activations.
var quantisedTypes = []tflite.Type{tflite.Int8, tflite.Uint8, tflite.Int16}

// load widens the elements of b to 32 bits and subtracts zero.
func load(dst []int32, b []byte, t tflite.Type, zero int32) {
	switch t {
	case tflite.Int8:
		b = b[:len(dst)]
		for i := range dst {
			dst[i] = int32(int8(b[i])) - zero
		}
	case tflite.Uint8, tflite.Bool:
		b = b[:len(dst)]
		for i := range dst {
			dst[i] = int32(b[i]) - zero
		}
	case tflite.Int16:
		for i := range dst {
			dst[i] = int32(int16(binary.LittleEndian.Uint16(b[2*i:]))) - zero
		}
	case tflite.Int32:
		for i := range dst {
			dst[i] = int32(binary.LittleEndian.Uint32(b[4*i:])) - zero
		}
	}
}

// put writes the value x, which fits the type, as element i of b.
func put(b []byte, t tflite.Type, i int, x int32) {
	switch t {
	case tflite.Int8, tflite.Uint8, tflite.Bool:
		b[i] = byte(x)
	case tflite.Int16:
		binary.LittleEndian.PutUint16(b[2*i:], uint16(x))
	default: // int32, or the bits of a float32
		binary.LittleEndian.PutUint32(b[4*i:], uint32(x))
	}
}

// at is element i of b.
func at(b []byte, t tflite.Type, i int) int32 {
	switch t {
	case tflite.Int8:
		return int32(int8(b[i]))
	case tflite.Uint8, tflite.Bool:
		return int32(b[i])
	case tflite.Int16:
		return int32(int16(binary.LittleEndian.Uint16(b[2*i:])))
	}
	return int32(binary.LittleEndian.Uint32(b[4*i:]))
}

// store narrows src to the elements of b.
func store(b []byte, t tflite.Type, src []int32) {
	for i, x := range src {
		put(b, t, i, x)
	}
}

// decodeInts is the contents of a tensor of 32- or 64-bit integers.
func decodeInts(b []byte, t tflite.Type) []int {
	size := t.Size()
	v := make([]int, len(b)/size)
	for i := range v {
		if t == tflite.Int64 {
			v[i] = int(int64(binary.LittleEndian.Uint64(b[8*i:])))
		} else {
			v[i] = int(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
	return v
}
