package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"upset/npu/arith"
	"upset/npu/kernel"
)

var modes = []arith.Round{arith.RoundDouble, arith.RoundTruncate, arith.RoundNatural, 3}

func wantOutput(acc int32, scale uint32, shift uint8, out kernel.Output) int32 {
	v := arith.Scale(int64(acc), scale, uint(shift), out.Round) + int64(out.Zero)
	return int32(arith.Clamp(v, int64(out.Min), int64(out.Max)))
}

func checkRequantise(t *testing.T, acc []int32, scale []uint32, shift []uint8, out kernel.Output) {
	t.Helper()
	dst, intact := guarded(len(acc), int32(4321))
	kernel.Requantise(dst, acc, scale, shift, out)
	for i, got := range dst {
		if want := wantOutput(acc[i], scale[i], shift[i], out); got != want {
			t.Fatalf("%s: %d × %d >> %d %+v = %d, want %d", variant(), acc[i], scale[i], shift[i], out, got, want)
		}
	}
	if !intact() {
		t.Fatalf("%s: length %d: wrote outside", variant(), len(acc))
	}
}

// TestRequantiseEdges crosses the edges of values, scales and shifts in each
// mode. The wide limits show the result itself, the narrow ones the clamp.
func TestRequantiseEdges(t *testing.T) {
	values := []int32{math.MinInt32, math.MinInt32 + 1, -1 << 30, -65537, -129, -3, -2, -1, 0, 1, 2, 3, 5, 128, 32767, 1 << 30, math.MaxInt32 - 1, math.MaxInt32}
	scales := []uint32{0, 1, 2, 3, 32767, 1<<30 - 1, 1 << 30, 1<<30 + 1, 3 << 29, 1<<31 - 1, 1 << 31, 1<<31 + 1, math.MaxUint32 - 1, math.MaxUint32}
	var acc []int32
	var scale []uint32
	var shift []uint8
	for _, v := range values {
		for _, s := range scales {
			for k := range 68 {
				acc, scale, shift = append(acc, v), append(scale, s), append(shift, uint8(k))
			}
		}
	}
	bothVariants(t, func(t *testing.T) {
		for _, mode := range modes {
			for _, out := range []kernel.Output{
				{Min: math.MinInt32, Max: math.MaxInt32}, {Zero: -128, Min: -128, Max: 127},
				{Zero: math.MinInt32, Min: math.MinInt32, Max: math.MaxInt32},
				{Zero: math.MaxInt32, Min: math.MinInt32, Max: math.MaxInt32},
				{Zero: 3, Min: 10, Max: -10}, {Zero: 7, Min: 0, Max: 0},
			} {
				out.Round = mode
				checkRequantise(t, acc, scale, shift, out)
			}
		}
	})
}

func randomRequantise(r *rand.Rand, n int) (acc []int32, scale []uint32, shift []uint8) {
	acc, scale, shift = make([]int32, n), make([]uint32, n), make([]uint8, n)
	for i := range acc {
		acc[i], scale[i], shift[i] = int32(r.Uint32())>>r.UintN(32), r.Uint32()>>r.UintN(32), uint8(r.UintN(256))
	}
	return acc, scale, shift
}

func TestRequantiseRandom(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		r := random(11)
		for range 100 {
			for _, n := range lengths {
				acc, scale, shift := randomRequantise(r, n)
				edges := int32s(r, 3)
				checkRequantise(t, acc, scale, shift, kernel.Output{Round: modes[r.IntN(4)], Zero: edges[0], Min: edges[1], Max: edges[2]})
			}
		}
	})
}

// TestRequantiseInPlace checks that the accumulators may be replaced.
func TestRequantiseInPlace(t *testing.T) {
	bothVariants(t, func(t *testing.T) {
		acc, scale, shift := randomRequantise(random(12), 101)
		out := kernel.Output{Zero: 5, Min: -128, Max: 127}
		want := make([]int32, len(acc))
		kernel.Requantise(want, acc, scale, shift, out)
		kernel.Requantise(acc, acc, scale, shift, out)
		for i := range acc {
			if acc[i] != want[i] {
				t.Fatalf("value %d is %d in place, %d apart", i, acc[i], want[i])
			}
		}
	})
}

func FuzzRequantise(f *testing.F) {
	f.Add(int32(-5), uint32(1<<30), uint8(31), uint8(0), int32(3), int32(-128), int32(127))
	f.Add(int32(math.MinInt32), uint32(math.MaxUint32), uint8(63), uint8(1), int32(math.MinInt32), int32(math.MinInt32), int32(math.MaxInt32))
	f.Fuzz(func(t *testing.T, v int32, scale uint32, shift, mode uint8, zero, lo, hi int32) {
		acc := []int32{v, -v, v ^ 1, v >> 1, v + 1}
		scales := []uint32{scale, scale, scale ^ 1<<31, scale, scale >> 1}
		shifts := []uint8{shift, shift + 1, shift, shift - 1, shift}
		out := kernel.Output{Round: arith.Round(mode % 4), Zero: zero, Min: lo, Max: hi}
		eachVariant(func() { checkRequantise(t, acc, scales, shifts, out) })
	})
}

func BenchmarkRequantise(b *testing.B) {
	const n = 256
	acc, scale, shift := randomRequantise(random(13), n)
	for i := range shift {
		scale[i], shift[i] = 1<<30|scale[i]>>2, 31+shift[i]%16
	}
	dst := make([]int32, n)
	for _, mode := range []struct {
		name string
		mode arith.Round
	}{{"double", arith.RoundDouble}, {"natural", arith.RoundNatural}, {"truncate", arith.RoundTruncate}} {
		benchVariants(b, mode.name, func(b *testing.B) {
			for range b.N {
				kernel.Requantise(dst, acc, scale, shift, kernel.Output{Round: mode.mode, Zero: 3, Min: -128, Max: 127})
			}
			reportRate(b, n, "Gvalues/s")
		})
	}
}
