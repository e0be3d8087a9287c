package kit

import (
	"math"
	"slices"
	"testing"
)

func TestTiesGoToTheLowestIndex(t *testing.T) {
	v := []float64{1, 3, 3, 2, 3}
	if got := Argmax(v); got != 1 {
		t.Errorf("argmax %d", got)
	}
	if got := Order(v); !slices.Equal(got, []int{1, 2, 4, 3, 0}) {
		t.Errorf("order %v", got)
	}
	if got := TopK(v, 2); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("top 2 %v", got)
	}
	if Argmax(nil) != -1 || len(TopK(v, 9)) != 5 || len(TopK(v, -1)) != 0 {
		t.Error("limits")
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.25: 1, 0.26: 2, 0.5: 2, 0.75: 3, 1: 4} {
		if got := Quantile(v, q); got != want {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("quantile of nothing")
	}
}
