package reference

import (
	"fmt"
	"math"
	"slices"

	"upset/models/tflite"
	"upset/npu/arith"
)

// kernels lists the operators that are known.
var kernels = map[tflite.BuiltinCode]func(*node) Kernel{
	tflite.OpAbs:                   prepareAbs,
	tflite.OpAdd:                   prepareAdd,
	tflite.OpAddN:                  prepareAddN,
	tflite.OpArgMax:                prepareArg,
	tflite.OpArgMin:                prepareArg,
	tflite.OpAssignVariable:        prepareReshape,
	tflite.OpAveragePool2D:         prepareAveragePool,
	tflite.OpBatchMatmul:           prepareBatchMatmul,
	tflite.OpBatchToSpaceND:        prepareBatchToSpace,
	tflite.OpBroadcastTo:           prepareBroadcastTo,
	tflite.OpCast:                  prepareCast,
	tflite.OpCeil:                  prepareRound,
	tflite.OpConcatenation:         prepareConcatenation,
	tflite.OpConv2D:                prepareConv,
	tflite.OpCos:                   prepareReal,
	tflite.OpCumsum:                prepareCumsum,
	tflite.OpCustom:                prepareCustom,
	tflite.OpDepthToSpace:          prepareDepthToSpace,
	tflite.OpDepthwiseConv2D:       prepareDepthwise,
	tflite.OpDequantize:            prepareDequantize,
	tflite.OpDiv:                   prepareDiv,
	tflite.OpElu:                   prepareElu,
	tflite.OpEqual:                 prepareCompare,
	tflite.OpExp:                   prepareExp,
	tflite.OpExpandDims:            prepareReshape,
	tflite.OpFill:                  prepareFill,
	tflite.OpFloor:                 prepareFloor,
	tflite.OpFloorDiv:              prepareFloorDiv,
	tflite.OpFloorMod:              prepareFloorDiv,
	tflite.OpFullyConnected:        prepareFullyConnected,
	tflite.OpGather:                prepareGather,
	tflite.OpGatherND:              prepareGatherND,
	tflite.OpGreater:               prepareCompare,
	tflite.OpGreaterEqual:          prepareCompare,
	tflite.OpHardSwish:             prepareHardSwish,
	tflite.OpL2Normalization:       prepareL2Norm,
	tflite.OpLeakyRelu:             prepareLeakyRelu,
	tflite.OpLess:                  prepareCompare,
	tflite.OpLessEqual:             prepareCompare,
	tflite.OpLog:                   prepareReal,
	tflite.OpLogSoftmax:            prepareLogSoftmax,
	tflite.OpLogicalAnd:            prepareLogical,
	tflite.OpLogicalNot:            prepareLogicalNot,
	tflite.OpLogicalOr:             prepareLogical,
	tflite.OpLogistic:              prepareLogistic,
	tflite.OpMaxPool2D:             prepareMaxPool,
	tflite.OpMaximum:               prepareMaximum,
	tflite.OpMean:                  prepareMean,
	tflite.OpMinimum:               prepareMinimum,
	tflite.OpMirrorPad:             prepareMirrorPad,
	tflite.OpMul:                   prepareMul,
	tflite.OpNeg:                   prepareNeg,
	tflite.OpNotEqual:              prepareCompare,
	tflite.OpPack:                  preparePack,
	tflite.OpPad:                   preparePad,
	tflite.OpPadV2:                 preparePad,
	tflite.OpPrelu:                 preparePrelu,
	tflite.OpQuantize:              prepareQuantize,
	tflite.OpReadVariable:          prepareReshape,
	tflite.OpReduceMax:             prepareReduceMax,
	tflite.OpReduceMin:             prepareReduceMin,
	tflite.OpRelu6:                 prepareRelu,
	tflite.OpRelu:                  prepareRelu,
	tflite.OpReluN1To1:             prepareRelu,
	tflite.OpReshape:               prepareReshape,
	tflite.OpResizeBilinear:        prepareResizeBilinear,
	tflite.OpResizeNearestNeighbor: prepareResizeNearest,
	tflite.OpReverseV2:             prepareReverse,
	tflite.OpRound:                 prepareRound,
	tflite.OpRsqrt:                 prepareRsqrt,
	tflite.OpSVDF:                  prepareSVDF,
	tflite.OpSelect:                prepareSelect,
	tflite.OpSelectV2:              prepareSelect,
	tflite.OpSequenceLSTM:          prepareSequenceLSTM,
	tflite.OpShape:                 prepareShape,
	tflite.OpSin:                   prepareReal,
	tflite.OpSlice:                 prepareSlice,
	tflite.OpSoftmax:               prepareSoftmax,
	tflite.OpSpaceToBatchND:        prepareSpaceToBatch,
	tflite.OpSpaceToDepth:          prepareSpaceToDepth,
	tflite.OpSplit:                 prepareSplit,
	tflite.OpSplitV:                prepareSplitV,
	tflite.OpSqrt:                  prepareSqrt,
	tflite.OpSquare:                prepareReal,
	tflite.OpSquaredDifference:     prepareSquaredDifference,
	tflite.OpSqueeze:               prepareReshape,
	tflite.OpStridedSlice:          prepareStridedSlice,
	tflite.OpSub:                   prepareSub,
	tflite.OpSum:                   prepareMean,
	tflite.OpTanh:                  prepareTanh,
	tflite.OpTile:                  prepareTile,
	tflite.OpTranspose:             prepareTranspose,
	tflite.OpTransposeConv:         prepareTransposeConv,
	tflite.OpUnpack:                prepareUnpack,
	tflite.OpZerosLike:             prepareFill,
}

