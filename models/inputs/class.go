package inputs

import (
	"encoding/binary"
	"math"

	"upset/models/network"
	"upset/models/tflite"
)

// Top1 is the index of the largest element of a vector of at least two
// elements, ties to the lowest; nil for anything else.
func Top1(b network.Binding, data []byte) *int {
	if dims := LongDims(b.Shape); len(dims) != 1 {
		return nil
	}
	best, most := 0, 0.0
	size := b.Type.Size()
	for i := 0; i*size < len(data); i++ {
		var v float64
		switch b.Type {
		case tflite.Int8:
			v = float64(int8(data[i]))
		case tflite.Uint8:
			v = float64(data[i])
		case tflite.Int16:
			v = float64(int16(binary.LittleEndian.Uint16(data[2*i:])))
		case tflite.Float32:
			v = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		default:
			return nil
		}
		if i == 0 || v > most {
			best, most = i, v
		}
	}
	return &best
}

// Class is the largest element of the first output that is a list of classes, and how
// many classes there are; none without such an output. The bytes are those of all outputs.
func Class(list []network.Binding, out []byte) (class, classes int) {
	for _, b := range list {
		if top := Top1(b, out[:b.Size]); top != nil {
			return *top, LongDims(b.Shape)[0]
		}
		out = out[b.Size:]
	}
	return 0, 0
}
