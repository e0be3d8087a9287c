package kit

import (
	"math"
	"testing"
)

func TestRegret(t *testing.T) {
	for _, c := range []struct{ golden, faulty, random, want float64 }{
		{3, 3, 1, 0}, {3, 2, 1, 0.5}, {3, 1, 1, 1}, {3, 4, 1, -0.5}, {1, 3, 1, 0}, {1, 0.5, 1, 1}, {-2, -3, -4, 0.5}, {3, math.NaN(), 1, 1},
	} {
		if got := Regret(c.golden, c.faulty, c.random); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestRegretAt(t *testing.T) {
	value := []float64{4, 3, 1, 0} // mean 2
	for _, c := range []struct {
		faulty []int
		want   float64
	}{
		{[]int{0, 1}, 0}, {[]int{1, 0}, 0}, {[]int{0, 2}, 2.0 / 3}, {[]int{0, 3}, 1}, {[]int{2, 3}, 2},
	} {
		if got := RegretAt(value, []int{0, 1}, c.faulty); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.faulty, got, c.want)
		}
	}
	if got := RegretAt([]float64{1, 1}, []int{0}, []int{1}); got != 0 {
		t.Errorf("equal values: %v", got)
	}
	if Mean(nil) != 0 || MeanAt(value, []int{0, 3}) != 2 || len(Every(3)) != 3 || Share([]int{1, 2, 3, 4}, func(i int) bool { return i > 3 }) != 0.25 || Share(nil, nil) != 0 {
		t.Error("means and shares")
	}
}

func TestPictures(t *testing.T) {
	if p := Pictures([][]byte{{0x80, 1}, {}}); len(p) != 2 || p[0][0] != -128 || p[0][1] != 1 || len(p[1]) != 0 {
		t.Errorf("%v", p)
	}
}
