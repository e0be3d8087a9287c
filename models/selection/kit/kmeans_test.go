package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestKMeansFindsGroups(t *testing.T) {
	for seed := range uint64(20) {
		centres, cluster := KMeans(line(0, 0.1, 0.2, 10, 10.1, 10.2), 2, 50, rand.New(rand.NewPCG(seed, 0)))
		low, high := cluster[0], cluster[3]
		if low == high || !slices.Equal(cluster, []int{low, low, low, high, high, high}) {
			t.Fatalf("seed %d: clusters %v", seed, cluster)
		}
		if math.Abs(centres[low][0]-0.1) > 1e-9 || math.Abs(centres[high][0]-10.1) > 1e-9 {
			t.Fatalf("seed %d: centres %v", seed, centres)
		}
	}
}

// TestKMeansEdges covers fewer distinct rows than centres, and nothing at all.
func TestKMeansEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	if centres, cluster := KMeans(line(3, 3, 3), 2, 10, rng); len(centres) != 1 || !slices.Equal(cluster, []int{0, 0, 0}) {
		t.Errorf("equal rows: %v, %v", centres, cluster)
	}
	if centres, cluster := KMeans(nil, 2, 10, rng); len(centres) != 0 || len(cluster) != 0 {
		t.Errorf("no rows: %v, %v", centres, cluster)
	}
	rows := cloud(40, 3, rng)
	centres, cluster := KMeans(rows, 5, 100, rng)
	for i, x := range rows {
		if cluster[i] != Nearest(x, centres) {
			t.Errorf("row %d is in cluster %d, not in that of the nearest centre", i, cluster[i])
		}
	}
}
