//go:build !amd64 || purego

package kernel

// accelerated says that the vector variants are in use: there are none here.
var accelerated = detect()

func detect() bool { return false }

func operandsVector(x []uint16, raw []uint64, pixels, channels uint8, flip uint64, bias uint16) bool {
	return false
}
func multiplyVector(prod []uint32, x, w []uint16, pixels, d int) bool       { return false }
func sumProductsVector(sum []uint64, prod []uint32, shift, keep uint64) int { return 0 }
func accumulateVector(acc, sum []uint64) int                                { return 0 }
func accumulateMaxVector(acc, sum []uint64) int                             { return 0 }
