package kernel_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"upset/npu/kernel"
)

func int8s(r *rand.Rand, n int) []int8 {
	return fill(r, make([]int8, n), []int8{-128, -127, 127, 0}, func() int8 { return int8(r.Uint32()) })
}

func int16s(r *rand.Rand, n int) []int16 {
	return fill(r, make([]int16, n), []int16{math.MinInt16, math.MaxInt16, 0, -1}, func() int16 { return int16(r.Uint32()) })
}

func int32s(r *rand.Rand, n int) []int32 {
	return fill(r, make([]int32, n), []int32{math.MinInt32, math.MaxInt32, 0, -1}, func() int32 { return int32(r.Uint32()) })
}

// bigDot is the dot product on unlimited integers.
func bigDot[A, B int8 | int16 | int32](a []A, b []B) *big.Int {
	sum := new(big.Int)
	for i := range a {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(int64(a[i])), big.NewInt(int64(b[i]))))
	}
	return sum
}

// wrap32 is v modulo 2^32 as a signed number.
func wrap32(v *big.Int) int32 {
	return int32(uint32(new(big.Int).And(v, big.NewInt(math.MaxUint32)).Uint64()))
}

func checkDots(t *testing.T, r *rand.Rand, n int) {
	t.Helper()
	a8, b8, a16, b16, a32 := int8s(r, n), int8s(r, n), int16s(r, n), int16s(r, n), int32s(r, n)
	if got, want := kernel.DotInt8(a8, b8), wrap32(bigDot(a8, b8)); got != want {
		t.Fatalf("%s: int8 of length %d: %d, want %d", variant(), n, got, want)
	}
	if got, want := kernel.DotInt16Int8(a16, b8), bigDot(a16, b8).Int64(); got != want {
		t.Fatalf("%s: int16 × int8 of length %d: %d, want %d", variant(), n, got, want)
	}
	if got, want := kernel.DotInt32Int16(a32, b16), wrap32(bigDot(a32, b16)); got != want {
		t.Fatalf("%s: int32 × int16 of length %d: %d, want %d", variant(), n, got, want)
	}
}

func TestDots(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(7)
		for range 20 {
			for _, n := range lengths {
				checkDots(t, r, n)
			}
		}
	})
}

// TestDotExtremes checks long vectors of the largest products, of which partial
// sums overflow 32 bits.
func TestDotExtremes(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for _, n := range []int{4095, 4096, 4097, 4128, 8191, 12288, 100000, 1 << 18} {
			a, b, a16 := make([]int8, n), make([]int8, n), make([]int16, n)
			for _, sign := range []int64{1, -1} {
				for i := range a {
					a[i], b[i], a16[i] = -128, -128, math.MinInt16
					if sign < 0 {
						b[i] = 127
					}
				}
				p := -128 * int64(b[0])
				if got, want := kernel.DotInt8(a, b), int32(int64(n)*p); got != want {
					t.Errorf("int8 of length %d: %d, want %d", n, got, want)
				}
				if got, want := kernel.DotInt16Int8(a16, b), int64(n)*p*256; got != want {
					t.Errorf("int16 × int8 of length %d: %d, want %d", n, got, want)
				}
			}
		}
	})
}

// TestDotEachPlace puts a single product in each place of a vector.
func TestDotEachPlace(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		const n = 150
		for i := range n {
			a, b, c, d, e := make([]int8, n), make([]int8, n), make([]int16, n), make([]int32, n), make([]int16, n)
			a[i], b[i], c[i], d[i], e[i] = -128, 127, math.MinInt16, 1<<20+1, -255
			if got := kernel.DotInt8(a, b); got != -128*127 {
				t.Errorf("int8, place %d: %d", i, got)
			}
			if got := kernel.DotInt16Int8(c, b); got != -32768*127 {
				t.Errorf("int16 × int8, place %d: %d", i, got)
			}
			if got := kernel.DotInt32Int16(d, e); got != -255*(1<<20+1) {
				t.Errorf("int32 × int16, place %d: %d", i, got)
			}
		}
	})
}

