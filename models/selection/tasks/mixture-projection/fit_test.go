package mixture

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/train/data"
)

// solved is x of a·x = b by elimination, on copies.
func solved(a [][]float64, b []float64) []float64 {
	n := len(b)
	m := make([][]float64, n)
	for i := range m {
		m[i] = append(slices.Clone(a[i]), b[i])
	}
	for k := range n {
		for i := range n {
			if i == k {
				continue
			}
			f := m[i][k] / m[k][k]
			for j := range m[i] {
				m[i][j] -= f * m[k][j]
			}
		}
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = m[i][n] / m[i][i]
	}
	return x
}

// random gives a number for each mixture.
func random(seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	list := make([]float64, len(grid()))
	for k := range list {
		list[k] = rng.Float64()
	}
	return list
}

// The fit is that of the normal equations of transport and shares over the pilots, and
// nothing that is not a pilot counts.
func TestFitSolvesTheNormalEquations(t *testing.T) {
	r := &projection{mixtures: grid()}
	distance, errors := random(1), random(2)
	a, b := make([][]float64, 4), make([]float64, 4)
	for i := range a {
		a[i] = make([]float64, 4)
		a[i][i] = ridge
	}
	pilots := 0
	for k, p := range r.mixtures {
		if k%7 != 0 {
			continue
		}
		pilots++
		x := []float64{distance[k], p[0], p[1], p[2]}
		for i := range x {
			b[i] += x[i] * errors[k]
			for j := range x {
				a[i][j] += x[i] * x[j]
			}
		}
	}
	w := solved(a, b)
	got := r.fit(distance, errors)
	for k, p := range r.mixtures {
		if want := w[0]*distance[k] + w[1]*p[0] + w[2]*p[1] + w[3]*p[2]; math.Abs(got[k]-want) > 1e-9 {
			t.Fatalf("mixture %d of %d pilots' fit: %v, want %v", k, pilots, got[k], want)
		}
	}
	other := slices.Clone(errors)
	other[3] += 5 // no pilot
	if !slices.Equal(r.fit(distance, other), got) {
		t.Error("the error of a mixture that was not tried changes the fit")
	}
	other[7] += 5
	if slices.Equal(r.fit(distance, other), got) {
		t.Error("the error of a pilot does not change the fit")
	}
}

// What is foretold at the last size lies on the line through both pilots over the
// logarithm of the size.
func TestForetoldIsLogLinear(t *testing.T) {
	r := &projection{mixtures: grid()}
	for k := range r.errors {
		r.errors[k] = random(uint64(3 + k))
	}
	distance := random(9)
	small, large := r.fit(distance, r.errors[0]), r.fit(distance, r.errors[1])
	for k, got := range r.foretold(distance) {
		slope := (large[k] - small[k]) / math.Log(120.0/60)
		if want := small[k] + slope*math.Log(180.0/60); math.Abs(got-want) > 1e-9 {
			t.Fatalf("mixture %d: %v, want %v", k, got, want)
		}
	}
	r.errors[2] = random(17) // the errors that judge are not known to the rule
	if again := r.foretold(distance); math.Abs(again[4]-(small[4]+(large[4]-small[4])*math.Log(3)/math.Log(2))) > 1e-9 {
		t.Error("measured errors of the last size change what is foretold")
	}
}

// placed are features of sources at places of a line and of a target at 0.
func placed(at [sources]float64) [][]float64 {
	var list [][]float64
	for s := range sources {
		for range revealed {
			list = append(list, []float64{at[s], 1})
		}
	}
	for range wanted {
		list = append(list, []float64{0, 1})
	}
	return list
}

// Where all samples of a source lie at one place and the target at another, there is
// nothing to choose: the cost is Σ p·d² over the mean of d².
func TestDistancesByHand(t *testing.T) {
	r := &projection{mixtures: grid()}
	list, err := r.distances(placed([sources]float64{1, 2, 4}))
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range r.mixtures {
		if want := (p[0] + 4*p[1] + 16*p[2]) / 7; math.Abs(list[k]-want) > 1e-6 {
			t.Fatalf("mixture %v: distance %v, want %v", p, list[k], want)
		}
	}
}

// Distances know no unit, no origin and no order of the samples.
func TestDistancesAreInvariant(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	r := &projection{mixtures: grid()[:6]}
	var x, scaled, moved, shuffled [][]float64
	for range sources*revealed + wanted {
		v := []float64{10 * rng.NormFloat64(), 10 * rng.NormFloat64()}
		x = append(x, v)
		scaled, moved = append(scaled, []float64{3 * v[0], 3 * v[1]}), append(moved, []float64{v[0] - 7, v[1] + 2})
	}
	for s := range sources {
		for _, i := range rng.Perm(revealed) {
			shuffled = append(shuffled, x[s*revealed+i])
		}
	}
	for _, j := range rng.Perm(wanted) {
		shuffled = append(shuffled, x[sources*revealed+j])
	}
	want, err := r.distances(x)
	if err != nil {
		t.Fatal(err)
	}
	for name, features := range map[string][][]float64{"scaled": scaled, "moved": moved, "shuffled": shuffled} {
		got, err := r.distances(features)
		if err != nil {
			t.Fatal(err)
		}
		for k := range want {
			if math.Abs(got[k]-want[k]) > 1e-6 {
				t.Errorf("%s, mixture %d: %v, was %v", name, k, got[k], want[k])
			}
		}
	}
}

// A mixture has its shares of each source, and no sample twice.
func TestMixed(t *testing.T) {
	var parts []*data.Samples
	for s := range sources {
		part := &data.Samples{}
		for i := range perPart {
			part.X, part.Labels = append(part.X, []float64{float64(1000*s + i)}), append(part.Labels, s)
		}
		parts = append(parts, part)
	}
	out := mixed(parts, []float64{3.0 / 12, 4.0 / 12, 5.0 / 12}, 60, data.Rand(1, 0))
	var count [sources]int
	seen := map[float64]bool{}
	for i, x := range out.X {
		if int(x[0])/1000 != out.Labels[i] || seen[x[0]] {
			t.Fatalf("sample %v with label %d, seen before: %v", x[0], out.Labels[i], seen[x[0]])
		}
		seen[x[0]] = true
		count[out.Labels[i]]++
	}
	if count != [sources]int{15, 20, 25} {
		t.Errorf("%v samples of the sources", count)
	}
}

// Classifiers learn what labels say: right ones give no error where the classes are apart,
// those of the next class nothing but errors.
func TestWrong(t *testing.T) {
	known, turned, test := &data.Samples{}, &data.Samples{}, &data.Samples{}
	for i := range 60 {
		x := make([]float64, data.DigitsSize)
		x[i%3] = 1
		known.X, known.Labels = append(known.X, x), append(known.Labels, i%3)
		turned.X, turned.Labels = append(turned.X, x), append(turned.Labels, (i+1)%3)
		test.X, test.Labels = append(test.X, x), append(test.Labels, i%3)
	}
	if got := wrong(known, test, data.Rand(1, 0)); got != 0 {
		t.Errorf("right labels: error %v", got)
	}
	if got := wrong(turned, test, data.Rand(1, 0)); got != 1 {
		t.Errorf("labels of the next class: error %v", got)
	}
}
