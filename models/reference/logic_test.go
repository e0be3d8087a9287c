package reference

import (
	"math"
	"reflect"
	"testing"

	"upset/models/tflite"
)

func boolTensor(shape ...int) tflite.Tensor { return tflite.Tensor{Type: tflite.Bool, Shape: shape} }

// TestLogic checks the operators that make and use truth values.
func TestLogic(t *testing.T) {
	half := tflite.Tensor{Type: tflite.Int8, Shape: []int{3}, Quant: scaled(0.5, 1)}
	whole := tflite.Tensor{Type: tflite.Int32, Shape: []int{1}}
	cases := []struct {
		name string
		code tflite.BuiltinCode
		in   []tflite.Tensor
		out  tflite.Tensor
		x    [][]byte
		want []byte
	}{
		{"less, quantised", tflite.OpLess, []tflite.Tensor{half, tensor(1)}, boolTensor(3), [][]byte{{1, 5, 6}, {2}}, []byte{1, 0, 0}},
		{"equal, quantised", tflite.OpEqual, []tflite.Tensor{half, tensor(1)}, boolTensor(3), [][]byte{{1, 5, 6}, {2}}, []byte{0, 1, 0}},
		{"not equal to no number", tflite.OpNotEqual, []tflite.Tensor{floatTensor(2), floatTensor(2)}, boolTensor(2),
			[][]byte{pourFloats(float32(math.NaN()), 1), pourFloats(1, 1)}, []byte{1, 0}},
		{"greater or equal to no number", tflite.OpGreaterEqual, []tflite.Tensor{floatTensor(2), floatTensor(2)}, boolTensor(2),
			[][]byte{pourFloats(float32(math.NaN()), 1), pourFloats(1, 1)}, []byte{0, 1}},
		{"less or equal", tflite.OpLessEqual, []tflite.Tensor{whole, whole}, boolTensor(1),
			[][]byte{pour([]int32{-5}, tflite.Int32), pour([]int32{3}, tflite.Int32)}, []byte{1}},
		{"greater", tflite.OpGreater, []tflite.Tensor{whole, whole}, boolTensor(1),
			[][]byte{pour([]int32{-5}, tflite.Int32), pour([]int32{3}, tflite.Int32)}, []byte{0}},
		{"and", tflite.OpLogicalAnd, []tflite.Tensor{boolTensor(3), boolTensor(1)}, boolTensor(3), [][]byte{{0, 1, 1}, {1}}, []byte{0, 1, 1}},
		{"or", tflite.OpLogicalOr, []tflite.Tensor{boolTensor(3), boolTensor(1)}, boolTensor(3), [][]byte{{0, 1, 0}, {0}}, []byte{0, 1, 0}},
		{"not", tflite.OpLogicalNot, []tflite.Tensor{boolTensor(2)}, boolTensor(2), [][]byte{{0, 1}}, []byte{1, 0}},
		{"select with stretching", tflite.OpSelectV2, []tflite.Tensor{boolTensor(2), tensor(2, 2), tensor(1)}, tensor(2, 2),
			[][]byte{{1, 0}, {1, 2, 3, 4}, {9}}, []byte{1, 9, 3, 9}},
		{"select of rows", tflite.OpSelect, []tflite.Tensor{boolTensor(2), tensor(2, 2), tensor(2, 2)}, tensor(2, 2),
			[][]byte{{1, 0}, {1, 2, 3, 4}, {5, 6, 7, 8}}, []byte{1, 2, 7, 8}},
		{"fill", tflite.OpFill, []tflite.Tensor{constant([]int{1}, 3), tensor()}, tensor(3), [][]byte{{7}}, []byte{7, 7, 7}},
		{"zeros like", tflite.OpZerosLike, []tflite.Tensor{tensor(2)}, tensor(2), [][]byte{{7, 8}}, []byte{0, 0}},
		{"reverse", tflite.OpReverseV2, []tflite.Tensor{tensor(2, 3), constant([]int{1}, -1)}, tensor(2, 3), [][]byte{iota8(6)}, []byte{2, 1, 0, 5, 4, 3}},
		{"sum of three", tflite.OpAddN, []tflite.Tensor{half, half, half}, half, [][]byte{{1, 3, 5}, {1, 1, 1}, {2, 4, 127}}, []byte{2, 6, 127}},
		{"round to even", tflite.OpRound, []tflite.Tensor{floatTensor(2)}, floatTensor(2), [][]byte{pourFloats(2.5, -0.6)}, pourFloats(2, -1)},
		{"floor of a quotient", tflite.OpFloorDiv, []tflite.Tensor{{Type: tflite.Int32, Shape: []int{4}}, {Type: tflite.Int32, Shape: []int{4}}},
			tflite.Tensor{Type: tflite.Int32, Shape: []int{4}},
			[][]byte{pour([]int32{7, -7, math.MinInt32, 5}, tflite.Int32), pour([]int32{2, 2, -1, 0}, tflite.Int32)},
			pour([]int32{3, -4, math.MinInt32, 0}, tflite.Int32)},
		{"what a quotient leaves", tflite.OpFloorMod, []tflite.Tensor{floatTensor(2), floatTensor(2)}, floatTensor(2),
			[][]byte{pourFloats(7, -7), pourFloats(2, 2)}, pourFloats(1, 1)},
		{"gather positions", tflite.OpGatherND, []tflite.Tensor{tensor(2, 2, 2), constant([]int{3, 2}, 1, 0, 0, 1, 9, -9)}, tensor(3, 2),
			[][]byte{iota8(8)}, []byte{4, 5, 2, 3, 4, 5}},
		{"sums so far", tflite.OpCumsum, []tflite.Tensor{{Type: tflite.Int32, Shape: []int{2, 2}}, constant([]int{1}, 0)},
			tflite.Tensor{Type: tflite.Int32, Shape: []int{2, 2}}, [][]byte{pour([]int32{1, 2, 3, 4}, tflite.Int32)}, pour([]int32{1, 2, 4, 6}, tflite.Int32)},
		{"ceil", tflite.OpCeil, []tflite.Tensor{floatTensor(1)}, floatTensor(1), [][]byte{pourFloats(2.1)}, pourFloats(3)},
		{"square", tflite.OpSquare, []tflite.Tensor{floatTensor(1)}, floatTensor(1), [][]byte{pourFloats(-3)}, pourFloats(9)},
	}
	for _, c := range cases {
		op := tflite.Operator{Code: c.code, Outputs: []int{len(c.in)}}
		for i := range c.in {
			op.Inputs = append(op.Inputs, i)
		}
		got, err := Run(single(op, append(c.in, c.out)...), c.x)
		if err != nil || !reflect.DeepEqual(got[0], c.want) {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
}
