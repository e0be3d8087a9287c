// Package tflite reads and writes TensorFlow Lite models.
//
// The reader works on the bytes of the flatbuffer through a bounds-checked
// access layer of its own, so a damaged or hostile file gives an error that
// names the table and its offset, never a panic. The writer produces files that
// other runtimes load. Tables, field numbers and enumeration values follow the
// public TensorFlow Lite schema, version 3 (file identifier "TFL3").
package tflite

import "fmt"

// Type is a TensorFlow Lite tensor type.
type Type int8

// Tensor types (TensorFlow Lite schema, enum TensorType).
const (
	Float32    Type = 0
	Float16    Type = 1
	Int32      Type = 2
	Uint8      Type = 3
	Int64      Type = 4
	String     Type = 5
	Bool       Type = 6
	Int16      Type = 7
	Complex64  Type = 8
	Int8       Type = 9
	Float64    Type = 10
	Complex128 Type = 11
	Uint64     Type = 12
	Resource   Type = 13
	Variant    Type = 14
	Uint32     Type = 15
	Uint16     Type = 16
	Int4       Type = 17
	BFloat16   Type = 18
)

var typeInfo = [...]struct {
	name string
	size int
}{
	Float32: {"float32", 4}, Float16: {"float16", 2}, Int32: {"int32", 4}, Uint8: {"uint8", 1},
	Int64: {"int64", 8}, String: {"string", 0}, Bool: {"bool", 1}, Int16: {"int16", 2},
	Complex64: {"complex64", 8}, Int8: {"int8", 1}, Float64: {"float64", 8}, Complex128: {"complex128", 16},
	Uint64: {"uint64", 8}, Resource: {"resource", 0}, Variant: {"variant", 0}, Uint32: {"uint32", 4},
	Uint16: {"uint16", 2}, Int4: {"int4", 0}, BFloat16: {"bfloat16", 2},
}

// Size is the number of bytes of one element, or 0 for a type whose elements
// do not have a whole, fixed number of bytes.
func (t Type) Size() int {
	if t < 0 || int(t) >= len(typeInfo) {
		return 0
	}
	return typeInfo[t].size
}

// String is the name of the type in lower case, for example "int8".
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeInfo) {
		return fmt.Sprintf("type(%d)", int8(t))
	}
	return typeInfo[t].name
}

// Quantization maps stored integers to real numbers:
// real = Scale × (stored − ZeroPoint). One entry stands for the whole tensor,
// several for the slices along dimension Axis. Both are empty when the tensor
// is not quantised.
type Quantization struct {
	Scale     []float32
	ZeroPoint []int64
	Axis      int
}

// Tensor is one value of a graph.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Quant Quantization
	// Data is nil when the tensor is not constant. Parse lets it alias the
	// bytes of the file: copy before changing it.
	Data []byte
	// Variable marks a state tensor, which keeps its value from one inference to
	// the next. Initial is its value before the first one; nil stands for zeros, or
	// the zero point where the type is int8 (TFLite Micro interpreter).
	Variable bool
	Initial  []byte
}

// Elements is the number of elements that the shape describes.
func (t *Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Bytes is the size of the tensor's value in bytes.
func (t *Tensor) Bytes() int {
	if t.Type == Int4 {
		return (t.Elements() + 1) / 2
	}
	return t.Elements() * t.Type.Size()
}

// Padding is the padding scheme of a convolution or pooling operator.
type Padding int8

// Padding schemes (TensorFlow Lite schema, enum Padding).
const (
	Same  Padding = 0
	Valid Padding = 1
)

// Activation is a fused activation function.
type Activation int8

// Fused activation functions (TensorFlow Lite schema, enum
// ActivationFunctionType).
const (
	None      Activation = 0
	Relu      Activation = 1
	ReluN1To1 Activation = 2
	Relu6     Activation = 3
	Tanh      Activation = 4
	SignBit   Activation = 5
)

// Options holds the builtin options of an operator, all kinds in one flat
// struct. Only the fields that belong to the operator's kind are meaningful.
type Options struct {
	// Kind is the schema's number of the options table. Marshal derives it
	// from the operator code when it is OptionsNone.
	Kind OptionsKind

	Padding              Padding
	StrideW, StrideH     int
	DilationW, DilationH int // 0 is written as the schema's default, 1
	DepthMultiplier      int
	FilterW, FilterH     int
	Activation           Activation

	KeepDims    bool    // MEAN, SUM, REDUCE_*
	Beta        float32 // SOFTMAX
	Axis        int     // CONCATENATION, PACK, UNPACK, GATHER
	BatchDims   int     // GATHER
	NewShape    []int   // RESHAPE
	SqueezeDims []int   // SQUEEZE
	Alpha       float32 // LEAKY_RELU

	AlignCorners, HalfPixelCenters bool // RESIZE_*

	BeginMask, EndMask, EllipsisMask, NewAxisMask, ShrinkMask int  // STRIDED_SLICE
	Offset                                                    bool // STRIDED_SLICE: end is relative to begin

	Rank             int  // SVDF
	AsymmetricInputs bool // FULLY_CONNECTED, SVDF
	WeightsFormat    int8 // FULLY_CONNECTED: 0 is the plain layout
	KeepNumDims      bool // FULLY_CONNECTED
	NumSplits        int  // SPLIT, SPLIT_V; number of values of PACK and UNPACK
	PotScaleInt16    bool // ADD, SUB
	BlockSize        int  // SPACE_TO_DEPTH, DEPTH_TO_SPACE
	MirrorMode       int8 // MIRROR_PAD: 0 reflect, 1 symmetric
	InType, OutType  Type // CAST; OutType also of ARG_MAX, ARG_MIN, SHAPE
	AdjX, AdjY       bool // BATCH_MATMUL

	CellClip, ProjClip float32 // UNIDIRECTIONAL_SEQUENCE_LSTM; 0 is no limit
	TimeMajor          bool    // UNIDIRECTIONAL_SEQUENCE_LSTM

	Exclusive, Reverse bool // CUMSUM

	InitSubgraph          int    // CALL_ONCE
	Container, SharedName string // VAR_HANDLE: together the identity of the variable
}

// Operator is one node of a graph. An input of −1 is absent.
type Operator struct {
	Code            BuiltinCode
	Custom          string // custom code when Code is OpCustom
	Version         int
	Inputs, Outputs []int
	Options         Options
	CustomOptions   []byte
}

// Name is the operator's custom code, or the name of its builtin code.
func (o *Operator) Name() string {
	if o.Code == OpCustom {
		return o.Custom
	}
	return o.Code.String()
}

// Subgraph is one graph: operators in execution order over a list of tensors.
type Subgraph struct {
	Name            string
	Tensors         []Tensor
	Operators       []Operator
	Inputs, Outputs []int
	// Lenient asks those who compute the graph to accept what TFLite's kernels refuse
	// though its meaning is clear, such as a bias of another scale. It is not part of
	// the file: whoever loads a model sets it.
	Lenient bool
}

// Metadata is a named block of bytes attached to the model.
type Metadata struct {
	Name string
	Data []byte
}

// Model is a whole TensorFlow Lite file.
type Model struct {
	Version     int
	Description string
	Subgraphs   []Subgraph
	Metadata    []Metadata
}
