//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// accelerated says that the vector variants are in use. Tests turn it off to run
// the other variant.
var accelerated = detect()

// detect reports whether the processor has AVX2 and the system saves its registers.
func detect() bool { return cpu.X86.HasAVX2 }

// The functions below take as much as the vector variant handles and return how
// much that was, or whether it did all the work.

func operandsVector(x []uint16, raw []uint64, pixels, channels uint8, flip uint64, bias uint16) bool {
	if !accelerated || len(raw) == 0 {
		return false
	}
	operandsAVX2(&x[0], &raw[0], len(raw), uint64(pixels), uint64(channels), flip, uint64(bias))
	return true
}

func multiplyVector(prod []uint32, x, w []uint16, pixels, d int) bool {
	if !accelerated || len(prod) == 0 {
		return false
	}
	multiplyAVX2(&prod[0], &x[0], &w[0], pixels, d)
	return true
}

func sumProductsVector(sum []uint64, prod []uint32, shift, keep uint64) int {
	n := len(sum) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	sumProductsAVX2(&sum[0], &prod[0], n, shift, keep)
	return n
}

func accumulateVector(acc, sum []uint64) int {
	n := len(acc) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	accumulateAVX2(&acc[0], &sum[0], n)
	return n
}

func accumulateMaxVector(acc, sum []uint64) int {
	n := len(acc) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	accumulateMaxAVX2(&acc[0], &sum[0], n)
	return n
}

//go:noescape
func operandsAVX2(x *uint16, raw *uint64, n int, pixels, channels, flip, bias uint64)

//go:noescape
func multiplyAVX2(prod *uint32, x, w *uint16, pixels, d int)

//go:noescape
func sumProductsAVX2(sum *uint64, prod *uint32, n int, shift, keep uint64)

//go:noescape
func accumulateAVX2(acc, sum *uint64, n int)

//go:noescape
func accumulateMaxAVX2(acc, sum *uint64, n int)
