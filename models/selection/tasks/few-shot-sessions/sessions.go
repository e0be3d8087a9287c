package sessions

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"upset/models/selection/kit"
	"upset/models/train/nets"
)

// simplex are as many directions as classes, by rows, each pair of which has the cosine
// −1/(classes−1): an equiangular tight frame √(K/(K−1))·U·(I − 11ᵀ/K).
func simplex(rng *rand.Rand) []float64 {
	u := mat.NewDense(classes, units, nil)
	for k := range classes {
		for i := range units {
			u.Set(k, i, rng.NormFloat64())
		}
	}
	u = kit.Orthonormal(u)
	centre := mat.NewDense(classes, classes, nil)
	for k := range classes {
		for l := range classes {
			v := -1.0 / classes
			if k == l {
				v++
			}
			centre.Set(k, l, v*math.Sqrt(classes/(classes-1.0)))
		}
	}
	var m mat.Dense
	m.Mul(centre, u)
	return m.RawMatrix().Data
}

// model is the projector of the maps of a frozen backbone onto the simplex: a linear part
// of the mean token, a branch of the first session and one of the later ones.
type model struct {
	frame     []float64
	residual  *nets.Param
	base, new *branch
}

func newModel(rng *rand.Rand) *model {
	return &model{frame: simplex(rng), residual: param(units*width, width, rng), base: newBranch(rng, false), new: newBranch(rng, true)}
}

// picture is a map with its class.
type picture struct {
	x     [][]float64
	class int
}

// trace is what a model computes of a picture.
type trace struct {
	mean           []float64 // token
	base, new      []moment
	extra, feature []float64 // of the new branch, and of all
}

func (m *model) run(x [][]float64) trace {
	t := trace{mean: make([]float64, width)}
	for _, v := range x {
		for j, u := range v {
			t.mean[j] += u / float64(len(x))
		}
	}
	var first []float64
	t.base, first = m.base.run(x)
	t.new, t.extra = m.new.run(x)
	t.feature = kit.Product(m.residual.Value, t.mean)
	for i := range units {
		t.feature[i] += first[i] + t.extra[i]
	}
	return t
}

// class is the best one of some.
func (m *model) class(x [][]float64, among []int) int {
	scores := kit.Product(m.frame, m.run(x).feature)
	best := among[0]
	for _, k := range among {
		if scores[k] > scores[best] {
			best = k
		}
	}
	return best
}

// toClass is the gradient of ½(m·f/|f| − 1)² by the feature f, where m is the direction
// of a class (the dot-regression loss of Yang et al., ICLR 2023).
func (m *model) toClass(f []float64, class int) []float64 {
	size, along := max(1e-9, kit.Norm(f)), 0.0
	want := m.frame[class*units : (class+1)*units]
	for i, v := range f {
		along += want[i] * v / size
	}
	d := make([]float64, units)
	for i, v := range f {
		d[i] = (along - 1) * (want[i] - float64(along*v)/size) / size
	}
	return d
}

// first trains the residual part and the branch of the first session.
func (m *model) first(list []picture, rng *rand.Rand) {
	const batch = 10
	optimiser := nets.NewAdam(append(m.base.params(), m.residual))
	for epoch := range firstEpochs {
		order := rng.Perm(len(list))
		for at := 0; at < len(order); at += batch {
			part := order[at:min(at+batch, len(order))]
			for _, k := range part {
				t := m.run(list[k].x)
				d := m.toClass(t.feature, list[k].class)
				m.base.backward(t.base, d, nil)
				for i, v := range d {
					for j, u := range t.mean {
						m.residual.Grad[i*width+j] += float64(v * u)
					}
				}
			}
			optimiser.Step(firstRate*(1-0.9*float64(epoch)/firstEpochs), len(part))
		}
	}
}

// Weights of the losses that tell old classes from new ones, and the length of the
// trainings (our choice; the paper's are for larger features).
const (
	firstEpochs = 20
	firstRate   = 5e-3
	laterSteps  = 200
	laterRate   = 1e-2
	suppression = 0.05
	separation  = 0.01
)

// session is a training of the new branch: pictures of which the first ones are old, and
// what the frozen parts give of each.
type session struct {
	list      []picture
	old       int
	fixed     [][]float64
	count     map[int]float64 // pictures by class
	sensitive bool            // with the losses that tell old classes from new ones
}

// gradient adds the gradients of the new branch. The loss is that of all classes alike, plus
// with class-sensitive losses suppression/2 times the square of what the branch gives for
// each old picture, in the same shares, and separation times the cosine of the means of B, C
// and Δ over old and over new pictures.
func (s *session) gradient(m *model) {
	n := [2]float64{float64(s.old), float64(len(s.list) - s.old)} // of old and new pictures
	group := func(k int) int {
		if k < s.old {
			return 0
		}
		return 1
	}
	moments, extra := make([][]moment, len(s.list)), make([][]float64, len(s.list))
	means := [2][]float64{make([]float64, 3*units), make([]float64, 3*units)}
	for k, p := range s.list {
		moments[k], extra[k] = m.new.run(p.x)
		for i, v := range chosen(moments[k]) {
			means[group(k)][i] += v / n[group(k)]
		}
	}
	away := [2][]float64{}
	cosine := kit.Cosine(means[0], means[1])
	for g, own := range means {
		other := means[1-g]
		for i := range own {
			away[g] = append(away[g], separation*(other[i]/(kit.Norm(own)*kit.Norm(other))-cosine*own[i]/(kit.Norm(own)*kit.Norm(own))))
		}
	}
	for k, p := range s.list {
		f := make([]float64, units)
		for i, v := range extra[k] {
			f[i] = s.fixed[k][i] + v
		}
		d := m.toClass(f, p.class)
		share := 1 / float64(len(s.count)) / s.count[p.class] // all classes alike
		for i := range d {
			if s.sensitive && group(k) == 0 {
				d[i] += suppression * extra[k][i]
			}
			d[i] *= share
		}
		var apart []float64
		if s.sensitive {
			apart = scaled(away[group(k)], 1/n[group(k)])
		}
		m.new.backward(moments[k], d, apart)
	}
}

// later trains the new branch alone, on few pictures of new classes and on mean maps
// of those of the first session. With class-sensitive losses the branch is to keep
// still on classes of the first session, and to choose other B, C and Δ on new ones.
func (m *model) later(old, novel []picture, sensitive bool) {
	if slices.Max(m.new.out.Value) == 0 { // the branch begins like that of the first session, but closed
		for k, p := range m.new.params()[:4] {
			copy(p.Value, m.base.params()[k].Value)
		}
	}
	s := &session{append(slices.Clone(old), novel...), len(old), nil, map[int]float64{}, sensitive}
	for _, p := range s.list {
		s.count[p.class]++
		t := m.run(p.x)
		for i, v := range t.extra {
			t.feature[i] -= v
		}
		s.fixed = append(s.fixed, t.feature)
	}
	optimiser := nets.NewAdam(m.new.params())
	for step := range laterSteps {
		s.gradient(m)
		optimiser.Step(laterRate*(1-0.9*float64(step)/laterSteps), 1)
	}
}
