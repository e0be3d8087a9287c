package reference

import (
	"math"
	"math/rand/v2"
	"testing"

	"upset/models/tflite"
)

// TestLogFix compares the fixed-point logarithm with floating point.
func TestLogFix(t *testing.T) {
	const one = 1 << (31 - 12)
	for x := int64(one); x < math.MaxInt32; x += x/37 + 1 {
		got := float64(logFix(int32(x), 12, 5)) / (1 << (31 - 5))
		if want := math.Log(float64(x) / one); math.Abs(got-want) > 2e-5 {
			t.Fatalf("log(%v) = %v, want %v", float64(x)/one, got, want)
		}
	}
}

// TestLogSoftmax compares the 8-bit kernel with floating point.
func TestLogSoftmax(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, scale := range []float32{0.01, 0.1, 0.6} {
		for range 50 {
			x := make([]int32, 10)
			sum := 0.0
			for i := range x {
				x[i] = int32(r.IntN(256)) - 128
				sum += math.Exp(float64(scale) * float64(x[i]))
			}
			m := single(tflite.Operator{Code: tflite.OpLogSoftmax, Inputs: []int{0}, Outputs: []int{1}},
				tflite.Tensor{Type: tflite.Int8, Shape: []int{1, 10}, Quant: scaled(scale, 3)},
				tflite.Tensor{Type: tflite.Int8, Shape: []int{1, 10}, Quant: scaled(1.0/16, 127)})
			got, err := Run(m, [][]byte{pour(x, tflite.Int8)})
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range x {
				want := max((float64(scale)*float64(v)-math.Log(sum))*16+127, -128)
				if y := float64(int8(got[0][i])); math.Abs(y-want) > 0.51 {
					t.Fatalf("scale %v, inputs %v: element %d is %v, want about %v", scale, x, i, y, want)
				}
			}
		}
	}
}
