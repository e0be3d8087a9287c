package kit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSinkhornMeetsTheExactTransport compares a small blur with an assignment.
func TestSinkhornMeetsTheExactTransport(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	const rows, columns = 4, 8
	for range 20 {
		cost := make([][]float64, rows)
		for i := range cost {
			for range columns {
				cost[i] = append(cost[i], rng.Float64())
			}
		}
		exact, err := Assign(cost, []int{2, 2, 2, 2})
		if err != nil {
			t.Fatal(err)
		}
		a, b := uniform(rows), uniform(columns)
		got, err := Sinkhorn(cost, a, b, 0.005, 2000)
		if err != nil {
			t.Fatal(err)
		}
		want := exact.Cost / columns
		if got.Cost < want-got.Error-1e-9 || got.Cost > want+0.02 {
			t.Errorf("cost %v, exactly %v", got.Cost, want)
		}
	}
}

func uniform(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	return w
}

func TestSinkhornByHand(t *testing.T) {
	// One row must send everything: half at 1, half at 3.
	got, err := Sinkhorn([][]float64{{1, 3}}, []float64{1}, []float64{0.5, 0.5}, 0.1, 50)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Cost-2) > 1e-9 || got.Error > 1e-9 {
		t.Errorf("cost %v, error %v", got.Cost, got.Error)
	}
	// A row far away has a higher potential than one on the spot.
	got, err = Sinkhorn([][]float64{{0, 1}, {1, 0}, {3, 3}}, uniform(3), uniform(2), 0.05, 500)
	if err != nil {
		t.Fatal(err)
	}
	if got.F[2] <= got.F[0] || math.Abs(got.F[0]-got.F[1]) > 1e-6 {
		t.Errorf("potentials %v", got.F)
	}
}

// TestSinkhornOfEmptyWeights keeps finite costs where a weight is zero.
func TestSinkhornOfEmptyWeights(t *testing.T) {
	got, err := Sinkhorn([][]float64{{1, 9}, {9, 1}}, []float64{1, 0}, []float64{1, 0}, 0.1, 50)
	if err != nil || math.Abs(got.Cost-1) > 1e-9 {
		t.Errorf("%+v, error %v", got, err)
	}
}

func TestSinkhornRefuses(t *testing.T) {
	one := []float64{1}
	for name, f := range map[string]func() (*Transport, error){
		"nothing": func() (*Transport, error) { return Sinkhorn(nil, nil, one, 1, 1) },
		"ragged":  func() (*Transport, error) { return Sinkhorn([][]float64{{1, 2}}, one, one, 1, 1) },
		"blur":    func() (*Transport, error) { return Sinkhorn([][]float64{{1}}, one, one, 0, 1) },
		"rounds":  func() (*Transport, error) { return Sinkhorn([][]float64{{1}}, one, one, 1, 0) },
		"weights": func() (*Transport, error) { return Sinkhorn([][]float64{{1}}, []float64{1, 2}, one, 1, 1) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
