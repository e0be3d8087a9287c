package pattern

import (
	"embed"
	"math"
	"math/rand/v2"

	"upset/models/selection/artefacts"
	"upset/models/selection/digits"
	"upset/models/selection/kit"
	"upset/models/train/data"
	"upset/models/train/nets"
)

//go:embed data
var stored embed.FS

// Files are the trained networks. Users are drawn from the seed when they are needed.
var Files = artefacts.Store{Task: "pattern-selector", Stored: stored, Make: recipe}

// Sizes of the users and of the training (our choice).
const (
	fields   = 6
	width    = 8 // numbers of the embedding of a field
	training = 6000
	pool     = 600
	sharp    = 4 // how sharply the pattern of a user switches what counts
	strength = 4 // of what counts, in logits
	buying   = -0.5
	clicking = 0.5
)

// Streams of the generators of a seed.
const (
	ofWorld = iota
	ofTraining
	ofPool
	ofNetworks // and the one after it
)

// tasks are the steps of a conversion: a click, and after it a purchase.
const tasks = 2

// input is the form of a user.
var input = nets.Quant{Scale: 1.0 / 32}

// sides are what a pattern switches between: one for each pair of signs.
const (
	signs = 2
	sides = 1 << signs
)

// counting is the number of leading numbers of an embedding that count in the end; the
// others have nothing to say.
const counting = 3

// world says what counts: for each step and each side of a pattern, weights of the
// fields. On a side a purchase wants in part the opposite of what a click wants there.
type world [tasks][sides][]float64

func newWorld(rng *rand.Rand) *world {
	w := &world{}
	for task := range w {
		for side := range w[task] {
			list, size := make([]float64, fields*width), 0.0
			for i := range counting * fields {
				if i%fields == 0 {
					continue // the first field is the pattern
				}
				list[i] = rng.NormFloat64()
				if task == 1 {
					list[i] -= w[0][side][i] // the steps are in conflict
				}
				size += float64(list[i] * list[i])
			}
			for i := range list {
				list[i] *= strength / math.Sqrt(size)
			}
			w[task][side] = list
		}
	}
	return w
}

// user is the embedding of the fields, by number and then field, with the true chance of
// each step and whether it is taken. Whether a user would buy is drawn also for one that
// does not click.
type user struct {
	x      []float64
	chance [tasks]float64
	taken  [tasks]bool
}

// shares are those of the sides, by the mean of each half of the first field.
func shares(x []float64) (list [sides]float64) {
	var up [signs]float64
	for b := range up {
		sum := 0.0
		for k := range width / signs {
			sum += x[(b*width/signs+k)*fields]
		}
		up[b] = kit.Logistic(sharp * sum / math.Sqrt(width/signs))
	}
	for side := range list {
		list[side] = 1
		for b, v := range up {
			if side>>b&1 == 0 {
				v = 1 - v
			}
			list[side] *= v
		}
	}
	return list
}

func (w *world) draw(n int, rng *rand.Rand) []user {
	list := make([]user, n)
	for i := range list {
		u := user{x: make([]float64, fields*width)}
		for k := range u.x {
			u.x[k] = rng.NormFloat64()
		}
		parts := shares(u.x)
		for task := range u.chance {
			logit := [tasks]float64{clicking, buying}[task]
			for side, part := range parts {
				for k, v := range u.x {
					logit += float64(part * w[task][side][k] * v)
				}
			}
			u.chance[task] = kit.Logistic(logit)
			u.taken[task] = rng.Float64() < u.chance[task]
		}
		list[i] = u
	}
	return list
}

// Sizes of the networks (our choice): the network without a selector is wider, so that it
// costs no less.
const (
	squeezed = 6
	features = 16
	towers   = 8
	bottom   = 24
)

// selector weighs the fields by squeeze and excitation and lets a gate for each step pick
// the features that its tower sees. A gate sees the squeezed fields; the indicator of its
// step is constant and part of its biases.
func selector(rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: width, W: 1, C: fields})
	pooled := g.AvgPool(0, width/2, 1)
	excited := g.Sigmoid(g.Dense(g.Dense(pooled, squeezed, nets.Relu, rng), fields, nets.Linear, rng))
	shared := g.Dense(g.Mul(0, excited), features, nets.Linear, rng)
	var steps []nets.Node
	for range tasks {
		gate := g.Sigmoid(g.Dense(pooled, features, nets.Linear, rng))
		steps = append(steps, g.Dense(g.Dense(g.Mul(shared, gate), towers, nets.Relu, rng), 1, nets.Linear, rng))
	}
	g.Concat(steps...)
	return g
}

// sharedBottom is the network without any gate.
func sharedBottom(rng *rand.Rand) *nets.Graph {
	g := nets.New(nets.Shape{H: width, W: 1, C: fields})
	shared := g.Dense(0, bottom, nets.Relu, rng)
	var steps []nets.Node
	for range tasks {
		steps = append(steps, g.Dense(g.Dense(shared, towers, nets.Relu, rng), 1, nets.Linear, rng))
	}
	g.Concat(steps...)
	return g
}

// conversions is the loss: of the click for all, of the purchase for those who click.
func conversions(users []user) nets.Loss {
	return func(i int, output, grad []float64) float64 {
		loss := 0.0
		for task, v := range output {
			grad[task] = 0
			if task > 0 && !users[i].taken[0] {
				continue
			}
			p, want := kit.Logistic(v), 0.0
			if users[i].taken[task] {
				want = 1
			}
			grad[task] = p - want
			loss -= math.Log(max(1e-300, 1-math.Abs(p-want)))
		}
		return loss
	}
}

// recipe trains a network with a selector and one without.
func recipe(seed uint64, _ *data.Source) (map[string][]byte, error) {
	users := newWorld(data.Rand(seed, ofWorld)).draw(training, data.Rand(seed, ofTraining))
	var x [][]float64
	for i := range users {
		x = append(x, users[i].x)
	}
	files := map[string][]byte{}
	for k, name := range []string{"selector", "shared"} {
		rng := data.Rand(seed, ofNetworks+uint64(k))
		g := []func(*rand.Rand) *nets.Graph{selector, sharedBottom}[k](rng)
		g.Fit(x, conversions(users), nets.Schedule{Epochs: 20, Batch: 30, Rate: 8e-3}, rng)
		model, err := g.Export(x[:digits.Calibration], nets.Options{Description: "chances of a click and a purchase, " + name, Input: &input})
		if err != nil {
			return nil, err
		}
		files[name+".tflite"] = model
	}
	return files, nil
}
