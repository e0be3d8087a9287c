// Package flextest writes custom options of operators for tests, in the form that TFLite's
// own custom operators use: a map of FlexBuffers (FlexBuffers specification).
package flextest

import (
	"encoding/binary"
	"math"
)

// Types of values, and the code of a width of four bytes (FlexBuffers specification).
const (
	typeInt   = 1
	typeFloat = 3
	typeMap   = 9
	width4    = 2
)

// Numbers writes a map of numbers with entries of four bytes: names in order, whole
// numbers as integers and others as float32.
func Numbers(names []string, values ...float64) []byte {
	var b []byte
	word := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	at := make([]int, len(names))
	for i, s := range names {
		at[i] = len(b)
		b = append(append(b, s...), 0)
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	word(uint32(len(names)))
	keys := len(b)
	for _, a := range at {
		word(uint32(len(b) - a))
	}
	word(uint32(len(b) - keys))
	word(4)
	word(uint32(len(names)))
	start := len(b)
	var types []byte
	for _, x := range values {
		if x == math.Trunc(x) {
			word(uint32(int32(x)))
			types = append(types, typeInt<<2|width4)
		} else {
			word(math.Float32bits(float32(x)))
			types = append(types, typeFloat<<2|width4)
		}
	}
	b = append(b, types...)
	return append(b, byte(len(b)-start), typeMap<<2|width4, 1)
}