func checkAxpy(t *testing.T, r *rand.Rand, n int, delta int32) {
	t.Helper()
	w, before := int8s(r, n), int32s(r, n)
	acc, intact := guarded(n, int32(12345))
	copy(acc, before)
	kernel.AxpyInt8(acc, w, delta)
	for i, got := range acc {
		if want := int32(int64(before[i]) + int64(delta)*int64(w[i])); got != want {
			t.Fatalf("%s: %d + %d × %d = %d, want %d", variant(), before[i], delta, w[i], got, want)
		}
	}
	if !intact() {
		t.Fatalf("%s: length %d: wrote outside", variant(), n)
	}
}

func TestAxpy(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(8)
		for _, n := range lengths {
			for delta := int32(-511); delta <= 511; delta += 7 {
				checkAxpy(t, r, n, delta)
			}
			for _, delta := range int32s(r, 10) {
				checkAxpy(t, r, n, delta)
			}
		}
	})
}

// TestShortSlices checks that a slice that is too short panics in both variants
// and is not read past its end.
func TestShortSlices(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for name, call := range map[string]func(){
			"int8":         func() { kernel.DotInt8(make([]int8, 32), make([]int8, 31)) },
			"int16 × int8": func() { kernel.DotInt16Int8(make([]int16, 32), make([]int8, 31)) },
			"int32":        func() { kernel.DotInt32Int16(make([]int32, 32), make([]int16, 31)) },
			"axpy":         func() { kernel.AxpyInt8(make([]int32, 31), make([]int8, 32), 1) },
			"products":     func() { kernel.Multiply(make([]uint32, 63), make([]uint16, 8), make([]uint16, 64)) },
			"sums":         func() { kernel.SumProducts(make([]uint64, 4), make([]uint32, 31), 0, true) },
			"accumulators": func() { kernel.Accumulate(make([]uint64, 4), make([]uint64, 3)) },
			"maximum":      func() { kernel.AccumulateMax(make([]uint64, 4), make([]uint64, 3)) },
			"operands":     func() { kernel.Operands(make([]uint16, 31), make([]uint64, 4), 15, 255, 0, true) },
			"bytes":        func() { kernel.FirstDifference(make([]byte, 64), make([]byte, 63)) },
			"words":        func() { kernel.DifferingWords(nil, make([]byte, 64), make([]byte, 63)) },
			"requantise": func() {
				kernel.Requantise(make([]int32, 4), make([]int32, 4), make([]uint32, 4), make([]uint8, 3), kernel.Output{})
			},
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: a short slice was accepted", name)
					}
				}()
				call()
			}()
		}
	})
}

// FuzzVectors checks the vector kernels at any length and content.
func FuzzVectors(f *testing.F) {
	f.Add(uint64(1), uint16(100), int32(-255))
	f.Add(uint64(2), uint16(4200), int32(math.MinInt32))
	f.Fuzz(func(t *testing.T, seed uint64, length uint16, delta int32) {
		n := int(length) % 9000
		eachVariant(func() {
			checkDots(t, random(seed), n)
			checkAxpy(t, random(seed), n, delta)
		})
	})
}

// BenchmarkDot and BenchmarkAxpy measure vectors of a typical layer.
func BenchmarkDot(b *testing.B) {
	const n = 1024
	r := random(9)
	a8, b8, a16, b16, a32 := int8s(r, n), int8s(r, n), int16s(r, n), int16s(r, n), int32s(r, n)
	benchVariants(b, "int8", func(b *testing.B) {
		for range b.N {
			kernel.DotInt8(a8, b8)
		}
		reportRate(b, n, "GMAC/s")
	})
	benchVariants(b, "int16xint8", func(b *testing.B) {
		for range b.N {
			kernel.DotInt16Int8(a16, b8)
		}
		reportRate(b, n, "GMAC/s")
	})
	benchVariants(b, "int32xint16", func(b *testing.B) {
		for range b.N {
			kernel.DotInt32Int16(a32, b16)
		}
		reportRate(b, n, "GMAC/s")
	})
}

func BenchmarkAxpy(b *testing.B) {
	const n = 1024
	r := random(10)
	acc, w := int32s(r, n), int8s(r, n)
	benchVariants(b, "int8", func(b *testing.B) {
		for range b.N {
			kernel.AxpyInt8(acc, w, -77)
		}
		reportRate(b, n, "GMAC/s")
	})
}
