package tflite

import "fmt"

// BuiltinCode is the number of a builtin operator.
type BuiltinCode int32

// Builtin operator codes (TensorFlow Lite schema, enum BuiltinOperator); the
// ones used in this project.
const (
	OpAdd                   BuiltinCode = 0
	OpAveragePool2D         BuiltinCode = 1
	OpConcatenation         BuiltinCode = 2
	OpConv2D                BuiltinCode = 3
	OpDepthwiseConv2D       BuiltinCode = 4
	OpDepthToSpace          BuiltinCode = 5
	OpDequantize            BuiltinCode = 6
	OpFloor                 BuiltinCode = 8
	OpFullyConnected        BuiltinCode = 9
	OpL2Normalization       BuiltinCode = 11
	OpLogistic              BuiltinCode = 14
	OpMaxPool2D             BuiltinCode = 17
	OpMul                   BuiltinCode = 18
	OpRelu                  BuiltinCode = 19
	OpReluN1To1             BuiltinCode = 20
	OpRelu6                 BuiltinCode = 21
	OpReshape               BuiltinCode = 22
	OpResizeBilinear        BuiltinCode = 23
	OpSoftmax               BuiltinCode = 25
	OpSpaceToDepth          BuiltinCode = 26
	OpSVDF                  BuiltinCode = 27
	OpTanh                  BuiltinCode = 28
	OpCustom                BuiltinCode = 32
	OpPad                   BuiltinCode = 34
	OpGather                BuiltinCode = 36
	OpBatchToSpaceND        BuiltinCode = 37
	OpSpaceToBatchND        BuiltinCode = 38
	OpTranspose             BuiltinCode = 39
	OpMean                  BuiltinCode = 40
	OpSub                   BuiltinCode = 41
	OpDiv                   BuiltinCode = 42
	OpSqueeze               BuiltinCode = 43
	OpSequenceLSTM          BuiltinCode = 44 // UNIDIRECTIONAL_SEQUENCE_LSTM
	OpStridedSlice          BuiltinCode = 45
	OpExp                   BuiltinCode = 47
	OpSplit                 BuiltinCode = 49
	OpLogSoftmax            BuiltinCode = 50
	OpCast                  BuiltinCode = 53
	OpPrelu                 BuiltinCode = 54
	OpMaximum               BuiltinCode = 55
	OpArgMax                BuiltinCode = 56
	OpMinimum               BuiltinCode = 57
	OpLess                  BuiltinCode = 58
	OpNeg                   BuiltinCode = 59
	OpPadV2                 BuiltinCode = 60
	OpGreater               BuiltinCode = 61
	OpGreaterEqual          BuiltinCode = 62
	OpLessEqual             BuiltinCode = 63
	OpSelect                BuiltinCode = 64
	OpSlice                 BuiltinCode = 65
	OpSin                   BuiltinCode = 66
	OpTransposeConv         BuiltinCode = 67
	OpTile                  BuiltinCode = 69
	OpExpandDims            BuiltinCode = 70
	OpEqual                 BuiltinCode = 71
	OpNotEqual              BuiltinCode = 72
	OpLog                   BuiltinCode = 73
	OpSum                   BuiltinCode = 74
	OpSqrt                  BuiltinCode = 75
	OpRsqrt                 BuiltinCode = 76
	OpShape                 BuiltinCode = 77
	OpArgMin                BuiltinCode = 79
	OpReduceMax             BuiltinCode = 82
	OpPack                  BuiltinCode = 83
	OpLogicalOr             BuiltinCode = 84
	OpLogicalAnd            BuiltinCode = 86
	OpLogicalNot            BuiltinCode = 87
	OpUnpack                BuiltinCode = 88
	OpReduceMin             BuiltinCode = 89
	OpFloorDiv              BuiltinCode = 90
	OpSquare                BuiltinCode = 92
	OpZerosLike             BuiltinCode = 93
	OpFill                  BuiltinCode = 94
	OpFloorMod              BuiltinCode = 95
	OpResizeNearestNeighbor BuiltinCode = 97
	OpLeakyRelu             BuiltinCode = 98
	OpSquaredDifference     BuiltinCode = 99
	OpMirrorPad             BuiltinCode = 100
	OpAbs                   BuiltinCode = 101
	OpSplitV                BuiltinCode = 102
	OpCeil                  BuiltinCode = 104
	OpReverseV2             BuiltinCode = 105
	OpAddN                  BuiltinCode = 106
	OpGatherND              BuiltinCode = 107
	OpCos                   BuiltinCode = 108
	OpElu                   BuiltinCode = 111
	OpQuantize              BuiltinCode = 114
	OpRound                 BuiltinCode = 116
	OpHardSwish             BuiltinCode = 117
	OpSelectV2              BuiltinCode = 123
	OpBatchMatmul           BuiltinCode = 126
	opPlaceholder           BuiltinCode = 127 // "see builtin_code" in the one-byte field
	OpCumsum                BuiltinCode = 128
	OpCallOnce              BuiltinCode = 129
	OpBroadcastTo           BuiltinCode = 130
	OpVarHandle             BuiltinCode = 142
	OpReadVariable          BuiltinCode = 143
	OpAssignVariable        BuiltinCode = 144
)

