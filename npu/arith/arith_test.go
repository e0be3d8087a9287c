package arith

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigScale is v × scale >> shift with the given rounding, written from the
// definitions on unlimited integers.
func bigScale(v int64, scale uint32, shift uint, mode Round) int64 {
	p := new(big.Int).Mul(big.NewInt(v), new(big.Int).SetUint64(uint64(scale)))
	if shift == 0 {
		return p.Int64()
	}
	unit := new(big.Int).Lsh(big.NewInt(1), shift)
	half := new(big.Int).Rsh(unit, 1)
	switch mode {
	case RoundTruncate:
		return new(big.Int).Quo(p, unit).Int64()
	case RoundDouble:
		if shift > 31 {
			nudge := big.NewInt(1 << 30)
			if p.Sign() < 0 {
				nudge.Neg(nudge)
			}
			half.Add(half, nudge)
		}
	}
	p.Add(p, half)
	return p.Rsh(p, shift).Int64() // Rsh of a negative big.Int rounds down
}

func TestScaleAgainstBigIntegers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range 200000 {
		v := int64(rng.Uint64()) >> (24 + rng.UintN(40))
		scale := rng.Uint32() >> rng.UintN(32)
		shift := rng.UintN(64)
		mode := Round(i % 3)
		want := bigScale(v, scale, shift, mode)
		if got := Scale(v, scale, shift, mode); got != want {
			t.Fatalf("%d × %d >> %d mode %d = %d, want %d", v, scale, shift, mode, got, want)
		}
	}
}

// TestNarrow cuts products of any size to 80 bits, on unlimited integers.
func TestNarrow(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	unit := new(big.Int).Lsh(big.NewInt(1), 80)
	cut := 0
	for range 20000 {
		v, scale := int64(rng.Uint64())>>rng.UintN(64), rng.Uint32()>>rng.UintN(32)
		want := new(big.Int).Mul(big.NewInt(v), new(big.Int).SetUint64(uint64(scale)))
		exact := new(big.Int).Set(want)
		if want.Mod(want, unit); want.Bit(79) != 0 {
			want.Sub(want, unit)
		}
		p := Mul(v, scale).Narrow()
		got := new(big.Int).Lsh(big.NewInt(p.Hi), 64)
		if got.Add(got, new(big.Int).SetUint64(p.Lo)); got.Cmp(want) != 0 {
			t.Fatalf("%d × %d is cut to %v, want %v", v, scale, got, want)
		}
		if exact.Cmp(want) != 0 {
			cut++
		}
		if s := uint(1 + rng.UintN(63)); exact.Cmp(want) == 0 && NarrowScale(v, scale, s, RoundNatural) != Scale(v, scale, s, RoundNatural) {
			t.Fatalf("%d × %d fits, and its cut differs", v, scale)
		}
	}
	if cut < 100 {
		t.Errorf("only %d products were too long", cut)
	}
}

func TestRoundingModes(t *testing.T) {
	for _, c := range []struct {
		v     int64
		scale uint32
		shift uint
		mode  Round
		want  int64
	}{
		{5, 1, 1, RoundNatural, 3}, {-5, 1, 1, RoundNatural, -2}, {-7, 1, 2, RoundNatural, -2},
		{5, 1, 1, RoundTruncate, 2}, {-5, 1, 1, RoundTruncate, -2}, {-4, 1, 1, RoundTruncate, -2},
		{5, 1, 1, RoundDouble, 3}, {-5, 1, 1, RoundDouble, -2}, // short shifts round half up
		{3, 1 << 30, 31, RoundDouble, 2}, {-3, 1 << 30, 31, RoundDouble, -1},
		{3, 1 << 30, 32, RoundDouble, 1}, {-1, 1 << 31, 32, RoundDouble, -1}, // half away from zero
		{-3, 1 << 31, 32, RoundDouble, -2}, {7, 9, 0, RoundDouble, 63},
	} {
		if got := Scale(c.v, c.scale, c.shift, c.mode); got != c.want {
			t.Errorf("%d × %d >> %d mode %d = %d, want %d", c.v, c.scale, c.shift, c.mode, got, c.want)
		}
	}
}

