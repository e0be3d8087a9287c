package kernel_test

import (
	"slices"
	"testing"

	"upset/npu/kernel"
)

// sx is sign extension written with a comparison instead of shifts.
func sx(v uint64, bits uint) int64 {
	v %= 1 << bits
	if v >= 1<<(bits-1) {
		return int64(v) - 1<<bits
	}
	return int64(v)
}

func cut(v int64, bits uint) uint64 { return uint64(v) & (1<<bits - 1) }

// shapes are the micro-blocks of the four configurations (pixels × channels) and
// others that take the odd paths.
var shapes = []struct{ pixels, d int }{{1, 4}, {1, 8}, {2, 8}, {4, 8}, {3, 5}, {1, 1}, {5, 3}, {0, 8}, {2, 0}, {9, 7}}

// TestMultiplyAllPairs checks the product of every pair of 9-bit operands.
func TestMultiplyAllPairs(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		var (
			x    kernel.Inputs
			w    kernel.Weights
			prod kernel.Products
		)
		for a := 0; a < 512; a += 4 {
			for b := 0; b < 512; b += 8 {
				for i := range x {
					x[i] = uint16(a + i/8)
				}
				for i := range w {
					w[i] = uint16(b + i/8)
				}
				kernel.MultiplyArray(&prod, &x, &w, 4, 8)
				for i, got := range prod {
					p, o := i/64, i/8%8
					want := uint32(cut(sx(uint64(a+p), 9)*sx(uint64(b+o), 9), 18))
					if got != want {
						t.Fatalf("%d × %d = %#x, want %#x", a+p, b+o, got, want)
					}
				}
			}
		}
	})
}

// TestMultiplyLayout checks which operands meet in which product, for operands of
// any sixteen bits.
func TestMultiplyLayout(t *testing.T) {
	r := random(1)
	for range 200 {
		for _, s := range shapes {
			draw := func() uint16 { return uint16(r.Uint32()) }
			edges := []uint16{0, 1, 0xff, 0x100, 0x101, 0x1ff, 0x200, 0x8000, 0xffff}
			x := fill(r, make([]uint16, 8*s.pixels), edges, draw)
			w := fill(r, make([]uint16, 8*s.d), edges, draw)
			prod, intact := guarded(8*s.pixels*s.d, uint32(0xdeadbeef))
			kernel.Multiply(prod, x, w)
			for i, got := range prod {
				p, o, c := i/8/s.d, i/8%s.d, i%8
				if want := uint32(cut(sx(uint64(x[p*8+c]), 9)*sx(uint64(w[o*8+c]), 9), 18)); got != want {
					t.Fatalf("%d×%d: product %d is %#x, want %#x", s.pixels, s.d, i, got, want)
				}
			}
			if !intact() {
				t.Fatalf("%d×%d: wrote outside the products", s.pixels, s.d)
			}
		}
	}
}

func wantOperand(raw uint64, pixel, channel int, pixels, channels uint8, zero int32, isSigned bool) uint16 {
	if pixel > 7 || pixels>>pixel&1 == 0 || channels>>channel&1 == 0 {
		return 0
	}
	v := int64(raw >> (8 * channel) & 0xff)
	if isSigned {
		v = sx(uint64(v), 8)
	}
	return uint16(cut(v-int64(zero), 9))
}

// TestOperandsAllBytes checks every byte with every zero point, signed and not.
func TestOperandsAllBytes(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		var (
			raw [8]kernel.Bytes
			x   [8]kernel.Inputs
		)
		for i := range 256 {
			raw[i/32][i/8%4] |= uint64(i) << (8 * (i % 8))
		}
		for _, isSigned := range []bool{false, true} {
			for zero := int32(-256); zero < 256; zero++ {
				for at := range raw {
					kernel.OperandsArray(&x[at], &raw[at], 4, 0xf, 0xff, zero, isSigned)
				}
				for i := range 256 {
					got := x[i/32][i%32]
					if want := wantOperand(uint64(i), 0, 0, 1, 1, zero, isSigned); got != want {
						t.Fatalf("byte %d, zero point %d, signed %v: %#x, want %#x", i, zero, isSigned, got, want)
					}
				}
			}
		}
	})
}

