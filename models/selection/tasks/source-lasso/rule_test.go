package lasso

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// Samples without noise give the basis and the heads back, and nothing is missed.
func TestFit(t *testing.T) {
	w := newWorld(4)
	m := w.sample(slices.Repeat([]int{60}, sources), data.Rand(4, ofExplored))
	for k := range m.cross { // labels without noise
		var theta mat.VecDense
		theta.MulVec(w.basis.T(), w.heads.RowView(k))
		m.cross[k].MulVec(m.gram[k], &theta)
	}
	basis, heads := m.fit()
	if got := w.missed(basis); got > 1e-5 {
		t.Errorf("missed %v", got)
	}
	var want, got mat.Dense
	want.Mul(w.heads, w.basis)
	got.Mul(heads, basis)
	if !mat.EqualApprox(&want, &got, 1e-2) {
		t.Error("the heads on the basis are other ones")
	}
}

func TestMissed(t *testing.T) {
	w := newWorld(5)
	if got := w.missed(w.basis); got > 1e-12 {
		t.Errorf("the basis itself misses %v", got)
	}
	// A basis without the target's direction misses all of it.
	var theta mat.VecDense
	theta.MulVec(w.basis.T(), w.target)
	other := mat.NewDense(hidden+1, seen, nil)
	other.SetRow(0, theta.RawVector().Data)
	rng := data.Rand(1, 0)
	for i := range hidden {
		for j := range seen {
			other.Set(i+1, j, rng.NormFloat64())
		}
	}
	without := kit.Orthonormal(other).Slice(1, hidden+1, 0, seen)
	if got := w.missed(mat.DenseCopyOf(without)); math.Abs(got-1) > 1e-9 {
		t.Errorf("a basis at right angles misses %v", got)
	}
}

// One source that is the target leaves the least; a source at right angles all.
func TestBound(t *testing.T) {
	w := &world{heads: mat.NewDense(sources, hidden, nil), target: mat.NewVecDense(hidden, []float64{1, 0, 0, 0})}
	for k := range sources {
		w.heads.Set(k, k%hidden, 1)
	}
	n := make([]float64, sources)
	for k := range hidden {
		n[k] = 1
	}
	if got := w.bound(n); math.Abs(got-1) > 1e-12 {
		t.Errorf("bound %v", got)
	}
	n[0] = 4
	if got := w.bound(n); math.Abs(got-0.25) > 1e-12 {
		t.Errorf("four samples: bound %v", got)
	}
	n[0] = 0
	if got := w.bound(n); !math.IsInf(got, 1) {
		t.Errorf("no samples: bound %v", got)
	}
}

func TestDeal(t *testing.T) {
	if got := deal([]float64{1, 2, 0}); !slices.Equal(got, []float64{33, 67, 0}) {
		t.Errorf("%v", got)
	}
	if got := deal([]float64{0, 0, 0}); !slices.Equal(got, []float64{34, 33, 33}) {
		t.Errorf("nothing to go by: %v", got)
	}
	if got := samples(alike()); total(got) != budget {
		t.Errorf("%v samples of %d", total(got), budget)
	}
}

func total(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

// Labels that are the sum of two sources give these two weights alone.
func TestDecide(t *testing.T) {
	r, rng := &chooser{world: newWorld(1), seed: 1}, data.Rand(2, 0)
	r.world.target.AddScaledVec(r.world.heads.RowView(3), -0.5, r.world.heads.RowView(17))
	table := selection.Table{Scale: labelMost / 32767.0, Width: sources, Wide: true}
	for range labelled {
		row := make([]float64, sources)
		for k := range row {
			row[k] = rng.NormFloat64()
		}
		r.labels = append(r.labels, 2*row[3]-row[17])
		table.Data = append(table.Data, labelForm.Bytes(row...)...)
	}
	o, err := r.Decide(selection.FromTables(table))
	if err != nil {
		t.Fatal(err)
	}
	if o.Values[3] < 64 || o.Values[17] < 30 || o.Values[3]+o.Values[17] != batches {
		t.Errorf("batches %v", o.Values)
	}
	if share, err := r.explained(&table); err != nil || share < 0.99 {
		t.Errorf("explained %v, error %v", share, err)
	}
	if got := r.Consequence(nil, o, o); got != 0 {
		t.Errorf("no change: consequence %v", got)
	}
	same := selection.Outcome{Metric: selection.Weights, Values: alike()}
	if got := r.Consequence(nil, o, same); got != 1 {
		t.Errorf("all sources alike: consequence %v", got)
	}
}
