package target

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection"
	"upset/models/selection/digits"
	"upset/models/selection/scoretest"
)

// pool is a rule with candidates and targets of classes in turn, and scores that say
// something about the class in their hidden units.
func pool(candidates int) (*target, selection.Table) {
	rng := rand.New(rand.NewPCG(3, 3))
	r := &target{projection: project(1)}
	var rows [][]int
	for i := range candidates + targetRows {
		class := i % digits.Classes
		if i >= candidates {
			class = targetRare
			if i >= candidates+targetFew {
				class = targetCommon
			}
		}
		r.truth = append(r.truth, class)
		row := make([]int, digits.Hidden+digits.Classes)
		for j := range row {
			row[j] = rng.IntN(9)
		}
		for j := range 3 {
			row[3*class+j] += 40
		}
		row[digits.Hidden+class] += 10
		rows = append(rows, row)
	}
	return r, scoretest.Table(0.05, digits.Hidden+digits.Classes, rows...)
}

// A projection that picks one weight gives the gradient by that weight: what the class
// misses times the hidden unit.
func TestGradientsByHand(t *testing.T) {
	r, scores := pool(20)
	r.projection = make([][]float64, targetFeature)
	for k := range r.projection {
		r.projection[k] = make([]float64, digits.Hidden*digits.Classes)
		r.projection[k][k%digits.Classes*digits.Hidden+k] = 2
	}
	for i, f := range r.gradients(&scores) {
		hidden, miss := digits.Taps(&scores, i, r.truth[i])
		for k, v := range f {
			if want := 2 * miss[k%digits.Classes] * hidden[k]; math.Abs(v-want) > 1e-12 {
				t.Fatalf("row %d, feature %d: %v, want %v", i, k, v, want)
			}
		}
	}
}

func TestProjectRepeats(t *testing.T) {
	a, b, other := project(5), project(5), project(6)
	if len(a) != targetFeature || len(a[0]) != digits.Hidden*digits.Classes {
		t.Fatalf("%d features of %d weights", len(a), len(a[0]))
	}
	for k := range a {
		if !slices.Equal(a[k], b[k]) || slices.Equal(a[k], other[k]) {
			t.Fatalf("feature %d: the same seed must give the same weights, another one others", k)
		}
	}
}

// Distances lie on the sphere: none for a direction, √2 for a right angle, 2 for the
// opposite; the length of a vector does not matter.
func TestDistances(t *testing.T) {
	features := [][]float64{{3, 0}, {0, 0.5}, {-2, 0}, {1, 1}}
	for range targetRows {
		features = append(features, []float64{7, 0})
	}
	d := distances(cosines(features))
	for i, want := range []float64{0, math.Sqrt2, 2, math.Sqrt(2 - math.Sqrt2)} {
		for j := range targetRows {
			if !near(d[i][j], want) {
				t.Errorf("candidate %d: distance %v, want %v", i, d[i][j], want)
			}
		}
	}
	if len(d) != 4 {
		t.Errorf("%d candidates", len(d))
	}
}

// After whitening the candidates have no correlations, and targets are mapped alike.
func TestWhiten(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var features [][]float64
	for range 2000 + targetRows {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		features = append(features, []float64{5*a + b, 3*a + 4*b})
	}
	features[2000] = features[7]
	out, err := whiten(features)
	if err != nil {
		t.Fatal(err)
	}
	var first, second, both float64
	for _, v := range out[:2000] {
		first, second, both = first+v[0]*v[0]/2000, second+v[1]*v[1]/2000, both+v[0]*v[1]/2000
	}
	// The ridge keeps the variances below one.
	if first > 1.01 || first < 0.8 || second > 1.01 || second < 0.5 || math.Abs(both) > 0.3*math.Sqrt(first*second) {
		t.Errorf("variances %v and %v, covariance %v", first, second, both)
	}
	if !slices.Equal(out[2000], out[7]) {
		t.Error("a target that is a candidate is mapped to another place")
	}
	features[3][0] = math.NaN()
	if _, err := whiten(features); err == nil {
		t.Error("a feature that is no number: no error")
	}
}

// TestDecide: the choice is of the targets' classes, in equal or better distance than any
// other, and a choice of wrong classes has a consequence.
func TestDecide(t *testing.T) {
	r, scores := pool(100)
	o := scoretest.Decide(t, r, scores)
	if len(o.Items) != targetBudget || !slices.IsSorted(o.Items) || len(slices.Compact(slices.Clone(o.Items))) != targetBudget {
		t.Fatalf("selected %v", o.Items)
	}
	for _, i := range o.Items {
		if i >= 100 {
			t.Errorf("row %d is a target", i)
		}
	}
	right := 0
	for _, i := range o.Items {
		if r.truth[i] == targetRare || r.truth[i] == targetCommon {
			right++
		}
	}
	if right < 3*targetBudget/4 {
		t.Errorf("%d of %d selected rows are of the targets' classes", right, targetBudget)
	}
	list := []selection.Table{scores}
	if got := r.Consequence(list, o, o); got != 0 {
		t.Errorf("the same selection: consequence %v", got)
	}
	var wrong []int
	for i := 0; len(wrong) < targetBudget; i++ {
		if c := r.truth[i]; c != targetRare && c != targetCommon {
			wrong = append(wrong, i)
		}
	}
	if got := r.Consequence(list, o, selection.Outcome{Metric: selection.Set, Items: wrong}); got < 0.5 {
		t.Errorf("other classes: consequence %v", got)
	}
	if got := r.rare(o.Items) + r.rare(wrong); got <= 0 || got > 1 {
		t.Errorf("share of the rare class %v", got)
	}
}

func TestSameClasses(t *testing.T) {
	r, _ := pool(100)
	rng := rand.New(rand.NewPCG(9, 9))
	items := []int{1, 11, 8, 18, 28, 5}
	seen := map[int]bool{}
	for range 20 {
		list := r.sameClasses(items, rng)
		distinct := map[int]bool{}
		for k, i := range list {
			distinct[i], seen[i] = true, true
			if r.truth[i] != r.truth[items[k]] || i >= 100 {
				t.Fatalf("row %d of class %d stands for one of class %d", i, r.truth[i], r.truth[items[k]])
			}
		}
		if len(distinct) != len(items) {
			t.Fatalf("a row is drawn twice: %v", list)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d rows are ever drawn", len(seen))
	}
}

// TestAlike: rows that are near to all targets on average.
func TestAlike(t *testing.T) {
	features := make([][]float64, 40+targetRows)
	for i := range features {
		angle := float64(i) / 40
		features[i] = []float64{math.Cos(angle), math.Sin(angle)}
		if i >= 40 {
			features[i] = []float64{1, 0}
		}
	}
	if got := alike(features); len(got) != targetBudget || got[0] != 0 || got[targetBudget-1] != targetBudget-1 {
		t.Errorf("selected %v", got)
	}
}

func TestTransportCostOfOddSelections(t *testing.T) {
	d := [][]float64{{1, 2}, {3, 4}, {5, 6}}
	if got := transportCost(d, []int{0, 1, 2}); !math.IsInf(got, 1) {
		t.Errorf("three rows for two targets: %v", got)
	}
	sum := 0.0
	for _, w := range equal(7) {
		sum += w
	}
	if !near(sum, 1) {
		t.Errorf("weights sum to %v", sum)
	}
}