// Prepare checks one operator against the tensors of its graph and returns the
// kernel that runs it.
func Prepare(g *tflite.Subgraph, op *tflite.Operator) (Kernel, error) {
	prepare, ok := kernels[op.Code]
	if op.Code == tflite.OpCustom && op.Custom == tflite.DetectionPostProcess {
		prepare, ok = prepareDetection, true
	}
	if !ok {
		return nil, fmt.Errorf("%s: operator is not known to the reference interpreter", op.Name())
	}
	n := &node{graph: g, op: op}
	k := prepare(n)
	if n.err != nil {
		return nil, fmt.Errorf("%s: %w", op.Name(), n.err)
	}
	if err := Strict(g, op); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", op.Name(), err, StrictRemedy)
	}
	return k, nil
}

// node is an operator being prepared. The first failed check is kept in err;
// prepare functions test it before they rely on what was checked.
type node struct {
	graph *tflite.Subgraph
	op    *tflite.Operator
	err   error
}

// operand is a tensor of the node with its per-tensor quantisation.
type operand struct {
	*tflite.Tensor
	index int
	scale float32
	zero  int32
}

func (o operand) value(v [][]byte) []byte { return v[o.index] }

func (n *node) fail(format string, args ...any) {
	if n.err == nil {
		n.err = fmt.Errorf(format, args...)
	}
}

// require records a failure unless ok holds.
func (n *node) require(ok bool, format string, args ...any) bool {
	if !ok {
		n.fail(format, args...)
	}
	return n.err == nil
}

func (n *node) operand(what string, list []int, i int, types []tflite.Type) operand {
	none := operand{Tensor: &tflite.Tensor{}}
	if i >= len(list) || list[i] < 0 || list[i] >= len(n.graph.Tensors) {
		n.fail("%s %d is missing", what, i)
		return none
	}
	t := &n.graph.Tensors[list[i]]
	if len(types) > 0 && !slices.Contains(types, t.Type) {
		n.fail("%s %d (%q) is %s; supported here: %v", what, i, t.Name, t.Type, types)
		return none
	}
	if _, err := sizeOf(t); err != nil {
		n.fail("%s %d (%q): %v", what, i, t.Name, err)
		return none
	}
	if t.Data != nil && len(t.Data) != t.Bytes() {
		n.fail("%s %d (%q): constant of %d bytes for shape %v", what, i, t.Name, len(t.Data), t.Shape)
		return none
	}
	o := operand{Tensor: t, index: list[i]}
	if len(t.Quant.Scale) == 1 {
		o.scale = t.Quant.Scale[0]
	}
	if len(t.Quant.ZeroPoint) > 0 {
		o.zero = int32(t.Quant.ZeroPoint[0])
	}
	return o
}

// in is input i, of one of the given types.
func (n *node) in(i int, types ...tflite.Type) operand {
	return n.operand("input", n.op.Inputs, i, types)
}

// optional is input i, if it is present.
func (n *node) optional(i int, types ...tflite.Type) (operand, bool) {
	if i >= len(n.op.Inputs) || n.op.Inputs[i] < 0 {
		return operand{Tensor: &tflite.Tensor{}}, false
	}
	return n.in(i, types...), true
}

