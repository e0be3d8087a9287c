package digits

import (
	"math"
	"slices"
	"testing"

	"upset/models/train/data"
)

// Reals are what Rows has written, to half a code.
func TestRealsReadRows(t *testing.T) {
	x := [][]float64{{0, 0.5, 1}, {0.0625, 0.3, 0.9}}
	b := Rows(x, Fine)
	for i, row := range Reals([][]byte{b[:3], b[3:]}, Fine) {
		for k, v := range row {
			if math.Abs(v-x[i][k]) > 0.5/240 {
				t.Errorf("pixel %d of row %d: %v, want %v", k, i, v, x[i][k])
			}
		}
	}
	if got := Reals([][]byte{{0x80, 0x90, 0}}, Pixel); !slices.Equal(got[0], []float64{0, 1, 8}) {
		t.Errorf("codes −128, −112 and 0: %v", got)
	}
}

// Mislabel changes its share of the labels, each to another class, all of them alike.
func TestMislabel(t *testing.T) {
	const n = 6000
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i % Classes
	}
	Mislabel(labels, 0.3, data.Rand(1, 0))
	var by [Classes]float64 // how far a class has moved
	for i, l := range labels {
		by[(l-i%Classes+Classes)%Classes]++
	}
	if share := by[0] / n; math.Abs(share-0.7) > 4*math.Sqrt(0.21/n) {
		t.Errorf("%v stay", share)
	}
	for k, v := range by[1:] {
		if want := 0.3 * n / 9; math.Abs(v-want) > 5*math.Sqrt(want) {
			t.Errorf("%v move by %d, want %v", v, k+1, want)
		}
	}
	Mislabel(labels[:100], 0, data.Rand(2, 0))
	before := slices.Clone(labels[:100])
	Mislabel(labels[:100], 1, data.Rand(3, 0))
	for i, l := range labels[:100] {
		if l == before[i] || l < 0 || l >= Classes {
			t.Errorf("label %d is %d, was %d", i, l, before[i])
		}
	}
}
