package sparse

import (
	"math"
	"math/rand/v2"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
)

// features are random hidden units.
func features(n int) [][]float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	list := make([][]float64, n)
	for i := range list {
		for range digits.Hidden {
			list[i] = append(list[i], max(0, rng.NormFloat64()))
		}
	}
	return list
}

// A code has at most so many units that are not zero, none below it, and they are the
// largest ones.
func TestEncodeIsSparse(t *testing.T) {
	x := features(30)
	a := newAutoencoder(x, rand.New(rand.NewPCG(2, 2)))
	for i, h := range x {
		z, whole := a.encode(h), make([]float64, sparseUnits)
		for u := range whole {
			whole[u] = a.be.Value[u]
			for j, v := range h {
				whole[u] += a.we.Value[u*digits.Hidden+j] * (v - a.b.Value[j])
			}
		}
		active, least, most := 0, math.Inf(1), 0.0
		for u, v := range z {
			switch {
			case v < 0:
				t.Fatalf("sample %d: unit %d is %v", i, u, v)
			case v > 0:
				active, least = active+1, min(least, v)
				if math.Abs(v-whole[u]) > 1e-9 {
					t.Fatalf("sample %d: unit %d is %v, want %v", i, u, v, whole[u])
				}
			default:
				most = max(most, whole[u])
			}
		}
		if active > sparseActive || active == sparseActive && most > least+1e-9 {
			t.Fatalf("sample %d: %d units; the least of them %v, the most of the others %v", i, active, least, most)
		}
	}
}

// Directions start, and stay after a normalisation, at unit length; the offset is the mean.
func TestNewAutoencoder(t *testing.T) {
	x := features(50)
	a := newAutoencoder(x, rand.New(rand.NewPCG(3, 3)))
	for j := range digits.Hidden {
		mean := 0.0
		for _, h := range x {
			mean += h[j] / 50
		}
		if math.Abs(a.b.Value[j]-mean) > 1e-9 {
			t.Errorf("offset %d is %v, the mean %v", j, a.b.Value[j], mean)
		}
	}
	for i := range a.wd.Value {
		a.wd.Value[i] *= 3
	}
	a.normalise()
	for u := range sparseUnits {
		d := a.wd.Value[u*digits.Hidden : (u+1)*digits.Hidden]
		if math.Abs(kit.Norm(d)-1) > 1e-9 {
			t.Errorf("direction %d has the length %v", u, kit.Norm(d))
		}
		if c := kit.Cosine(d, a.we.Value[u*digits.Hidden:(u+1)*digits.Hidden]); math.Abs(c-1) > 1e-9 {
			t.Errorf("direction %d differs from the half that reads: cosine %v", u, c)
		}
	}
}

func TestCentroid(t *testing.T) {
	got := centroid([][]float64{{1, 2}, {9, 9}, {3, 6}}, []int{0, 2})
	if got[0] != 2 || got[1] != 4 {
		t.Errorf("centroid %v", got)
	}
	if got := centroid([][]float64{{1, 2}}, nil); got[0] != 0 || got[1] != 0 {
		t.Errorf("centroid of nothing %v", got)
	}
}

// A choice that looks at one number is fragile where that number decides, and a table of
// equal rows changes with every bit that lifts one.
func TestFragilityBounds(t *testing.T) {
	table := selection.Table{Scale: 1, Width: 4, Data: make([]byte, 4*60)}
	share, err := fragility(&table, func(row []float64) float64 { return row[0] }, rand.New(rand.NewPCG(4, 4)))
	if err != nil || share <= 0 || share > 0.25 {
		t.Errorf("one number of four decides: share %v, error %v", share, err)
	}
	all, err := fragility(&table, func(row []float64) float64 { return row[0] + row[1] + row[2] + row[3] }, rand.New(rand.NewPCG(4, 4)))
	if err != nil || all < 2*share {
		t.Errorf("all numbers decide: share %v after %v, error %v", all, share, err)
	}
	for _, b := range table.Data {
		if b != 0 {
			t.Fatal("the scores were changed")
		}
	}
}
