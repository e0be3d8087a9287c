package learner

import (
	"embed"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/cells"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "context-learner", Stored: stored, Make: recipe}

// Sizes of the learner, its tasks and its training (our choice).
const (
	width  = 16 // of an example
	length = 16 // examples of a task
	pool   = 24 // tasks that it has not seen
	meta   = 3000
	batch  = 10
	rate   = 3e-3
)

// episode is one task: examples of two digits under a random projection, with labels of
// −1 and 1.
type episode struct {
	x      [][]float64
	labels []float64
}

// world is what episodes are drawn from: centred pictures by class.
type world [digits.Classes][][]float64

func newWorld(s *data.Samples) *world {
	mean := make([]float64, data.DigitsSize)
	for _, x := range s.X {
		for k, v := range x {
			mean[k] += v / float64(len(s.X))
		}
	}
	w := &world{}
	for i, x := range s.X {
		y := make([]float64, len(x))
		for k, v := range x {
			y[k] = v - mean[k]
		}
		w[s.Labels[i]] = append(w[s.Labels[i]], y)
	}
	return w
}

// lens is a random projection with the classes that it shows as −1 and 1.
type lens struct {
	classes [2]int
	matrix  []float64
}

func newLens(rng *rand.Rand) lens {
	c := rng.Perm(digits.Classes)
	l := lens{classes: [2]int{c[0], c[1]}, matrix: make([]float64, width*data.DigitsSize)}
	for i := range l.matrix {
		l.matrix[i] = rng.NormFloat64() / math.Sqrt(width)
	}
	return l
}

// draw makes an episode.
func (w *world) draw(l lens, rng *rand.Rand) episode {
	e := episode{}
	for range length {
		side := rng.IntN(2)
		class := w[l.classes[side]]
		e.x = append(e.x, kit.Product(l.matrix, class[rng.IntN(len(class))]))
		e.labels = append(e.labels, float64(2*side-1))
	}
	return e
}

// attention is linear attention with keys K·x, queries Q·x and labels as values: before
// example t the answer is (Q·x_t)·Σ v_s·(K·x_s) over the examples before it.
type attention struct{ key, query *nets.Param }

func newAttention(rng *rand.Rand) *attention {
	draw := func() *nets.Param {
		p := nets.NewParam(width * width)
		for i := range p.Value {
			p.Value[i] = 0.5 * rng.NormFloat64() / math.Sqrt(width)
		}
		return p
	}
	return &attention{draw(), draw()}
}

// answers gives what is answered before each label is told; with gradients of the
// logistic loss where learn is set.
func (a *attention) answers(e *episode, learn bool) []float64 {
	sum, state := make([]float64, width), make([]float64, width)
	var list []float64
	for t, x := range e.x {
		q, k := kit.Product(a.query.Value, x), kit.Product(a.key.Value, x)
		y := 0.0
		for i, v := range q {
			y += float64(v * state[i])
		}
		list = append(list, y)
		if v := e.labels[t]; learn {
			d := -v / (1 + math.Exp(v*y))
			for i := range width {
				for j := range width {
					a.query.Grad[i*width+j] += float64(d*state[i]) * x[j]
					a.key.Grad[i*width+j] += float64(d*q[i]) * sum[j]
				}
			}
		}
		for i := range width {
			sum[i] += float64(e.labels[t] * x[i])
			state[i] += float64(e.labels[t] * k[i])
		}
	}
	return list
}

// fit trains on episodes, each with a new lens or all with the one given.
func (a *attention) fit(w *world, one *lens, rng *rand.Rand) {
	optimiser := nets.NewAdam([]*nets.Param{a.key, a.query})
	for step := range meta / batch {
		for range batch {
			l := newLens(rng)
			if one != nil {
				l = *one
			}
			e := w.draw(l, rng)
			a.answers(&e, true)
		}
		optimiser.Step(rate*(1-0.9*float64(step)*batch/meta), batch*length)
	}
}

// Forms of the values on the NPU (our choice): examples are below exampleMost in size.
const exampleMost = 4

var (
	exampleForm = cells.Wide(exampleMost)
	labelForm   = cells.Wide(1)
	exampleCode = nets.Quant{Scale: exampleMost / 128.0}
)

// model is a step in int16 with forms that fit the largest values of some episodes:
// inputs are an example, its label and the state, outputs the answer before the label is
// told and the state after.
func (a *attention) model(some []episode) ([]byte, error) {
	var keys, states, answers float64
	for i := range some {
		state := make([]float64, width)
		for t, x := range some[i].x {
			for j, k := range kit.Product(a.key.Value, x) {
				state[j] += some[i].labels[t] * k
				keys, states = max(keys, math.Abs(k)), max(states, math.Abs(state[j]))
			}
			for _, q := range kit.Product(a.query.Value, x) {
				keys = max(keys, math.Abs(q))
			}
		}
		for _, y := range a.answers(&some[i], false) {
			answers = max(answers, math.Abs(y))
		}
	}
	const room = 1.5 // for what other episodes reach
	small, large := cells.Wide(room*keys), cells.Wide(room*states)
	n := cells.New()
	x, v, h := n.Input(exampleForm, width), n.Input(labelForm, 1), n.Input(large, width)
	next := n.Add(h, n.Mul(n.Dense(x, a.key.Value, nil, small), v, small), large)
	parts := n.Mul(n.Dense(x, a.query.Value, nil, small), h, cells.Wide(room*keys*states))
	return n.Model("a step of linear attention", n.Sum(parts, cells.Wide(room*answers)), next)
}

// recipe trains a learner on many tasks and, to compare, one on a single task.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	seen, unseen := newWorld(known), newWorld(rest)
	many, single := newAttention(rng), newAttention(rng)
	many.fit(seen, nil, rng)
	one := newLens(rng)
	single.fit(seen, &one, rng)
	var some []episode
	for range 200 {
		some = append(some, seen.draw(newLens(rng), rng))
	}
	files := map[string][]byte{}
	if files["step.tflite"], err = many.model(some); err != nil {
		return nil, err
	}
	var labels, singles []int
	for range pool {
		e := unseen.draw(newLens(rng), rng)
		files["rows.bin"] = append(files["rows.bin"], digits.Rows(e.x, exampleCode)...)
		for t, y := range single.answers(&e, false) {
			labels = append(labels, side(e.labels[t]))
			singles = append(singles, side(y))
		}
	}
	files["truth.bin"], files["single.bin"] = data.Labels(labels), data.Labels(singles)
	return files, nil
}

// side is 1 for a number above zero, else 0.
func side(y float64) int {
	if y > 0 {
		return 1
	}
	return 0
}
