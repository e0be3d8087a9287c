//go:build !amd64 || purego

package kernel

// accelerated says that the vector variants are in use: there are none here.
var accelerated = detect()

func detect() bool { return false }

func accumulateMaxVector(acc, sum []uint64) int { return 0 }

func operandsArray(x *Inputs, raw *Bytes, pixels int, mask, channels uint8, flip uint64, bias uint16) bool {
	return false
}
func multiplyArray(prod *Products, x *Inputs, w *Weights, pixels, channels int) bool { return false }
func sumProductsArray(sum *Sums, prod *Products, dots int, shift, keep uint64) bool  { return false }
func accumulateArray(acc, from, sum *Sums, dots int) bool                            { return false }

func narrowVector(b []byte, v []uint64) int { return 0 }
func widenVector(v []uint64, b []byte) int  { return 0 }

func clockSumsVector(acc, from, sum *Sums, dots *Dots, n int, shift, keep uint64) bool { return false }

func dotsVector(dots *Dots, w *Weights, from []uint16, t *Token, pixels, channels int) bool {
	return false
}
func lanesVector(dots *Dots, w *Weights, t *Token, pixels, channels int) bool { return false }
func sumDotsVector(sum *Sums, dots *Dots, n int, shift, keep uint64) bool     { return false }

func multiplyPairs(acc []int32, at []uint16, x, w []int16, stride int) bool { return false }
func multiplyLanes(acc []int32, x, w []int16) int                           { return 0 }

func differences(x []int16, memory, old []byte, marks []uint64, at int, signed bool) (done, n int) {
	return 0, 0
}

func scale(out []byte, acc, sums []int32, old []byte, s []Scales, end Stage) (ok, done bool) {
	return false, false
}
