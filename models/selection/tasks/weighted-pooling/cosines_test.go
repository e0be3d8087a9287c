package pooling

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

// table is random embeddings with their similarities to some targets.
func table(rows, targets int) selection.Table {
	rng := rand.New(rand.NewPCG(1, 1))
	var list [][]int
	for range rows {
		row := make([]int, poolingDepth+targets)
		for k := range row {
			row[k] = rng.IntN(200) - 100
		}
		list = append(list, row)
	}
	return scoretest.Table(0.05, poolingDepth+targets, list...)
}

// A cosine does not depend on the length of an embedding: twice as long, with twice the
// similarity, is the same.
func TestCosinesForgetTheLength(t *testing.T) {
	r := &pooling{}
	one := table(6, 3)
	for i := range one.Data {
		one.Data[i] = byte(int8(one.Data[i]) / 2)
	}
	two := one
	two.Data = slices.Clone(one.Data)
	for i := range two.Data {
		two.Data[i] *= 2
	}
	a, b := r.cosines(&one), r.cosines(&two)
	for i := range a {
		if len(a[i]) != 3 {
			t.Fatalf("%d targets", len(a[i]))
		}
		for j := range a[i] {
			if math.Abs(a[i][j]-b[i][j]) > 1e-9 {
				t.Errorf("row %d, target %d: %v and %v", i, j, a[i][j], b[i][j])
			}
		}
	}
	zero := selection.Table{Scale: 1, Width: poolingDepth + 1, Data: make([]byte, poolingDepth+1)}
	if got := r.cosines(&zero)[0][0]; got != 0 {
		t.Errorf("an embedding of no length: %v", got)
	}
}

// Targets take rows in turn, each the one that is most similar of those left.
func TestDecideInTurn(t *testing.T) {
	scores := table(40, 4)
	r := &pooling{truth: make([]int, 40), budget: 8}
	o := scoretest.Decide(t, r, scores)
	if len(o.Items) != 8 || !slices.IsSorted(o.Items) {
		t.Fatalf("selected %v", o.Items)
	}
	cosines := r.cosines(&scores)
	for target := range 4 {
		best := 0
		for i := range cosines {
			if cosines[i][target] > cosines[best][target] {
				best = i
			}
		}
		if !slices.Contains(o.Items, best) {
			t.Errorf("row %d, the nearest to target %d, is not selected", best, target)
		}
	}
	if got := covered(cosines, o.Items); got != 1 {
		t.Errorf("covered %v", got)
	}
	if got := covered(cosines, nil); got != 0 {
		t.Errorf("covered by nothing %v", got)
	}
	list := []selection.Table{scores}
	if got := r.Consequence(list, o, o); got != 0 {
		t.Errorf("the same rows: consequence %v", got)
	}
	var each []float64
	for _, row := range cosines {
		each = append(each, -slices.Max(row))
	}
	if got := r.Consequence(list, o, selection.Outcome{Metric: selection.Set, Items: kit.TopK(each, 8)}); got < 1 {
		t.Errorf("the least similar rows: consequence %v", got)
	}
}

func TestShare(t *testing.T) {
	r := &pooling{truth: []int{7, 7, 1}, class: 7}
	if r.share([]int{0, 2}) != 0.5 || r.share(nil) != 0 {
		t.Errorf("shares %v and %v", r.share([]int{0, 2}), r.share(nil))
	}
}

// TestEncoderMean: the last node is the mean of the tokens, later ones weighing more, and
// training leaves its weights alone.
func TestEncoderMean(t *testing.T) {
	rng := data.Rand(2, 0)
	e := newEncoder(rng)
	x := make([]float64, tokenSide*tokenSide*tokenDepth)
	for i := range x {
		x[i] = rng.Float64()
	}
	e.g.Forward(x)
	n := tokenSide * tokenSide
	hidden, mean := slices.Clone(e.g.Value(e.layer[1])), e.g.Value(e.mean)
	for k := range poolingDepth {
		want := 0.0
		for i := range n {
			want += hidden[i*poolingDepth+k] * float64(i+1) / float64(n*(n+1)/2)
		}
		if math.Abs(mean[k]-want) > 1e-12 {
			t.Errorf("number %d: %v, want %v", k, mean[k], want)
		}
	}
}