// String is the schema's name of the operator, or its number.
func (c BuiltinCode) String() string {
	if c >= 0 && int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("builtin %d", int32(c))
}

// OptionsKind is the number of a builtin options table.
type OptionsKind uint8

// Builtin options tables (TensorFlow Lite schema, union BuiltinOptions).
const (
	OptionsNone              OptionsKind = 0
	OptionsConv2D            OptionsKind = 1
	OptionsDepthwiseConv2D   OptionsKind = 2
	OptionsPool2D            OptionsKind = 5
	OptionsSVDF              OptionsKind = 6
	OptionsFullyConnected    OptionsKind = 8
	OptionsSoftmax           OptionsKind = 9
	OptionsConcatenation     OptionsKind = 10
	OptionsAdd               OptionsKind = 11
	OptionsL2Norm            OptionsKind = 12
	OptionsResizeBilinear    OptionsKind = 15
	OptionsReshape           OptionsKind = 17
	OptionsSpaceToDepth      OptionsKind = 19
	OptionsMul               OptionsKind = 21
	OptionsPad               OptionsKind = 22
	OptionsGather            OptionsKind = 23
	OptionsBatchToSpaceND    OptionsKind = 24
	OptionsSpaceToBatchND    OptionsKind = 25
	OptionsTranspose         OptionsKind = 26
	OptionsReducer           OptionsKind = 27
	OptionsSub               OptionsKind = 28
	OptionsDiv               OptionsKind = 29
	OptionsSqueeze           OptionsKind = 30
	OptionsStridedSlice      OptionsKind = 32
	OptionsExp               OptionsKind = 33
	OptionsSplit             OptionsKind = 35
	OptionsLogSoftmax        OptionsKind = 36
	OptionsCast              OptionsKind = 37
	OptionsDequantize        OptionsKind = 38
	OptionsMaximumMinimum    OptionsKind = 39
	OptionsArgMax            OptionsKind = 40
	OptionsNeg               OptionsKind = 42
	OptionsPadV2             OptionsKind = 43
	OptionsSlice             OptionsKind = 48
	OptionsTransposeConv     OptionsKind = 49
	OptionsTile              OptionsKind = 51
	OptionsExpandDims        OptionsKind = 52
	OptionsShape             OptionsKind = 55
	OptionsArgMin            OptionsKind = 57
	OptionsPack              OptionsKind = 59
	OptionsUnpack            OptionsKind = 64
	OptionsResizeNearest     OptionsKind = 74
	OptionsLeakyRelu         OptionsKind = 75
	OptionsSquaredDifference OptionsKind = 76
	OptionsMirrorPad         OptionsKind = 77
	OptionsAbs               OptionsKind = 78
	OptionsSplitV            OptionsKind = 79
	OptionsQuantize          OptionsKind = 89
	OptionsHardSwish         OptionsKind = 91
	OptionsDepthToSpace      OptionsKind = 94
	OptionsSequenceLSTM      OptionsKind = 71
	OptionsBatchMatmul       OptionsKind = 101
	OptionsCumsum            OptionsKind = 102
	OptionsCallOnce          OptionsKind = 103
	OptionsBroadcastTo       OptionsKind = 104
	OptionsVarHandle         OptionsKind = 111
	OptionsReadVariable      OptionsKind = 112
	OptionsAssignVariable    OptionsKind = 113
)

