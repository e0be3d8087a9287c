package kit

import (
	"math"
	"testing"
)

func TestBand(t *testing.T) {
	b := NewBand([]float64{1, 3, 1, 3})
	if b.Mean != 2 || b.Deviation != 1 {
		t.Fatalf("band %+v", b)
	}
	for _, c := range []struct {
		value, factor, floor float64
		above                bool
	}{
		{5, 3, 0, false}, {5.01, 3, 0, true}, {5.01, 3, 2, false}, {8.01, 3, 2, true}, {-100, 3, 0, false}, {math.NaN(), 3, 0, true}, {math.Inf(1), 3, 0, true},
	} {
		if got := b.Above(c.value, c.factor, c.floor); got != c.above {
			t.Errorf("Above(%v, %v, %v) = %v", c.value, c.factor, c.floor, got)
		}
	}
	if !NewBand(nil).Above(0, 3, 1) {
		t.Error("no values: a value is inside")
	}
}
