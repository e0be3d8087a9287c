package compile

import "upset/models/tflite"

// rules lists the operators that can be lowered.
var rules map[tflite.BuiltinCode]rule

func init() {
	rules = map[tflite.BuiltinCode]rule{
		tflite.OpConv2D:                {2, (*graph).lowerConv},
		tflite.OpDepthwiseConv2D:       {2, (*graph).lowerDepthwise},
		tflite.OpFullyConnected:        {2, (*graph).lowerFullyConnected},
		tflite.OpTransposeConv:         {3, (*graph).lowerTransposeConv},
		tflite.OpAveragePool2D:         {1, (*graph).lowerPool},
		tflite.OpMaxPool2D:             {1, (*graph).lowerPool},
		tflite.OpMean:                  {2, (*graph).lowerMean},
		tflite.OpSum:                   {2, (*graph).lowerMean},
		tflite.OpReduceMax:             {2, (*graph).lowerReduceMax},
		tflite.OpPrelu:                 {2, (*graph).lowerPrelu},
		tflite.OpAdd:                   {2, (*graph).lowerAdd},
		tflite.OpSub:                   {2, (*graph).lowerAdd},
		tflite.OpMul:                   {2, (*graph).lowerMul},
		tflite.OpMinimum:               {2, (*graph).lowerMinMax},
		tflite.OpMaximum:               {2, (*graph).lowerMinMax},
		tflite.OpAbs:                   {1, (*graph).lowerAbs},
		tflite.OpSoftmax:               {1, (*graph).lowerSoftmax},
		tflite.OpQuantize:              {1, (*graph).lowerRequantise},
		tflite.OpRelu:                  {1, (*graph).lowerRequantise},
		tflite.OpRelu6:                 {1, (*graph).lowerRequantise},
		tflite.OpReluN1To1:             {1, (*graph).lowerRequantise},
		tflite.OpLogistic:              {1, (*graph).lowerLogistic},
		tflite.OpTanh:                  {1, (*graph).lowerTanh},
		tflite.OpLeakyRelu:             {1, (*graph).lowerLeakyRelu},
		tflite.OpReshape:               {1, (*graph).lowerAlias},
		tflite.OpSqueeze:               {1, (*graph).lowerAlias},
		tflite.OpExpandDims:            {1, (*graph).lowerAlias},
		tflite.OpReadVariable:          {1, (*graph).lowerRead},
		tflite.OpAssignVariable:        {1, (*graph).lowerAssign},
		tflite.OpConcatenation:         {1, (*graph).lowerConcat},
		tflite.OpTranspose:             {1, (*graph).lowerMovement},
		tflite.OpSlice:                 {1, (*graph).lowerMovement},
		tflite.OpStridedSlice:          {1, (*graph).lowerMovement},
		tflite.OpSplit:                 {1, (*graph).lowerMovement},
		tflite.OpSplitV:                {1, (*graph).lowerMovement},
		tflite.OpPack:                  {1, (*graph).lowerMovement},
		tflite.OpUnpack:                {1, (*graph).lowerMovement},
		tflite.OpGather:                {2, (*graph).lowerMovement},
		tflite.OpDepthToSpace:          {1, (*graph).lowerMovement},
		tflite.OpSpaceToDepth:          {1, (*graph).lowerMovement},
		tflite.OpBatchToSpaceND:        {1, (*graph).lowerMovement},
		tflite.OpPad:                   {2, (*graph).lowerPad},
		tflite.OpSquaredDifference:     {2, (*graph).lowerSquaredDifference},
		tflite.OpHardSwish:             {1, (*graph).lowerTable},
		tflite.OpResizeBilinear:        {2, (*graph).lowerResizeBilinear},
		tflite.OpResizeNearestNeighbor: {2, (*graph).lowerResizeNearest},
	}
}
