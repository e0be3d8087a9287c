package switching

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks and pools.
var Files = artefacts.Store{Task: "expert-switching", Stored: stored, Make: recipe}

// Sizes of the continual task (our choice): three tasks, which are permutations
// of the pixels, learnt from a stream in which they follow each other unannounced.
const (
	switchUnits    = 24
	switchScout    = 32
	switchPool     = 400
	switchLearning = 20 // rows of one batch of the learning stream
	switchWindow   = 20 // batches whose losses make the usual state while learning
	switchLearns   = 3  // batches above it that are a change of task
	switchFloor    = 0.1
	switchKept     = 200 // reservoir of every expert, from which the selector learns
	switchPruned   = 0.4 // share of the weights that are pruned
	switchPruneAt  = 200 // first batch of an expert at which they are
	switchRate     = 3e-3
)

// switchStream is the learning stream: which task for how many batches; and
// switchPoolStream the pool's, in batches of that.
var (
	switchStream     = [][2]int{{0, 500}, {1, 500}, {0, 100}, {2, 500}, {1, 100}}
	switchPoolStream = [][2]int{{0, 18}, {1, 22}, {2, 16}, {0, 20}, {2, 24}}
)

// expert is a network that learns by itself with what is known of its losses.
type expert struct {
	g         *nets.Graph
	optimiser *nets.Adam
	losses    []float64 // of the last batches
	batches   int
	task      int // of the batch that called for it; the learner does not look at it
	kept      data.Samples
	seen      int
}

// learner follows a stream (Zhu et al., "TAME: Task Agnostic Continual Learning
// using Multiple Experts", 2022): where the loss of the expert in use leaves its
// usual state for some batches, another expert in whose usual state these
// batches are takes over; if there is none, a new one is made.
type learner struct {
	experts []*expert
	current int
	strange []*data.Samples // batches above the usual state
	rng     *rand.Rand
}

func (l *learner) add(task int) {
	e := &expert{g: nets.New(nets.Shape{H: 1, W: 1, C: data.DigitsSize}), task: task}
	e.g.Dense(e.g.Dense(0, switchUnits, nets.Relu, l.rng), digits.Classes, nets.Linear, l.rng)
	e.optimiser = nets.NewAdam(e.g.Params())
	l.current = len(l.experts)
	l.experts = append(l.experts, e)
}

// loss is the mean cross-entropy of samples.
func (e *expert) loss(s *data.Samples) float64 {
	sum, p := 0.0, make([]float64, digits.Classes)
	for i, x := range s.X {
		nets.Softmax(e.g.Forward(x), p)
		sum -= math.Log(max(p[s.Labels[i]], 1e-300))
	}
	return sum / float64(len(s.X))
}

// usual reports whether a loss belongs to the expert's usual state. A young
// expert has none and takes everything.
func (e *expert) usual(loss float64) bool {
	return len(e.losses) < switchWindow || !kit.NewBand(e.losses).Above(loss, switchFactor, switchFloor)
}

// learn makes one step, prunes the smallest weights and keeps some samples.
func (e *expert) learn(s *data.Samples, loss float64, rng *rand.Rand) {
	if e.losses = append(e.losses, loss); len(e.losses) > switchWindow {
		e.losses = e.losses[1:]
	}
	grad, entropy := make([]float64, digits.Classes), nets.CrossEntropy(s.Labels)
	for i, x := range s.X {
		entropy(i, e.g.Forward(x), grad)
		e.g.Backward(grad)
	}
	e.optimiser.Step(switchRate, len(s.X))
	e.batches++
	e.prune()
	for i, x := range s.X {
		e.seen++
		if at := rng.IntN(e.seen); len(e.kept.X) < switchKept {
			e.kept.X, e.kept.Labels = append(e.kept.X, x), append(e.kept.Labels, s.Labels[i])
		} else if at < switchKept {
			e.kept.X[at], e.kept.Labels[at] = x, s.Labels[i]
		}
	}
}

// prune sets the smallest weights of every layer to zero after every step.
func (e *expert) prune() {
	if e.batches < switchPruneAt {
		return
	}
	params := e.g.Params()
	for k := 0; k < len(params); k += 2 { // biases stand between the weights
		size := make([]float64, len(params[k].Value))
		for i, w := range params[k].Value {
			size[i] = math.Abs(w)
		}
		limit := kit.Quantile(size, switchPruned)
		for i, v := range size {
			if v <= limit {
				params[k].Value[i] = 0
			}
		}
	}
}

