package cover

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

func TestShuffled(t *testing.T) {
	a, err := shuffled(data.Rand(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	b, err := shuffled(data.Rand(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.X) != 1797 || slices.Equal(a.Labels, b.Labels) {
		t.Errorf("%d digits; two seeds give one order", len(a.X))
	}
	for _, x := range a.X {
		for k, v := range x {
			// The input quantisation has a code for every level.
			if code := int(int8(nets.Row(x, input)[k])); code != int(math.Round(v*levels))*15-128 {
				t.Fatalf("pixel %v has code %d", v, code)
			}
		}
	}
	if p := part(a, 5, 3); len(p.X) != 3 || p.Labels[0] != a.Labels[5] {
		t.Errorf("part: %d samples", len(p.X))
	}
}

// TestEncoder trains on points of a plane in six dimensions, of which two numbers
// keep all: other points of the plane keep their distances in order.
func TestEncoder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	var plane [2][6]float64
	for k := range plane {
		for j := range plane[k] {
			plane[k][j] = rng.NormFloat64()
		}
	}
	draw := func() []float64 {
		x := make([]float64, 6)
		a, b := rng.NormFloat64(), rng.NormFloat64()
		for j := range x {
			x[j] = a*plane[0][j] + b*plane[1][j]
		}
		return x
	}
	var known [][]float64
	for range 200 {
		known = append(known, draw())
	}
	g := encoder(known, 12, 2, 60, rng)
	var points, codes [][]float64
	for range 60 {
		x := draw()
		points, codes = append(points, x), append(codes, slices.Clone(g.Forward(x)))
	}
	var far, apart []float64
	for i := range points {
		for j := range i {
			far, apart = append(far, kit.SquaredDistance(points[i], points[j])), append(apart, kit.SquaredDistance(codes[i], codes[j]))
		}
	}
	if r := kit.Spearman(far, apart); r < 0.8 {
		t.Errorf("rank correlation of the distances of points and codes: %v", r)
	}
}

func TestSpoil(t *testing.T) {
	s := &data.Samples{}
	for i := range 10 {
		s.X, s.Labels = append(s.X, []float64{1, 2, 3}), append(s.Labels, 20+i)
	}
	marks := spoil(s, []int{2, 0, 1}, data.Rand(1, 0))
	if !slices.Equal(marks, []int{1, 0, 0, 0, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("marks %v", marks)
	}
	for i, m := range marks {
		want := []float64{1, 2, 3}
		if m == 1 {
			want = []float64{3, 1, 2}
		}
		if !slices.Equal(s.X[i], want) || (m == 1) != (s.Labels[i] < 10) {
			t.Errorf("sample %d: %v of class %d", i, s.X[i], s.Labels[i])
		}
	}
}

// TestAssigner finds the nearest centre by the largest output.
func TestAssigner(t *testing.T) {
	rng := data.Rand(3, 0)
	auto := nets.New(nets.Shape{H: 1, W: 1, C: 4})
	code := auto.Dense(0, 5, nets.Relu, rng)
	auto.Dense(code, 4, nets.Linear, rng)
	var centres [][]float64
	for range 3 {
		c := make([]float64, 5)
		for j := range c {
			c[j] = rng.Float64()
		}
		centres = append(centres, c)
	}
	g := assigner(auto, code, centres, rng)
	for range 50 {
		x := []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		auto.Forward(x)
		if got, want := kit.Argmax(g.Forward(x)), kit.Nearest(auto.Value(code), centres); got != want {
			t.Errorf("%v: cluster %d, nearest centre %d", x, got, want)
		}
	}
}

// TestBiased lets the teacher see all digits of the lower classes and few of the
// others, so that it knows the lower ones better.
func TestBiased(t *testing.T) {
	all, err := shuffled(data.Rand(1, 9))
	if err != nil {
		t.Fatal(err)
	}
	g := biased(part(all, 0, 300), data.Rand(1, 9))
	var right, n [2]float64
	for i, x := range all.X[300:900] {
		label := all.Labels[300+i]
		upper := label / 5
		n[upper]++
		if kit.Argmax(g.Forward(x)) == label {
			right[upper]++
		}
	}
	if lower, upper := right[0]/n[0], right[1]/n[1]; lower < 0.8 || upper > lower-0.2 {
		t.Errorf("accuracy of the lower classes %v, of the upper ones %v", lower, upper)
	}
}

func TestPointSet(t *testing.T) {
	rng := data.Rand(1, 0)
	for range 20 {
		x, chosen := pointSet(rng)
		if len(x) != 2*utilityItems || len(chosen) != utilityItems {
			t.Fatalf("%d coordinates, %d marks", len(x), len(chosen))
		}
		var centre [2]float64
		for i, v := range x {
			centre[i%2] += v / utilityItems
			if c := v / float64(utilityInput.Scale); c != math.Round(c) || c < -128 || c > 127 {
				t.Fatalf("coordinate %v is off the grid", v)
			}
		}
		in, out, n := 0.0, math.Inf(1), 0
		for i, mark := range chosen {
			if d := math.Hypot(x[2*i]-centre[0], x[2*i+1]-centre[1]); mark == 1 {
				in, n = max(in, d), n+1
			} else {
				out = min(out, d)
			}
		}
		if n != utilityChosen || in > out+1e-12 {
			t.Errorf("%d points chosen, up to %v from the mean; another is %v from it", n, in, out)
		}
	}
}

// TestUtilityGraph moves one point of a set: with background the scores of the
// others change, without it they do not.
func TestUtilityGraph(t *testing.T) {
	for _, background := range []bool{true, false} {
		g := utilityGraph(background, data.Rand(2, 0))
		x, _ := pointSet(data.Rand(3, 0))
		before := slices.Clone(g.Forward(x))
		x[0], x[1] = x[0]+3, x[1]-3
		after := g.Forward(x)
		if changed := !slices.Equal(before[1:], after[1:]); changed != background {
			t.Errorf("background %v: the scores of other points change: %v", background, changed)
		}
	}
}

// TestRecipes runs the quickest recipe twice and compares the bytes.
func TestRecipes(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Recipes() {
		if names[r.Task] || r.Make == nil {
			t.Errorf("recipe %q", r.Task)
		}
		names[r.Task] = true
	}
	a, err := diverse(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := diverse(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != 6 {
		t.Errorf("%d files", len(a))
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			t.Errorf("%s differs from one run to the next", name)
		}
	}
}
