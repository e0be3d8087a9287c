package kit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMeans(t *testing.T) {
	v := []float64{1, 2, 6}
	if Mean(v) != 3 || MeanAt(v, []int{0, 2}) != 3.5 || Mean(nil) != 0 || MeanAt(v, nil) != 0 {
		t.Errorf("means %v, %v, %v, %v", Mean(v), MeanAt(v, []int{0, 2}), Mean(nil), MeanAt(v, nil))
	}
	if got := Every(3); !slices.Equal(got, []int{0, 1, 2}) || len(Every(0)) != 0 {
		t.Errorf("numbers below three: %v", got)
	}
	even := func(i int) bool { return i%2 == 0 }
	if Share(Every(5), even) != 0.6 || Share(nil, even) != 0 {
		t.Errorf("shares %v and %v", Share(Every(5), even), Share(nil, even))
	}
}

func TestLogistic(t *testing.T) {
	for z, want := range map[float64]float64{0: 0.5, math.Log(3): 0.75, -math.Log(3): 0.25, 1000: 1, -1000: 0} {
		if got := Logistic(z); math.Abs(got-want) > 1e-12 {
			t.Errorf("logistic of %v: %v, want %v", z, got, want)
		}
	}
	// Of two logits, softmax is the logistic function of their difference.
	if got, want := Softmax([]float64{2, 0.5})[0], Logistic(1.5); math.Abs(got-want) > 1e-12 {
		t.Errorf("softmax %v, logistic %v", got, want)
	}
	if len(Softmax(nil)) != 0 {
		t.Error("probabilities of nothing")
	}
}

func TestRegretOfOddValues(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ golden, faulty, random, want float64 }{
		{2, 2, 1, 0}, {2, 1, 1, 1}, {2, 0, 1, 2}, {2, 3, 1, -1}, {2, math.NaN(), 1, 1}, {1, 0.5, 1, 1}, {1, 1, 1, 0}, {1, 2, 3, 0}, {2, -inf, 1, inf},
	} {
		if got := Regret(c.golden, c.faulty, c.random); got != c.want {
			t.Errorf("golden %v, faulty %v, random %v: %v, want %v", c.golden, c.faulty, c.random, got, c.want)
		}
	}
}

// Draws of a graph belong to samples, nodes and edges, and one generator gives the same
// ones twice.
func TestDraws(t *testing.T) {
	draw := func() [][][]float64 { return Draws(3, 4, 5, rand.New(rand.NewPCG(1, 1))) }
	a, b := draw(), draw()
	if len(a) != 3 || len(a[0]) != 4 || len(a[0][0]) != 5 {
		t.Fatalf("%d samples of %d nodes of %d edges", len(a), len(a[0]), len(a[0][0]))
	}
	seen := map[float64]bool{}
	for s := range a {
		for i := range a[s] {
			if !slices.Equal(a[s][i], b[s][i]) {
				t.Fatal("two draws differ")
			}
			for _, v := range a[s][i] {
				seen[v] = true
				if v < 0 || v >= 1 {
					t.Errorf("draw %v", v)
				}
			}
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d different draws of 60", len(seen))
	}
}

// The lazy search of a spread and of a facility picks what the plain one does, also where
// codes are so coarse that many gains tie.
func TestLazyGreedyOnTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for round := range 20 {
		similarity := make([][]float64, 14)
		for i := range similarity {
			for range similarity {
				similarity[i] = append(similarity[i], float64(rng.IntN(3)))
			}
		}
		a, gains := Greedy(NewFacility(similarity), 14, 6)
		b, _ := LazyGreedy(NewFacility(similarity), 14, 6)
		if !slices.Equal(a, b) {
			t.Fatalf("round %d: %v and %v", round, a, b)
		}
		sum := 0.0
		for k, v := range gains {
			if sum += v; k > 0 && v > gains[k-1] {
				t.Fatalf("round %d: gains %v do not fall", round, gains)
			}
		}
		if got := NewFacility(similarity).Value(a); math.Abs(got-sum) > 1e-9 {
			t.Fatalf("round %d: gains sum to %v, the set is worth %v", round, sum, got)
		}
	}
}

// Rows that take turns do not depend on the order of targets' first choices alone: each
// target gets its best of what is left.
func TestRoundRobinTakesTurns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	similarity := make([][]float64, 12)
	for i := range similarity {
		similarity[i] = []float64{rng.Float64(), rng.Float64(), rng.Float64()}
	}
	taken := RoundRobin(similarity, 20)
	if len(taken) != 12 {
		t.Fatalf("%d of 12 candidates taken", len(taken))
	}
	for k, i := range taken {
		for _, j := range taken[k+1:] {
			if similarity[j][k%3] > similarity[i][k%3] {
				t.Errorf("turn %d takes %d though %d is more similar", k, i, j)
			}
		}
	}
}

func TestNormsAndDistances(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 20 {
		a, b := make([]float64, 5), make([]float64, 5)
		for i := range a {
			a[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
		}
		d := Distance(a, b)
		if math.Abs(d*d-SquaredDistance(a, b)) > 1e-12 {
			t.Errorf("distance %v, its square %v", d, SquaredDistance(a, b))
		}
		// |a−b|² = |a|² + |b|² − 2·|a|·|b|·cos.
		if want := Norm(a)*Norm(a) + Norm(b)*Norm(b) - 2*Norm(a)*Norm(b)*Cosine(a, b); math.Abs(d*d-want) > 1e-9 {
			t.Errorf("distance %v, by the cosine %v", d*d, want)
		}
		if m := Cosines([][]float64{a, b}); math.Abs(m[0][0]-1) > 1e-12 || m[0][1] != m[1][0] || math.Abs(m[0][1]-Cosine(a, b)) > 1e-15 {
			t.Errorf("cosines %v", m)
		}
	}
}

func TestProduct(t *testing.T) {
	if got := Product([]float64{1, 2, 3, 4, 5, 6}, []float64{1, 0, -1}); !slices.Equal(got, []float64{-2, -2}) {
		t.Errorf("product %v", got)
	}
	if got := Product(nil, []float64{1}); len(got) != 0 {
		t.Errorf("product of no rows %v", got)
	}
}
