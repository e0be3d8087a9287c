package kernel_test

import (
	"testing"

	"upset/npu/kernel"
)

// arrays are the arrays of the four configurations, and others that a register file holds.
var arrays = []struct{ pixels, d int }{{1, 4}, {1, 8}, {2, 8}, {4, 8}, {2, 4}, {4, 4}, {3, 8}}

// anyToken draws a token and the registers in front of it; they hold any bits.
func anyToken(t *testing.T, seed uint64, check func(k kernel.Token, w *kernel.Weights, sum *kernel.Sums, shift uint, fresh bool)) {
	t.Helper()
	r := random(seed)
	edges := []uint64{0, ^uint64(0), 0x8080808080808080, 0x7f7f7f7f7f7f7f7f, 0x00ff00ff00ff00ff}
	for range 400 {
		k := kernel.Token{Mask: uint8(r.Uint32()), Channels: uint8(r.Uint32()), Signed: r.IntN(2) == 0, Zero: int32(r.Uint32())}
		if r.IntN(2) == 0 {
			k.Mask, k.Channels = 0xff, 0xff
		}
		fill(r, k.Raw[:], edges, r.Uint64)
		var w kernel.Weights
		fill(r, w[:], []uint16{0, 0xff, 0x100, 0x1ff, 0xffff}, func() uint16 { return uint16(r.Uint32()) })
		var sum kernel.Sums
		fill(r, sum[:], nil, func() uint64 { return r.Uint64() & (1<<36 - 1) })
		check(k, &w, &sum, uint(r.IntN(4)*8), r.IntN(2) == 0)
	}
}

// slow is a clock of the array by the functions on slices.
func slow(k *kernel.Token, w *kernel.Weights, sum *kernel.Sums, pixels, d int, shift uint, fresh bool) (x kernel.Inputs, prod kernel.Products) {
	kernel.Operands(x[:], k.Raw[:pixels], k.Mask, k.Channels, k.Zero, k.Signed)
	kernel.Multiply(prod[:], x[:8*pixels], w[:8*d])
	kernel.SumProducts(sum[:pixels*d], prod[:], shift, fresh)
	return x, prod
}

// TestArray compares the functions on register files with those on slices. What lies
// behind the registers in use stays.
func TestArray(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for _, s := range arrays {
			anyToken(t, uint64(20+s.pixels+s.d), func(k kernel.Token, w *kernel.Weights, sum *kernel.Sums, shift uint, fresh bool) {
				want, got := *sum, *sum
				x, prod := slow(&k, w, &want, s.pixels, s.d, shift, fresh)
				var y kernel.Inputs
				var q kernel.Products
				kernel.OperandsArray(&y, &k.Raw, s.pixels, k.Mask, k.Channels, k.Zero, k.Signed)
				kernel.MultiplyArray(&q, &y, w, s.pixels, s.d)
				kernel.SumProductsArray(&got, &q, s.pixels*s.d, shift, fresh)
				if x != y || prod != q || want != got {
					t.Fatalf("%s: %d pixels of %d channels: operands, products or sums differ", variant(), s.pixels, s.d)
				}
				acc, sums := *sum, want
				kernel.Accumulate(acc[:s.pixels*s.d], sums[:])
				other, elsewhere := *sum, *sum
				kernel.AccumulateArray(&other, &other, &want, s.pixels*s.d)
				for i := range s.pixels * s.d {
					elsewhere[i] = ^uint64(i)
				}
				kernel.AccumulateArray(&elsewhere, sum, &want, s.pixels*s.d)
				if acc != other || acc != elsewhere {
					t.Fatalf("%s: %d pixels of %d channels: accumulators differ", variant(), s.pixels, s.d)
				}
			})
		}
	})
}

