package sessions

import (
	"math"
	"testing"

	"upset/models/selection"
	"upset/models/selection/kit"
	"upset/models/train/data"
)

// some is a map of random tokens.
func some(seed uint64) [][]float64 {
	rng := data.Rand(seed, 9)
	v := make([]float64, tokens*width)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return cut(v)
}

// Every pair of classes of the simplex has one angle, and every class the length one.
func TestSimplex(t *testing.T) {
	m := simplex(data.Rand(1, 0))
	for k := range classes {
		for l := range classes {
			want := -1.0 / (classes - 1)
			if k == l {
				want = 1
			}
			dot := 0.0
			for i := range units {
				dot += m[k*units+i] * m[l*units+i]
			}
			if math.Abs(dot-want) > 1e-6 {
				t.Errorf("classes %d and %d: %v, want %v", k, l, dot, want)
			}
		}
	}
}

// TestGradient compares gradients of a branch, by its feature and by what it chooses,
// with differences.
func TestGradient(t *testing.T) {
	rng := data.Rand(2, 0)
	b, x := newBranch(rng, false), some(1)
	byFeature, byChosen := make([]float64, units), make([]float64, 3*units)
	for i := range byFeature {
		byFeature[i] = rng.NormFloat64()
	}
	for i := range byChosen {
		byChosen[i] = rng.NormFloat64()
	}
	value := func() (sum float64) {
		m, f := b.run(x)
		for i, v := range f {
			sum += v * byFeature[i]
		}
		for i, v := range chosen(m) {
			sum += v * byChosen[i]
		}
		return sum
	}
	m, _ := b.run(x)
	b.backward(m, byFeature, byChosen)
	for k, p := range b.params() {
		for i := 0; i < len(p.Value); i += 7 {
			const step = 1e-5
			at := p.Value[i]
			p.Value[i] = at + step
			up := value()
			p.Value[i] = at - step
			down := value()
			p.Value[i] = at
			if want := (up - down) / (2 * step); math.Abs(p.Grad[i]-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("parameter %d of %d: gradient %v, difference %v", i, k, p.Grad[i], want)
			}
		}
	}
}

func TestToClass(t *testing.T) {
	m, rng := newModel(data.Rand(3, 0)), data.Rand(4, 0)
	f := make([]float64, units)
	for i := range f {
		f[i] = rng.NormFloat64()
	}
	loss := func() float64 {
		along := 0.0
		for i, v := range f {
			along += m.frame[4*units+i] * v / kit.Norm(f)
		}
		return (along - 1) * (along - 1) / 2
	}
	d := m.toClass(f, 4)
	for i := range f {
		const step = 1e-6
		f[i] += step
		up := loss()
		f[i] -= 2 * step
		down := loss()
		f[i] += step
		if want := (up - down) / (2 * step); math.Abs(d[i]-want) > 1e-6 {
			t.Fatalf("number %d: %v, want %v", i, d[i], want)
		}
	}
}

// A closed branch adds nothing; sessions move it and leave the rest alone.
func TestLater(t *testing.T) {
	m := newModel(data.Rand(5, 0))
	x := some(2)
	if got := kit.Norm(m.run(x).extra); got != 0 {
		t.Errorf("a closed branch gives %v", got)
	}
	before := m.base.out.Value[3]
	old, novel := []picture{{some(3), 0}, {some(4), 1}}, []picture{{x, 7}}
	m.later(old, novel, true)
	if got := m.class(x, kit.Every(classes)); got != 7 {
		t.Errorf("the new picture is of class %d", got)
	}
	if m.base.out.Value[3] != before {
		t.Error("the branch of the first session has moved")
	}
}

func TestAverages(t *testing.T) {
	var list []picture
	for i := range kept + 1 {
		v := make([]float64, tokens*width)
		v[0] = float64(i)
		list = append(list, picture{cut(v), 2})
	}
	got := averages(list)
	if len(got) != kept || got[0].x[0][0] != kept/2.0 || got[1].x[0][0] != 1 || got[0].class != 2 {
		t.Errorf("%d maps, the first with %v", len(got), got[0].x[0][0])
	}
}

func TestAccuracyAndConsequence(t *testing.T) {
	r := &learner{truth: []int{3, 4, 5, 6}, order: []int{3, 4, 0, 1, 2, 7, 5, 6, 8, 9}}
	if base, novel := r.accuracy([]int{3, 0, 5, 5}, false), r.accuracy([]int{3, 0, 5, 6}, true); base != 0.5 || novel != 1 {
		t.Errorf("base %v, new %v", base, novel)
	}
	golden := selection.Outcome{Metric: selection.Label, Items: []int{1, 2}}
	if r.Consequence(nil, golden, golden) != 0 || r.Consequence(nil, golden, selection.Outcome{Items: []int{1, 3}}) != 1 {
		t.Error("consequence")
	}
}
