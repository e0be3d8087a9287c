package compile

import (
	"upset/models/tflite"
)

// operatorCases lists what a user of Vela 3.10 expects on the NPU.
var operatorCases = []operatorCase{
	{"CONV_2D", withAll, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(5), 1+s.r.IntN(5), 1, 1+s.r.IntN(3)) }},
	{"CONV_2D stride 3", withAll, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(4), 1+s.r.IntN(4), 1, 3) }},
	{"CONV_2D dilation 2", withAll, onNPU, func(s *sketch) int { return s.conv(3, 1+s.r.IntN(3), 2, 1) }},
	{"CONV_2D dilation 3 and more", withAll, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(3), 1+s.r.IntN(3), 3+s.r.IntN(4), 1) }},
	{"CONV_2D high kernel", withAll, onNPU, func(s *sketch) int { return s.conv(9+s.r.IntN(56), 1+s.r.IntN(3), 1, 1) }},
	{"CONV_2D wide kernel", withAll, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(3), 9+s.r.IntN(56), 1, 1) }},
	{"CONV_2D groups", withAll, onNPU, (*sketch).grouped},
	{"CONV_2D without bias", withAll, onNPU, func(s *sketch) int {
		y := s.conv(1+s.r.IntN(3), 2, 1, 1)
		op := &s.g.Operators[len(s.g.Operators)-1]
		op.Inputs = op.Inputs[:2]
		return y
	}},
	{"DEPTHWISE_CONV_2D", withAll, onNPU, func(s *sketch) int { return s.depthwise(1, 1+s.r.IntN(3)) }},
	{"DEPTHWISE_CONV_2D multiplier", withAll, onNPU, func(s *sketch) int { return s.depthwise(2+s.r.IntN(7), 1) }},
	{"DEPTHWISE_CONV_2D dilation", withAll, onNPU, func(s *sketch) int {
		s.dilation = 2 + s.r.IntN(3)
		return s.depthwise(1, 1)
	}},
	{"FULLY_CONNECTED", withAll, onNPU, (*sketch).connected},
	{"TRANSPOSE_CONV", withAll, onNPU, (*sketch).transposed},
	{"AVERAGE_POOL_2D", withAll, onNPU, func(s *sketch) int { return s.pool(tflite.OpAveragePool2D, 8) }},
	{"AVERAGE_POOL_2D large", withAll, onNPU, func(s *sketch) int { return s.whole(tflite.OpAveragePool2D) }},
	{"AVERAGE_POOL_2D padded, 72 taps", withAll, onHost, func(s *sketch) int { return s.padded(9, 8) }},
	{"AVERAGE_POOL_2D padded, 64 taps", withAll, onNPU, func(s *sketch) int { return s.padded(16, 4) }},
	{"MAX_POOL_2D", withAll, onNPU, func(s *sketch) int { return s.pool(tflite.OpMaxPool2D, 8) }},
	{"MAX_POOL_2D large", withAll, onNPU, func(s *sketch) int { return s.whole(tflite.OpMaxPool2D) }},
	{"MEAN height", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 1) }},
	{"MEAN width", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 2) }},
	{"MEAN height and width", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 1, 2) }},
	{"MEAN depth", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 3) }},
	{"SUM depth", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpSum, 3) }},
	{"ADD", withAll, onNPU, func(s *sketch) int { return s.binary(tflite.OpAdd) }},
	{"SUB", withAll, onNPU, func(s *sketch) int { return s.binary(tflite.OpSub) }},
	{"MUL", withAll, onNPU, func(s *sketch) int { return s.binary(tflite.OpMul) }},
	{"MINIMUM", withAll, onNPU, func(s *sketch) int { return s.binary(tflite.OpMinimum) }},
	{"MAXIMUM", withAll, onNPU, func(s *sketch) int { return s.binary(tflite.OpMaximum) }},
	{"SQUARED_DIFFERENCE", with8, onNPU, func(s *sketch) int { return s.binary(tflite.OpSquaredDifference) }},
	{"PRELU", with8, onNPU, func(s *sketch) int {
		x := s.any(9)
		_, _, d := s.shape(x)
		return s.op(tflite.OpPrelu, tflite.Options{}, s.tensor(s.dims(x)...), x, s.fixed(1, 1, d))
	}},
	{"ABS", with16, onNPU, func(s *sketch) int { return s.unary(tflite.OpAbs, tflite.Options{}) }},
	{"QUANTIZE", withAll, onNPU, func(s *sketch) int { return s.unary(tflite.OpQuantize, tflite.Options{}) }},
	{"QUANTIZE to the other width", withAll, onNPU, func(s *sketch) int {
		x := s.any(9)
		s.wide = !s.wide
		return s.op(tflite.OpQuantize, tflite.Options{}, s.tensor(s.dims(x)...), x)
	}},
	{"RELU", withAll, onNPU, func(s *sketch) int { return s.unary(tflite.OpRelu, tflite.Options{}) }},
	{"RELU_N1_TO_1", withAll, onNPU, func(s *sketch) int { return s.unary(tflite.OpReluN1To1, tflite.Options{}) }},
	{"RELU6", withAll, onNPU, func(s *sketch) int {
		x := s.any(9)
		return s.op(tflite.OpRelu6, tflite.Options{}, s.like(x, s.dims(x)...), x)
	}},
	{"HARD_SWISH", int8Only, onNPU, func(s *sketch) int { return s.unary(tflite.OpHardSwish, tflite.Options{}) }},
	{"LEAKY_RELU", withAll, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(s.r.Float64())})
	}},
	{"LEAKY_RELU steep", withAll, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(1 + 3*s.r.Float64())})
	}},
	{"LEAKY_RELU negative", withAll, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(-3 * s.r.Float64())})
	}},
	{"LOGISTIC", withAll, onNPU, func(s *sketch) int { return s.curve(tflite.OpLogistic) }},
	{"TANH", withAll, onNPU, func(s *sketch) int { return s.curve(tflite.OpTanh) }},
	{"SOFTMAX", withAll, onNPU, (*sketch).softmaxCase},
	{"PAD", withAll, onNPU, func(s *sketch) int { return s.pad(false) }},
	{"PAD depth", withAll, onNPU, func(s *sketch) int { return s.pad(true) }},
	{"CONCATENATION", withAll, onNPU, (*sketch).concat},
	{"SPLIT", withAll, onNPU, func(s *sketch) int { return s.split(false) }},
	{"SPLIT_V", withAll, onNPU, func(s *sketch) int { return s.split(true) }},
	{"PACK", withAll, onNPU, (*sketch).pack},
	{"UNPACK", withAll, onNPU, (*sketch).unpack},
	{"SLICE", withAll, onNPU, (*sketch).slice},
	{"STRIDED_SLICE", withAll, onNPU, func(s *sketch) int { return s.strided(1) }},
	{"STRIDED_SLICE step", withAll, onNPU, func(s *sketch) int { return s.strided(2) }},
	{"RESHAPE", withAll, onNPU, func(s *sketch) int {
		x := s.any(9)
		h, w, d := s.shape(x)
		shape := [][]int{{1, w, h, d}, {1, h * w * d}, {1, 1, h * w, d}, {h * w, d}}[s.r.IntN(4)]
		return s.reshaped(x, tflite.OpReshape, shape)
	}},
	{"SQUEEZE", withAll, onNPU, func(s *sketch) int {
		x := s.source(1, 1+s.r.IntN(9), 1+s.r.IntN(9))
		return s.reshaped(x, tflite.OpSqueeze, s.dims(x)[2:])
	}},
	{"EXPAND_DIMS", withAll, onNPU, func(s *sketch) int {
		x := s.any(9)
		h, w, d := s.shape(x)
		return s.reshaped(x, tflite.OpExpandDims, [][]int{{1, 1, h, w, d}, {1, h, w, 1, d}, {1, h, w, d, 1}}[s.r.IntN(3)], s.ints(1))
	}},
	{"RESIZE_BILINEAR", withAll, onNPU, func(s *sketch) int { return s.resize(tflite.OpResizeBilinear, tflite.Options{}) }},
	{"RESIZE_BILINEAR aligned", withAll, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeBilinear, tflite.Options{AlignCorners: true})
	}},
	{"RESIZE_BILINEAR half pixel", withAll, onNPU, func(s *sketch) int {
		return s.resizeBy(2, tflite.OpResizeBilinear, tflite.Options{HalfPixelCenters: true})
	}},
	{"RESIZE_BILINEAR half pixel, 4 and 8", withAll, onHost, func(s *sketch) int {
		y := s.resizeBy(4<<s.r.IntN(2), tflite.OpResizeBilinear, tflite.Options{HalfPixelCenters: true})
		if h, w, d := s.shape(s.g.Inputs[0]); h*w == 1 { // a single pixel is no matter of centres
			s.g.Tensors[s.g.Inputs[0]].Shape = []int{1, 2, 1, d}
			oh, ow, _ := s.shape(y)
			s.g.Tensors[y].Shape = []int{1, 2 * oh, ow, d}
			op := &s.g.Operators[len(s.g.Operators)-1]
			op.Inputs[1] = s.ints(2*oh, ow)
		}
		return y
	}},
	{"RESIZE_NEAREST_NEIGHBOR", withAll, onNPU, func(s *sketch) int { return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{}) }},
	{"RESIZE_NEAREST_NEIGHBOR aligned", withAll, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{AlignCorners: true})
	}},
	{"RESIZE_NEAREST_NEIGHBOR half pixel", withAll, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{HalfPixelCenters: true})
	}},
	{"RESIZE_BILINEAR of one pixel", withAll, onNPU, func(s *sketch) int { return s.spread(tflite.OpResizeBilinear) }},
	{"RESIZE_NEAREST_NEIGHBOR of one pixel", withAll, onNPU, func(s *sketch) int { return s.spread(tflite.OpResizeNearestNeighbor) }},
	{"TRANSPOSE_CONV 1x2", withAll, onNPU, (*sketch).transposedRow},
	{"MEAN of all", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 1, 2, 3) }},
	{"MEAN width and depth", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 2, 3) }},
	{"SUM of all", withAll, onNPU, func(s *sketch) int { return s.mean(tflite.OpSum, 1, 2, 3) }},
	{"PADV2", withAll, onNPU, func(s *sketch) int {
		y := s.pad(s.r.IntN(2) == 0)
		op := &s.g.Operators[len(s.g.Operators)-1]
		op.Code, op.Inputs = tflite.OpPadV2, append(op.Inputs, s.fixed(1))
		return y
	}},
	{"MIRROR_PAD", withAll, onNPU, (*sketch).mirrored},
	{"CONCATENATION of other scales", withAll, onNPU, (*sketch).concatScaled},
	{"CONCATENATION long rows", int8Only, onNPU, func(s *sketch) int {
		x := s.source(1, 400, 200)
		y := s.source(1, 7, 200)
		return s.op(tflite.OpConcatenation, tflite.Options{Axis: 2}, s.like(x, 1, 1, 407, 200), x, s.sameAs(y, x))
	}},
	{"EXP", with8, onNPU, func(s *sketch) int { return s.unary(tflite.OpExp, tflite.Options{}) }},
	{"RSQRT", int8Only, onNPU, func(s *sketch) int {
		y := s.unary(tflite.OpRsqrt, tflite.Options{})
		for i := range s.g.Tensors {
			s.g.Tensors[i].Quant.ZeroPoint = []int64{-128}
		}
		return y
	}},
	{"CONV_2D of batches", withAll, onNPU, func(s *sketch) int {
		s.batches = 2 + s.r.IntN(4)
		return s.conv(1+s.r.IntN(3), 1+s.r.IntN(3), 1, 1+s.r.IntN(2))
	}},
	{"CONV_2D of batches of rows", withAll, onNPU, func(s *sketch) int {
		s.batches, s.flat = 2+s.r.IntN(4), true
		return s.conv(1, 1+s.r.IntN(3), 1, 1+s.r.IntN(2))
	}},
	{"DEPTHWISE_CONV_2D of batches", withAll, onNPU, func(s *sketch) int {
		s.batches = 2 + s.r.IntN(4)
		return s.depthwise(1, 1)
	}},
	{"MAX_POOL_2D of batches", withAll, onNPU, func(s *sketch) int {
		s.batches = 2 + s.r.IntN(4)
		return s.pool(tflite.OpMaxPool2D, 4)
	}},
	{"AVERAGE_POOL_2D of batches", withAll, onNPU, func(s *sketch) int {
		s.batches, s.flat = 2+s.r.IntN(4), s.r.IntN(2) == 0
		return s.pool(tflite.OpAveragePool2D, 4)
	}},
	{"SPACE_TO_BATCH_ND", withAll, onNPU, (*sketch).divided},
	{"REDUCE_MAX height and width", withAll, onNPU, func(s *sketch) int { return s.maximum(1, 2) }},
	{"REDUCE_MAX depth", withAll, onNPU, func(s *sketch) int { return s.maximum(3) }},
	{"REDUCE_MAX of all", withAll, onNPU, func(s *sketch) int { return s.maximum(1, 2, 3) }},
	{"FULLY_CONNECTED of computed weights", int8Only, onNPU, func(s *sketch) int {
		y := s.connected()
		op := &s.g.Operators[len(s.g.Operators)-1]
		w := &s.g.Tensors[op.Inputs[1]]
		w.Data = nil
		w.Quant = tflite.Quantization{Scale: w.Quant.Scale[:1], ZeroPoint: []int64{0}}
		s.g.Inputs = append(s.g.Inputs, op.Inputs[1])
		return y
	}},
	{"BATCH_MATMUL", int8Only, onNPU, (*sketch).product},
	{"QUANTIZE between uint8 and int8", with8, onNPU, func(s *sketch) int {
		x := s.any(9)
		s.unsigned = !s.unsigned
		return s.op(tflite.OpQuantize, tflite.Options{}, s.tensor(s.dims(x)...), x)
	}},
	{"ARG_MAX", with8, onNPU, func(s *sketch) int { return s.largest(3, 1+s.r.IntN(128)) }},
	{"ARG_MAX of many", with8, onHost, func(s *sketch) int { return s.largest(3, 129) }},
	{"ARG_MAX of rows", with8, onHost, func(s *sketch) int { return s.largest(1, 4) }},
}
