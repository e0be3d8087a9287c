// Package npy reads the arrays of NumPy files (.npy, NumPy format specification).
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Magic starts every .npy file.
const Magic = "\x93NUMPY"

// Array is a parsed .npy file.
type Array struct {
	Descr string // of an element: byte order, kind and size, for example "<f4"
	Shape []int
	Data  []byte // in C order, a part of the file
}

// maxHeader bounds the text that describes an array (our choice: NumPy's own is 10,000
// characters).
const maxHeader = 1 << 14

var (
	descrOf   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	fortranOf = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	shapeOf   = regexp.MustCompile(`'shape'\s*:\s*\(([0-9, ]*)\)`)
)

// Parse reads versions 1 to 3 of the format.
func Parse(file []byte) (Array, error) {
	var a Array
	if !bytes.HasPrefix(file, []byte(Magic)) || len(file) < len(Magic)+4 {
		return a, errors.New("no .npy file: the magic is missing")
	}
	version, rest := file[len(Magic)], file[len(Magic)+2:]
	length := 0
	switch {
	case version == 1:
		length, rest = int(binary.LittleEndian.Uint16(rest)), rest[2:]
	case (version == 2 || version == 3) && len(rest) >= 4:
		length, rest = int(binary.LittleEndian.Uint32(rest)), rest[4:]
	default:
		return a, fmt.Errorf(".npy version %d is not known", version)
	}
	if length > len(rest) || length > maxHeader {
		return a, errors.New("the .npy header is cut off")
	}
	header := string(rest[:length])
	descr, fortran, shape := descrOf.FindStringSubmatch(header), fortranOf.FindStringSubmatch(header), shapeOf.FindStringSubmatch(header)
	if descr == nil || fortran == nil || shape == nil {
		return a, errors.New("the .npy header lacks descr, fortran_order or shape; arrays of Python objects are not read")
	}
	a.Descr, a.Data = descr[1], rest[length:]
	long := 0
	for _, part := range strings.Split(shape[1], ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return a, fmt.Errorf("the .npy shape (%s) is not usable", shape[1])
		}
		if n != 1 {
			long++
		}
		a.Shape = append(a.Shape, n)
	}
	if fortran[1] == "True" && long > 1 {
		return a, errors.New("the .npy array is in Fortran order: store it in C order")
	}
	return a, nil
}

// elements is the number of elements, bounded by the data.
func (a *Array) elements(size int) (int, error) {
	n := 1
	for _, d := range a.Shape {
		if d > 0 && n > len(a.Data)/d {
			return 0, fmt.Errorf("%d bytes are too few for shape %v", len(a.Data), a.Shape)
		}
		n *= d
	}
	if n > len(a.Data)/size {
		return 0, fmt.Errorf("%d bytes are too few for shape %v of %s", len(a.Data), a.Shape, a.Descr)
	}
	return n, nil
}

// sizes are the bytes of an element, by its type without the mark of the byte order.
var sizes = map[string]int{"b1": 1, "i1": 1, "u1": 1, "i2": 2, "u2": 2, "i4": 4, "u4": 4, "i8": 8, "u8": 8, "f4": 4, "f8": 8}

// size is the number of bytes of an element, and its type. Elements with the highest
// byte first are not read.
func (a *Array) size() (int, string, error) {
	kind := strings.TrimLeft(a.Descr, "<|=")
	size, ok := sizes[kind]
	if !ok {
		return 0, kind, fmt.Errorf("elements of type %q are no numbers", a.Descr)
	}
	return size, kind, nil
}

// Bytes returns the elements as they lie in the file: what the shape says, no more.
func (a *Array) Bytes() ([]byte, error) {
	size, _, err := a.size()
	if err != nil {
		return nil, err
	}
	n, err := a.elements(size)
	if err != nil {
		return nil, err
	}
	return a.Data[: n*size : n*size], nil
}

// Numbers returns the elements of an array of integers or floats.
func (a *Array) Numbers() ([]float64, error) {
	size, kind, err := a.size()
	if err != nil {
		return nil, err
	}
	n, err := a.elements(size)
	if err != nil {
		return nil, err
	}
	list := make([]float64, n)
	for i := range list {
		var u uint64
		for k := range size {
			u |= uint64(a.Data[i*size+k]) << (8 * k)
		}
		switch {
		case kind == "f4":
			list[i] = float64(math.Float32frombits(uint32(u)))
		case kind == "f8":
			list[i] = math.Float64frombits(u)
		case kind[0] == 'i':
			list[i] = float64(int64(u<<(64-8*size)) >> (64 - 8*size))
		default:
			list[i] = float64(u)
		}
	}
	return list, nil
}
