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

func accumulateMaxVector(acc, sum []uint64) int {
	n := len(acc) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	accumulateMaxAVX2(&acc[0], &sum[0], n)
	return n
}

func operandsArray(x *Inputs, raw *Bytes, pixels int, mask, channels uint8, flip uint64, bias uint16) bool {
	if !accelerated {
		return false
	}
	operandsAVX2(&x[0], &raw[0], pixels, uint64(mask), uint64(channels), flip, uint64(bias))
	return true
}

func multiplyArray(prod *Products, x *Inputs, w *Weights, pixels, channels int) bool {
	if !accelerated {
		return false
	}
	multiplyAVX2(&prod[0], &x[0], &w[0], pixels, channels)
	return true
}

func sumProductsArray(sum *Sums, prod *Products, dots int, shift, keep uint64) bool {
	if !accelerated {
		return false
	}
	sumProductsAVX2(&sum[0], &prod[0], dots, shift, keep)
	return true
}

func accumulateArray(acc, from, sum *Sums, dots int) bool {
	if !accelerated {
		return false
	}
	accumulateAVX2(&acc[0], &from[0], &sum[0], dots)
	return true
}

func narrowVector(b []byte, v []uint64) int {
	n := len(v) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	narrowAVX2(&b[0], &v[0], n)
	return n
}

func widenVector(v []uint64, b []byte) int {
	n := len(v) &^ 3
	if !accelerated || n == 0 {
		return 0
	}
	widenAVX2(&v[0], &b[0], n)
	return n
}

func dotsVector(dots *Dots, w *Weights, from []uint16, t *Token, pixels, channels int) bool {
	if !accelerated || channels != 4 && channels != 8 {
		return false
	}
	flip, bias := t.bytes()
	dotsAVX2(&dots[0], &w[0], &from[0], &t.Raw[0], pixels, channels, uint64(t.Mask), uint64(t.Channels), flip, bias)
	return true
}

func lanesVector(dots *Dots, w *Weights, t *Token, pixels, channels int) bool {
	if !accelerated || channels != 4 && channels != 8 {
		return false
	}
	flip, bias := t.bytes()
	lanesAVX2(&dots[0], &w[0], &t.Raw[0], pixels, channels, uint64(t.Mask), uint64(t.Channels), flip, bias)
	return true
}

func clockSumsVector(acc, from, sum *Sums, dots *Dots, n int, shift, keep uint64) bool {
	if !accelerated {
		return false
	}
	clockSumsAVX2(&acc[0], &from[0], &sum[0], &dots[0], n, shift, keep)
	return true
}

func sumDotsVector(sum *Sums, dots *Dots, n int, shift, keep uint64) bool {
	if !accelerated {
		return false
	}
	sumDotsAVX2(&sum[0], &dots[0], n, shift, keep)
	return true
}

func multiplyPairs(acc []int32, at []uint16, x, w []int16, stride int) bool {
	if !accelerated {
		return false
	}
	groups := len(acc) / Channels
	_ = w[(groups-1)*stride+int(at[len(at)-1])*PairWeights+PairWeights-1]
	multiplyPairsAVX2(&acc[0], groups, &at[0], len(at), &x[0], &w[0], 2*stride)
	return true
}

func multiplyLanes(acc []int32, x, w []int16) int {
	n := len(acc) &^ (Lot - 1)
	if !accelerated || n == 0 {
		return 0
	}
	multiplyLanesAVX2(&acc[0], &x[0], &w[0], n)
	return n
}

// step is the number of bytes that differencesAVX2 takes at a time.
const step = 16

func differences(x []int16, memory, old []byte, marks []uint64, at int, signed bool) (done, n int) {
	flip := uint64(0)
	if signed {
		flip = 0x8080808080808080
	}
	whole := len(x) &^ (step - 1)
	// Four bytes of marks are read for each step.
	if !accelerated || at>>3+len(x)/step*2+4 > 8*len(marks) || at+len(x) > len(memory) || len(x) > len(old) {
		return 0, 0
	}
	if whole > 0 {
		n = differencesAVX2(&x[0], &memory[at], &old[0], &marks[0], at, whole/step, flip, 1<<step-1)
	}
	rest := len(x) - whole
	// The rest, where there is room for a whole step.
	if rest == 0 || cap(x) < whole+step || at+whole+step > len(memory) || whole+step > cap(old) {
		return whole, n
	}
	x, old = x[:whole+step], old[:whole+step]
	return len(x), n + differencesAVX2(&x[whole], &memory[at+whole], &old[whole], &marks[0], at+whole, 1, flip, 1<<rest-1)
}

func scale(out []byte, acc, sums []int32, old []byte, s []Scales, end Stage) (ok, done bool) {
	if !accelerated {
		return false, false
	}
	var from *byte
	if old != nil {
		from = &old[0]
	}
	return scaleAVX2(&out[0], &acc[0], &sums[0], from, &s[0], len(s), uint64(uint32(end.Zero)), uint64(uint32(end.Low)), uint64(uint32(end.High))) == 0, true
}

//go:noescape
func operandsAVX2(x *uint16, raw *uint64, n int, pixels, channels, flip, bias uint64)

//go:noescape
func multiplyAVX2(prod *uint32, x, w *uint16, pixels, d int)

//go:noescape
func sumProductsAVX2(sum *uint64, prod *uint32, n int, shift, keep uint64)

//go:noescape
func accumulateAVX2(acc, from, sum *uint64, n int)

//go:noescape
func narrowAVX2(b *byte, v *uint64, n int)

//go:noescape
func widenAVX2(v *uint64, b *byte, n int)

//go:noescape
func accumulateMaxAVX2(acc, sum *uint64, n int)

//go:noescape
func dotsAVX2(dots *int32, keep, from *uint16, raw *uint64, pixels, d int, mask, channels, flip, bias uint64)

//go:noescape
func lanesAVX2(dots *int32, w *uint16, raw *uint64, pixels, d int, mask, channels, flip, bias uint64)

//go:noescape
func clockSumsAVX2(acc, from, sum *uint64, dots *int32, n int, shift, keep uint64)

//go:noescape
func sumDotsAVX2(sum *uint64, dots *int32, n int, shift, keep uint64)

//go:noescape
func multiplyPairsAVX2(acc *int32, groups int, at *uint16, n int, x, w *int16, stride int)

//go:noescape
func multiplyLanesAVX2(acc *int32, x, w *int16, n int)

//go:noescape
func differencesAVX2(x *int16, now, old *byte, marks *uint64, at, n int, flip, keep uint64) int

//go:noescape
func scaleAVX2(out *byte, acc, sums *int32, old *byte, s *Scales, lots int, zero, low, high uint64) uint64
