package sparse

import (
	"math"
	"math/rand/v2"
	"testing"
	"upset/models/selection"
	"upset/models/selection/kit"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// TestSparseSimilarity takes minima and maxima apart as the network does and
// compares with the index itself.
func TestSparseSimilarity(t *testing.T) {
	r := &sparse{prototype: make([]float64, sparseUnits)}
	row, masked := make([]float64, 2*sparseUnits), make([]float64, sparseUnits)
	for u := range sparseUnits {
		r.prototype[u] = float64(u%5) / 4
		r.total += r.prototype[u]
		row[u] = float64(u*7%31) / 10
		row[sparseUnits+u] = max(0, row[u]-r.prototype[u])
	}
	for _, u := range kit.TopK(row[:sparseUnits], sparseActive) {
		masked[u] = row[u]
	}
	if got, want := r.similarity(row), kit.Overlap(masked, r.prototype); !near(got, want) || want == 0 {
		t.Errorf("similarity %v, want %v", got, want)
	}
}

// TestSparseFragility finds that every bit matters where all rows but the
// selected ones tie with them, and none where the similarity is constant.
func TestSparseFragility(t *testing.T) {
	table := selection.Table{Scale: 1, Width: 1, Data: make([]byte, 2*sparseBudget)}
	rng := rand.New(rand.NewPCG(5, 0))
	got, err := fragility(&table, func(row []float64) float64 { return 1 }, rng)
	if err != nil || got != 0 {
		t.Errorf("constant: %v, error %v", got, err)
	}
	// Bits 0 to 6 raise the score, which matters in the lower half; the sign bit
	// lowers it, which matters in the upper half.
	got, err = fragility(&table, func(row []float64) float64 { return row[0] }, rng)
	if err != nil || math.Abs(got-0.5) > 0.05 {
		t.Errorf("identity: %v, error %v", got, err)
	}
}
