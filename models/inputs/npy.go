package inputs

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"upset/models/npy"
	"upset/models/tflite"
)

// npyTypes are the descriptors of the tensor types in a .npy file,
// little-endian.
var npyTypes = map[tflite.Type]string{
	tflite.Int8: "|i1", tflite.Uint8: "|u1", tflite.Bool: "|b1", tflite.Int16: "<i2", tflite.Uint16: "<u2",
	tflite.Int32: "<i4", tflite.Uint32: "<u4", tflite.Int64: "<i8", tflite.Uint64: "<u8",
	tflite.Float16: "<f2", tflite.Float32: "<f4", tflite.Float64: "<f8",
}

// WriteNPY writes a tensor in version 1.0 of the format.
func WriteNPY(w io.Writer, t tflite.Type, shape []int, data []byte) error {
	descr, ok := npyTypes[t]
	if !ok {
		return fmt.Errorf("a tensor of type %s has no .npy form", t)
	}
	dims := make([]string, len(shape))
	for i, n := range shape {
		dims[i] = strconv.Itoa(n)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	// Magic, version, length and header fill a multiple of 64 bytes.
	const fixed = len(npy.Magic) + 4
	header += strings.Repeat(" ", (64-(fixed+len(header)+1)%64)%64) + "\n"
	head := append([]byte(npy.Magic), 1, 0, 0, 0)
	binary.LittleEndian.PutUint16(head[len(npy.Magic)+2:], uint16(len(header)))
	_, err := w.Write(append(append(head, header...), data...))
	return err
}