// TestDoubleRoundingIsTFLite checks that the hardware's double rounding equals
// the two-step rounding of the TFLite reference kernels.
func TestDoubleRoundingIsTFLite(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for range 200000 {
		x := int32(rng.Uint32()) >> rng.UintN(31)
		mult := int32(1<<30 + rng.Uint32N(1<<30))
		shift := -rng.IntN(31)
		want := MultiplyByQuantizedMultiplier(x, mult, shift)
		if got := Scale(int64(x), uint32(mult), uint(31-shift), RoundDouble); got != int64(want) {
			t.Fatalf("%d × %d × 2^%d: %d, TFLite %d", x, mult, shift, got, want)
		}
	}
}

// TestSplitMultiply checks the machine's two passes over 16-bit halves.
func TestSplitMultiply(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for range 100000 {
		v := int64(rng.Uint64()) >> (23 + rng.UintN(41))
		scale := rng.Uint32()
		p := MulAdd(Product{}, v, scale&0xffff, 0)
		p = MulAdd(p, v, scale>>16, 16)
		if want := Mul(v, scale); p != want {
			t.Fatalf("%d × %d in halves is %+v, at once %+v", v, scale, p, want)
		}
	}
}

func TestScaleShift(t *testing.T) {
	for _, c := range []struct {
		f     float64
		scale uint32
		shift uint
	}{
		{1, 1 << 30, 30}, {0.5, 1 << 30, 31}, {0.75, 3 << 29, 31}, {2, 1 << 30, 29}, {math.Ldexp(1, -40), 0, 16},
		{1 - math.Ldexp(1, -40), 1 << 31, 31},
	} {
		if scale, shift := ScaleShift(c.f); scale != c.scale || shift != c.shift {
			t.Errorf("%g is %d, %d; want %d, %d", c.f, scale, shift, c.scale, c.shift)
		}
	}
	rng := rand.New(rand.NewPCG(7, 1))
	for range 10000 {
		f := math.Ldexp(0.5+rng.Float64()/2, rng.IntN(30)-20)
		scale, shift := ScaleShift(f)
		if got := math.Ldexp(float64(scale), -int(shift)); math.Abs(got/f-1) > 1e-9 {
			t.Fatalf("%g comes back as %g", f, got)
		}
		scale, shift = ReducedScaleShift(f)
		if got := math.Ldexp(float64(scale), -int(shift)); scale > 32767 || math.Abs(got/f-1) > 1e-4 {
			t.Fatalf("reduced %g comes back as %g (scale %d)", f, got, scale)
		}
	}
}

// TestAverage checks that the reciprocal gives the mean, ties away from zero,
// for every window and sum of 8-bit values, in both rounding modes.
func TestAverage(t *testing.T) {
	for n := 1; n <= 300; n++ {
		scale, shift := AverageScale(n, 0)
		for s := -255 * n; s <= 255*n; s += 1 + n/40 {
			want := int64((2*max(s, -s) + n) / (2 * n))
			if s < 0 {
				want = -want
			}
			for _, mode := range []Round{RoundDouble, RoundNatural} {
				if got := Scale(int64(s), scale, shift, mode); got != want {
					t.Fatalf("%d / %d mode %d = %d, want %d", s, n, mode, got, want)
				}
			}
		}
	}
}

