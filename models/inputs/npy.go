package inputs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"upset/models/tflite"
)

// npyMagic starts every .npy file (NumPy format specification).
const npyMagic = "\x93NUMPY"

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
	const fixed = len(npyMagic) + 4
	header += strings.Repeat(" ", (64-(fixed+len(header)+1)%64)%64) + "\n"
	head := append([]byte(npyMagic), 1, 0, 0, 0)
	binary.LittleEndian.PutUint16(head[len(npyMagic)+2:], uint16(len(header)))
	_, err := w.Write(append(append(head, header...), data...))
	return err
}

// Array is a parsed .npy file.
type Array struct {
	Descr string // of an element: byte order, kind and size, for example "<f4"
	Shape []int
	Data  []byte // in C order
}

var (
	npyDescr   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([0-9, ]*)\)`)
)

// ParseNPY reads versions 1 to 3 of the format.
func ParseNPY(file []byte) (Array, error) {
	var a Array
	if !bytes.HasPrefix(file, []byte(npyMagic)) || len(file) < len(npyMagic)+4 {
		return a, errors.New("no .npy file: the magic is missing")
	}
	version, rest := file[len(npyMagic)], file[len(npyMagic)+2:]
	length := 0
	switch {
	case version == 1:
		length, rest = int(binary.LittleEndian.Uint16(rest)), rest[2:]
	case (version == 2 || version == 3) && len(rest) >= 4:
		length, rest = int(binary.LittleEndian.Uint32(rest)), rest[4:]
	default:
		return a, fmt.Errorf(".npy version %d is not known", version)
	}
	if length > len(rest) {
		return a, errors.New("the .npy header is cut off")
	}
	header := string(rest[:length])
	descr, fortran, shape := npyDescr.FindStringSubmatch(header), npyFortran.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if descr == nil || fortran == nil || shape == nil {
		return a, errors.New("the .npy header lacks descr, fortran_order or shape")
	}
	a.Descr, a.Data = descr[1], rest[length:]
	for _, part := range strings.Split(shape[1], ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return a, fmt.Errorf("the .npy shape (%s) is not usable", shape[1])
		}
		a.Shape = append(a.Shape, n)
	}
	if fortran[1] == "True" && len(LongDims(a.Shape)) > 1 {
		return a, errors.New("the .npy array is in Fortran order: store it in C order")
	}
	return a, nil
}