// TestTokenDots compares the short way from bytes to sums with the one over all registers.
func TestTokenDots(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for _, s := range arrays {
			anyToken(t, uint64(40+s.pixels+s.d), func(k kernel.Token, w *kernel.Weights, sum *kernel.Sums, shift uint, fresh bool) {
				want, got := *sum, *sum
				slow(&k, w, &want, s.pixels, s.d, shift, fresh)
				var dots kernel.Dots
				var kept kernel.Weights
				k.Dots(&dots, &kept, w[:8*s.d], s.pixels, s.d)
				kernel.SumDots(&got, &dots, s.pixels*s.d, shift, fresh)
				for i := range kept {
					if i < 8*s.d && kept[i] != w[i] || i >= 8*s.d && kept[i] != 0 {
						t.Fatalf("%s: weight %d of %d channels is kept as %#x", variant(), i, s.d, kept[i])
					}
				}
				if want != got {
					t.Fatalf("%s: %d pixels of %d channels: sums differ", variant(), s.pixels, s.d)
				}
				acc, both, old := kernel.Sums{1, 2, 3}, kernel.Sums{1, 2, 3}, *sum
				kernel.AccumulateArray(&acc, sum, sum, s.pixels*s.d)
				kernel.ClockSums(&both, sum, &old, &dots, s.pixels*s.d, shift, fresh)
				if acc != both || old != want {
					t.Fatalf("%s: %d pixels of %d channels: both steps at once differ", variant(), s.pixels, s.d)
				}
				for i := s.pixels * s.d; i < len(dots); i++ {
					if dots[i] != 0 {
						t.Fatalf("%s: %d pixels of %d channels set dot product %d", variant(), s.pixels, s.d, i)
					}
				}
			})
		}
	})
}

// TestTokenLanes does the same where each channel has one weight.
func TestTokenLanes(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		for _, s := range arrays {
			anyToken(t, uint64(60+s.pixels+s.d), func(k kernel.Token, w *kernel.Weights, sum *kernel.Sums, shift uint, fresh bool) {
				want, got := *sum, *sum
				var spread kernel.Weights
				for o := range s.d {
					spread[o*8+o] = w[o]
				}
				slow(&k, &spread, &want, s.pixels, s.d, shift, fresh)
				var dots kernel.Dots
				k.Lanes(&dots, w, s.pixels, s.d)
				kernel.SumDots(&got, &dots, s.pixels*s.d, shift, fresh)
				if want != got {
					t.Fatalf("%s: %d pixels of %d channels: sums differ", variant(), s.pixels, s.d)
				}
				for i := s.pixels * s.d; i < len(dots); i++ {
					if dots[i] != 0 {
						t.Fatalf("%s: %d pixels of %d channels set product %d", variant(), s.pixels, s.d, i)
					}
				}
			})
		}
	})
}

// TestNarrow stores accumulators and reads them back, at any length and place.
func TestNarrow(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(80)
		for n := range 40 {
			acc := fill(r, make([]uint64, n), []uint64{0, 1<<31 - 1, 1 << 31, 1<<40 - 1, 1 << 39}, func() uint64 { return r.Uint64() & (1<<40 - 1) })
			b, intact := guarded(4*n, byte(0xa5))
			kernel.Narrow(b, acc)
			back, whole := guarded(n, uint64(0x5a5a))
			kernel.Widen(back, b)
			for i, v := range acc {
				if got := uint64(b[4*i]) | uint64(b[4*i+1])<<8 | uint64(b[4*i+2])<<16 | uint64(b[4*i+3])<<24; got != v&(1<<32-1) {
					t.Fatalf("%s: %d accumulators: %#x is stored as %#x", variant(), n, v, got)
				}
				if want := cut(sx(v, 32), 40); back[i] != want {
					t.Fatalf("%s: %d accumulators: %#x is read as %#x, want %#x", variant(), n, v, back[i], want)
				}
			}
			if !intact() || !whole() {
				t.Fatalf("%s: %d accumulators: the surroundings changed", variant(), n)
			}
		}
	})
}