func TestTFLitePrimitives(t *testing.T) {
	for _, c := range []struct{ a, b, want int32 }{
		{math.MinInt32, math.MinInt32, math.MaxInt32}, {1 << 30, 1 << 30, 1 << 29}, {1, 1 << 30, 1}, {-1, 1 << 30, 0}, {-3, 1 << 30, -1},
	} {
		if got := SaturatingRoundingDoublingHighMul(c.a, c.b); got != c.want {
			t.Errorf("high mul of %d and %d is %d, want %d", c.a, c.b, got, c.want)
		}
	}
	for _, c := range []struct {
		x    int32
		e    int
		want int32
	}{{5, 1, 3}, {-5, 1, -3}, {4, 1, 2}, {-6, 2, -2}, {-7, 2, -2}, {7, 0, 7}, {math.MinInt32, 31, -1}, {math.MaxInt32, 31, 1}} {
		if got := RoundingDivideByPOT(c.x, c.e); got != c.want {
			t.Errorf("%d / 2^%d is %d, want %d", c.x, c.e, got, c.want)
		}
	}
	for _, c := range []struct {
		f     float64
		mult  int32
		shift int
	}{{1, 1 << 30, 1}, {0, 0, 0}, {0.5, 1 << 30, 0}, {math.Ldexp(1, -40), 0, 0}, {math.Ldexp(1, 40), math.MaxInt32, 30}, {1 - math.Ldexp(1, -40), 1 << 30, 1}} {
		if mult, shift := QuantizeMultiplier(c.f); mult != c.mult || shift != c.shift {
			t.Errorf("%g is %d, %d; want %d, %d", c.f, mult, shift, c.mult, c.shift)
		}
	}
	// Every shift that QuantizeMultiplier can return is accepted.
	for shift := -31; shift <= 30; shift++ {
		MultiplyByQuantizedMultiplier64(1<<40, 1<<30, shift)
		MultiplyByQuantizedMultiplier(1<<20, 1<<30, shift)
	}
	if got := MultiplyByQuantizedMultiplier64(1000, 1<<30, 0); got != 500 {
		t.Errorf("1000 × 0.5 is %d", got)
	}
}

func TestSaturateAndSignExtend(t *testing.T) {
	for _, c := range []struct {
		v     int64
		width uint
		want  int64
	}{{127, 8, 127}, {128, 8, 127}, {-129, 8, -128}, {1 << 40, 32, math.MaxInt32}, {-1 << 40, 32, math.MinInt32}} {
		if got := Saturate(c.v, c.width); got != c.want {
			t.Errorf("%d to %d bits is %d", c.v, c.width, got)
		}
	}
	if SignExtend(0xff, 8) != -1 || SignExtend(0x7f, 8) != 127 || SignExtend(1<<40|1<<39, 40) != -1<<39 {
		t.Error("sign extension is wrong")
	}
}

// TestBuiltinFunctions checks the tables against the real functions, their
// symmetry and their behaviour on any input.
func TestBuiltinFunctions(t *testing.T) {
	for x := int64(-1 << 18); x <= 1<<18; x += 37 {
		real := float64(x) / (3 * 4096)
		if got, want := float64(Sigmoid(x))/32768, 1/(1+math.Exp(-real)); math.Abs(got-want) > 2e-4 {
			t.Fatalf("sigmoid(%g) is %g, want %g", real, got, want)
		}
		if got, want := float64(Tanh(x))/32768, math.Tanh(real); math.Abs(got-want) > 4e-4 {
			t.Fatalf("tanh(%g) is %g, want %g", real, got, want)
		}
		if d := Tanh(x) + Tanh(-x); d < -1 || d > 1 {
			t.Fatalf("tanh is not odd at %d: %d", x, d)
		}
	}
	for _, x := range []int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MinInt32, math.MaxInt32} {
		if s, th := Sigmoid(x), Tanh(x); s < 0 || s > 32767 || th < -32768 || th > 32767 {
			t.Errorf("at %d: sigmoid %d, tanh %d", x, s, th)
		}
	}
	if Sigmoid(0) != 16384 || Tanh(0) != 0 {
		t.Errorf("at zero: %d, %d", Sigmoid(0), Tanh(0))
	}
}
