package compile

import (
	"upset/models/tflite"
)

// operatorCases lists what a user of Vela 3.10 expects on the NPU.
var operatorCases = []operatorCase{
	{"CONV_2D", true, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(5), 1+s.r.IntN(5), 1, 1+s.r.IntN(3)) }},
	{"CONV_2D stride 3", true, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(4), 1+s.r.IntN(4), 1, 3) }},
	{"CONV_2D dilation 2", true, onNPU, func(s *sketch) int { return s.conv(3, 1+s.r.IntN(3), 2, 1) }},
	{"CONV_2D dilation 3 and more", true, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(3), 1+s.r.IntN(3), 3+s.r.IntN(4), 1) }},
	{"CONV_2D high kernel", true, onNPU, func(s *sketch) int { return s.conv(9+s.r.IntN(56), 1+s.r.IntN(3), 1, 1) }},
	{"CONV_2D wide kernel", true, onNPU, func(s *sketch) int { return s.conv(1+s.r.IntN(3), 9+s.r.IntN(56), 1, 1) }},
	{"CONV_2D groups", true, onNPU, (*sketch).grouped},
	{"CONV_2D without bias", true, onNPU, func(s *sketch) int {
		y := s.conv(1+s.r.IntN(3), 2, 1, 1)
		op := &s.g.Operators[len(s.g.Operators)-1]
		op.Inputs = op.Inputs[:2]
		return y
	}},
	{"DEPTHWISE_CONV_2D", true, onNPU, func(s *sketch) int { return s.depthwise(1, 1+s.r.IntN(3)) }},
	{"DEPTHWISE_CONV_2D multiplier", true, onNPU, func(s *sketch) int { return s.depthwise(2+s.r.IntN(7), 1) }},
	{"DEPTHWISE_CONV_2D dilation", true, onNPU, func(s *sketch) int {
		s.dilation = 2 + s.r.IntN(3)
		return s.depthwise(1, 1)
	}},
	{"FULLY_CONNECTED", true, onNPU, (*sketch).connected},
	{"TRANSPOSE_CONV", true, onNPU, (*sketch).transposed},
	{"AVERAGE_POOL_2D", true, onNPU, func(s *sketch) int { return s.pool(tflite.OpAveragePool2D, 8) }},
	{"AVERAGE_POOL_2D large", true, onNPU, func(s *sketch) int { return s.whole(tflite.OpAveragePool2D) }},
	{"MAX_POOL_2D", true, onNPU, func(s *sketch) int { return s.pool(tflite.OpMaxPool2D, 8) }},
	{"MAX_POOL_2D large", true, onNPU, func(s *sketch) int { return s.whole(tflite.OpMaxPool2D) }},
	{"MEAN height", true, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 1) }},
	{"MEAN width", true, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 2) }},
	{"MEAN height and width", true, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 1, 2) }},
	{"MEAN depth", true, onNPU, func(s *sketch) int { return s.mean(tflite.OpMean, 3) }},
	{"SUM depth", true, onNPU, func(s *sketch) int { return s.mean(tflite.OpSum, 3) }},
	{"ADD", true, onNPU, func(s *sketch) int { return s.binary(tflite.OpAdd) }},
	{"SUB", true, onNPU, func(s *sketch) int { return s.binary(tflite.OpSub) }},
	{"MUL", true, onNPU, func(s *sketch) int { return s.binary(tflite.OpMul) }},
	{"MINIMUM", true, onNPU, func(s *sketch) int { return s.binary(tflite.OpMinimum) }},
	{"MAXIMUM", true, onNPU, func(s *sketch) int { return s.binary(tflite.OpMaximum) }},
	{"SQUARED_DIFFERENCE", false, onNPU, func(s *sketch) int { return s.binary(tflite.OpSquaredDifference) }},
	{"PRELU", false, onNPU, func(s *sketch) int {
		x := s.any(9)
		_, _, d := s.shape(x)
		return s.op(tflite.OpPrelu, tflite.Options{}, s.tensor(s.dims(x)...), x, s.fixed(1, 1, d))
	}},
	{"ABS", true, onNPU, func(s *sketch) int { return s.unary(tflite.OpAbs, tflite.Options{}) }},
	{"QUANTIZE", true, onNPU, func(s *sketch) int { return s.unary(tflite.OpQuantize, tflite.Options{}) }},
	{"QUANTIZE to the other width", true, onNPU, func(s *sketch) int {
		x := s.any(9)
		s.wide = !s.wide
		return s.op(tflite.OpQuantize, tflite.Options{}, s.tensor(s.dims(x)...), x)
	}},
	{"RELU", true, onNPU, func(s *sketch) int { return s.unary(tflite.OpRelu, tflite.Options{}) }},
	{"RELU_N1_TO_1", true, onNPU, func(s *sketch) int { return s.unary(tflite.OpReluN1To1, tflite.Options{}) }},
	{"RELU6", true, onNPU, func(s *sketch) int {
		x := s.any(9)
		return s.op(tflite.OpRelu6, tflite.Options{}, s.like(x, s.dims(x)...), x)
	}},
	{"HARD_SWISH", false, onNPU, func(s *sketch) int { return s.unary(tflite.OpHardSwish, tflite.Options{}) }},
	{"LEAKY_RELU", true, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(s.r.Float64())})
	}},
	{"LEAKY_RELU steep", true, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(1 + 3*s.r.Float64())})
	}},
	{"LEAKY_RELU negative", true, onNPU, func(s *sketch) int {
		return s.unary(tflite.OpLeakyRelu, tflite.Options{Alpha: float32(-3 * s.r.Float64())})
	}},
	{"LOGISTIC", true, onNPU, func(s *sketch) int { return s.curve(tflite.OpLogistic) }},
	{"TANH", true, onNPU, func(s *sketch) int { return s.curve(tflite.OpTanh) }},
	{"SOFTMAX", true, onNPU, (*sketch).softmaxCase},
	{"PAD", true, onNPU, func(s *sketch) int { return s.pad(false) }},
	{"PAD depth", true, onNPU, func(s *sketch) int { return s.pad(true) }},
	{"CONCATENATION", true, onNPU, (*sketch).concat},
	{"SPLIT", true, onNPU, func(s *sketch) int { return s.split(false) }},
	{"SPLIT_V", true, onNPU, func(s *sketch) int { return s.split(true) }},
	{"PACK", true, onNPU, (*sketch).pack},
	{"UNPACK", true, onNPU, (*sketch).unpack},
	{"SLICE", true, onNPU, (*sketch).slice},
	{"STRIDED_SLICE", true, onNPU, func(s *sketch) int { return s.strided(1) }},
	{"STRIDED_SLICE step", true, onNPU, func(s *sketch) int { return s.strided(2) }},
	{"RESHAPE", true, onNPU, func(s *sketch) int {
		x := s.any(9)
		h, w, d := s.shape(x)
		shape := [][]int{{1, w, h, d}, {1, h * w * d}, {1, 1, h * w, d}, {h * w, d}}[s.r.IntN(4)]
		return s.reshaped(x, tflite.OpReshape, shape)
	}},
	{"SQUEEZE", true, onNPU, func(s *sketch) int {
		x := s.source(1, 1+s.r.IntN(9), 1+s.r.IntN(9))
		return s.reshaped(x, tflite.OpSqueeze, s.dims(x)[2:])
	}},
	{"EXPAND_DIMS", true, onNPU, func(s *sketch) int {
		x := s.any(9)
		h, w, d := s.shape(x)
		return s.reshaped(x, tflite.OpExpandDims, [][]int{{1, 1, h, w, d}, {1, h, w, 1, d}, {1, h, w, d, 1}}[s.r.IntN(3)], s.ints(1))
	}},
	{"RESIZE_BILINEAR", true, onNPU, func(s *sketch) int { return s.resize(tflite.OpResizeBilinear, tflite.Options{}) }},
	{"RESIZE_BILINEAR aligned", true, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeBilinear, tflite.Options{AlignCorners: true})
	}},
	{"RESIZE_BILINEAR half pixel", true, onNPU, func(s *sketch) int {
		return s.resizeBy(2, tflite.OpResizeBilinear, tflite.Options{HalfPixelCenters: true})
	}},
	{"RESIZE_BILINEAR half pixel, 4 and 8", true, onHost, func(s *sketch) int {
		return s.resizeBy(4<<s.r.IntN(2), tflite.OpResizeBilinear, tflite.Options{HalfPixelCenters: true})
	}},
	{"RESIZE_NEAREST_NEIGHBOR", true, onNPU, func(s *sketch) int { return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{}) }},
	{"RESIZE_NEAREST_NEIGHBOR aligned", true, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{AlignCorners: true})
	}},
	{"RESIZE_NEAREST_NEIGHBOR half pixel", true, onNPU, func(s *sketch) int {
		return s.resize(tflite.OpResizeNearestNeighbor, tflite.Options{HalfPixelCenters: true})
	}},
	{"ARG_MAX", true, onHost, func(s *sketch) int {
		x := s.any(9)
		h, w, _ := s.shape(x)
		i := s.tensor(1, h, w)
		s.g.Tensors[i].Type, s.g.Tensors[i].Quant = tflite.Int32, tflite.Quantization{}
		return s.op(tflite.OpArgMax, tflite.Options{OutType: tflite.Int32}, i, x, s.ints(3))
	}},
}