// follow takes one batch of the stream.
func (l *learner) follow(s *data.Samples, task int) {
	if len(l.experts) == 0 {
		l.add(task)
	}
	e := l.experts[l.current]
	loss := e.loss(s)
	if e.usual(loss) {
		l.strange = nil
		e.learn(s, loss, l.rng)
		return
	}
	if l.strange = append(l.strange, s); len(l.strange) < switchLearns {
		return
	}
	other := slices.IndexFunc(l.experts, func(e *expert) bool {
		return !slices.ContainsFunc(l.strange, func(s *data.Samples) bool { return !e.usual(e.loss(s)) })
	})
	if l.current = other; other < 0 {
		l.add(task)
	}
	for _, s := range l.strange {
		e := l.experts[l.current]
		e.learn(s, e.loss(s), l.rng)
	}
	l.strange = nil
}

// permuted returns a sample as a task sees it.
func permuted(x []float64, order []int) []float64 {
	y := make([]float64, len(x))
	for i, k := range order {
		y[i] = x[k]
	}
	return y
}

// recipe learns from a stream, trains the selector and writes another stream
// as the pool.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	rng := data.Rand(seed, 0)
	known, rest, err := digits.Split(rng)
	if err != nil {
		return nil, err
	}
	var orders [][]int
	for range switchExperts {
		orders = append(orders, rng.Perm(data.DigitsSize))
	}
	l := &learner{rng: rng}
	for _, part := range switchStream {
		for range part[1] {
			s := &data.Samples{}
			for range switchLearning {
				i := rng.IntN(len(known.X))
				s.X, s.Labels = append(s.X, permuted(known.X[i], orders[part[0]])), append(s.Labels, known.Labels[i])
			}
			l.follow(s, part[0])
		}
	}
	if len(l.experts) != switchExperts {
		return nil, fmt.Errorf("expert-switching: the stream made %d experts, not %d; lengthen its parts", len(l.experts), switchExperts)
	}
	return l.export(rest, orders)
}

// export writes the experts, the selector, the usual losses and the pool.
func (l *learner) export(rest *data.Samples, orders [][]int) (map[string][]byte, error) {
	files, all, bands := map[string][]byte{}, &data.Samples{}, []kit.Band{}
	of := make([]int, switchExperts) // expert of each task
	for k, e := range l.experts {
		of[e.task] = k
		for _, x := range e.kept.X {
			all.X, all.Labels = append(all.X, x), append(all.Labels, k)
		}
		var losses []float64
		for at := switchPool; at+switchBatch <= len(rest.X); at += switchBatch {
			s := &data.Samples{Labels: rest.Labels[at : at+switchBatch]}
			for _, x := range rest.X[at : at+switchBatch] {
				s.X = append(s.X, permuted(x, orders[e.task]))
			}
			losses = append(losses, e.loss(s))
		}
		bands = append(bands, kit.NewBand(losses))
	}
	selector := nets.New(l.experts[0].g.Shape(0))
	selector.Dense(selector.Dense(0, switchScout, nets.Relu, l.rng), switchExperts, nets.Linear, l.rng)
	selector.Fit(all.X, nets.CrossEntropy(all.Labels), nets.Schedule{Epochs: 20, Batch: 20, Rate: switchRate}, l.rng)
	networks := map[string]*nets.Graph{"selector": selector}
	for k, e := range l.experts {
		networks[fmt.Sprintf("expert%d", k)] = e.g
	}
	var err error
	for name, g := range networks {
		if files[name+".tflite"], err = g.Export(all.X, nets.Options{Description: "expert switching, " + name, Input: &digits.Pixel}); err != nil {
			return nil, fmt.Errorf("expert-switching: %s: %w", name, err)
		}
	}
	pool, tasks := [][]float64{}, []int{}
	for _, part := range switchPoolStream {
		for range part[1] * switchBatch {
			pool, tasks = append(pool, permuted(rest.X[len(pool)], orders[part[0]])), append(tasks, of[part[0]])
		}
	}
	files["rows.bin"], files["truth.bin"], files["experts.bin"] = digits.Rows(pool, digits.Pixel), data.Labels(rest.Labels[:len(pool)]), data.Labels(tasks)
	files["bands.json"], err = json.Marshal(bands)
	return files, err
}
