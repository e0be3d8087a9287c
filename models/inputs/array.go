package inputs

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"upset/models/network"
	"upset/models/npy"
	"upset/models/tflite"
)

// array is a .npy file on its way into a tensor.
type array struct{ npy.Array }

// parseArray reads a .npy file.
func parseArray(file []byte) (*array, error) {
	a, err := npy.Parse(file)
	return &array{a}, err
}

// split cuts an array into inputs of a tensor: one where the shapes agree, one for each
// element of its first dimension where the others do. Dimensions of one do not count.
func (a *array) split(b *network.Binding, o Options) ([][]byte, error) {
	count, want := 1, LongDims(b.Shape)
	if !slices.Equal(LongDims(a.Shape), want) {
		if len(a.Shape) == 0 || !slices.Equal(LongDims(a.Shape[1:]), want) {
			return nil, fmt.Errorf("the array has shape %v, the network takes %v, or several of them along a first dimension", a.Shape, b.Shape)
		}
		count = a.Shape[0]
	}
	if count < 1 || count > maxInputs {
		return nil, fmt.Errorf("the array of shape %v holds %d inputs: between 1 and %d are read", a.Shape, count, maxInputs)
	}
	each, err := a.elementBytes()
	if err != nil {
		return nil, err
	}
	if size := b.Type.Size(); size == 0 || b.Size/size > maxFile {
		return nil, fmt.Errorf("no array can be read for a tensor of type %s and shape %v", b.Type, b.Shape)
	}
	part := b.Size / b.Type.Size() * each
	if len(a.Data) != count*part {
		return nil, fmt.Errorf("the array of shape %v and type %s has %d bytes, %d are needed", a.Shape, a.Descr, len(a.Data), count*part)
	}
	list := make([][]byte, count)
	for i := range list {
		if list[i], err = a.convert(a.Data[i*part:(i+1)*part], b, o); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// kind is the letter of an element's type, without byte order and size.
func (a *array) kind() string { return strings.TrimLeft(a.Descr, "<|=") }

// elementBytes is the size of an element.
func (a *array) elementBytes() (int, error) {
	n, ok := map[string]int{"i1": 1, "u1": 1, "b1": 1, "i2": 2, "u2": 2, "f2": 2, "i4": 4, "u4": 4, "f4": 4, "i8": 8, "u8": 8, "f8": 8}[a.kind()]
	if !ok {
		return 0, fmt.Errorf("the array has the type %s: store integers or floats in little-endian order", a.Descr)
	}
	return n, nil
}

// convert brings elements into the type of a tensor: equal types as they are, floats by
// the tensor's scale and zero point, and bytes as pixels where their scaling is declared.
func (a *array) convert(data []byte, b *network.Binding, o Options) ([]byte, error) {
	if want := npyTypes[b.Type]; a.kind() == strings.TrimLeft(want, "<|") {
		return data, nil
	}
	var real []float32
	switch a.kind() {
	case "f2":
		return nil, fmt.Errorf("the array has the type float16: store float32")
	case "f4":
		for ; len(data) > 0; data = data[4:] {
			real = append(real, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
	case "f8":
		for ; len(data) > 0; data = data[8:] {
			real = append(real, float32(math.Float64frombits(binary.LittleEndian.Uint64(data))))
		}
	case "u1":
		s, err := o.scaleFor(b)
		if err != nil {
			return nil, fmt.Errorf("the array has the type uint8, the network takes %s: %w", b.Type, err)
		}
		channels := len(s.Mean)
		if dims := LongDims(b.Shape); channels > 1 && (len(dims) == 0 || dims[len(dims)-1] != channels) {
			return nil, fmt.Errorf("the scaling has %d channels, the network takes %v", channels, b.Shape)
		}
		for i, x := range data {
			real = append(real, s.at(x, i%channels))
		}
	default:
		return nil, fmt.Errorf("the array has type %s, the network takes %s (%s): convert it with .astype", a.Descr, b.Type, npyTypes[b.Type])
	}
	return Quantise(real, b)
}

// Quantise stores real numbers in a tensor: as they are in one of floats, else divided by
// its scale in float32, rounded half away from zero, plus the zero point, and clamped
// (TensorFlow Lite, reference kernel of QUANTIZE). One that is not a number is refused.
func Quantise(real []float32, b *network.Binding) ([]byte, error) {
	for _, x := range real {
		if x != x {
			return nil, fmt.Errorf("a value is not a number")
		}
	}
	if b.Type == tflite.Float32 {
		out := make([]byte, 0, 4*len(real))
		for _, x := range real {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
		}
		return out, nil
	}
	low, high, ok := integers(b.Type)
	if !ok || len(b.Quant.Scale) != 1 || !(b.Quant.Scale[0] > 0) {
		return nil, fmt.Errorf("the network takes %s without a scale: give the integers themselves", b.Type)
	}
	zero := int64(0)
	if len(b.Quant.ZeroPoint) > 0 {
		zero = b.Quant.ZeroPoint[0]
	}
	out := make([]byte, 0, b.Type.Size()*len(real))
	for _, x := range real {
		q := math.Round(float64(x/b.Quant.Scale[0])) + float64(zero)
		n := int64(max(float64(low), min(float64(high), q)))
		if b.Type.Size() == 1 {
			out = append(out, byte(n))
		} else {
			out = binary.LittleEndian.AppendUint16(out, uint16(n))
		}
	}
	return out, nil
}

// integers is the range of a type that a network's inputs are quantised to.
func integers(t tflite.Type) (low, high int64, ok bool) {
	switch t {
	case tflite.Int8:
		return math.MinInt8, math.MaxInt8, true
	case tflite.Uint8:
		return 0, math.MaxUint8, true
	case tflite.Int16:
		return math.MinInt16, math.MaxInt16, true
	}
	return 0, 0, false
}
