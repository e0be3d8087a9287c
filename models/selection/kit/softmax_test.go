package kit

import (
	"math"
	"testing"
)

func TestSoftmax(t *testing.T) {
	for _, c := range []struct{ logits, want []float64 }{
		{[]float64{0, 0}, []float64{0.5, 0.5}},
		{[]float64{math.Log(3), 0}, []float64{0.75, 0.25}},
		{[]float64{1e9, 0, 1e9}, []float64{0.5, 0, 0.5}},
		{[]float64{-2000, -2000 - math.Log(4)}, []float64{0.8, 0.2}},
	} {
		for j, v := range Softmax(c.logits) {
			if math.Abs(v-c.want[j]) > 1e-12 {
				t.Errorf("softmax of %v: number %d is %v", c.logits, j, v)
			}
		}
	}
	if len(Softmax(nil)) != 0 {
		t.Error("softmax of nothing")
	}
}

func TestMixture(t *testing.T) {
	if m := Mixture([]float64{1, 0}, []float64{0, 4}, 0.25); m[0] != 0.75 || m[1] != 1 {
		t.Errorf("mixture %v", m)
	}
}