// TestOperandsMasks checks every mask of pixels and of channels.
func TestOperandsMasks(t *testing.T) {
	r := random(2)
	for n := range 11 {
		for mask := range 256 {
			raw := fill(r, make([]uint64, n), nil, r.Uint64)
			x, intact := guarded(8*n, uint16(0xbeef))
			channels, zero, isSigned := uint8(r.Uint32()), int32(r.IntN(512)-256), mask&1 == 0
			if mask%3 == 0 {
				channels = uint8(mask)
			}
			kernel.Operands(x, raw, uint8(mask), channels, zero, isSigned)
			for i, got := range x {
				if want := wantOperand(raw[i/8], i/8, i%8, uint8(mask), channels, zero, isSigned); got != want {
					t.Fatalf("%d pixels, mask %#x, channels %#x: operand %d is %#x, want %#x", n, mask, channels, i, got, want)
				}
			}
			if !intact() {
				t.Fatalf("%d pixels: wrote outside the operands", n)
			}
		}
	}
}

func wantSum(sum uint64, prod []uint32, shift uint, fresh bool) uint64 {
	v := int64(0)
	for _, q := range prod {
		v += sx(uint64(q), 18)
	}
	v <<= shift
	if !fresh {
		v += sx(sum, 36)
	}
	return cut(v, 36)
}

// TestSumProducts checks sums of products of any 18 bits with every byte shift.
func TestSumProducts(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(3)
		for range 100 {
			for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 11, 16, 32} {
				for _, shift := range []uint{0, 8, 16, 24, 31} {
					checkSum(t, fill(r, make([]uint64, n), []uint64{0, 1<<35 - 1, 1 << 35, 1<<36 - 1},
						func() uint64 { return r.Uint64N(1 << 36) }),
						fill(r, make([]uint32, 8*n), []uint32{0, 1, 1<<17 - 1, 1 << 17, 1<<18 - 1},
							func() uint32 { return r.Uint32N(1 << 18) }), shift, r.IntN(2) == 0)
				}
			}
		}
	})
}

func checkSum(t *testing.T, before []uint64, prod []uint32, shift uint, fresh bool) {
	t.Helper()
	sum, intact := guarded(len(before), uint64(77))
	copy(sum, before)
	kernel.SumProducts(sum, prod, shift, fresh)
	for i, got := range sum {
		if want := wantSum(before[i], prod[8*i:8*i+8], shift, fresh); got != want {
			t.Fatalf("%d sums, shift %d, fresh %v: sum %d is %#x, want %#x", len(sum), shift, fresh, i, got, want)
		}
	}
	if !intact() {
		t.Fatal("wrote outside the sums")
	}
	if n := len(before); n > 0 && n <= 32 && n%4 == 0 {
		var s kernel.Sums
		var p kernel.Products
		copy(s[:], before)
		copy(p[:], prod)
		if kernel.SumProductsArray(&s, &p, n, shift, fresh); !slices.Equal(s[:n], sum) || s[n%32] != 0 && n < 32 {
			t.Fatalf("%s: %d sums, shift %d, fresh %v: the registers hold %#x, want %#x", variant(), n, shift, fresh, s[:n], sum)
		}
	}
}

// TestAccumulate checks addition and maximum at the edges of both widths.
func TestAccumulate(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(4)
		for range 300 {
			for _, n := range []int{0, 1, 3, 4, 6, 8, 16, 32, 33} {
				checkAccumulate(t,
					fill(r, make([]uint64, n), []uint64{0, 1<<39 - 1, 1 << 39, 1<<40 - 1, 1<<35 - 1, 1<<40 - 1<<35},
						func() uint64 { return r.Uint64N(1 << 40) }),
					fill(r, make([]uint64, n), []uint64{0, 1<<35 - 1, 1 << 35, 1<<36 - 1},
						func() uint64 { return r.Uint64N(1 << 36) }))
			}
		}
	})
}