// optionsOf is the options table that belongs to an operator. Operators that
// are not listed have none (LOGISTIC, TANH, RELU, PRELU and the like).
var optionsOf = map[BuiltinCode]OptionsKind{
	OpAdd: OptionsAdd, OpAveragePool2D: OptionsPool2D, OpMaxPool2D: OptionsPool2D,
	OpConcatenation: OptionsConcatenation, OpConv2D: OptionsConv2D, OpDepthwiseConv2D: OptionsDepthwiseConv2D,
	OpDepthToSpace: OptionsDepthToSpace, OpDequantize: OptionsDequantize, OpFullyConnected: OptionsFullyConnected,
	OpL2Normalization: OptionsL2Norm, OpMul: OptionsMul, OpReshape: OptionsReshape,
	OpResizeBilinear: OptionsResizeBilinear, OpSoftmax: OptionsSoftmax, OpSpaceToDepth: OptionsSpaceToDepth,
	OpSVDF: OptionsSVDF, OpPad: OptionsPad, OpGather: OptionsGather, OpBatchToSpaceND: OptionsBatchToSpaceND,
	OpSpaceToBatchND: OptionsSpaceToBatchND, OpTranspose: OptionsTranspose, OpMean: OptionsReducer,
	OpSum: OptionsReducer, OpReduceMax: OptionsReducer, OpReduceMin: OptionsReducer, OpSub: OptionsSub,
	OpDiv: OptionsDiv, OpSqueeze: OptionsSqueeze, OpStridedSlice: OptionsStridedSlice, OpExp: OptionsExp,
	OpSplit: OptionsSplit, OpSplitV: OptionsSplitV, OpLogSoftmax: OptionsLogSoftmax, OpCast: OptionsCast,
	OpMaximum: OptionsMaximumMinimum, OpMinimum: OptionsMaximumMinimum, OpArgMax: OptionsArgMax,
	OpArgMin: OptionsArgMin, OpNeg: OptionsNeg, OpPadV2: OptionsPadV2, OpSlice: OptionsSlice,
	OpTransposeConv: OptionsTransposeConv, OpTile: OptionsTile, OpExpandDims: OptionsExpandDims,
	OpShape: OptionsShape, OpPack: OptionsPack, OpUnpack: OptionsUnpack,
	OpResizeNearestNeighbor: OptionsResizeNearest, OpLeakyRelu: OptionsLeakyRelu,
	OpSquaredDifference: OptionsSquaredDifference, OpMirrorPad: OptionsMirrorPad, OpAbs: OptionsAbs,
	OpQuantize: OptionsQuantize, OpHardSwish: OptionsHardSwish, OpBatchMatmul: OptionsBatchMatmul,
	OpCumsum: OptionsCumsum, OpSequenceLSTM: OptionsSequenceLSTM, OpCallOnce: OptionsCallOnce, OpBroadcastTo: OptionsBroadcastTo,
	OpVarHandle: OptionsVarHandle, OpReadVariable: OptionsReadVariable, OpAssignVariable: OptionsAssignVariable,
}