// out is output i, of one of the given types.
func (n *node) out(i int, types ...tflite.Type) operand {
	o := n.operand("output", n.op.Outputs, i, types)
	n.require(o.Data == nil, "output %d (%q) is a constant", i, o.Name)
	return o
}

// quantised requires each operand to have one usable scale and zero point.
func (n *node) quantised(list ...operand) {
	for _, o := range list {
		n.require(len(o.Quant.Scale) == 1 && usable(o.scale), "tensor %q needs one positive scale, has %s",
			o.Name, someOf(o.Quant.Scale))
		n.zeroPoints(o)
	}
}

// zeroPoints requires the zero points to lie in the range of the element type.
func (n *node) zeroPoints(o operand) {
	lo, hi := limits(o.Type)
	for _, z := range o.Quant.ZeroPoint {
		n.require(z >= int64(lo) && z <= int64(hi), "zero point %d of tensor %q is outside %s", z, o.Name, o.Type)
	}
}

func usable(scale float32) bool {
	return scale > 0 && !math.IsInf(float64(scale), 0)
}

// sameShape requires both operands to have the same number of elements.
func (n *node) sameSize(a, b operand) {
	n.require(a.Elements() == b.Elements(), "shapes %v and %v differ in size", a.Shape, b.Shape)
}

// dims4 is the shape of a tensor with four dimensions.
func (n *node) dims4(o operand) (d [4]int) {
	if n.require(len(o.Shape) == 4, "tensor %q needs four dimensions, has shape %v", o.Name, o.Shape) {
		copy(d[:], o.Shape)
	}
	return d
}

// constants is the contents of a constant tensor of 32- or 64-bit integers.
func (n *node) constants(o operand) []int {
	if !n.require(o.Data != nil || o.Elements() == 0, "tensor %q must be a constant here", o.Name) {
		return nil
	}
	return decodeInts(o.Data, o.Type)
}

// multiplier turns a real factor into its fixed-point form.
func (n *node) multiplier(f float64) (m multiplier) {
	if n.require(f >= 0 && !math.IsInf(f, 0), "scales give the unusable factor %v", f) {
		m.mult, m.shift = arith.QuantizeMultiplier(f)
	}
	return m
}

// multiplier is a real factor as TFLite's kernels hold it.
type multiplier struct {
	mult  int32
	shift int
}

func (m multiplier) apply(x int32) int32 {
	return arith.MultiplyByQuantizedMultiplier(x, m.mult, m.shift)
}

func (m multiplier) apply64(x int64) int32 {
	return arith.MultiplyByQuantizedMultiplier64(x, m.mult, m.shift)
}

// limits is the range of an integer type; that of int32 for any other.
func limits(t tflite.Type) (lo, hi int32) {
	switch t {
	case tflite.Int8:
		return math.MinInt8, math.MaxInt8
	case tflite.Uint8:
		return 0, math.MaxUint8
	case tflite.Int16:
		return math.MinInt16, math.MaxInt16
	}
	return math.MinInt32, math.MaxInt32
}

// activationRange is the range of stored values that a fused activation leaves
// (TFLite reference kernels: the real bounds are rounded to stored values).
func (n *node) activationRange(a tflite.Activation, o operand) (lo, hi int32) {
	lo, hi = limits(o.Type)
	stored := func(real float32) int32 {
		v := math.Round(float64(real/o.scale)) + float64(o.zero)
		return int32(max(min(v, math.MaxInt32), math.MinInt32))
	}
	switch a {
	case tflite.None:
	case tflite.Relu:
		lo = max(lo, stored(0))
	case tflite.Relu6:
		lo, hi = max(lo, stored(0)), min(hi, stored(6))
	case tflite.ReluN1To1:
		lo, hi = max(lo, stored(-1)), min(hi, stored(1))
	default:
		n.fail("fused activation %d is not known", a)
	}
	return lo, hi
}

func clamp(x, lo, hi int32) int32 { return min(max(x, lo), hi) }

// someOf prints numbers, only the first of many.
func someOf(list []float32) string {
	const few = 4
	if len(list) <= few {
		return fmt.Sprint(list)
	}
	return fmt.Sprintf("%d of them, %v and so on", len(list), list[:few])
}