func checkAccumulate(t *testing.T, before, sum []uint64) {
	t.Helper()
	for _, isMax := range []bool{false, true} {
		acc, intact := guarded(len(before), uint64(99))
		copy(acc, before)
		if isMax {
			kernel.AccumulateMax(acc, sum)
		} else {
			kernel.Accumulate(acc, sum)
		}
		for i, got := range acc {
			a, s := sx(before[i], 40), sx(sum[i], 36)
			want := cut(a+s, 40)
			if isMax {
				want = cut(max(a, s), 40)
			}
			if got != want {
				t.Fatalf("maximum %v: %#x and %#x give %#x, want %#x", isMax, before[i], sum[i], got, want)
			}
		}
		if !intact() {
			t.Fatal("wrote outside the accumulators")
		}
		if n := len(before); !isMax && n > 0 && n <= 32 && n%4 == 0 {
			var a, s kernel.Sums
			copy(a[:], before)
			copy(s[:], sum)
			if kernel.AccumulateArray(&a, &a, &s, n); !slices.Equal(a[:n], acc) || s[n%32] != 0 && n < 32 {
				t.Fatalf("%s: %d accumulators: the registers hold %#x, want %#x", variant(), n, a[:n], acc)
			}
		}
	}
}

// FuzzMAC runs one clock of the array on arbitrary register contents, wider than
// the registers too, through all stages.
func FuzzMAC(f *testing.F) {
	f.Add(uint64(1), uint8(4), uint8(8), uint8(0xf), uint8(0xff), int32(-128), uint8(0))
	f.Add(uint64(2), uint8(2), uint8(3), uint8(0x1), uint8(0x55), int32(1<<30), uint8(31))
	f.Fuzz(func(t *testing.T, seed uint64, pixels, d, mask, channels uint8, zero int32, shift uint8) {
		n, c := int(pixels%9), int(d%9)
		r := random(seed)
		raw := fill(r, make([]uint64, n), nil, r.Uint64)
		w := fill(r, make([]uint16, 8*c), nil, func() uint16 { return uint16(r.Uint32()) })
		sum0, acc0 := fill(r, make([]uint64, n*c), nil, r.Uint64), fill(r, make([]uint64, n*c), nil, r.Uint64)
		eachVariant(func() {
			x, prod := make([]uint16, 8*n), make([]uint32, 8*n*c)
			kernel.Operands(x, raw, mask, channels, zero, seed&1 == 0)
			for i, got := range x {
				if want := wantOperand(raw[i/8], i/8, i%8, mask, channels, zero, seed&1 == 0); got != want {
					t.Fatalf("%s: operand %d is %#x, want %#x", variant(), i, got, want)
				}
			}
			kernel.Multiply(prod, x, w)
			for i, got := range prod {
				if want := uint32(cut(sx(uint64(x[i/8/c*8+i%8]), 9)*sx(uint64(w[i/8%c*8+i%8]), 9), 18)); got != want {
					t.Fatalf("%s: product %d is %#x, want %#x", variant(), i, got, want)
				}
			}
			checkSum(t, sum0, prod, uint(shift%32), seed&2 == 0)
			checkSum(t, sum0, fill(random(seed), slices.Clone(prod), nil, func() uint32 { return r.Uint32() & (1<<18 - 1) }), uint(shift%32), seed&4 == 0)
			checkAccumulate(t, acc0, sum0)
		})
	})
}

// BenchmarkMAC measures one clock of each configuration's array.
func BenchmarkMAC(b *testing.B) {
	for _, s := range []struct {
		name      string
		pixels, d int
	}{{"u55-32", 1, 4}, {"u55-128", 2, 8}, {"u55-256", 4, 8}} {
		r := random(5)
		var (
			raw      kernel.Bytes
			x        kernel.Inputs
			w        kernel.Weights
			prod     kernel.Products
			sum, acc kernel.Sums
		)
		fill(r, raw[:], nil, r.Uint64)
		fill(r, w[:], nil, func() uint16 { return uint16(r.Uint32N(512)) })
		n := s.pixels * s.d
		benchVariants(b, s.name, func(b *testing.B) {
			for range b.N {
				kernel.OperandsArray(&x, &raw, s.pixels, 0xf, 0xff, -128, true)
				kernel.MultiplyArray(&prod, &x, &w, s.pixels, s.d)
				kernel.SumProductsArray(&sum, &prod, n, 0, false)
				kernel.AccumulateArray(&acc, &acc, &sum, n)
			}
			reportRate(b, 8*n, "GMAC/s")
		})
	}
}
