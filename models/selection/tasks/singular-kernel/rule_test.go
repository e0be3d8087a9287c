package kernel

import (
	"math"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/selection/scoretest"
	"upset/models/train/data"
)

func TestVote(t *testing.T) {
	r := &vote{truth: []int{3, 4, 5}}
	golden := scoretest.Decide(t, r, scoretest.Labels(3, 4, 6))
	if !slices.Equal(golden.Items, []int{3, 4, 6}) {
		t.Fatalf("classes %v", golden.Items)
	}
	if got := r.right(func(i int) int { return golden.Items[i] }); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("right %v", got)
	}
	for labels, want := range map[[3]int]float64{{3, 4, 7}: 0, {3, 4, 5}: 0, {1, 4, 6}: 1} {
		if got := r.Consequence(nil, golden, selection.Outcome{Items: labels[:]}); got != want {
			t.Errorf("classes %v: consequence %v", labels, got)
		}
	}
}

// memoryOf draws prototypes of unit length.
func memoryOf(t *testing.T) (*memory, *data.Samples) {
	t.Helper()
	all, err := digits.Shuffled(data.Rand(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all.X {
		all.X[i] = normal(all.X[i])
	}
	m := &memory{x: all.X[:40], labels: all.Labels[:40]}
	rest := digits.Part(all, 40, 60)
	m.calibrate(rest.X)
	return m, rest
}

// TestDistances compares the layer with the distances.
func TestDistances(t *testing.T) {
	m, rest := memoryOf(t)
	model, err := m.nearest()
	if err != nil {
		t.Fatal(err)
	}
	scores, err := digits.Scores(model, rest.X, unit)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range scores {
		for j, got := range row {
			if want := kit.SquaredDistance(rest.X[i], m.x[j]); math.Abs(got-want) > 0.05 {
				t.Fatalf("row %d, prototype %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

// TestVotes compares the votes of the integer network with the power law.
func TestVotes(t *testing.T) {
	m, rest := memoryOf(t)
	for _, alpha := range []int{1, 2, 4} {
		model, err := m.votes(alpha)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := digits.Scores(model, rest.X, unit)
		if err != nil {
			t.Fatal(err)
		}
		same := 0
		for i, row := range scores {
			want := make([]float64, digits.Classes)
			for j, l := range m.labels {
				want[l] += math.Pow(min(m.inverse, 1/kit.Distance(rest.X[i], m.x[j])), float64(alpha))
			}
			if kit.Argmax(row) == kit.Argmax(want) {
				same++
			}
		}
		if same < 54 {
			t.Errorf("exponent %d: %d of 60 rows get the class of the power law", alpha, same)
		}
	}
}

func TestNormal(t *testing.T) {
	if got := normal([]float64{3, 4}); math.Abs(got[0]-0.6) > 1e-12 || math.Abs(got[1]-0.8) > 1e-12 {
		t.Errorf("%v", got)
	}
}
