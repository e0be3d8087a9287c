package tflite

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// maxFlexEntries bounds the entries of a map of custom options (our choice).
const maxFlexEntries = 1 << 10

// FlexBuffers types (FlexBuffers specification): scalars stand in the map itself,
// indirect ones behind an offset.
const (
	flexInt           = 1
	flexUint          = 2
	flexFloat         = 3
	flexIndirectInt   = 6
	flexIndirectUint  = 7
	flexIndirectFloat = 8
	flexMap           = 9
	flexBool          = 26
)

// CustomNumbers reads the custom options of an operator as a FlexBuffers map, the
// form that TFLite's own custom operators use, and returns its numbers and truth
// values (0 or 1) by name. Entries of other types are left out.
func (o *Operator) CustomNumbers() (map[string]float64, error) {
	f := flex{o.CustomOptions}
	n := len(f.b)
	if n < 3 {
		return nil, fmt.Errorf("%s: %d bytes of options are too few for a map", o.Name(), n)
	}
	width, kind := int(f.b[n-1]), int(f.b[n-2])
	if kind>>2 != flexMap {
		return nil, fmt.Errorf("%s: options are of FlexBuffers type %d, not a map", o.Name(), kind>>2)
	}
	at, ok := f.offset(n-2-width, width)
	if !ok {
		return nil, fmt.Errorf("%s: options are cut off", o.Name())
	}
	values, err := f.numbers(at, 1<<(kind&3))
	if err != nil {
		return nil, fmt.Errorf("%s: options: %w", o.Name(), err)
	}
	return values, nil
}

// flex is a FlexBuffers message.
type flex struct{ b []byte }

// uint is the little-endian number of width bytes at pos.
func (f flex) uint(pos, width int) (uint64, bool) {
	if pos < 0 || pos > len(f.b) || width > len(f.b)-pos {
		return 0, false
	}
	b := f.b[pos:]
	switch width {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

// offset follows the offset at pos, which points backwards.
func (f flex) offset(pos, width int) (int, bool) {
	n, ok := f.uint(pos, width)
	if !ok || n > uint64(pos) {
		return 0, false
	}
	return pos - int(n), true
}

// numbers reads the map whose values start at pos, width bytes each. In front of
// them stand the offset and width of the keys and the number of entries; behind
// them one byte of type per entry.
func (f flex) numbers(pos, width int) (map[string]float64, error) {
	count, ok := f.uint(pos-width, width)
	keyWidth, ok2 := f.uint(pos-2*width, width)
	keys, ok3 := f.offset(pos-3*width, width)
	if !ok || !ok2 || !ok3 || count > maxFlexEntries || keyWidth > 8 {
		return nil, fmt.Errorf("map at %d is malformed", pos)
	}
	n := int(count)
	values := make(map[string]float64, n)
	for i := range n {
		key, ok := f.offset(keys+i*int(keyWidth), int(keyWidth))
		kind, ok2 := f.uint(pos+n*width+i, 1)
		if !ok || !ok2 {
			return nil, fmt.Errorf("entry %d of the map at %d is malformed", i, pos)
		}
		end := bytes.IndexByte(f.b[key:], 0)
		if end < 0 {
			return nil, fmt.Errorf("key %d of the map at %d has no end", i, pos)
		}
		if x, ok := f.number(pos+i*width, width, int(kind)); ok {
			values[string(f.b[key:key+end])] = x
		}
	}
	return values, nil
}

// number is the value at pos of the given packed type, if it is one.
func (f flex) number(pos, width, kind int) (float64, bool) {
	t := kind >> 2
	switch t {
	case flexIndirectInt, flexIndirectUint, flexIndirectFloat:
		var ok bool
		if pos, ok = f.offset(pos, width); !ok {
			return 0, false
		}
		t, width = t-flexIndirectInt+flexInt, 1<<(kind&3)
	}
	x, ok := f.uint(pos, width)
	switch {
	case !ok:
		return 0, false
	case t == flexUint || t == flexBool:
		return float64(x), true
	case t == flexInt:
		shift := 64 - 8*width
		return float64(int64(x<<shift) >> shift), true
	case t == flexFloat && width == 4:
		return float64(math.Float32frombits(uint32(x))), true
	case t == flexFloat && width == 8:
		return math.Float64frombits(x), true
	}
	return 0, false
}
