package audit

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

// moments of scale c, freedom a and shift b: mean c(a+b), variance 2c²(a+2b), third central
// moment 8c³(a+3b). From them the parameters come back.
func TestTailOfItsMoments(t *testing.T) {
	for _, want := range []Tail{{Scale: 0.5, Freedom: 3, Shift: 2}, {Scale: 2, Freedom: 40, Shift: 7}, {Scale: 1e-3, Freedom: 1.5, Shift: 90}} {
		c, a, b := want.Scale, want.Freedom, want.Shift
		got, err := tailOf(c*(a+b), 2*c*c*(a+2*b), 8*c*c*c*(a+3*b))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range [][2]float64{{got.Scale, c}, {got.Freedom, a}, {got.Shift, b}} {
			if math.Abs(v[0]-v[1]) > 1e-6*v[1] {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	}
	// More skew than any such distribution has: mean and variance decide.
	got, err := tailOf(3, 2, 100)
	if err != nil || got.Shift != 0 || math.Abs(got.Scale*got.Freedom-3) > 1e-12 || math.Abs(2*got.Scale*got.Scale*got.Freedom-2) > 1e-12 {
		t.Errorf("too much skew: %+v, %v", got, err)
	}
	// Hardly any skew would leave less than one degree of freedom: it stays at one.
	got, err = tailOf(10, 1, 0.074)
	if err != nil || got.Freedom < 1 || math.Abs(got.Scale*(got.Freedom+got.Shift)-10) > 1e-9 || math.Abs(2*got.Scale*got.Scale*(got.Freedom+2*got.Shift)-1) > 1e-9 {
		t.Errorf("little skew: %+v, %v", got, err)
	}
	for _, bad := range [][2]float64{{0, 1}, {1, 0}, {-1, 1}, {math.NaN(), 1}} {
		if _, err := tailOf(bad[0], bad[1], 1); err == nil {
			t.Errorf("mean %v and variance %v: no error", bad[0], bad[1])
		}
	}
}

// Twice the errors have twice the scale and nothing else, and the bits of an error twice as
// large.
func TestTailKnowsNoUnit(t *testing.T) {
	one := sums(rand.New(rand.NewPCG(5, 5)), 2000, 0.7, []float64{1, 0, 2, 0})
	two := make([]float64, len(one))
	for i, v := range one {
		two[i] = 2 * v
	}
	a, err := FitTail(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := FitTail(two)
	if err != nil || math.Abs(b.Scale-2*a.Scale) > 1e-9 || math.Abs(b.Freedom-a.Freedom) > 1e-6 || math.Abs(b.Shift-a.Shift) > 1e-6 {
		t.Errorf("%+v, of twice the errors %+v, %v", a, b, err)
	}
	if x, y := a.Bits(0.3), b.Bits(0.6); math.Abs(x-y) > 1e-6*x {
		t.Errorf("%v bits, %v of twice the error", x, y)
	}
	for i, bad := range []float64{-1, math.Inf(1), math.NaN()} {
		two[i] = bad
		if _, err := FitTail(two); err == nil {
			t.Errorf("an error of %v: no error", bad)
		}
		two[i] = 1
	}
}

// A larger error takes fewer bits, a shift more; nothing takes less than none.
func TestBitsFall(t *testing.T) {
	for _, tail := range []Tail{{1, 2, 0}, {0.1, 30, 5}, {2, 500, 300}} {
		before := math.Inf(1)
		for _, x := range []float64{1e-6, 0.01, 0.3, 1, 3, 100, 1e4} {
			got := tail.Bits(x * tail.Scale * tail.Freedom)
			if got > before || got < 0 || math.IsNaN(got) {
				t.Errorf("%+v at %v of the mean: %v bits, %v before", tail, x, got, before)
			}
			before = got
		}
		if before > 1e-6 {
			t.Errorf("%+v: an error beyond all takes %v bits", tail, before)
		}
		moved := tail
		moved.Shift += 10
		if at := tail.Scale * tail.Freedom; moved.Bits(at) <= tail.Bits(at) {
			t.Errorf("%+v: a shift takes no more bits", tail)
		}
	}
	// Of two degrees of freedom without a shift P = 1 − exp(−x/2).
	if got, want := (Tail{Scale: 3, Freedom: 2}).Bits(3), -math.Log2(1-math.Exp(-0.5)); math.Abs(got-want) > 1e-9 {
		t.Errorf("%v bits, want %v", got, want)
	}
}

// The logarithm is that of the gamma function where that is a number, and goes on below.
func TestLogGamma(t *testing.T) {
	for _, a := range []float64{0.5, 1, 3, 20, 200} {
		for _, x := range []float64{0.01, 0.5, 1, 5, 19, 250} {
			want := mathext.GammaIncReg(a, x)
			if want < 1e-280 {
				continue
			}
			if got := logGamma(a, x); math.Abs(got-math.Log(want)) > 1e-8*(1+math.Abs(got)) {
				t.Errorf("a %v, x %v: %v, want %v", a, x, got, math.Log(want))
			}
		}
	}
	// Of whole a, P(a,x) → xᵃ/a! for small x.
	g, _ := math.Lgamma(401)
	if got, want := logGamma(400, 1e-3), 400*math.Log(1e-3)-g; math.Abs(got-want) > 1e-3 {
		t.Errorf("far below: %v, want %v", got, want)
	}
}
